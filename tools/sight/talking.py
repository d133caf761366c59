"""When a face talks: inside its person's utterances, less the pauses that sound or lips show."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from emoagent.schema import Span
from emoagent.tools.media.audio import Audio
from emoagent.tools.runs import runs
from emoagent.tools.sampling import windows
from emoagent.tools.sight.face_geometry import FEATURES
from emoagent.tools.sight.face_series import FaceSeries

PAUSE = 0.5  # seconds of quiet, or of still lips, that are no talk
HOP = 0.02  # seconds
RANGE = 12.0  # decibels between quiet and loud below which pauses cannot be told by ear
QUIET = 0.3  # of that range over its lower end
STILL = 0.012  # eye distances that lips which do not talk may move within `PAUSE`; talk moves them by 0.1 and more

Pauses = Callable[[Span], Iterable[tuple[float, float]]]

_LIPS = FEATURES.index("lip_aperture")


def talking(
    series: FaceSeries, tracks: Iterable[int], spans: Iterable[Span], pauses: Pauses | Audio | None
) -> NDArray[np.bool_]:
    """(rows of `series`,) whether the person of these face tracks talks; `spans`: their utterances; `pauses`: what is
    heard of them, or the silences of each where they are known.

    What is said of an utterance depends on nothing outside it.
    """
    talks, own = np.zeros(len(series.time), bool), np.isin(series.track, list(tracks))
    for span in spans:
        rows = series.between(span.start, span.end)
        rows = rows[own[rows]]
        talks[rows] = ~_still(series, rows)
        for start, end in _pauses(pauses, span):
            talks[rows[(series.time[rows] >= start) & (series.time[rows] < end)]] = False
    return talks


def silences(audio: Audio, span: Span) -> list[tuple[float, float]]:
    """Stretches of `span`, in seconds of the clip, in which nothing is heard for `PAUSE` or longer."""
    samples, hop = audio.read(span).astype(np.float64), round(HOP * audio.rate)
    count = len(samples) // hop
    if count * HOP < PAUSE:
        return []
    level = 10 * np.log10((samples[: count * hop].reshape(count, hop) ** 2).mean(axis=1) + 1e-9)
    low, high = np.quantile(level, [0.05, 0.95])
    if high - low < RANGE:
        return []
    quiet = runs(level < low + QUIET * (high - low))
    return [(span.start + a * HOP, span.start + b * HOP) for a, b in quiet if (b - a) * HOP >= PAUSE]


def _pauses(known: Pauses | Audio | None, span: Span) -> Iterable[tuple[float, float]]:
    if known is None:
        return ()
    return known(span) if callable(known) else silences(known, span)


def _still(series: FaceSeries, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which rows lie in a stretch of `PAUSE` or longer in which the lips do not move."""
    if len(rows) < 2:
        return np.zeros(len(rows), bool)
    time, lips = series.time[rows], series.features[rows, _LIPS].astype(np.float64)
    still = np.zeros(len(rows), bool)
    around, inside = windows(time, PAUSE)
    seen = np.where(inside, lips[around], np.nan)
    known = np.isfinite(seen).sum(axis=1) >= 3
    narrow = known & (np.nanmax(np.where(known[:, None], seen, 0), axis=1) - _least(seen, known) < STILL)
    for row in np.flatnonzero(narrow):
        near = around[row][inside[row]]
        if time[near[-1]] - time[near[0]] >= 0.7 * PAUSE:
            still[near] = True
    return still


def _least(seen: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.asarray(np.nanmin(np.where(known[:, None], seen, 0), axis=1), np.float64)
