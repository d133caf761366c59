"""Who is heard when: pieces of speech, grouped over the whole clip by what they sound like.

A network tells within chunks of 10 s where somebody speaks, where speakers change and where two speak at once. What lies
between two changes is cut into pieces, and a speaker embedding of each tells which pieces are the same person. (The
network's own grouping within a chunk is not relied on: it takes acted changes of voice for changes of speaker, and
short turns of different speakers for one.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emoagent.schema import Span
from emoagent.tools.audio import Audio
from emoagent.tools.clustering import cluster
from emoagent.tools.local_voices import CHUNK, FRAME, FRAME_SECONDS, LOCAL, STEP, Chunk, chunks, time_of
from emoagent.tools.network import Network
from emoagent.tools.pitch import runs
from emoagent.tools.progress import tell
from emoagent.tools.voiceprint import HOP, RATE, SIZE, Voiceprint, features, unit
from emoagent.tools.voices import Turn, Voices

ALIKE = 0.25  # mean cosine from which two groups are one voice
PIECE = 1.5  # seconds of speech that are compared at once
ENOUGH = 0.8  # seconds that make a piece worth clustering by
LEAST = 0.25  # seconds that are worth comparing at all
RARE = 1.5  # seconds of speech; who has less is no voice of their own
MARGIN = (CHUNK // FRAME - STEP) // 2  # frames at either end of a chunk that its neighbours know better
GAP, SHORTEST = 0.3, 0.2  # seconds: shorter gaps are closed, shorter turns dropped

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Piece:
    """`start`, `end`: frames of the clip in which local voice `local` of chunk `chunk` is heard, alone unless
    `vector`, (192,), is None."""

    start: int
    end: int
    chunk: int
    local: int
    vector: Floats | None

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end - self.start) * FRAME_SECONDS


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
    frames = features(chunk.samples)
    alone = chunk.heard.sum(axis=1) == 1
    made = list[tuple[int, int, int, Floats | None]]()
    for local in range(LOCAL):
        inside = chunk.heard[:, local].copy()
        inside[:first] = inside[end:] = False
        for a, b in runs(inside & alone):
            made += [(x, y, local, _features(frames, x, y)) for x, y in _cut(a, b)]
        made += [(a, b, local, None) for a, b in runs(inside & ~alone)]
    vectors = iter(voiceprint.embed([f for *_, f in made if f is not None]))
    return [
        Piece(chunk.first + a, chunk.first + b, number, local, None if f is None else next(vectors))
        for a, b, local, f in made
    ]


def _cut(start: int, end: int) -> list[tuple[int, int]]:
    """A run of frames in equal pieces of about 1.5 s."""
    count = max(1, round((end - start) * FRAME_SECONDS / PIECE))
    edges = np.linspace(start, end, count + 1).round().astype(int).tolist()
    return list(pairwise(edges))


def _features(frames: Floats, start: int, end: int) -> Floats | None:
    part = frames[round(start * FRAME / HOP) : round(end * FRAME / HOP)]
    return part if len(part) * HOP / RATE >= LEAST else None


def centroids(found: Sequence[Piece]) -> Floats:
    """The mean direction of each voice, (k, 192); those heard too rarely are left out."""
    long = [(p.vector, p.seconds) for p in found if p.vector is not None and p.seconds >= ENOUGH]
    long = long or [(p.vector, p.seconds) for p in found if p.vector is not None]
    if not long:
        return np.zeros((0, SIZE), np.float32)
    vectors, weights = np.stack([v for v, _ in long if v is not None]), np.array([s for _, s in long], np.float32)
    labels = cluster(vectors, weights, ALIKE)
    seconds = np.bincount(labels, weights)
    sums = np.stack([(weights * (labels == k)) @ vectors for k in range(len(seconds))])
    return unit(sums[seconds >= min(RARE, seconds.max())])


def assemble(found: Sequence[Piece], voices: Floats, duration: float) -> Voices:
    """Gives each piece to a voice, and joins the pieces of a voice to turns."""
    if not len(voices):
        return Voices()
    length = max(piece.end for piece in found)
    sure = np.zeros((length, len(voices)), np.float32)
    near = {n: piece.vector @ voices.T for n, piece in enumerate(found) if piece.vector is not None}
    for n, piece in enumerate(found):
        scores = near[n] if n in near else _neighbour(n, found, near)
        if scores is None:
            continue
        rows = sure[piece.start : piece.end]
        free = np.where(rows.any(axis=0), -1.0, scores) if n not in near else scores
        voice = int(free.argmax())
        others = np.delete(scores, voice)
        margin = scores[voice] - (others.max() if len(others) else 0.0)
        rows[:, voice] = max(0.01, min(1.0, 0.5 + float(margin)))
    return _voices(sure, duration)


def _neighbour(n: int, found: Sequence[Piece], near: dict[int, Floats]) -> Floats | None:
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
