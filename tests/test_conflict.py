from __future__ import annotations

import pytest
from judging import case_of, heard, said, seen, voiced

from emoagent.agents.conflict import conflicts, divergence
from emoagent.agents.reasoner import embedded
from emoagent.schema import Policy


def test_divergence_is_symmetric_bounded_and_counts_nothing_as_uniform() -> None:
    joy, fear = {"joy": 1.0, "fear": 0.0}, {"joy": 0.0, "fear": 1.0}
    assert divergence(joy, fear) == divergence(fear, joy) == 1
    assert divergence(joy, joy) == 0
    assert divergence(joy, {}) == divergence(joy, {"joy": 0.5, "fear": 0.5})


def test_words_against_the_face_keep_both_readings() -> None:
    u = said("I am so happy for you, this is wonderful!")
    case = case_of(u, [heard(u), *seen(u, AU1=4.0, AU4=3.5, AU15=4.5)])
    judgement = embedded(case)
    [conflict] = judgement.conflicts
    assert (conflict.id, conflict.kind, conflict.valence_clash) == ("u1.conflict.1", "text-face", True)
    assert [h.label for h in conflict.hypotheses] == ["joy", "sadness"]
    assert judgement.verdict.conflict == conflict.id
    cited = {cite for claim in judgement.verdict.claims for cite in claim.cites}
    assert any(".text." in cite for cite in cited)
    assert any(".face." in cite for cite in cited)


def test_agreement_is_no_conflict() -> None:
    u = said("I am so happy for you!")
    assert conflicts(case_of(u, [heard(u), *seen(u, AU6=3.0, AU12=4.0)]).opinions, "reliability-weighted") == ()


def test_a_flat_opinion_contradicts_nobody_but_an_aroused_voice_contradicts_sadness() -> None:
    u = said("I am so sorry for your loss, how sad.")
    usual, aroused = (
        conflicts(case_of(u, [heard(u), *voiced(u, pitch=z, loudness=z, rate=z)]).opinions, "reliability-weighted")
        for z in (0.1, 3.5)
    )
    assert usual == ()
    assert [conflict.kind for conflict in aroused] == ["text-voice"]
    happy = said("I am so happy for you!")
    voice = voiced(happy, pitch=3.5, loudness=3.5, rate=3.5)
    assert conflicts(case_of(happy, [heard(happy), *voice]).opinions, "reliability-weighted") == ()


def test_policies_change_the_pool_but_never_an_opinion() -> None:
    u = said("I am so happy for you, this is wonderful!")
    evidence = [heard(u), *seen(u, AU1=4.0, AU4=3.5, AU15=4.5)]
    policies: tuple[Policy, ...] = ("reliability-weighted", "report-both", "face-first")
    cases = [case_of(u, evidence, policy=policy) for policy in policies]
    weighted, both, face_first = (embedded(case).verdict for case in cases)
    assert cases[0].opinions == cases[2].opinions
    assert face_first.label == "sadness"
    assert face_first.distribution["sadness"] > weighted.distribution["sadness"]
    assert both.distribution == weighted.distribution
    assert {claim.cites[0].split(".")[1] for claim in both.claims[:2]} == {"text", "face"}


@pytest.mark.parametrize("policy", ["face-first", "voice-first"])
def test_a_preference_changes_nothing_without_a_conflict(policy: Policy) -> None:
    u = said("I am so happy for you!")
    evidence = [heard(u), *seen(u, AU6=3.0, AU12=4.0)]
    plain, preferred = (embedded(case_of(u, evidence, policy=p)).verdict for p in ("reliability-weighted", policy))
    assert plain == preferred
