from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from example_trace import example_trace
from judging import case_of, heard, item, said, seen, voiced

from emoagent.agents.auditor import audit, choices, removal
from emoagent.agents.case import Case, Judgement, Turn
from emoagent.agents.opinion import opine
from emoagent.agents.reasoner import embedded
from emoagent.schema import Claim, ClaimAudit, Evidence, Opinion, Trace, Utterance

LINE = "I am so happy for you, this is wonderful!"


def _rich() -> Case:
    u = said(LINE)
    others = [item(u, n, "face", "head_pose", {"yaw": (5.0, "degrees")}) for n in range(5, 12)]
    voice = voiced(u, pitch=2.0, loudness=1.5, rate=0.2, effort=0.1)
    return case_of(u, [heard(u), *seen(u, AU6=3.0, AU12=4.0, AU25=2.0), *voice, *others])


def test_a_verdict_that_stands_on_its_evidence_is_carried() -> None:
    case = _rich()
    verdict = embedded(case).verdict
    result = audit(case, verdict)
    assert result.finding == "carried"
    assert result.cited_flipped
    assert result.uncited_divergence is not None
    assert result.uncited_divergence < 0.05 < result.cited_divergence
    assert len(result.claims) == len(verdict.claims)


def test_an_explanation_that_cites_what_does_not_matter_is_decoration() -> None:
    case = _rich()
    idle = Claim(text="The head is straight.", cites=("u1.face.5",))
    verdict = embedded(case).verdict.model_copy(update={"claims": (idle,)})
    result = audit(case, verdict)
    assert (result.finding, result.cited_flipped) == ("decoration", False)


def test_a_reasoner_that_ignores_the_evidence_is_decoration() -> None:
    case = _rich()
    stubborn = embedded(case)

    def judge(_: Case) -> Judgement:
        return stubborn

    assert audit(case, stubborn.verdict, judge=judge).finding == "decoration"


def test_when_nothing_is_left_the_verdict_counts_as_flipped() -> None:
    u = said(LINE)
    case = case_of(u, [heard(u)])
    result = audit(case, embedded(case).verdict)
    assert result.cited_flipped
    assert result.cited_divergence > 0.1
    assert (result.uncited_divergence, result.uncited_flipped) == (None, None)


def test_an_abstention_is_not_tested() -> None:
    case = case_of(said(""), [])
    assert audit(case, embedded(case).verdict).finding == "not-tested"


def test_the_same_case_gives_the_same_audit() -> None:
    case = _rich()
    verdict = embedded(case).verdict
    assert audit(case, verdict) == audit(case, verdict)


def _audited(*claims: Claim) -> tuple[ClaimAudit, ...]:
    case = _rich()
    return audit(case, embedded(case).verdict.model_copy(update={"claims": claims})).claims


def test_claims_of_the_reasoner_itself_are_supported() -> None:
    case = _rich()
    verdict = embedded(case).verdict
    marks = zip(verdict.claims, audit(case, verdict).claims, strict=True)
    assert {mark.supported for claim, mark in marks if claim.stance == "supports"} == {True}


def test_a_claim_whose_evidence_moves_nothing_is_marked() -> None:
    words, idle = _audited(
        Claim(text="The words are glad.", cites=("u1.text.1",)),
        Claim(text="The head is straight.", cites=("u1.face.5",)),
    )
    assert (words.supported, words.reason) == (True, None)
    assert words.change is not None
    assert words.change < 0
    assert (idle.supported, idle.change) == (False, 0)
    assert idle.reason == "without its evidence the verdict stays as it is"


def test_a_claim_that_says_the_opposite_of_what_its_evidence_does_is_marked() -> None:
    u = said("I am so sorry for your loss, how sad.")
    case = case_of(u, [heard(u), *seen(u, AU12=2.0)])
    verdict = embedded(case).verdict
    assert verdict.label == "sadness"
    wrong = (
        Claim(text="The smile shows sadness.", cites=("u1.face.1",)),
        Claim(text="Against it: the words.", cites=("u1.text.1",), stance="against"),
    )
    smile, words = audit(case, verdict.model_copy(update={"claims": wrong})).claims
    assert (smile.supported, smile.reason) == (False, "without its evidence the label is more probable")
    assert (words.supported, words.reason) == (False, "without its evidence the label is less probable")


