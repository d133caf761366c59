"""What each modality alone suggests: every opiner is shown the evidence of its own modality and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from emoagent.agents.registry import Agent, Opine, opiners
from emoagent.labels import CIRCUMPLEX
from emoagent.schema import Evidence, Modality, Opinion, Utterance

Failed = Callable[[str, Exception], None]


def opine(
    utterance: Utterance,
    evidence: Sequence[Evidence],
    before: Sequence[Utterance] = (),
    failed: Failed | None = None,
) -> tuple[Opinion, ...]:
    """One opinion for each opiner. One without evidence about the speaker is not asked and shown as abstaining.

    An opiner that raises is shown as abstaining and told to `failed`; without `failed` its error is raised.

    `before` are the utterances before this one, in time order.

    Evidence about another known person does not count for the speaker; where the speaker is unknown, it counts with
    the reliability that the perceiver gave it.
    """
    about = [item for item in evidence if item.utterance == utterance.id]
    mine = [item for item in about if _of_speaker(item, utterance)]
    opinions = []
    for agent in opiners():
        shown = [item for item in mine if item.modality == agent.modality]
        if shown:
            opinions.append(_asked(agent, utterance, shown, before, failed))
        else:
            elsewhere = any(item.modality == agent.modality for item in about)
            opinions.append(silent(utterance, agent.modality, _why_masked(agent.modality, elsewhere)))
    return tuple(opinions)


def _asked(
    agent: Agent[Opine],
    utterance: Utterance,
    shown: Sequence[Evidence],
    before: Sequence[Utterance],
    failed: Failed | None,
) -> Opinion:
    try:
        return agent.run(utterance, shown, before)
    except Exception as error:
        if failed is None:
            raise
        failed(agent.name, error)
        return silent(utterance, agent.modality, "the agent failed")


def silent(utterance: Utterance, modality: Modality, reason: str) -> Opinion:
    """An opinion that abstains."""
    return Opinion(utterance=utterance.id, modality=modality, abstained=True, reason=reason)


def valence_of(distribution: Mapping[str, float]) -> float:
    """Expected valence, -1 to 1, by the positions in `labels.CIRCUMPLEX`."""
    return round(sum(p * CIRCUMPLEX[label][0] for label, p in distribution.items()), 4)


def tidy(distribution: Mapping[str, float]) -> dict[str, float]:
    """Four digits, summing to 1; what rounding leaves goes to the most probable label."""
    total = sum(distribution.values())
    rounded = {label: round(p / total, 4) for label, p in distribution.items()}
    top = max(rounded, key=lambda label: rounded[label])
    return rounded | {top: round(1 - sum(p for label, p in rounded.items() if label != top), 4)}


def flattened(distribution: Mapping[str, float], reliability: float) -> dict[str, float]:
    """The distribution mixed with the uniform one: 1 keeps it, 0 leaves nothing. Never pulled towards neutral, for
    what is unknown is not neutral."""
    even = (1 - reliability) / len(distribution)
    return {label: reliability * p + even for label, p in distribution.items()}


def _of_speaker(item: Evidence, utterance: Utterance) -> bool:
    return item.person is None or utterance.person is None or item.person == utterance.person


def _why_masked(modality: Modality, elsewhere: bool) -> str:
    return f"the {modality} evidence is about somebody else" if elsewhere else f"no {modality} evidence"
