"""What the voice alone suggests: how aroused it sounds, and which labels go with that (docs/design/judgement.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, tanh

from emoagent.agents.opinion import silent, tidy
from emoagent.agents.registry import opiner
from emoagent.labels import CIRCUMPLEX, LABEL_SETS
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
GAIN = 1.5  # log-odds for a label of arousal 1 in a surely aroused voice; small, since arousal says little of valence
USUAL = 0.6  # log-odds for neutral of a voice that is surely as usual


@opiner(modality="voice", cost="less than 1 ms an utterance")
def voice_opinion(utterance: Utterance, evidence: Sequence[Evidence]) -> Opinion:
    """Arousal from pitch, loudness, effort, rate and pauses against the speaker's usual; blind to valence."""
    cues = [item for item in evidence if deviation(item) is not None]
    trust = sum(abs(CUES[item.kind]) * item.reliability for item in cues)
    if not trust:
        return silent(utterance, "voice", "there is nothing to compare the voice with")
    arousal = tanh(_arousal(cues) / SPREAD)
    reliability = trust / sum(abs(CUES[item.kind]) for item in cues)
    return Opinion(
        utterance=utterance.id,
        modality="voice",
        distribution=tidy(_labels(arousal, reliability)),
        arousal=round(arousal, 4),
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


def _labels(arousal: float, reliability: float) -> dict[str, float]:
    logits = {label: GAIN * arousal * CIRCUMPLEX[label][1] for label in LABEL_SETS["meld7"]}
    logits["neutral"] += USUAL * (1 - abs(arousal)) ** 2
    return {label: exp(reliability * value) for label, value in logits.items()}