def test_cites_that_do_not_exist_or_are_of_another_source_are_marked_and_break_nothing() -> None:
    invented, crossed = _audited(
        Claim(text="The voice trembles.", cites=("u1.voice.99", "u1.voice.1"), modality="voice"),
        Claim(text="The voice is glad.", cites=("u1.text.1",), modality="voice"),
    )
    assert (invented.supported, invented.unknown) == (False, ("u1.voice.99",))
    assert crossed.reason == "it speaks of the voice and cites text evidence"


def test_a_trace_may_cite_what_does_not_exist_only_where_the_audit_says_so() -> None:
    trace = example_trace()
    claim = Claim(text="The voice trembles.", cites=("u1.voice.99",))
    verdict = trace.verdicts[0].model_copy(update={"claims": (claim,)})
    records = {"verdicts": (verdict, *trace.verdicts[1:])}
    with pytest.raises(ValueError, match=r"u1\.voice\.99"):
        Trace.model_validate(dict(trace) | records)
    marked = ClaimAudit(claim=0, divergence=0, flipped=False, supported=False, unknown=claim.cites)
    audits = (trace.audits[0].model_copy(update={"claims": (marked,)}), *trace.audits[1:])
    assert Trace.model_validate(dict(trace) | records | {"audits": audits}).verdicts[0].claims == (claim,)


def test_where_two_say_the_same_each_can_be_spared_and_both_are_supported() -> None:
    """A judge that needs either of two items: the loss of one moves nothing."""
    case = _rich()
    sure = embedded(case)

    def either(reduced: Case) -> Judgement:
        left = {"u1.voice.1", "u1.voice.2"} & {e.id for e in reduced.evidence}
        return sure if left else Judgement(sure.verdict.model_copy(update={"label": "fear"}))

    claims = tuple(Claim(text="The voice.", cites=(f"u1.voice.{n}",)) for n in (1, 2))
    verdict = sure.verdict.model_copy(update={"claims": claims})
    assert [claim.supported for claim in audit(case, verdict, judge=either).claims] == [True, True]


def test_the_words_of_an_earlier_turn_can_be_cited_and_taken_away() -> None:
    """An opiner that reads what was said before is asked again without it."""
    before, u = said("We won!", "u0"), said("Really?", start=3)
    told = Turn(before, embedded(case_of(before, [heard(before)])).verdict, ("u0.text.1",))
    case = replace(case_of(u, [heard(u)]), history=(told,))
    seen_before = list[int]()

    def watching(now: Utterance, evidence: Sequence[Evidence], earlier: Sequence[Utterance]) -> tuple[Opinion, ...]:
        seen_before.append(len(earlier))
        return opine(now, evidence, earlier)

    claim = Claim(text="Read after ‘We won!’.", cites=("u1.text.1", "u0.text.1"), stance="context", modality="text")
    verdict = embedded(case).verdict.model_copy(update={"claims": (claim,)})
    [found] = audit(case, verdict, watching).claims
    assert (found.supported, found.unknown) == (True, ())
    assert 0 in seen_before


def test_only_what_could_have_seen_the_evidence_is_asked_again() -> None:
    case = _rich()
    shown = list[set[str]]()

    def watching(now: Utterance, evidence: Sequence[Evidence], earlier: Sequence[Utterance]) -> tuple[Opinion, ...]:
        shown.append({item.modality for item in evidence})
        return opine(now, evidence, earlier)

    effect = removal(case, embedded(case).verdict, frozenset({"u1.voice.1"}), watching)
    assert shown == [{"voice"}]
    assert effect == removal(case, embedded(case).verdict, frozenset({"u1.voice.1"}))


def test_choices_are_all_where_there_are_few_and_seeded_where_there_are_many() -> None:
    assert sorted(map(sorted, choices(["a", "b", "c"], 2))) == [["a", "b"], ["a", "c"], ["b", "c"]]
    assert list(choices(["a"], 3)) == [frozenset({"a"})]
    assert list(choices([], 3)) == []
    many = [str(n) for n in range(20)]
    first, again, other = (list(choices(many, 5, seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 20
    assert {len(each) for each in first} == {5}
