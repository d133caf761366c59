"""How each utterance was said, against how the same speaker has spoken so far. The rules are in docs/design/voice.md.

It sees no text and looks only back: what is said of one utterance rests on it and on those before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite, log2

import numpy as np
from numpy.typing import NDArray

from emoagent.agents.registry import Finding, perceiver
from emoagent.schema import Clip, Span, Utterance
from emoagent.tools.comparison import History, Norm, Standing
from emoagent.tools.media.audio import RATE, Audio, audio_of
from emoagent.tools.voice.loudness import Levels, levels, noise_floor, silence_below
from emoagent.tools.voice.pitch import PitchTrack, pitch
from emoagent.tools.voice.prosody import LEAST_VOICED, Prosody, audible, prosody
from emoagent.tools.voice.voice_series import Voiced, VoiceSeries, sampled
from emoagent.tools.voice.voices import Voices, voices_of
from emoagent.tools.workspace import workspace

LONGEST = 60.0  # seconds of an utterance that are measured
LEAST_RANK = 4  # earlier utterances from which a percentile is put into words
LEAD = 1.0  # seconds before an utterance that tell the noise floor
SHORT = 0.5  # seconds; a shorter utterance is no standard for later ones
MIXED = 0.3  # share of two voices at once from which an utterance is no standard for later ones
DISTRUST = 0.8  # how much of the reliability two voices at once take away
GRADES = ((1.96, "very "), (1.28, ""), (0.67, "rather "))  # standard normal quantiles 97.5, 90 and 75 %
REGISTERS = (120.0, 210.0)  # Hz, habitual pitch of low and high voices (Traunmüller & Eriksson 1995)
Unit = tuple[float, str]
Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Feature:
    """One kind of finding. `norm` is on `scale`; `trust` is its reliability in long clean sound of a known speaker."""

    kind: str
    measure: str
    unit: str
    value: Callable[[Prosody], float]
    subject: str
    low: str
    high: str
    phrase: str
    norm: Norm
    trust: float
    scale: Callable[[float], float] = float


@dataclass(frozen=True)
class Heard:
    """One utterance: what is measured of it, and what its curves are made of."""

    prosody: Prosody
    start: float
    level: Levels
    track: PitchTrack

    @property
    def samples(self) -> Voiced:
        """The curves."""
        return sampled(self.start, self.level, self.track)


Histories = Sequence[tuple[Feature, History]]


def _semitones(hertz: float) -> float:
    return 12 * log2(hertz)


FEATURES = (
    Feature("pitch", "median_f0", "Hz", lambda p: p.median_f0, "Pitch is", "low", "high", "median {:.0f} Hz",
            Norm(2.5, 2.5, tuple(map(_semitones, REGISTERS))), 0.9, _semitones),
    Feature("pitch_variation", "f0_range", "semitones", lambda p: p.f0_range, "Pitch variation is", "small", "large",
            "{:.1f} semitones between the quartiles", Norm(1.0, 1.6, (4.0,)), 0.8),
    Feature("loudness", "level", "dBFS", lambda p: p.level, "The voice is", "quiet", "loud", "{:.0f} dBFS",
            Norm(5.0, 3.5), 0.8),
    Feature("loudness_variation", "level_range", "dB", lambda p: p.level_range, "Loudness variation is", "small",
            "large", "{:.1f} dB between the quartiles", Norm(2.0, 2.0), 0.6),
    Feature("rate", "rate", "syllables/s", lambda p: p.rate, "Speech is", "slow", "fast",
            "about {:.1f} syllables per second", Norm(0.7, 0.9, (4.2,)), 0.7),
    Feature("pauses", "pause_share", "ratio", lambda p: p.pause_share, "The share of pauses is", "small", "large",
            "{:.0%} of the time", Norm(0.06, 0.12, (0.08,)), 0.8),
    Feature("effort", "alpha_ratio", "dB", lambda p: p.effort, "Vocal effort is", "low", "high",
            "{:.1f} dB of energy above 1 kHz against below", Norm(5.0, 3.5), 0.6),
)  # fmt: skip


@perceiver(modality="voice", needs={"audio"}, cost="0.02 x real time on one core")
def voice(clip: Clip, utterances: Sequence[Utterance]) -> Iterator[Finding]:
    """Pitch, loudness, rate, pauses and vocal effort of each utterance, against the same speaker so far."""
    audio, so_far, voices, kept = audio_of(clip), histories(), voices_of(clip), list[tuple[str, Voiced]]()
    for utterance in utterances:
        if heard := measure(audio, utterance.span):
            kept.append((utterance.id, heard.samples))
            yield from findings(utterance, heard.prosody, so_far, _overlapped(voices, utterance.span))
    workspace().derived("voice.npz", VoiceSeries.joined(kept).save)


def histories(most: int | None = None) -> Histories:
    """What is known of each feature before anybody has spoken: the norms. `most`: values to remember of a person."""
    return [(feature, History(feature.norm, most)) for feature in FEATURES]


def findings(utterance: Utterance, measured: Prosody, so_far: Histories, overlapped: float = 0.0) -> Iterator[Finding]:
    """What is to be said of one utterance, which then is part of what is known `so_far`.

    `overlapped`: the share of it, 0..1, in which another voice is heard as well; the measures are of both then.
    """
    found = list(_findings(utterance, measured, so_far, keep=overlapped < MIXED and measured.duration >= SHORT))
    for finding in found:
        if overlapped:
            measures = {**finding.measures, "overlapped": (overlapped, "ratio")}
            trust = finding.reliability * (1 - DISTRUST * overlapped)
            yield replace(finding, reliability=trust, measures=measures)
        else:
            yield finding


def _findings(utterance: Utterance, measured: Prosody, so_far: Histories, keep: bool) -> Iterator[Finding]:
    if measured.voiced < LEAST_VOICED:
        yield _no_voice(utterance, measured)
        return
    for feature, history in so_far:
        value = feature.value(measured)
        if isfinite(value):
            scaled = feature.scale(value)
            yield _finding(feature, utterance, measured, history.standing(utterance.person, scaled))
            if keep:
                history.add(utterance.person, scaled)


def _overlapped(voices: Voices | None, span: Span) -> float:
    """The share of `span` in which more than one voice is heard."""
    shared = sum(span.overlap(other) for other in voices.overlaps) if voices else 0.0
    return min(1.0, shared / span.duration) if span.duration else 0.0


def measure(audio: Audio, span: Span, pitched: Callable[[Samples], PitchTrack] = pitch) -> Heard | None:
    """What at most the first 60 s of `span` sound like; `None` where the sound has ended before it. `pitched`: what
    gives the pitch of samples."""
    start = max(audio.start, span.start - LEAD)
    samples = audio.read(Span(start=start, end=min(span.end, span.start + LONGEST)))
    spoken = samples[round((span.start - start) * RATE) :]
    level, floor = levels(spoken), noise_floor(levels(samples))
    if not len(level):
        return None
    track = audible(pitched(spoken), level, silence_below(level, floor))
    return Heard(prosody(spoken, floor=floor, track=track), span.start, level, track)


def _finding(feature: Feature, utterance: Utterance, measured: Prosody, standing: Standing) -> Finding:
    value = feature.value(measured)
    measures: dict[str, Unit] = {feature.measure: (value, feature.unit), **_details(feature.kind, utterance, measured)}
    measures["compared_with"] = (float(standing.earlier), "earlier utterances")
    if standing.z is not None:
        measures["z"] = (standing.z, "standard deviations")
    if standing.percentile is not None:
        measures["percentile"] = (standing.percentile, "percent")
    return Finding(
        utterance=utterance,
        kind=feature.kind,
        text=_sentence(feature, value, utterance.person, standing) + _aside(feature.kind, measured),
        reliability=_reliability(feature, utterance.person, measured, standing),
        measures=measures,
        span=_measured_span(utterance, measured),
        person=utterance.person,
    )


def _sentence(feature: Feature, value: float, person: str | None, standing: Standing) -> str:
    if feature.kind == "pauses" and not value:
        return "There is no pause of 0.2 s or more"
    phrase = feature.phrase.format(value)
    if standing.z is None:
        return f"{feature.subject} at {phrase}; there is nothing earlier to compare it with"
    whom = "this speaker" if person is not None else "the voices so far"
    if not standing.earlier:
        whom = "a voice heard for the first time"
    text = f"{feature.subject} {_grade(feature, standing.z)} for {whom}: {phrase}"
    if standing.percentile is not None and standing.earlier >= LEAST_RANK:
        whose = "their" if person is not None else "the"
        text += f", around {whose} {_ordinal(standing.percentile)} percentile ({standing.earlier} earlier utterances)"
    return text


def _grade(feature: Feature, z: float) -> str:
    for bound, adverb in GRADES:
        if abs(z) > bound:
            return adverb + (feature.high if z > 0 else feature.low)
    return "as usual"


def _aside(kind: str, measured: Prosody) -> str:
    if kind == "pauses" and measured.pauses:
        several = f"{measured.pauses} pauses, the longest" if measured.pauses > 1 else "one"
        return f"; {several} of {measured.longest_pause:.1f} s."
    if kind == "pitch" and measured.final_slope > 10:
        return "; it rises at the end."
    if kind == "pitch" and measured.final_slope < -20:
        return "; it falls at the end."
    return "."


def _details(kind: str, utterance: Utterance, measured: Prosody) -> dict[str, Unit]:
    """The further measures of a kind of finding, where they are defined."""
    details = {
        "pitch": {"final_slope": (measured.final_slope, "semitones/s"), "voiced": (measured.voiced, "s")},
        "loudness": {"snr": (measured.snr, "dB"), "noise": (measured.noise, "dBFS")},
        "pauses": {"longest_pause": (measured.longest_pause, "s")},
        "rate": {"words": (_words_per_second(utterance), "words/s")},
    }
    return {name: pair for name, pair in details.get(kind, {}).items() if isfinite(pair[0])}


def _words_per_second(utterance: Utterance) -> float:
    """From words whose times were heard; a word's text is not needed. NaN where there are fewer than two."""
    spans = [word.span for word in utterance.words if word.time_source != "interpolated"]
    seconds = max((s.end for s in spans), default=0.0) - min((s.start for s in spans), default=0.0)
    return len(spans) / seconds if len(spans) > 1 and seconds > 0 else float("nan")


