"""How much more one side of the mouth acts than the other, for the units where that is an action of its own.

A difference of the two sides' distances, less what head yaw makes of a symmetric face (measured on turned puppets of
five faces, docs/design/action-units.md) and less the person's own crookedness at rest. Sides are the person's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.sampling import weighted_quantile
from emoagent.tools.sight.face_geometry import FEATURES

Floats = NDArray[np.float64]

PRIOR_SECONDS = 1.0  # a rest seen for this long counts as much as a straight face
LEAST_REST = 4  # rows
UNKNOWN = 0.5  # intensity; how far rest may be off where too few rows of it were seen
NOISES = 4.0  # deviations from frame to frame that a difference must exceed


@dataclass(frozen=True)
class Sided:
    """`weights` of the distances, left minus right; `yaw`: what a degree adds; `gain`: to intensity of 0..5; `least`:
    the intensity by which the sides must differ."""

    weights: Mapping[str, float]
    yaw: float
    gain: float
    least: float


SIDED: Mapping[str, Sided] = {
    "AU12": Sided({"lip_corner_curl": 1.0, "lip_corner_spread": 0.25}, yaw=0.0008, gain=39.0, least=1.3),
    "AU14": Sided({"lip_corner_curl": -0.75, "lip_corner_spread": 1.0}, yaw=0.0003, gain=45.0, least=2.4),
}
PLAIN_SIDED: Mapping[str, Sided] = {  # as the model without blendshapes sees it
    "AU12": Sided({"lip_corner_curl": 1.0, "lip_corner_spread": 0.25}, yaw=0.0010, gain=73.0, least=1.5),
    "AU14": Sided({"lip_corner_curl": -1.9, "lip_corner_spread": 1.0}, yaw=-0.0010, gain=60.0, least=3.0),
}


@dataclass(frozen=True)
class Difference:
    """`value` (n,): left minus right in intensity, over rest; `noise`: how it flickers; `threshold`: from which it
    counts."""

    value: Floats
    noise: float
    threshold: float


def difference(
    name: str, features: NDArray[np.floating], yaw: Floats, plain: bool, rest: NDArray[np.bool_], weight: Floats
) -> Difference:
    """The difference of the sides in unit `name` for n rows of one person, in time order.

    `features` (n, F) as in `face_geometry.FEATURES`; `yaw` (n,) degrees; `plain`: the model has no blendshapes;
    `rest` (n,): rows to take rest from, each counting `weight` (n,) seconds.
    """
    unit = (PLAIN_SIDED if plain else SIDED)[name]
    raw = (np.asarray(features, np.float64) @ _columns(unit) - unit.yaw * yaw) * unit.gain
    at = rest & np.isfinite(raw) & (weight > 0)
    if at.sum() < LEAST_REST:
        return Difference(raw, UNKNOWN, max(unit.least, NOISES * UNKNOWN))
    own, seconds = float(weighted_quantile(raw[at, None], weight[at], 0.5)[0]), float(weight[at].sum())
    steps = np.abs(np.diff(raw[np.isfinite(raw)]))
    noise = float(np.median(steps)) / 0.6745 / np.sqrt(2)
    return Difference(raw - own * seconds / (seconds + PRIOR_SECONDS), noise, max(unit.least, NOISES * noise))


def _columns(unit: Sided) -> Floats:
    column = np.zeros(len(FEATURES))
    for name, weight in unit.weights.items():
        column[FEATURES.index(f"{name}_left")] += weight
        column[FEATURES.index(f"{name}_right")] -= weight
    return column
