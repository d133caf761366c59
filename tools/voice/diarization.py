"""Who is heard when: pieces of speech, grouped over the whole clip by what they sound like.

A network tells within chunks of 10 s where somebody speaks, where speakers change and where two speak at once. What
lies between two changes is cut into pieces, and a speaker embedding of each tells which pieces are the same person.
(The network's own grouping within a chunk is not relied on: it takes acted changes of voice for changes of speaker, and
short turns of different speakers for one.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emoagent.schema import Span
from emoagent.tools.media.audio import Audio
from emoagent.tools.progress import tell
from emoagent.tools.voice.clustering import cluster
from emoagent.tools.voice.local_voices import CHUNK, FRAME, FRAME_SECONDS, LOCAL, STEP, Chunk, chunks, time_of
from emoagent.tools.voice.pitch import runs
from emoagent.tools.voice.voiceprint import HOP, RATE, SIZE, Voiceprint, features, unit
from emoagent.tools.voice.voices import Turn, Voices
from emoagent.tools.weights.network import Network

ALIKE = 0.25  # mean cosine from which two groups are one voice
WINDOW = 1.5  # seconds of speech that are compared at once
STEP_SECONDS = 0.5  # from one piece to the next where speech goes on for longer than that
SWITCH = 0.15  # by how much another voice must fit better for a change that is not heard otherwise
ENOUGH = 0.8  # seconds that make a piece worth clustering by
LEAST = 0.25  # seconds that are worth comparing at all
RARE = 1.5  # seconds of speech; who has less is no voice of their own
OVER = 0.25  # seconds of two at once that are believed
MARGIN = (CHUNK // FRAME - STEP) // 2  # frames at either end of a chunk that its neighbours know better
GAP, SHORTEST = 0.3, 0.2  # seconds: shorter gaps are closed, shorter turns dropped

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Piece:
    """`start`, `end`: frames of the clip in which local voice `local` of chunk `chunk` is heard.

    `vector`, (192,): what up to 1.5 s around it sound like; None where it is too short or another voice is heard too.
    `seconds`: how much speech it stands for when voices are sought; 0: none, its neighbours do.
    """

    start: int
    end: int
    chunk: int
    local: int
    vector: Floats | None
    seconds: float


def diarize(audio: Audio, segmentation: Network, voiceprint: Voiceprint) -> Voices:
    """The turns of all voices. Nothing that describes a voice outlives the call.

    Memory: about 1 kB for each second of speech. Raises `KeyboardInterrupt` where the user has asked to stop.
    """
    found = list(pieces(audio, segmentation, voiceprint))
    return assemble(found, centroids(found), audio.duration)


def pieces(audio: Audio, segmentation: Network, voiceprint: Voiceprint) -> Iterator[Piece]:
    """All pieces of speech, chunk by chunk."""
    for number, chunk in enumerate(chunks(audio, segmentation)):
        last = (chunk.first + len(chunk.heard)) * FRAME_SECONDS >= audio.duration - FRAME_SECONDS
        first = MARGIN if number else 0
        end = len(chunk.heard) if last else MARGIN + STEP
        yield from _pieces(chunk, number, first, end, voiceprint)
        tell(time_of(chunk.first))


def _pieces(chunk: Chunk, number: int, first: int, end: int, voiceprint: Voiceprint) -> list[Piece]:
    """The pieces of the chunk's frames from `first` to `end`."""
    frames = features(chunk.samples)
    alone = chunk.heard.sum(axis=1) == 1
    made, windows = list[Piece](), dict[int, Floats]()
    for local in range(LOCAL):
        inside = chunk.heard[:, local].copy()
        inside[:first] = inside[end:] = False
        for a, b in runs(inside & alone):
            for start, stop, low, high, seconds in _cut(a, b):
                window = frames[round(low * FRAME / HOP) : round(high * FRAME / HOP)]
                if len(window) * HOP / RATE >= LEAST:
                    windows[len(made)] = window
                made.append(Piece(chunk.first + start, chunk.first + stop, number, local, None, seconds))
        both = runs(inside & ~alone)
        made += [Piece(chunk.first + a, chunk.first + b, number, local, None, 0.0) for a, b in both]
    vectors = voiceprint.embed(list(windows.values()))
    for at, vector in zip(windows, vectors, strict=True):
        made[at] = replace(made[at], vector=vector)
    return made


