"""Action-unit intensities of one person, 0 to 5, as deviations from that person's own rest.

The units are those of the Facial Action Coding System (Ekman & Friesen 1978). Each is driven by a weighted sum of
distances on the face and, where the landmark model has them, by blendshapes; both are proxies, so every unit has a
reliability. Full scale is set by what acted expressions reach; it is not a certified coder's scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.schema import Span
from emoagent.tools.action_unit_table import FEATURE_DRIVERS, PLAIN_GAIN, SHAPE_DRIVERS, UNITS
from emoagent.tools.face_series import FaceSeries
from emoagent.tools.runs import median_filter, runs

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FULL = 5.0
PRIOR_SECONDS = 2.0  # a rest seen for this long counts as much as the population's
REST_REACH = 1.0  # rest is never taken further from the population's than this many of its deviations
HISTORY = 2000  # rows from which rest is estimated; more add time, not precision
SMOOTH, SMOOTH_SPEECH = 0.12, 0.4  # seconds of the running median; longer where speech moves the mouth
CLOSED, BLINK = 2.5, 0.5  # eye closure (of 5) that counts as shut; seconds from which it is no blink
PLAIN_CAUTION, PLAIN_TRUST = 1.4, 0.7  # factors on thresholds and reliabilities where there are no blendshapes
TURNED, TURNED_AWAY = np.array([15, 15, 15]), np.array([45, 38, 45])  # degrees where trust starts to fall, and is gone
UNKNOWN_NOISE = 0.25  # intensity, where too few frames were seen to measure it

_FULL = np.array([(unit.geometry.mean, unit.geometry.deviation) for unit in UNITS]).T
_PLAIN = np.array([(unit.geometry.plain_mean, unit.geometry.plain_deviation) for unit in UNITS]).T
_SHAPED = np.array([(unit.shapes.mean, unit.shapes.deviation) if unit.shapes else (0, 1) for unit in UNITS]).T
_MOUTH = np.array([unit.mouth for unit in UNITS])
_NAMES = tuple(unit.name for unit in UNITS)
_SHUT, _BLINK = _NAMES.index("AU43"), _NAMES.index("AU45")
_LIDS = np.isin(_NAMES, ["AU5", "AU6", "AU7"])


@dataclass(frozen=True)
class AuSeries:
    """n rows of one person in time order, K units. `rows` index the face series; missing values are NaN."""

    time: Floats  # (n,) seconds
    rows: NDArray[np.intp]  # (n,) rows of the face series
    names: tuple[str, ...]  # (K,) e.g. "AU12"
    value: Floats  # (n, K) intensity 0..5 over the person's rest
    reliability: Floats  # (n, K) 0..1
    noise: Floats  # (K,) intensity; standard deviation of what flickers from frame to frame
    threshold: Floats  # (K,) intensity from which a unit counts as active

    def active(self) -> Mask:
        """(n, K) where the intensity reaches the threshold."""
        return np.asarray(np.nan_to_num(self.value, nan=-1.0) >= self.threshold, bool)


class Expression:
    """What one person's face does over a clip; the drivers are computed once, the intensities for any span.

    `tracks`: the person's face tracks. `speaking`: (rows of `series`,) whether this person talks then, None where
    that is not known: rest is then taken from all frames, and the mouth is trusted half-way.
    """

    def __init__(self, series: FaceSeries, tracks: Sequence[int], speaking: Mask | None = None) -> None:
        self._series = series
        self._rows = np.flatnonzero(np.isin(series.track, list(tracks)))
        self._time, self._track = series.time[self._rows], series.track[self._rows]
        self._talk = None if speaking is None else np.asarray(speaking, bool)[self._rows]
        self._step = float(np.median(np.diff(series.frames))) if len(series.frames) > 1 else 0.1
        self._distances = series.features[self._rows].astype(np.float64) @ FEATURE_DRIVERS
        self._shapes = series.blendshapes[self._rows].astype(np.float64) @ SHAPE_DRIVERS
        self._plain = not np.isfinite(series.blendshapes).any()
        self._thresholds = np.array([unit.threshold for unit in UNITS]) * (PLAIN_CAUTION if self._plain else 1.0)

    def intensities(self, span: Span | None = None, until: float | None = None) -> AuSeries:
        """Intensities inside `span` (None: everywhere), over the rest seen before `until` seconds (None: ever).

        Rest is a low quantile of the frames in which the person does not talk (the median for the lids), shrunk
        towards the population where few were seen, and never further from it than `REST_REACH` deviations: somebody
        who smiles throughout does not rest smiling.
        """
        past = np.arange(len(self._rows) if until is None else int(np.searchsorted(self._time, until)))
        first, last = (0, len(self._rows)) if span is None else np.searchsorted(self._time, [span.start, span.end])
        margin = int(SMOOTH_SPEECH / self._step) + 1
        wide = np.arange(max(0, first - margin), min(len(past), last + margin))
        inside = (wide >= first) & (wide < last)
        rest = self._rest(past)
        value = _split_closure(self._smoothed(self._over(rest, wide), wide), self._time[wide], self._track[wide])
        noise = self._noise(rest, past)
        at = wide[inside]
        return AuSeries(
            time=self._time[at],
            rows=self._rows[at],
            names=_NAMES,
            value=value[inside],
            reliability=self._reliability(at) * np.isfinite(value[inside]),
            noise=noise,
            threshold=np.maximum(self._thresholds, 4 * noise),
        )

    def _rest(self, past: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """The drivers at rest, (K,) by distances and (K,) by blendshapes."""
        quiet = past if self._talk is None else past[~self._talk[past]]
        chosen = quiet if len(quiet) * self._step >= 0.5 else past
        seconds = len(chosen) * self._step
        trust = seconds / (seconds + PRIOR_SECONDS)
        chosen = chosen[:: max(1, len(chosen) // HISTORY)]
        distances = _rest_level(self._distances[chosen], _PLAIN if self._plain else _FULL, trust)
        return distances, _rest_level(self._shapes[chosen], _SHAPED, trust)

    def _over(self, rest: tuple[Floats, Floats], at: NDArray[np.intp]) -> Floats:
        """(n, K) unclipped intensities: distances and blendshapes mixed, or the distances alone."""
        share = np.array([unit.shape_share for unit in UNITS])
        gain = PLAIN_GAIN if self._plain else 1.0
        by_distance = (self._distances[at] - rest[0]) * [gain * FULL / unit.geometry.full for unit in UNITS]
        scale = [FULL / unit.shapes.full if unit.shapes else 0.0 for unit in UNITS]
        by_shape = (self._shapes[at] - rest[1]) * scale
        mixed = share * by_shape + (1 - share) * by_distance
        return np.asarray(np.where(np.isfinite(by_shape) & (share > 0), mixed, by_distance), np.float64)

    def _smoothed(self, raw: Floats, at: NDArray[np.intp]) -> Floats:
        """Running medians inside each track, clipped; mouth units get the longer one while the person talks."""
        out = raw.copy()
        for track in np.unique(self._track[at]):
            own = np.flatnonzero(self._track[at] == track)
            out[own] = median_filter(raw[own], SMOOTH / self._step)
            if self._talk is not None and self._talk[at[own]].any():
                slow = median_filter(raw[own], SMOOTH_SPEECH / self._step)
                out[own] = np.where(self._talk[at[own], None] & _MOUTH, slow, out[own])
        return np.clip(out, 0, FULL)

    def _noise(self, rest: tuple[Floats, Floats], past: NDArray[np.intp]) -> Floats:
        """(K,) from second differences: in half the frames hardly anything moves, so their median is noise."""
        raw, track = self._over(rest, past[-HISTORY:]), self._track[past[-HISTORY:]]
        if len(raw) < 8:
            return np.full(len(UNITS), UNKNOWN_NOISE)
        second = raw[2:] - 2 * raw[1:-1] + raw[:-2]
        size = np.abs(second[(track[2:] == track[:-2]) & np.isfinite(second).all(axis=1)])
        return np.median(size, axis=0) / 0.6745 / np.sqrt(6) if len(size) else np.full(len(UNITS), UNKNOWN_NOISE)

    def _reliability(self, at: NDArray[np.intp]) -> Floats:
        """(n, K): what a unit deserves at best, less for turned heads, poor pictures, speech, no blendshapes."""
        rows = self._rows[at]
        turned = np.abs(self._series.pose[rows].astype(np.float64))
        frontal = np.clip((TURNED_AWAY - turned) / (TURNED_AWAY - TURNED), 0, 1).prod(axis=1)
        frame = np.nan_to_num(frontal * np.clip(self._series.quality[rows] / 0.5, 0, 1))
        talk = np.full(len(at), 0.5) if self._talk is None else self._talk[at].astype(np.float64)
        speech = 1 - talk[:, None] * (1 - np.array([unit.in_speech for unit in UNITS]))
        has_shapes = np.isfinite(self._shapes[at]) | np.array([unit.shapes is None for unit in UNITS])
        trust = np.array([unit.trust for unit in UNITS])
        return np.asarray(trust * frame[:, None] * speech * np.where(has_shapes, 1.0, PLAIN_TRUST), np.float64)


def intensities(series: FaceSeries, tracks: Sequence[int], speaking: Mask | None = None) -> AuSeries:
    """`Expression(series, tracks, speaking).intensities()`: the whole clip, over the rest seen in all of it."""
    return Expression(series, tracks, speaking).intensities()


def _rest_level(values: Floats, population: Floats, trust: float) -> Floats:
    """(K,) from the values (n, K) of one person and the population's mean and deviation (2, K)."""
    mean, deviation = population
    values = values[np.isfinite(values).all(axis=1)]
    if not len(values):
        return np.asarray(mean)
    low, middle = np.quantile(values, [0.2, 0.5], axis=0)
    own = np.where([unit.lids for unit in UNITS], middle, low)
    reach = REST_REACH * deviation
    return np.asarray(mean + trust * np.clip(own - mean, -reach, reach), np.float64)


def _split_closure(value: Floats, time: Floats, track: NDArray[np.int32]) -> Floats:
    """Gives each stretch of shut eyes to AU45 if it is short, to AU43 if it lasts, and hides what shut lids hide."""
    out = value.copy()
    shut = np.nan_to_num(value[:, _SHUT]) >= CLOSED
    out[~shut, _BLINK] *= 0
    half_shut = np.nan_to_num(value[:, _SHUT]) >= CLOSED / 2
    out[half_shut[:, None] & _LIDS] = np.nan
    for start, end in runs(shut, track):
        brief = time[end - 1] - time[start] < BLINK
        out[start:end, _SHUT if brief else _BLINK] = 0.0
    return out
