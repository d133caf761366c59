"""From a verdict to the affect of a turn."""

from __future__ import annotations

from judging import case_of, heard, said, voiced

from emoagent.affect import EXPLANATION, AffectTurn, Latency
from emoagent.agents.affect import affect_of, trend
from emoagent.agents.case import Turn
from emoagent.agents.opinion import silent
from emoagent.agents.reasoner import embedded
from emoagent.schema import Claim, Evidence, Utterance, Verdict

LATENCY = Latency(total=1, deadline=300)


def told(utterance: Utterance, evidence: list[Evidence], history: list[Turn], **changes: object) -> AffectTurn:
    case = case_of(utterance, evidence, history)
    judgement = embedded(case)
    verdict = judgement.verdict.model_copy(update=changes)
    return affect_of(
        verdict, judgement.conflicts, case.opinions, case.evidence, history,
        session="s", turn=1, turn_id="a", person=utterance.person or "", latency=LATENCY,
    )  # fmt: skip


def test_an_explanation_is_whole_sentences_and_cites_what_it_says() -> None:
    utterance = said("I am so happy!")
    claims = tuple(Claim(text=f"{n} {'word ' * 20}end.", cites=(f"e{n}",)) for n in range(4))
    affect = told(utterance, [heard(utterance)], [], claims=claims)
    assert affect.explanation.endswith("end.")
    assert len(affect.explanation) <= EXPLANATION
    assert affect.evidence == ("e0", "e1")
    long = told(utterance, [heard(utterance)], [], claims=(Claim(text="word " * 90, cites=("e",)), *claims))
    assert long.explanation.endswith("word…")
    assert len(long.explanation) <= EXPLANATION
    assert long.evidence == ("e",)


def test_votes_tell_how_good_their_evidence_is() -> None:
    utterance = said("I hate you, you idiot!")
    loud = voiced(utterance, 0.5, pitch=-2.0, loudness=-2.0, rate=-2.0)
    affect = told(utterance, [heard(utterance, 0.9), *loud], [])
    votes = {vote.modality: vote for vote in affect.votes}
    assert votes["text"].quality == 0.9
    assert votes["voice"].quality == 0.5
    assert votes["face"].abstained
    if affect.conflict is not None:
        assert len(affect.conflict.hypotheses) == 2


def test_a_turn_without_a_label_says_why_and_has_no_trend() -> None:
    utterance = said("")
    affect = told(utterance, [], [Turn(said("Hi.", "u0"), embedded(case_of(said("Hi.", "u0"), [])).verdict)])
    assert affect.abstained
    assert affect.reason
    assert affect.trend is None
    assert affect.label is None


def test_a_trend_is_against_the_last_three_turns_of_the_same_person() -> None:
    def turn(number: int, valence: float, person: str = "p1", label: str | None = "joy") -> Turn:
        utterance = said("x", f"u{number}", person)
        given = {"label": label, "distribution": {label: 1.0}} if label else {"label": None, "abstained": True}
        verdict = Verdict(utterance=utterance.id, person=person, valence=valence, reasoner="r", **given)
        return Turn(utterance, verdict)

    history = [turn(1, -1.0), turn(2, 0.2), turn(3, 1.0, "p2"), turn(4, 0.4), turn(5, 0.0, label=None), turn(6, 0.6)]
    found = trend(turn(7, 1.0, label="anger").verdict, "p1", history)
    assert found is not None
    assert (found.turns, found.valence, found.arousal, found.before, found.changed) == (3, 0.3, None, "joy", True)
    assert trend(turn(7, 1.0).verdict, "p3", history) is None


def test_a_masked_modality_is_told_by_its_reason() -> None:
    utterance = said("Hello.")
    verdict = embedded(case_of(utterance, [heard(utterance)])).verdict
    affect = affect_of(verdict, (), [silent(utterance, "voice", "late")], [], [],
                       session="s", turn=1, turn_id="a", person="p1", latency=LATENCY)  # fmt: skip
    assert [vote.reason for vote in affect.votes] == ["late"]