def _reliability(feature: Feature, person: str | None, measured: Prosody, standing: Standing) -> float:
    needs_voice = feature.kind in ("pitch", "pitch_variation", "effort")
    length = min(1.0, max(0.2, min(measured.duration, 2.5 * measured.voiced) if needs_voice else measured.duration))
    clean = min(1.0, max(0.2, measured.snr / 20))
    known = 0.3 if standing.z is None else 0.45 + 0.55 * standing.earlier / (standing.earlier + 2)
    return feature.trust * length * clean * known * (1.0 if person is not None else 0.8)


def _no_voice(utterance: Utterance, measured: Prosody) -> Finding:
    """Silence is sure; sound without pitch may be a whisper or noise that hides a voice."""
    silent = not isfinite(measured.level) or measured.level < -60
    return Finding(
        utterance=utterance,
        kind="no_voice",
        text="No voiced speech is heard.",
        reliability=(0.9 if silent else 0.6) * min(1.0, max(0.2, measured.duration)),
        measures={"voiced": (measured.voiced, "s")},
        span=_measured_span(utterance, measured),
        person=utterance.person,
    )


def _measured_span(utterance: Utterance, measured: Prosody) -> Span:
    start = utterance.span.start
    return Span(start=start, end=min(utterance.span.end, round(start + measured.duration, 3)))


def _ordinal(percent: float) -> str:
    number = min(99, max(1, round(percent)))
    suffix = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
