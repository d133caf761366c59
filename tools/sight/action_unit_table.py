"""The table of action units: what drives each, its population at rest, its full scale, and how far to trust it.

Rest was measured on eight people who keep still or wait to speak (seven speakers of the GRID corpus, one other); the
deviation between them is widened by a fifth because they are few. Distances are in units of the distance between the
outer eye corners. Sides are averaged. Trust: MediaPipe's blendshape noseSneer and cheekSquint hardly move and lip
corner depressors are hardly predictable from it, so the units that lean on them start low. The model
without blendshapes follows lips and lids less closely: its distances move about 0.78 times as far on the same clips.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.sight.face_geometry import FEATURES


@dataclass(frozen=True)
class Driver:
    """A weighted sum of features (or blendshapes) that grows with the unit; `full` above rest is intensity 5.

    `plain_mean`, `plain_deviation`: the population at rest as the model without blendshapes sees it.
    """

    weights: Mapping[str, float]
    full: float
    mean: float
    deviation: float
    plain_mean: float = float("nan")
    plain_deviation: float = float("nan")


@dataclass(frozen=True)
class ActionUnit:
    """One row of the table. `in_speech`: the factor on reliability while the person talks; `rest_in_speech`: the
    quantile that rest is for who is never seen silent, where it is not the one of silence (GRID, seven speakers)."""

    name: str
    words: str
    geometry: Driver
    shapes: Driver | None
    shape_share: float
    trust: float
    threshold: float
    in_speech: float = 1.0
    mouth: bool = False
    lids: bool = False
    rest_in_speech: float | None = None


PLAIN_GAIN = 1 / 0.78

_SHAPES = """
_neutral browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight cheekPuff cheekSquintLeft
cheekSquintRight eyeBlinkLeft eyeBlinkRight eyeLookDownLeft eyeLookDownRight eyeLookInLeft eyeLookInRight
eyeLookOutLeft eyeLookOutRight eyeLookUpLeft eyeLookUpRight eyeSquintLeft eyeSquintRight eyeWideLeft eyeWideRight
jawForward jawLeft jawOpen jawRight mouthClose mouthDimpleLeft mouthDimpleRight mouthFrownLeft mouthFrownRight
mouthFunnel mouthLeft mouthLowerDownLeft mouthLowerDownRight mouthPressLeft mouthPressRight mouthPucker mouthRight
mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper mouthSmileLeft mouthSmileRight mouthStretchLeft
mouthStretchRight mouthUpperUpLeft mouthUpperUpRight noseSneerLeft noseSneerRight
"""
BLENDSHAPES: tuple[str, ...] = tuple(_SHAPES.split())

# fmt: off
UNITS: tuple[ActionUnit, ...] = (
    ActionUnit(
        "AU1", "inner brow raiser",
        Driver(
            {"inner_brow": 1.0},
            full=0.090, mean=0.2265, deviation=0.0283, plain_mean=0.2199, plain_deviation=0.0257,
        ),
        Driver({"browInnerUp": 1.0}, 0.9, 0.072, 0.190),
        shape_share=0.4, trust=0.7, threshold=1.0,
    ),
    ActionUnit(
        "AU2", "outer brow raiser",
        Driver(
            {"outer_brow": 1.0},
            full=0.090, mean=0.2117, deviation=0.0229, plain_mean=0.1979, plain_deviation=0.0208,
        ),
        Driver({"browOuterUp": 1.0}, 0.9, 0.155, 0.166),
        shape_share=0.4, trust=0.7, threshold=1.0,
    ),
    ActionUnit(
        "AU4", "brow lowerer",
        Driver(
            {"inner_brow": -1.0, "outer_brow": -0.3, "brow_gap": -0.7},
            full=0.160, mean=-0.6128, deviation=0.0429, plain_mean=-0.5745, plain_deviation=0.0371,
        ),
        Driver({"browDown": 1.0}, 0.8, 0.046, 0.068),
        shape_share=0.4, trust=0.7, threshold=1.2,
    ),
    ActionUnit(
        "AU5", "upper lid raiser",
        Driver(
            {"upper_lid": 1.0},
            full=0.070, mean=0.0717, deviation=0.0118, plain_mean=0.0674, plain_deviation=0.0117,
        ),
        Driver({"eyeWide": 1.0}, 0.5, 0.009, 0.020),
        shape_share=0.3, trust=0.5, threshold=1.0, lids=True,
    ),
    ActionUnit(
        "AU6", "cheek raiser",
        Driver(
            {"cheek": 1.0, "lower_lid": 1.0},
            full=0.130, mean=-0.3529, deviation=0.0181, plain_mean=-0.3666, plain_deviation=0.0188,
        ),
        Driver({"eyeSquint": 1.0}, 0.6, 0.356, 0.090),
        shape_share=0.4, trust=0.45, threshold=1.2,
    ),
    ActionUnit(
        "AU7", "lid tightener",
        Driver(
            {"lower_lid": 1.0, "eye_aperture": -0.5},
            full=0.070, mean=-0.0893, deviation=0.0106, plain_mean=-0.0944, plain_deviation=0.0094,
        ),
        Driver({"eyeSquint": 1.0}, 0.6, 0.356, 0.090),
        shape_share=0.4, trust=0.45, threshold=1.5, lids=True,
    ),
    ActionUnit(
        "AU9", "nose wrinkler",
        Driver(
            {"nose_wing": 1.0, "lip_corner_height": -0.4, "inner_brow": -0.3},
            full=0.130, mean=-0.3471, deviation=0.0221, plain_mean=-0.3534, plain_deviation=0.0196,
        ),
        None,
        shape_share=0.0, trust=0.35, threshold=1.2,
    ),
    ActionUnit(
        "AU10", "upper lip raiser",
        Driver(
            {"upper_lip_raise": 1.0, "mouth_width": -0.4},
            full=0.120, mean=-0.4239, deviation=0.0270, plain_mean=-0.4021, plain_deviation=0.0202,
        ),
        Driver({"mouthUpperUp": 1.0}, 1.2, 0.000, 0.020),
        shape_share=0.4, trust=0.45, threshold=1.0, mouth=True, in_speech=0.7,
    ),
    ActionUnit(
        "AU12", "lip corner puller",
        Driver(
            {"mouth_width": 0.3, "lip_corner_curl": 1.0, "lip_corner_height": 0.25},
            full=0.250, mean=0.0291, deviation=0.0353, plain_mean=0.0288, plain_deviation=0.0173,
        ),
        Driver({"mouthSmile": 1.0}, 0.95, 0.006, 0.020),
        shape_share=0.5, trust=0.85, threshold=1.0, mouth=True, in_speech=0.8,
    ),
    ActionUnit(
        "AU14", "dimpler",
        Driver(
            {"lip_corner_depth": -1.0, "lip_corner_curl": -0.5},
            full=0.200, mean=-0.4629, deviation=0.0264, plain_mean=-0.4473, plain_deviation=0.0255,
        ),
        Driver({"mouthDimple": 1.0}, 0.5, 0.015, 0.020),
        shape_share=0.5, trust=0.2, threshold=1.5, mouth=True, in_speech=0.5,
    ),
    ActionUnit(
        "AU15", "lip corner depressor",
        Driver(
            {"lip_corner_curl": -1.0, "lip_corner_height": -0.3},
            full=0.150, mean=0.1606, deviation=0.0278, plain_mean=0.1619, plain_deviation=0.0152,
        ),
        Driver({"mouthFrown": 1.0}, 0.5, 0.000, 0.020),
        shape_share=0.4, trust=0.3, threshold=1.0, mouth=True, in_speech=0.5, rest_in_speech=0.35,
    ),
    ActionUnit(
        "AU17", "chin raiser",
        Driver(
            {"lower_lip_height": 0.5, "lip_aperture_outer": -0.5, "chin_lip_gap": 0.5},
            full=0.170, mean=-0.3240, deviation=0.1081, plain_mean=-0.3429, plain_deviation=0.0634,
        ),
        Driver({"mouthShrugLower": 1.0}, 1.2, 0.099, 0.171),
        shape_share=0.4, trust=0.35, threshold=1.5, mouth=True, in_speech=0.3, rest_in_speech=0.35,
    ),
    ActionUnit(
        "AU20", "lip stretcher",
        Driver(
            {"mouth_width": 1.0, "lip_corner_curl": -2.0, "lip_corner_height": -0.3},
            full=0.260, mean=0.7019, deviation=0.0432, plain_mean=0.7051, plain_deviation=0.0270,
        ),
        Driver({"mouthStretch": 1.0}, 0.9, 0.001, 0.020),
        shape_share=0.5, trust=0.35, threshold=1.0, mouth=True, in_speech=0.5, rest_in_speech=0.45,
    ),
    ActionUnit(
        "AU23", "lip tightener",
        Driver(
            {"upper_lip_thickness": -1.0, "lower_lip_thickness": -1.0},
            full=0.120, mean=-0.2285, deviation=0.0327, plain_mean=-0.2268, plain_deviation=0.0184,
        ),
        Driver({"mouthPress": 1.0, "mouthRollLower": 0.5}, 1.0, 0.128, 0.130),
        shape_share=0.4, trust=0.3, threshold=1.3, mouth=True, in_speech=0.3, rest_in_speech=0.35,
    ),
    ActionUnit(
        "AU25", "lips part",
        Driver(
            {"lip_aperture": 1.0},
            full=0.250, mean=0.0252, deviation=0.0492, plain_mean=0.0278, plain_deviation=0.0375,
        ),
        None,
        shape_share=0.0, trust=0.9, threshold=1.0, mouth=True, in_speech=0.25, rest_in_speech=0.1,
    ),
    ActionUnit(
        "AU26", "jaw drop",
        Driver(
            {"jaw_drop": 1.0},
            full=0.300, mean=0.8563, deviation=0.0621, plain_mean=0.7996, plain_deviation=0.0541,
        ),
        Driver({"jawOpen": 1.0}, 0.8, 0.057, 0.116),
        shape_share=0.6, trust=0.75, threshold=1.2, mouth=True, in_speech=0.25, rest_in_speech=0.1,
    ),
    ActionUnit(
        "AU43", "eyes closed",
        Driver(
            {"eye_aperture": -1.0},
            full=0.090, mean=-0.1096, deviation=0.0134, plain_mean=-0.1095, plain_deviation=0.0124,
        ),
        Driver({"eyeBlink": 1.0}, 0.75, 0.081, 0.054),
        shape_share=0.6, trust=0.8, threshold=2.5, lids=True,
    ),
    ActionUnit(
        "AU45", "blink",
        Driver(
            {"eye_aperture": -1.0},
            full=0.090, mean=-0.1096, deviation=0.0134, plain_mean=-0.1095, plain_deviation=0.0124,
        ),
        Driver({"eyeBlink": 1.0}, 0.75, 0.081, 0.054),
        shape_share=0.6, trust=0.8, threshold=2.5, lids=True,
    ),
)
# fmt: on


def _columns(names: tuple[str, ...], name: str) -> list[int]:
    sides = (name, f"{name}_right", f"{name}_left", f"{name}Right", f"{name}Left")
    return [i for i, each in enumerate(names) if each in sides]


def _matrix(names: tuple[str, ...], drivers: list[Driver | None]) -> NDArray[np.float64]:
    """(columns, K): what to multiply rows with to get every unit's driver; the two sides count half each."""
    matrix = np.zeros((len(names), len(drivers)))
    for k, driver in enumerate(drivers):
        for name, weight in driver.weights.items() if driver else ():
            at = _columns(names, name)
            matrix[at, k] += weight / len(at)
    return matrix


