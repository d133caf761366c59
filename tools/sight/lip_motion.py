"""How the motion of a mouth goes with the sound: a few cues for one face track and one stretch of time.

Speed: a mouth that talks changes its opening by about 0.2 to 0.6 eye distances a second. Contrast: it does so while
there is sound rather than while there is none. Sync: jaw and lips open when the band from 600 to 2700 Hz gets louder,
where opening the mouth raises the first two formants (Grant & Seitz 2000 found the highest correlation there). Hiss:
the mouth widens and the upper lip rises for sibilants. Sync and hiss are given for every delay between picture and
sound; which delay a clip has, `emoagent.tools.sight.speaker_model` finds out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.schema import Span
from emoagent.tools.media.audio import Audio
from emoagent.tools.sight.face_geometry import FEATURES
from emoagent.tools.sight.face_series import FaceSeries

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

HOP = 0.02  # seconds; the grid of the sound
STEP = 0.04  # seconds; the grid on which mouth and sound are compared
STRIDE = 0.16  # seconds over which speed is taken, so that the frame rate hardly matters
GAP = 0.25  # seconds; between sightings further apart than this a mouth is not known
DELAYS: Floats = np.round(np.arange(-0.28, 0.281, 0.04), 2)  # seconds by which the sound may come after the picture
SLOW = 1.0  # seconds; slower changes are posture, not syllables
BEFORE = 0.6  # seconds before an utterance that are looked at for a mouth at rest
BANDS = {"speech": (300.0, 3400.0), "openness": (600.0, 2700.0), "hiss": (3500.0, 7800.0)}  # hertz
MIN_SEEN = 0.3  # seconds; less of a face says nothing
MIN_SILENCE = 0.24  # seconds without sound from which contrast means something
SILENT = 1e-2  # square root of an RMS of 0.0001, -80 dB
STILL = 0.02  # eye distances per second; nothing slower can be measured
FAINT = 0.02  # square root of an RMS; keeps ratios of bands from jumping in silence
OPENING = (("jaw_drop", 1.0), ("lip_aperture_outer", 1.0), ("lower_lip_height", -1.0))


@dataclass(frozen=True)
class Sound:
    """(n,) seconds; (n,) square root of the RMS of the band of open mouths and of hiss; (n,) whether there is sound.

    `varied`: whether loud and quiet differ enough to tell sound from silence.
    """

    time: Floats
    openness: Floats
    hiss: Floats
    sounding: Flags
    varied: bool


@dataclass(frozen=True)
class LipCues:
    """What one track's mouth does.

    `speed`: eye distances per second while there is sound. `contrast`: natural logarithm of speed in sound over speed
    in silence, None where there is too little of either. `sync`, `hiss`: (delays,) correlations, None without sound.
    `seen`: seconds. `size`: width of the face as a share of the picture. `plain`: a landmark model without blendshapes.
    """

    track: int
    speed: float
    contrast: float | None
    sync: Floats | None
    hiss: Floats | None
    seen: float
    size: float
    plain: bool


def sound_of(audio: Audio, span: Span) -> Sound | None:
    """The sound of `span` and `BEFORE` it; None where there is none then or only silence. Nothing after it is read."""
    start = max(0.0, span.start - BEFORE)
    samples = audio.read(Span(start=start, end=span.end)).astype(np.float64)
    hop = round(HOP * audio.rate)
    count = len(samples) // hop
    if count < 10:
        return None
    level, openness, hiss = _levels(samples, hop, count, audio.rate)
    if level.max() < SILENT:
        return None
    quiet, loud = np.quantile(level, [0.05, 0.95])
    time = start + (np.arange(count, dtype=np.float64) + 0.5) * HOP
    return Sound(time, openness, hiss, level >= quiet + 0.3 * (loud - quiet), bool(loud > 2 * quiet))


def lip_cues(series: FaceSeries, track: int, span: Span, sound: Sound | None) -> LipCues | None:
    """What this track's mouth does in `span`, None if it is hardly seen then; `sound` as `sound_of` the same span."""
    rows = series.rows(track)
    rows = rows[(series.time[rows] >= span.start - BEFORE) & (series.time[rows] < span.end)]
    rows = rows[np.isfinite(series.features[rows][:, _COLUMNS]).all(axis=1)]
    inside = rows[series.time[rows] >= span.start]
    if len(inside) < 4 or (seen := float(np.ptp(series.time[inside]))) < MIN_SEEN:
        return None
    speed, contrast = _speeds(series.time[rows], series.features[rows, _LIPS], span, sound)
    sync, hiss = (None, None) if sound is None else _syncs(series, inside, sound)
    size = float(np.median(series.box[inside, 2]))
    plain = not bool(np.isfinite(series.blendshapes[inside]).any())
    return LipCues(track, speed, contrast, sync, hiss, seen, size, plain)


