"""Action-unit intensities of one person, 0 to 5, as deviations from that person's own rest.

The units are those of the Facial Action Coding System (Ekman & Friesen 1978). Each is driven by a weighted sum of
distances on the face and, where the landmark model has them, by blendshapes; both are proxies, so every unit has a
reliability. Full scale is set by what acted expressions reach; it is not a certified coder's scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emoagent.schema import Span
from emoagent.tools.runs import runs
from emoagent.tools.sampling import running_median, seconds_for, weighted_quantile
from emoagent.tools.sight.action_unit_table import (
    COMPANIONS,
    FEATURE_DRIVERS,
    PLAIN_COMPANIONS,
    PLAIN_GAIN,
    SHAPE_DRIVERS,
    UNITS,
)
from emoagent.tools.sight.asymmetry import Difference, difference
from emoagent.tools.sight.face_series import FaceSeries

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
ENOUGH_QUIET = 0.5  # seconds without talk from which rest is taken from them alone
FARTHEST = 0.4  # seconds between the neighbours of a frame from which nothing is said about noise
UNKNOWN_NOISE = 0.25  # intensity, where too few frames were seen to measure it

_FULL = np.array([(unit.geometry.mean, unit.geometry.deviation) for unit in UNITS]).T
_PLAIN = np.array([(unit.geometry.plain_mean, unit.geometry.plain_deviation) for unit in UNITS]).T
_SHAPED = np.array([(unit.shapes.mean, unit.shapes.deviation) if unit.shapes else (0, 1) for unit in UNITS]).T
_MOUTH = np.array([unit.mouth for unit in UNITS])
_NAMES = tuple(unit.name for unit in UNITS)
_IN_SILENCE = np.array([0.5 if unit.lids else 0.2 for unit in UNITS])
_IN_SPEECH = np.array([unit.rest_in_speech or (0.5 if unit.lids else 0.2) for unit in UNITS])
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
    that is not known: rest is then taken from all frames, and the mouth is trusted half-way. Frames may lie at unequal
    times: each counts as long as it stands for.
    """

    def __init__(self, series: FaceSeries, tracks: Sequence[int], speaking: Mask | None = None) -> None:
        self._series = series
        self._rows = np.flatnonzero(np.isin(series.track, list(tracks)))
        self._time, self._track = series.time[self._rows], series.track[self._rows]
        self._talk = None if speaking is None else np.asarray(speaking, bool)[self._rows]
        self._clear = clearness(series, self._rows)
        self._weight = seconds_for(self._time, series.frames) * self._clear
        self._distances = series.features[self._rows].astype(np.float64) @ FEATURE_DRIVERS
        self._shapes = series.blendshapes[self._rows].astype(np.float64) @ SHAPE_DRIVERS
        self._plain = not np.isfinite(series.blendshapes).any()
        self._rested: tuple[int, tuple[Floats, Floats]] | None = None
        self._thresholds = np.array([unit.threshold for unit in UNITS]) * (PLAIN_CAUTION if self._plain else 1.0)

    def intensities(self, span: Span | None = None, until: float | None = None) -> AuSeries:
        """Intensities inside `span` (None: everywhere), over the rest seen before `until` seconds (None: ever).

        Rest is a low quantile of the frames in which the person does not talk (the median for the lids), shrunk
        towards the population where little was seen clearly, and never further from it than `REST_REACH` deviations:
        somebody who smiles throughout does not rest smiling.
        """
        end = len(self._rows) if until is None else int(np.searchsorted(self._time, until))
        first, last = (0, end) if span is None else np.searchsorted(self._time, [span.start, span.end]).tolist()
        last = max(first, min(last, end))
        reach = [self._time[first] - SMOOTH_SPEECH, self._time[last - 1] + SMOOTH_SPEECH] if first < last else [0, 0]
        wide = np.arange(*np.searchsorted(self._time[:end], reach)) if first < last else np.arange(0)
        rest = self._rest(end)
        value = _split_closure(self._smoothed(self._over(rest, wide), wide), self._time[wide], self._track[wide])
        value = value[(wide >= first) & (wide < last)]
        noise, at = self._noise(rest, end), np.arange(first, last)
        return AuSeries(
            time=self._time[at],
            rows=self._rows[at],
            names=_NAMES,
            value=value,
            reliability=self._reliability(at) * np.isfinite(value),
            noise=noise,
            threshold=np.maximum(self._thresholds, 4 * noise),
        )

    def recent(self, until: float | None = None, most: int = HISTORY) -> tuple[NDArray[np.intp], Floats]:
        """The last `most` rows (of the face series) before `until`, and their intensities (n, K) as they come: over
        the same rest, neither smoothed nor cut off below 0."""
        end = len(self._rows) if until is None else int(np.searchsorted(self._time, until))
        at = np.arange(max(0, end - most), end)
        return self._rows[at], self._over(self._rest(end), at)

    def talks(self, rows: NDArray[np.intp]) -> Mask:
        """(n,) whether the person talks in these rows of the face series, as far as that is known."""
        at = np.searchsorted(self._rows, rows)
        return np.zeros(len(rows), bool) if self._talk is None else np.asarray(self._talk[at], bool)

    def difference(self, name: str, units: AuSeries, until: float | None = None) -> Difference:
        """How much stronger unit `name` (AU12, AU14) is on the person's left than on their right, in the rows of
        `units`, over the rows before `until` in which they neither talk nor show it; smoothed as while talking."""
        end = len(self._rows) if until is None else int(np.searchsorted(self._time, until))
        start = int(np.searchsorted(self._rows, units.rows[0])) if len(units.rows) else 0
        at = np.arange(min(start, max(0, end - HISTORY)), end)
        both = self._distances[at, _NAMES.index(name)]
        calm = both <= np.nanquantile(both, 0.4) if np.isfinite(both).any() else np.zeros(len(at), bool)
        if self._talk is not None and self._weight[at][calm & ~self._talk[at]].sum() >= ENOUGH_QUIET:
            calm &= ~self._talk[at]
        rows = self._rows[at]
        yaw = self._series.pose[rows, 0].astype(np.float64)
        found = difference(name, self._series.features[rows], yaw, self._plain, calm, self._weight[at])
        smooth = running_median(self._time[at], found.value[:, None], SMOOTH_SPEECH)[:, 0]
        return replace(found, value=smooth[np.searchsorted(rows, units.rows)])

    def _rest(self, end: int) -> tuple[Floats, Floats]:
        """The drivers at rest in the rows before `end`, (K,) by distances and (K,) by blendshapes; the last answer is
        remembered, for several ask for the same."""
        if self._rested is None or self._rested[0] != end:
            self._rested = end, self._rest_of(np.arange(end))
        return self._rested[1]

    def _rest_of(self, past: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """The mouth's rest from frames without talk, if there are enough of them."""
        past = past[self._weight[past] > 0]
        quiet = past if self._talk is None else past[~self._talk[past]]
        talks = float(self._weight[quiet].sum()) < ENOUGH_QUIET
        levels = _IN_SPEECH if talks and self._talk is not None else _IN_SILENCE
        everything, silence = self._levels(past, levels), self._levels(past if talks else quiet, levels)
        found = [np.where(_MOUTH, still, any_) for still, any_ in zip(silence, everything, strict=True)]
        return found[0], found[1]

    def _levels(self, chosen: NDArray[np.intp], levels: Floats) -> tuple[Floats, Floats]:
        seconds = float(self._weight[chosen].sum())
        trust = seconds / (seconds + PRIOR_SECONDS)
        chosen = chosen[:: max(1, len(chosen) // HISTORY)]
        weight, population = self._weight[chosen], _PLAIN if self._plain else _FULL
        return (
            _rest_level(self._distances[chosen], weight, levels, population, trust),
            _rest_level(self._shapes[chosen], weight, levels, _SHAPED, trust),
        )

    def _over(self, rest: tuple[Floats, Floats], at: NDArray[np.intp]) -> Floats:
        """(n, K) unclipped intensities: distances and blendshapes mixed, or the distances alone."""
        share = np.array([unit.shape_share for unit in UNITS])
        gain = PLAIN_GAIN if self._plain else 1.0
        by_distance = (self._distances[at] - rest[0]) * [gain * FULL / unit.geometry.full for unit in UNITS]
        scale = [FULL / unit.shapes.full if unit.shapes else 0.0 for unit in UNITS]
        by_shape = (self._shapes[at] - rest[1]) * scale
        mixed = share * by_shape + (1 - share) * by_distance
        mixed = np.where(np.isfinite(by_shape) & (share > 0), mixed, by_distance)
        return np.asarray(
            mixed - np.clip(mixed, 0, FULL) @ (PLAIN_COMPANIONS if self._plain else COMPANIONS), np.float64
        )

    def _smoothed(self, raw: Floats, at: NDArray[np.intp]) -> Floats:
        """Running medians inside each track, clipped; mouth units get the longer one while the person talks."""
        out = raw.copy()
        for track in np.unique(self._track[at]):
            own = np.flatnonzero(self._track[at] == track)
            time = self._time[at[own]]
            out[own] = running_median(time, raw[own], SMOOTH)
            if self._talk is not None and self._talk[at[own]].any():
                slow = running_median(time, raw[own], SMOOTH_SPEECH)
                out[own] = np.where(self._talk[at[own], None] & _MOUTH, slow, out[own])
        return np.clip(out, 0, FULL)

    def _noise(self, rest: tuple[Floats, Floats], end: int) -> Floats:
        """(K,) from how far each frame lies off the line between its neighbours: in half the frames hardly anything
        moves, so the median is noise."""
        at = np.arange(max(0, end - HISTORY), end)
        raw, track, time = self._over(rest, at), self._track[at], self._time[at]
        if len(raw) < 8:
            return np.full(len(UNITS), UNKNOWN_NOISE)
        span = np.maximum(time[2:] - time[:-2], 1e-6)
        share = ((time[1:-1] - time[:-2]) / span)[:, None]
        off = raw[1:-1] - (1 - share) * raw[:-2] - share * raw[2:]
        off /= np.sqrt(1 + share**2 + (1 - share) ** 2)
        size = np.abs(off[(track[2:] == track[:-2]) & (span < FARTHEST) & np.isfinite(off).all(axis=1)])
        return np.median(size, axis=0) / 0.6745 if len(size) else np.full(len(UNITS), UNKNOWN_NOISE)

    def _reliability(self, at: NDArray[np.intp]) -> Floats:
        """(n, K): what a unit deserves at best, less for turned heads, poor pictures, speech, no blendshapes."""
        talk = np.full(len(at), 0.5) if self._talk is None else self._talk[at].astype(np.float64)
        speech = 1 - talk[:, None] * (1 - np.array([unit.in_speech for unit in UNITS]))
        has_shapes = np.isfinite(self._shapes[at]) | np.array([unit.shapes is None for unit in UNITS])
        trust = np.array([unit.trust for unit in UNITS])
        return np.asarray(trust * self._clear[at, None] * speech * np.where(has_shapes, 1.0, PLAIN_TRUST), np.float64)


def intensities(series: FaceSeries, tracks: Sequence[int], speaking: Mask | None = None) -> AuSeries:
    """`Expression(series, tracks, speaking).intensities()`: the whole clip, over the rest seen in all of it."""
    return Expression(series, tracks, speaking).intensities()


def clearness(series: FaceSeries, rows: NDArray[np.intp]) -> Floats:
    """(n,) 0..1: how well the face is seen in these rows; 0 where it is turned away or the picture is too poor."""
    turned = np.abs(series.pose[rows].astype(np.float64))
    frontal = np.clip((TURNED_AWAY - turned) / (TURNED_AWAY - TURNED), 0, 1).prod(axis=1)
    return np.asarray(np.nan_to_num(frontal * np.clip(series.quality[rows] / 0.5, 0, 1)), np.float64)


def _rest_level(values: Floats, weight: Floats, levels: Floats, population: Floats, trust: float) -> Floats:
    """(K,) from the values (n, K) of one person and the population's mean and deviation (2, K)."""
    mean, deviation = population
    known = np.isfinite(values).all(axis=1)
    if not known.any():
        return np.asarray(mean)
    own = weighted_quantile(values[known], weight[known], levels)
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