FEATURE_DRIVERS = _matrix(FEATURES, [unit.geometry for unit in UNITS])
SHAPE_DRIVERS = _matrix(BLENDSHAPES, [unit.shapes for unit in UNITS])


def _companions(shares: Mapping[tuple[str, str], float]) -> NDArray[np.float64]:
    """(K, K): what to multiply intensities with to get what each unit only seems to do because another one acts."""
    names = [unit.name for unit in UNITS]
    matrix = np.zeros((len(names), len(names)))
    for (source, seeming), share in shares.items():
        matrix[names.index(source), names.index(seeming)] = share
    return matrix


# Measured on puppets of four faces (docs/design/action-units.md); the landmark models bend as a whole.
COMPANIONS = _companions({("AU12", "AU14"): 0.15, ("AU12", "AU20"): 0.15, ("AU26", "AU9"): 0.35, ("AU26", "AU14"): 0.3})
PLAIN_COMPANIONS = _companions(
    {
        ("AU12", "AU14"): 0.85,
        ("AU12", "AU17"): 0.75,
        ("AU12", "AU20"): 0.5,
        ("AU12", "AU23"): 0.3,
        ("AU26", "AU9"): 0.2,
        ("AU26", "AU12"): 0.3,
    }
)
WORDS: Mapping[str, str] = {unit.name: unit.words for unit in UNITS}