def _levels(samples: Floats, hop: int, count: int, rate: int) -> list[Floats]:
    """(count,) smoothed square root of the RMS of each of `BANDS`."""
    spectrum, pitch = np.fft.rfft(samples), np.fft.rfftfreq(len(samples), 1 / rate)
    levels = []
    for low, high in BANDS.values():
        band = np.fft.irfft(np.where((pitch >= low) & (pitch <= high), spectrum, 0), len(samples))
        rms = np.sqrt((band[: count * hop].reshape(count, hop) ** 2).mean(axis=1))
        levels.append(_running_mean(np.sqrt(rms), 5))
    return levels


def _speeds(time: Floats, lips: NDArray[np.float32], span: Span, sound: Sound | None) -> tuple[float, float | None]:
    """Mean change of the lips' opening per second while there is sound, and its logarithm over that in silence."""
    grid, known = _grid(time)
    change = np.abs(np.interp(grid + STRIDE / 2, time, lips) - np.interp(grid - STRIDE / 2, time, lips)) / STRIDE
    inside = known & (grid >= span.start)
    if sound is None:
        return float(change[inside].mean()) if inside.any() else 0.0, None
    level = np.interp(grid, sound.time, sound.sounding.astype(np.float64))
    loud, quiet = inside & (level > 0.5), known & (level <= 0.5)
    if loud.sum() * STEP < MIN_SILENCE:
        return float(change[inside].mean()) if inside.any() else 0.0, None
    speed = float(change[loud].mean())
    if not sound.varied or quiet.sum() * STEP < MIN_SILENCE:
        return speed, None
    return speed, float(np.log(max(speed, STILL)) - np.log(max(change[quiet].mean(), STILL)))


def _syncs(series: FaceSeries, rows: NDArray[np.intp], sound: Sound) -> tuple[Floats, Floats]:
    """(delays,) mean correlation of an opening mouth with its band, and of a spread one with hiss."""
    time = series.time[rows]
    grid, known = _grid(time)

    def moved(name: str) -> Floats:
        return _without_slow(np.interp(grid, time, series.features[rows, FEATURES.index(name)]))

    sharpness = np.log(sound.hiss + FAINT) - np.log(sound.openness + FAINT)
    opening = [(sign * moved(name), sound.openness) for name, sign in OPENING]
    spreading = [(moved("mouth_width"), sharpness), (moved("upper_lip_raise"), sound.hiss)]
    return _over_delays(opening, grid, known, sound), _over_delays(spreading, grid, known, sound)


def _over_delays(pairs: Sequence[tuple[Floats, Floats]], grid: Floats, known: Flags, sound: Sound) -> Floats:
    """(delays,) mean correlation of the pairs (motion on `grid`, level at the times of `sound`), without slow parts."""
    found = np.zeros(len(DELAYS))
    for i, delay in enumerate(DELAYS):
        use = known & (grid + delay <= sound.time[-1]) & (grid + delay >= sound.time[0])
        levels = [_without_slow(np.interp(grid + delay, sound.time, level)) for _, level in pairs]
        found[i] = np.mean([_correlation(pair[0][use], level[use]) for pair, level in zip(pairs, levels, strict=True)])
    return found


def _grid(time: Floats) -> tuple[Floats, Flags]:
    """Every `STEP` from the first to the last sighting, and whether the mouth is known then."""
    grid = np.arange(time[0], time[-1] + 1e-9, STEP)
    after = np.clip(np.searchsorted(time, grid, side="right"), 1, len(time) - 1)
    return grid, time[after] - time[after - 1] <= GAP


def _correlation(a: Floats, b: Floats) -> float:
    if len(a) < 8:
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 1e-9 else 0.0


def _without_slow(values: Floats) -> Floats:
    return values - _running_mean(values, round(SLOW / STEP))


def _running_mean(values: Floats, width: int) -> Floats:
    odd = width | 1
    smooth = np.convolve(np.pad(values, odd // 2, mode="edge"), np.full(odd, 1 / odd), mode="valid")
    return np.asarray(smooth, np.float64)


_LIPS = FEATURES.index("lip_aperture")
_COLUMNS = [FEATURES.index(name) for name in ("lip_aperture", *dict(OPENING), "mouth_width", "upper_lip_raise")]
