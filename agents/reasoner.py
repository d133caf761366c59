"""The reasoner of the embedded profile: pools the opinions, keeps the conflicts, abstains where little is known."""

from __future__ import annotations

from dataclasses import dataclass

from emoagent.agents.case import Case, Judgement, Reasoner
from emoagent.agents.causes import causes
from emoagent.agents.conflict import conflicts
from emoagent.agents.explanation import explain
from emoagent.agents.fusion import Pool, pool
from emoagent.agents.shift import shift
from emoagent.schema import Conflict, Verdict

FLAT = 0.22  # a first label less probable than this says nothing (chance: 0.14)
UNSURE = 0.1  # mean reliability of the evidence below which nothing is said


@dataclass(frozen=True)
class Embedded:
    """Judges by the rules in docs/design/judgement.md; nothing is learned but the weights it is given. `explains`:
    verdicts come with claims; the audit, which judges each case many times over, does without."""

    name: str = "embedded"
    explains: bool = True

    def __call__(self, case: Case) -> Judgement:
        """The verdict on `case`, from its opinions alone."""
        met = conflicts(case.opinions, case.policy)
        pooled = pool(case.opinions, case.evidence, case.label_set, case.policy, met)
        if reason := _too_little(case, pooled):
            return Judgement(self._abstained(case, pooled, reason, met), met)
        return Judgement(self._verdict(case, pooled, met), met)

    def _verdict(self, case: Case, pooled: Pool, met: tuple[Conflict, ...]) -> Verdict:
        strongest = met[0] if met else None
        label = pooled.ranked[0]
        return Verdict(
            utterance=case.utterance.id,
            person=case.utterance.person,
            label=label,
            distribution=dict(pooled.distribution),
            alternatives=_alternatives(pooled, met),
            open_labels=pooled.open_labels,
            valence=pooled.valence,
            arousal=pooled.arousal,
            confidence=pooled.confidence,
            causes=causes(case, label),
            shift=shift(case.utterance, label, case.history),
            claims=explain(pooled, case, met) if self.explains else (),
            conflict=strongest.id if strongest else None,
            reasoner=self.name,
            mode=case.mode,
        )

    def _abstained(self, case: Case, pooled: Pool, reason: str, met: tuple[Conflict, ...]) -> Verdict:
        return Verdict(
            utterance=case.utterance.id,
            person=case.utterance.person,
            label=None,
            distribution=dict(pooled.distribution),
            abstained=True,
            reason=reason,
            conflict=met[0].id if met else None,
            reasoner=self.name,
            mode=case.mode,
        )


embedded: Reasoner = Embedded()


def _too_little(case: Case, pooled: Pool) -> str | None:
    """Why there is no verdict; `None` where there is enough for one. What was said before does not do on its own."""
    speaking = [share for share in pooled.shares if share.opinion.modality != "dialogue"]
    if not speaking:
        reasons = [f"{o.modality}: {o.reason}" for o in case.opinions if o.abstained and o.reason]
        return "; ".join(reasons) or "there is no evidence"
    if pooled.reliability < UNSURE:
        return f"the evidence is too unreliable ({pooled.reliability:.2f})"
    top = pooled.distribution[pooled.ranked[0]]
    if top < FLAT:
        return f"nothing stands out: the first label, {pooled.ranked[0]}, has {round(100 * top)} %"
    return None


def _alternatives(pooled: Pool, met: tuple[Conflict, ...]) -> tuple[str, ...]:
    """The second label, and what the parties to a conflict say, most probable first."""
    said = {hypothesis.label for conflict in met for hypothesis in conflict.hypotheses}
    return tuple(name for i, name in enumerate(pooled.ranked[1:]) if i == 0 or name in said)
