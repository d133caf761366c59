"""Speech to words with PocketSphinx and the US English model in its wheel: rough, but it needs nothing else.

The settings were measured on known speech; what was tried stands in docs/design/hearing.md. 0.2 s of sound around each
stretch of speech brings the word error rate from 32 % to 18 % on a speech and from 22 % to 20 % on acted sentences.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from emoagent.schema import Span, Word
from emoagent.tools.media.audio import RATE, Audio
from emoagent.tools.progress import tell
from emoagent.tools.words.word_confidence import Guess, probabilities

FRAME_RATE = 100
BLOCK = 30.0
LONGEST = 12.0
SHORTEST = 0.3
LONGEST_WORD = 1.0
MARGIN = 0.2
LEAST_TOLD = 0.25  # share of the time in words; in the recordings of the fit it is 0.29 and more
VAD_MODE = 1
_VARIANT = re.compile(r"\(\d+\)$")


def recognise(audio: Audio, machine: Any = None) -> Iterator[tuple[Span, tuple[Word, ...]]]:
    """Each stretch of speech, in order, with its words: times in seconds; `probability`: the chance to be right.

    A stretch in which nothing was understood comes with no words. Memory does not grow with the length of the sound.
    `machine`: a decoder that is there already; it goes on with what it knows of the microphone.
    """
    for piece, inside in _pieces_with_speech(audio):
        machine = machine or decoder()
        yield inside, words_of(machine, audio, piece)
        tell(piece.end)


def stretches(audio: Audio) -> Iterator[Span]:
    """What the recogniser is given: the stretches of speech with a little sound around them, none longer than 12 s."""
    return (piece for piece, _ in _pieces_with_speech(audio))


def speech_spans(audio: Audio) -> Iterator[Span]:
    """Where somebody seems to speak, by PocketSphinx's voice-activity endpointer; at least 0.3 s each."""
    from pocketsphinx import Endpointer

    gate = Endpointer(vad_mode=VAD_MODE, sample_rate=RATE)
    for frame in _frames(audio, gate.frame_bytes // 2):
        if gate.process(frame) is not None and not gate.in_speech:
            yield from _long_enough(gate.speech_start, min(gate.speech_end, audio.duration))
    if gate.in_speech:
        yield from _long_enough(gate.speech_start, audio.duration)


def pieces(audio: Audio, span: Span, longest: float = LONGEST) -> Iterator[Span]:
    """`span` cut into pieces of at most `longest` seconds, each cut at the quietest moment of its second half."""
    start = span.start
    while span.end - start > longest:
        cut = _quietest(audio, Span(start=start + longest / 2, end=start + longest))
        yield Span(start=start, end=cut)
        start = cut
    yield Span(start=start, end=span.end)


def words_of(decoder: Any, audio: Audio, span: Span) -> tuple[Word, ...]:
    """The words that `decoder` recognises in `span`, each with its chance to be right (0 in what is hopeless); none
    where they are too long, or too little of the time, to be believed."""
    parts = _recognised(decoder, audio, span)
    chances = probabilities([_guess(part) for part in parts])
    words = tuple(_word(part, span, chance) for part, chance in zip(parts, chances.tolist(), strict=True))
    told = sum(word.span.duration for word in words)
    return words if believable(words) and told >= LEAST_TOLD * span.duration else ()


def guesses_of(decoder: Any, audio: Audio, span: Span) -> list[tuple[str, Guess]]:
    """The same words with what their chances are made from."""
    return [(_VARIANT.sub("", part.word), _guess(part)) for part in _recognised(decoder, audio, span)]


def believable(words: Sequence[Word]) -> bool:
    """Whether at least half of the time is taken by words of a second or less.

    Noise and music are heard as a few very long words, with high probability: the recogniser must say something.
    """
    lengths = [word.span.duration for word in words]
    return 2 * sum(length for length in lengths if length <= LONGEST_WORD) >= sum(lengths)


def decoder() -> Any:
    """A PocketSphinx decoder with our settings; loading takes most of a second."""
    from pocketsphinx import Decoder

    return Decoder(loglevel="FATAL", samprate=RATE, fwdflat=False)


def _pieces_with_speech(audio: Audio) -> Iterator[tuple[Span, Span]]:
    end = 0.0
    for span, following in _with_next(speech_spans(audio)):
        limit = (span.end + following.start) / 2 if following else audio.duration
        heard = Span(start=max(end, span.start - MARGIN), end=min(limit, span.end + MARGIN))
        end = heard.end
        for piece in pieces(audio, heard):
            yield piece, _inside(piece, span)


def _recognised(decoder: Any, audio: Audio, span: Span) -> list[Any]:
    """PocketSphinx's words; silences and noises are left out."""
    samples = audio.read_int16(span)
    if len(samples) < SHORTEST * RATE:
        return []
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), full_utt=True)
    decoder.end_utt()
    return [] if decoder.hyp() is None else [part for part in decoder.seg() if part.word[0] not in "<[+"]


def _guess(found: Any) -> Guess:
    fit = math.log(max(found.ascore, sys.float_info.min))
    length = found.end_frame + 1 - found.start_frame
    return Guess(min(1.0, float(found.prob)), fit, found.start_frame / FRAME_RATE, length / FRAME_RATE)


def _word(found: Any, span: Span, chance: float) -> Word:
    start = min(span.start + found.start_frame / FRAME_RATE, span.end)
    end = min(span.start + (found.end_frame + 1) / FRAME_RATE, span.end)
    return Word(
        text=_VARIANT.sub("", found.word),
        span=Span(start=round(start, 3), end=round(max(start, end), 3)),
        probability=round(chance, 4),
        time_source="recognised",
    )


def _frames(audio: Audio, size: int) -> Iterator[bytes]:
    block = size * round(BLOCK * RATE / size) / RATE
    start = 0.0
    while start < audio.duration:
        samples = audio.read_int16(Span(start=start, end=start + block))
        for at in range(0, len(samples) - size + 1, size):
            yield samples[at : at + size].tobytes()
        start += block


def _quietest(audio: Audio, span: Span) -> float:
    samples = audio.read(span)
    size = RATE // 10
    energy = np.square(samples[: len(samples) // size * size]).reshape(-1, size).mean(axis=1)
    smooth = np.convolve(energy, np.ones(3), mode="valid")
    return span.start + (int(smooth.argmin()) + 1.5) * 0.1


def _long_enough(start: float, end: float) -> Iterator[Span]:
    if end - start >= SHORTEST:
        yield Span(start=round(start, 3), end=round(end, 3))


def _with_next(spans: Iterator[Span]) -> Iterator[tuple[Span, Span | None]]:
    current = next(spans, None)
    while current is not None:
        following = next(spans, None)
        yield current, following
        current = following


def _inside(piece: Span, speech: Span) -> Span:
    start, end = max(piece.start, speech.start), min(piece.end, speech.end)
    return Span(start=round(start, 3), end=round(end, 3)) if end > start else piece
