"""What the voice alone suggests: how aroused it sounds, and whose profile it fits (docs/design/voice.md).

No weights are fitted, since the only labelled voices at hand may not be learned from for a release. The rule compares
what was heard with the published profile of each label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, tanh

from emoagent.agents.opinion import silent, tidy
from emoagent.agents.registry import opiner
from emoagent.schema import Evidence, Opinion, Utterance

# Signs after Banse & Scherer (1996), Juslin & Laukka (2003) and Scherer (2003): an aroused voice is higher, livelier,
# louder, harder and faster, with fewer pauses. Sizes are ordinal, not fitted.
CUES: Mapping[str, float] = {
    "pitch": 0.3,
    "pitch_variation": 0.15,
    "loudness": 0.3,
    "effort": 0.15,
    "rate": 0.2,
    "pauses": -0.15,
}
SPREAD = 1.5  # standard deviations that bring arousal to tanh 1

# Juslin & Laukka (2003), table 7; disgust after Murray & Arnott (1993), surprise after Scherer (2003). -2: much lower
# or less than usual, 2: much higher or more. Fear has no loudness: quiet when anxious, loud in panic. In the order in
# which labels are common in talk: where two profiles say the same, the first is preferred by a hair.
CONTOUR = "contour"
KINDS = ("pitch", "pitch_variation", "loudness", "effort", "rate", "pauses", CONTOUR)
PROFILES: Mapping[str, tuple[int, ...]] = {
    "neutral": (0, 0, 0, 0, 0, 0, 0),
    "joy": (1, 2, 1, 1, 1, -1, 1),
    "anger": (1, 1, 2, 2, 1, -1, -1),
    "surprise": (1, 2, 1, 0, 1, 0, 2),
    "sadness": (-1, -1, -2, -2, -1, 2, -1),
    "disgust": (-1, 0, 0, 0, -2, 1, 0),
    "fear": (2, -1, 0, 0, 1, 0, 0),
}
STEP = 0.4  # standard deviations to one step of a profile; less than speech shows, for a z is drawn towards 0
GAIN = 0.8  # of a cue that is fully reliable: under 1, because cues are not independent of one another
HALVED = ("pauses", CONTOUR)  # an utterance has few pauses and one end
MOST = 3.0  # standard deviations; what is farther off is as strange for every label
HAIR = 0.02  # log-odds
LEVEL_END, END_SPREAD = -5.0, 12.0  # semitones/s, how statements end and how that varies


@opiner(modality="voice", cost="less than 1 ms an utterance")
def voice_opinion(utterance: Utterance, evidence: Sequence[Evidence], before: Sequence[Utterance]) -> Opinion:
    """How near pitch, loudness, effort, rate, pauses and final contour are to each label's published profile."""
    cues = [item for item in evidence if deviation(item) is not None]
    if not sum(item.reliability for item in cues):
        return silent(utterance, "voice", "there is nothing to compare the voice with")
    return Opinion(
        utterance=utterance.id,
        modality="voice",
        distribution=tidy(_likeness(_heard(cues))),
        arousal=round(tanh(_arousal(cues) / SPREAD), 4),
        cites=tuple(item.id for item in cues),
    )


def deviation(item: Evidence) -> float | None:
    """How far a cue lies from the speaker's usual, in standard deviations; `None` where it tells nothing."""
    measure = item.measures.get("z")
    return None if measure is None or item.kind not in CUES else measure.value


def _arousal(cues: Sequence[Evidence]) -> float:
    """The mean deviation towards arousal, in standard deviations, weighted by cue and reliability."""
    weights = [abs(CUES[item.kind]) * item.reliability for item in cues]
    signed = [(deviation(item) or 0.0) * (1 if CUES[item.kind] > 0 else -1) for item in cues]
    return sum(w * z for w, z in zip(weights, signed, strict=True)) / sum(weights)


def _heard(cues: Sequence[Evidence]) -> dict[str, tuple[float, float]]:
    """Deviation and weight of each kind of cue. How the pitch ends stands in the finding about the pitch."""
    heard = {item.kind: (deviation(item) or 0.0, item.reliability) for item in cues}
    for item in cues:
        if item.kind == "pitch" and (slope := item.measures.get("final_slope")):
            heard[CONTOUR] = ((slope.value - LEVEL_END) / END_SPREAD, item.reliability)
    halved = {kind: 0.5 if kind in HALVED else 1.0 for kind in heard}
    return {kind: (min(MOST, max(-MOST, z)), weight * halved[kind]) for kind, (z, weight) in heard.items()}


def _likeness(heard: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """A normal likelihood for each label; unreliable and missing cues leave it flat."""
    trust = max(weight for _, weight in heard.values())
    logits = {
        label: -0.5 * GAIN * sum(w * (z - STEP * profile[KINDS.index(kind)]) ** 2 for kind, (z, w) in heard.items())
        - HAIR * trust * rank
        for rank, (label, profile) in enumerate(PROFILES.items())
    }
    return {label: exp(value - max(logits.values())) for label, value in logits.items()}