def _cut(start: int, end: int) -> Iterator[tuple[int, int, int, int, float]]:
    """A run of frames cut into pieces: where each begins and ends, where the window around it does, and for how many
    seconds of speech it stands: every third for its window, the others for none."""
    length = (end - start) * FRAME_SECONDS
    count = max(1, round(length / STEP_SECONDS)) if length > WINDOW else 1
    windows = max(1, round(length / WINDOW))
    edges = np.linspace(start, end, count + 1).round().astype(int).tolist()
    chosen = {int((n + 0.5) * count / windows) for n in range(windows)}
    width = min(end - start, round(WINDOW / FRAME_SECONDS))
    for number, (a, b) in enumerate(pairwise(edges)):
        low = min(max(start, (a + b - width) // 2), end - width)
        yield a, b, low, low + width, length / windows if number in chosen else 0.0


def centroids(found: Sequence[Piece]) -> Floats:
    """The mean direction of each voice, (k, 192); those heard too rarely are left out."""
    known = [p for p in found if p.vector is not None and p.seconds]
    used = [p for p in known if p.seconds >= ENOUGH] or known
    if not used:
        return np.zeros((0, SIZE), np.float32)
    vectors = np.stack([p.vector for p in used if p.vector is not None])
    weights = np.array([p.seconds for p in used], np.float32)
    labels = cluster(vectors, weights, ALIKE, _together(found, used))
    seconds = np.bincount(labels, weights)
    sums = np.stack([(weights * (labels == k)) @ vectors for k in range(len(seconds))])
    return unit(sums[seconds >= min(RARE, seconds.max())])


def _together(found: Sequence[Piece], used: Sequence[Piece]) -> list[tuple[int, int]]:
    """Pairs of `used` that speak over each other: two people, for nobody speaks over themselves."""
    both = [p for p in found if p.vector is None and (p.end - p.start) * FRAME_SECONDS >= OVER]
    by_local: dict[tuple[int, int], list[int]] = {}
    for number, piece in enumerate(used):
        by_local.setdefault((piece.chunk, piece.local), []).append(number)
    pairs = []
    for a, b in pairwise(sorted(both, key=lambda p: (p.start, p.chunk, p.local))):
        if (a.start, a.end, a.chunk) == (b.start, b.end, b.chunk) and a.local != b.local:
            near = [_beside(p, used, by_local.get((p.chunk, p.local), [])) for p in (a, b)]
            if near[0] is not None and near[1] is not None:
                pairs.append((near[0], near[1]))
    return pairs


def _beside(piece: Piece, used: Sequence[Piece], numbers: Sequence[int]) -> int | None:
    """Which of `used` is heard next to `piece`, at most 1.5 s away."""
    gaps = {n: max(used[n].start - piece.end, piece.start - used[n].end) * FRAME_SECONDS for n in numbers}
    best = min(gaps, key=lambda n: gaps[n], default=None)
    return best if best is not None and gaps[best] <= WINDOW else None


def assemble(found: Sequence[Piece], voices: Floats, duration: float) -> Voices:
    """Gives each piece to a voice, and joins the pieces of a voice to turns."""
    if not len(voices):
        return Voices()
    sure = np.zeros((max(piece.end for piece in found), len(voices)), np.float32)
    near = {n: piece.vector @ voices.T for n, piece in enumerate(found) if piece.vector is not None}
    for run in _unbroken(found, near):
        for n, voice in zip(run, _path(np.stack([near[n] for n in run])), strict=True):
            sure[found[n].start : found[n].end, voice] = _certainty(near[n], voice)
    for n, piece in enumerate(found):
        scores = None if n in near else _neighbour(n, found, near)
        if scores is not None:
            rows = sure[piece.start : piece.end]
            voice = int(np.where(rows.any(axis=0), -1.0, scores).argmax())
            rows[:, voice] = np.maximum(rows[:, voice], _certainty(scores, voice))
    return _voices(sure, duration)


def _unbroken(found: Sequence[Piece], near: Mapping[int, Floats]) -> list[list[int]]:
    """The numbers of pieces that follow each other without a break in the same local voice."""
    joined: list[list[int]] = []
    for n in near:
        before = found[joined[-1][-1]] if joined else None
        if before and (before.end, before.chunk, before.local) == (found[n].start, found[n].chunk, found[n].local):
            joined[-1].append(n)
        else:
            joined.append([n])
    return joined


def _path(scores: Floats) -> list[int]:
    """The voice of each of n pieces in a row, from scores (n, k), where every change costs (Viterbi 1967)."""
    best, came = scores[0], list[NDArray[np.intp]]()
    for row in scores[1:]:
        moved = best.argmax()
        stays = best >= best[moved] - SWITCH
        came.append(np.where(stays, np.arange(len(row)), moved))
        best = np.maximum(best, best[moved] - SWITCH) + row
    path = [int(best.argmax())]
    for back in reversed(came):
        path.append(int(back[path[-1]]))
    return path[::-1]


def _certainty(scores: Floats, voice: int) -> float:
    """From the distance to the next voice, where there is one, and to what would not be a voice at all."""
    rivals = [float(score) for number, score in enumerate(scores) if number != voice]
    return max(0.01, min(1.0, 0.5 + float(scores[voice]) - max([ALIKE, *rivals])))


def _neighbour(n: int, found: Sequence[Piece], near: Mapping[int, Floats]) -> Floats | None:
    """The scores of the nearest piece of the same local voice, for one that is too short or not alone."""
    piece = found[n]
    same = [m for m in near if found[m].chunk == piece.chunk and found[m].local == piece.local]
    return near[min(same, key=lambda m: abs(found[m].start - piece.start))] if same else None


def _voices(sure: Floats, duration: float) -> Voices:
    heard = sure > 0
    turns = []
    for voice in range(heard.shape[1]):
        for start, end in _spans(runs(heard[:, voice])):
            certainty = float(sure[start:end, voice][heard[start:end, voice]].mean())
            turns.append(Turn(_span(start, end, duration), voice, round(certainty, 3)))
    turns.sort(key=lambda turn: (turn.span.start, turn.span.end))
    numbers = {voice: n for n, voice in enumerate(dict.fromkeys(turn.voice for turn in turns), 1)}
    both = [(a, b) for a, b in runs(heard.sum(axis=1) > 1) if (b - a) * FRAME_SECONDS >= SHORTEST]
    overlaps = tuple(_span(a, b, duration) for a, b in both)
    return Voices(tuple(Turn(t.span, numbers[t.voice], t.certainty) for t in turns), overlaps)


def _span(start: int, end: int, duration: float) -> Span:
    return Span(start=round(min(time_of(start), duration), 3), end=round(min(time_of(end), duration), 3))


def _spans(found: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs of frames with short gaps closed and short runs dropped."""
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and (start - joined[-1][1]) * FRAME_SECONDS < GAP:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [(a, b) for a, b in joined if (b - a) * FRAME_SECONDS >= SHORTEST]
