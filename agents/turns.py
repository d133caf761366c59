"""Who says which utterance, by voice: utterances are cut where the voice changes, and each knows its voice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from emoagent.agents.registry import Heard
from emoagent.schema import Clip, Span, Utterance, Word
from emoagent.tools.voice.voices import Turn, Voices, find_voices
from emoagent.tools.words.word_confidence import INAUDIBLE

SHORTEST = 0.4  # seconds; no utterance is cut into less
RECOGNISED = (0.4, 0.55)  # seconds of each voice at a cut, and how certain it must be
WRITTEN = (1.0, 0.7)  # the same where words stand in subtitles, whose cues rarely hold two speakers


@dataclass(frozen=True)
class Stretch:
    """A part of an utterance in which one voice is the one that leads."""

    start: float
    end: float
    voice: int
    certainty: float


def tell_apart(clip: Clip, heard: Heard) -> Heard:
    """The utterances, cut where one voice follows another, and `work/voices.json` for `voices_of`.

    Nothing is done where there is no sound, where every utterance names its speaker, or where nothing was heard.
    Raises `ModelMissing` where the model that tells voices apart cannot be had.
    """
    unknown = [u for u in heard.utterances if u.person is None and u.source != "windows"]
    return cut(heard, find_voices(clip)) if clip.audio is not None and unknown else heard


def cut(heard: Heard, voices: Voices) -> Heard:
    """The utterances u1, u2, … in time order; what names its speaker stays whole."""
    parts = [part for utterance in heard.utterances for part in _cut(utterance, voices)]
    parts.sort(key=lambda part: (part.span.start, part.span.end))  # stable: what began together stays in order
    numbered = (part.model_copy(update={"id": f"u{number}"}) for number, part in enumerate(parts, 1))
    return replace(heard, utterances=tuple(numbered))


def _cut(utterance: Utterance, voices: Voices) -> list[Utterance]:
    if utterance.person is not None or utterance.source == "windows":
        return [utterance]
    long, sure = WRITTEN if utterance.source == "subtitles" else RECOGNISED
    led = _smoothed(list(_leading(utterance.span, voices)), long)
    times = [b.start for a, b in pairwise(led) if a.voice != b.voice and min(a.certainty, b.certainty) >= sure]
    rest, done = utterance, list[Utterance]()
    for time in times:
        halves = _halves(rest, time)
        if halves is not None:
            done.append(halves[0])
            rest = halves[1]
    return [*done, rest]


def _leading(span: Span, voices: Voices) -> Iterator[Stretch]:
    """Who leads during `span`: whoever began goes on leading until silent, then who is heard; without gaps."""
    inside = [turn for turn in voices.turns if turn.span.overlap(span) > 0]
    edges = sorted({span.start, span.end, *(t for turn in inside for t in (turn.span.start, turn.span.end))})
    leader: Turn | None = None
    for start, end in pairwise(edge for edge in edges if span.start <= edge <= span.end):
        here = [turn for turn in inside if turn.span.start <= start and turn.span.end >= end]
        if here and leader not in here:
            leader = max(here, key=lambda turn: (turn.span.end, -turn.voice))
        first = leader or (inside[0] if inside else None)
        if first is not None:
            yield Stretch(start, end, first.voice, first.certainty)


def _smoothed(led: Sequence[Stretch], shortest: float) -> list[Stretch]:
    """Stretches of the same voice joined, and those shorter than `shortest` given to the one before (or after)."""
    joined: list[Stretch] = []
    for part in led:
        short = joined and joined[-1].end - joined[-1].start < shortest and joined[-1].voice != part.voice
        if short:  # what came before was too short to lead
            before = joined.pop()
            if joined:
                joined[-1] = Stretch(joined[-1].start, before.end, joined[-1].voice, joined[-1].certainty)
            else:
                part = Stretch(before.start, part.end, part.voice, part.certainty)
        if joined and joined[-1].voice == part.voice:
            sure = max(joined[-1].certainty, part.certainty)
            joined[-1] = Stretch(joined[-1].start, part.end, part.voice, sure)
        else:
            joined.append(part)
    if len(joined) > 1 and joined[-1].end - joined[-1].start < shortest:
        last = joined.pop()
        joined[-1] = Stretch(joined[-1].start, last.end, joined[-1].voice, joined[-1].certainty)
    return joined


def _halves(utterance: Utterance, time: float) -> tuple[Utterance, Utterance] | None:
    """The utterance before and after `time`, words by their middles; `None` where one half would be too little."""
    pieces = _with_gaps(utterance)
    left, right = _parted(pieces, time)
    if pieces and not (left and right):
        return None
    end, start = (left[-1].span.end, right[0].span.start) if left else (time, time)
    first, last = (utterance.span.start, end), (start, utterance.span.end)
    if min(b - a for a, b in (first, last)) < SHORTEST:
        return None
    return _part(utterance, left, *first), _part(utterance, right, *last)


def _with_gaps(utterance: Utterance) -> list[Word]:
    """The words and, as if each were one more word, the marks of what is inaudible, with the time between words."""
    following, found, end = list(utterance.words), list[Word](), utterance.span.start
    for token in utterance.text.split():
        if following and token == following[0].text:
            found.append(following.pop(0))
        elif token == INAUDIBLE:
            until = following[0].span.start if following else utterance.span.end
            found.append(Word(text=token, span=Span(start=end, end=max(end, until)), time_source="recognised"))
        end = found[-1].span.end if found else end
    return [*found, *following]


def _parted(pieces: Sequence[Word], time: float) -> tuple[list[Word], list[Word]]:
    """Before and after `time`, by their middles; but what is inaudible is cut where enough of it is on either side."""
    left = [piece for piece in pieces if piece.span.middle < time]
    right = list(pieces[len(left) :])
    for piece in (*left[-1:], *right[:1]):
        before, after = time - piece.span.start, piece.span.end - time
        if piece.text == INAUDIBLE and min(before, after) >= SHORTEST:
            first = piece.model_copy(update={"span": Span(start=piece.span.start, end=time)})
            last = piece.model_copy(update={"span": Span(start=time, end=piece.span.end)})
            return [*(p for p in left if p is not piece), first], [last, *(p for p in right if p is not piece)]
    return left, right


def _part(utterance: Utterance, pieces: Sequence[Word], start: float, end: float) -> Utterance:
    glue = " " if " " in utterance.text else ""  # some languages are written without spaces
    text = glue.join(piece.text for piece in pieces) if pieces else utterance.text
    words = tuple(piece for piece in pieces if piece.text != INAUDIBLE)
    span = Span(start=round(start, 3), end=round(end, 3))
    return utterance.model_copy(update={"span": span, "words": words, "text": text})
