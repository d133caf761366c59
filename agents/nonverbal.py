"""What is heard beside the words: silences, how soon an answer comes, breath, and bursts as in laughter.

The rules and what they were tested on are in docs/design/voice.md. It looks only back: at an utterance and at the gap
before it. A sound in the gap is bound to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.agents.registry import Finding, perceiver
from emoagent.schema import Clip, Span, Utterance
from emoagent.tools.media.audio import Audio, audio_of
from emoagent.tools.voice.breaths import breaths
from emoagent.tools.voice.bursts import bursts
from emoagent.tools.voice.pitch import pitch
from emoagent.tools.voice.silences import silences

LONGEST = 60.0  # seconds of an utterance that are listened to
BEFORE = 10.0  # seconds before an utterance that are listened to
LONG_PAUSE = 1.0  # seconds; a pause inside a turn (Campione & Véronis 2002: the long ones of three kinds)
LONG_SILENCE = 2.0  # seconds between two utterances
LATE = 0.7  # seconds after which an answer is late (Kendrick & Torreira 2015)
AT_ONCE = 0.05  # seconds
NO_ANSWER = 5.0  # seconds after which an utterance is no answer to the one before
EARLY = -0.2  # seconds; spans that overlap by more say that one began before the other had ended
SIGH = (0.6, 6.0)  # seconds of breath, and dB by which it dies away


@dataclass(frozen=True)
class Window:
    """The sound of an utterance and of the gap before it."""

    utterance: Utterance
    start: float  # seconds from the start of the clip
    samples: NDArray[np.float32]

    def span(self, start: float, end: float) -> Span:
        """Seconds from the start of the window as a span of the clip."""
        return Span(start=round(self.start + start, 3), end=round(self.start + end, 3))

    def whose(self, span: Span) -> str | None:
        """The speaker, for what lies in the utterance; nobody for what lies in the gap."""
        return self.utterance.person if span.middle >= self.utterance.span.start else None


@perceiver(modality="voice", needs={"audio"}, cost="0.03 x real time on one core")
def nonverbal(clip: Clip, utterances: Sequence[Utterance]) -> Iterator[Finding]:
    """Long silences, how soon an answer comes, audible breath, and rhythmic bursts as in laughter."""
    audio, before = audio_of(clip), None
    for utterance in utterances:
        window = _window(audio, utterance, before)
        if len(window.samples):
            yield from _silences(window)
            yield from _bursts(window)
            yield from _breaths(window)
        if before is not None:
            yield from _gap(audio, before, utterance)
        before = utterance


def _window(audio: Audio, utterance: Utterance, before: Utterance | None) -> Window:
    span = utterance.span
    earliest = min(span.start, before.span.end) if before else 0.0
    start = max(0.0, earliest, span.start - BEFORE)
    return Window(utterance, start, audio.read(Span(start=start, end=min(span.end, span.start + LONGEST))))


def _silences(window: Window) -> Iterator[Finding]:
    """Long silences inside the utterance."""
    lead = window.utterance.span.start - window.start
    spoken = window.samples[round(lead * 16000) :]
    length = len(spoken) / 16000
    for start, end in silences(spoken, LONG_PAUSE) or ():
        if start > 0 and end < length - 0.05:
            seconds = end - start
            yield Finding(
                utterance=window.utterance,
                kind="long_pause",
                text=f"There is a silence of {seconds:.1f} s within what is said.",
                reliability=0.8,
                measures={"duration": (seconds, "s")},
                span=window.span(lead + start, lead + end),
                person=window.utterance.person,
            )


def _bursts(window: Window) -> Iterator[Finding]:
    """Not validated on real laughter, hence the low reliability."""
    for burst in bursts(window.samples):
        span, beats = window.span(burst.start, burst.end), len(burst.beats)
        yield Finding(
            utterance=window.utterance,
            kind="laughter_like",
            text=f"A rhythmic burst of {beats} beats in {span.duration:.1f} s is heard, as in laughter.",
            reliability=min(0.5, 0.3 + 0.05 * (beats - 4)),
            measures={"beats": (beats, "beats"), "pace": (1 / burst.interval, "beats/s")},
            span=span,
            person=window.whose(span),
        )


def _breaths(window: Window) -> Iterator[Finding]:
    for breath in breaths(window.samples, pitch(window.samples)):
        span = window.span(breath.start, breath.end)
        dies = span.duration >= SIGH[0] and breath.fall >= SIGH[1]
        seconds = f"{span.duration:.1f} s"
        yield Finding(
            utterance=window.utterance,
            kind="sigh_like" if dies else "audible_breath",
            text=f"A breath of {seconds} is heard that dies away, as in a sigh."
            if dies
            else f"A breath of {seconds} is heard.",
            reliability=0.4,
            measures={"duration": (span.duration, "s"), "above_noise": (breath.above, "dB")},
            span=span,
            person=window.whose(span),
        )


def _gap(audio: Audio, before: Utterance, utterance: Utterance) -> Iterator[Finding]:
    """What lies between two utterances: how soon an answer comes, or a long silence."""
    spans = utterance.span.start - before.span.end
    known = before.person is not None and utterance.person is not None
    if known and before.person != utterance.person and spans < EARLY and before.span.start < utterance.span.start:
        yield _answer(utterance, spans, utterance.span, 0.3)
        return
    if not EARLY <= spans <= LONGEST:
        return
    silent = _silent_gap(audio, before, utterance)
    if silent is None:
        return
    if known and before.person != utterance.person:
        if silent.duration <= NO_ANSWER:
            yield _answer(utterance, silent.duration, silent, 0.6)
    elif silent.duration >= LONG_SILENCE:
        same = "The speaker goes on" if known else "This comes"
        yield Finding(
            utterance=utterance,
            kind="long_pause",
            text=f"{same} after a silence of {silent.duration:.1f} s.",
            reliability=0.8 if known else 0.6,
            measures={"duration": (silent.duration, "s")},
            span=silent,
            person=utterance.person,
        )


def _silent_gap(audio: Audio, before: Utterance, utterance: Utterance) -> Span | None:
    """The longest silence around the border of two utterances; an empty span where there is none, `None` where it
    cannot be told. Subtitles end late and start early, so the sound decides."""
    start = max(before.span.start, before.span.end - 2.0)
    end = min(utterance.span.end, utterance.span.start + 2.0)
    found = silences(audio.read(Span(start=start, end=end)), 0.05) if end > start else None
    if found is None:
        return None
    border = (min(before.span.end, utterance.span.start) - 0.3, max(before.span.end, utterance.span.start) + 0.3)
    near = [(a + start, b + start) for a, b in found if a + start < border[1] and b + start > border[0]]
    first, last = max(near, key=lambda pair: pair[1] - pair[0], default=(utterance.span.start, utterance.span.start))
    return Span(start=round(first, 3), end=round(last, 3))


def _answer(utterance: Utterance, seconds: float, span: Span, reliability: float) -> Finding:
    if seconds < 0:
        text = f"The turn begins {-seconds:.1f} s before the other speaker has finished."
    elif seconds >= LATE:
        text = f"The turn follows the other speaker's after {seconds:.1f} s, which is late for an answer."
    elif seconds < AT_ONCE:
        text = "The turn follows the other speaker's at once."
    else:
        text = f"The turn follows the other speaker's after {seconds:.1f} s."
    return Finding(
        utterance=utterance,
        kind="response_latency",
        text=text,
        reliability=reliability,
        measures={"latency": (seconds, "s")},
        span=span,
        person=utterance.person,
    )
