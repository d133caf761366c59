from __future__ import annotations

import pytest
from judging import case_of, heard, item, judged, said, seen, voiced

from emoagent.agents.reasoner import embedded
from emoagent.schema import Shift


def test_a_full_verdict() -> None:
    u = said("I am so happy for you!")
    verdict = embedded(case_of(u, [heard(u), *seen(u, AU6=3.0, AU12=4.0), *voiced(u, pitch=2.0, loudness=1.5)])).verdict
    assert (verdict.label, verdict.reasoner, verdict.mode, verdict.person) == ("joy", "embedded", "causal", "p1")
    assert sum(verdict.distribution.values()) == pytest.approx(1, abs=1e-9)
    assert verdict.valence is not None
    assert verdict.valence > 0.3
    assert verdict.arousal is not None
    assert verdict.arousal > 0.4
    assert verdict.confidence is not None
    assert 1 / 7 < verdict.confidence <= verdict.distribution["joy"]
    assert verdict.causes == ("u1",)


def test_claims_say_what_carried_the_verdict() -> None:
    u = said("I am so happy for you!")
    claims = embedded(case_of(u, [heard(u), *seen(u, AU6=2.6, AU12=4.0)])).verdict.claims
    texts = " ".join(claim.text for claim in claims)
    assert "‘I am so happy for you!’ suggest joy" in texts
    assert "raised lip corners (AU12) at 4.0 of 5" in texts
    assert "feel" not in texts
    assert 2 <= len(claims) <= 4


def test_what_speaks_against_is_named() -> None:
    u = said("I am so sorry for your loss, how sad.")
    claims = embedded(case_of(u, [heard(u), *seen(u, reliability=0.7, AU12=3.0)])).verdict.claims
    [against] = [claim for claim in claims if claim.stance == "against"]
    assert against.text.startswith("Against it: the face shows raised lip corners")
    assert against.cites == ("u1.face.1",)


def test_a_long_quotation_is_cut_at_a_word() -> None:
    u = said("I am so happy for you " * 10)
    [claim] = embedded(case_of(u, [heard(u)])).verdict.claims
    assert "…’" in claim.text
    assert len(claim.text) < 110


def test_too_little_is_an_abstention_with_a_reason_and_never_neutral() -> None:
    u = said("")
    silence = embedded(case_of(u, [])).verdict
    assert (silence.label, silence.abstained) == (None, True)
    assert "text: no text evidence" in (silence.reason or "")
    vague = said("the train leaves at ten")
    unsure = embedded(case_of(vague, [heard(vague, 0.05)])).verdict
    assert unsure.label is None
    assert "unreliable" in (unsure.reason or "")


def test_an_aroused_voice_alone_does_not_pick_a_label() -> None:
    u = said("")
    verdict = embedded(case_of(u, voiced(u, pitch=1.0, loudness=1.0))).verdict
    assert verdict.label is None
    assert "nothing stands out" in (verdict.reason or "")


def test_shift_and_cause_look_back() -> None:
    happy, blow, answer = (
        said("I am so happy for you!", "u1", "p1", 0),
        said("You idiot, get out of here!", "u2", "p2", 3),
        said("That makes me so sad.", "u3", "p1", 6),
    )
    verdicts = [j.verdict for j in judged([(u, [heard(u)]) for u in (happy, blow, answer)])]
    assert verdicts[2].label == "sadness"
    assert verdicts[2].shift == Shift(utterance="u1", before="joy", after="sadness")
    assert verdicts[2].causes == ("u3", "u2")
    assert verdicts[1].shift is None


def test_a_neutral_verdict_has_no_cause() -> None:
    u = said("The train leaves at ten.")
    verdict = embedded(case_of(u, [heard(u), item(u, 1, "face", "face_at_rest")])).verdict
    assert (verdict.label, verdict.causes) == ("neutral", ())


def test_every_cite_of_a_claim_is_evidence_of_the_case() -> None:
    u = said("I am so happy for you, this is wonderful!")
    case = case_of(u, [heard(u), *seen(u, AU1=4.0, AU4=3.5, AU15=4.5), *voiced(u, pitch=-2.0, rate=-1.0)])
    known = {e.id for e in case.evidence}
    assert {cite for claim in embedded(case).verdict.claims for cite in claim.cites} <= known
