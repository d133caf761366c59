from __future__ import annotations

import pytest
from judging import case_of, heard, said, seen, voiced

from emoagent.agents.conflict import common, conflicts, dispute, divergence
from emoagent.agents.opinion import valence_of
from emoagent.agents.reasoner import embedded
from emoagent.labels import labels
from emoagent.schema import Dispute, Modality, Opinion, Policy


def _opinion(modality: Modality, **masses: float) -> Opinion:
    """The labels given, and the rest spread evenly over the others."""
    rest = (1 - sum(masses.values())) / (len(labels()) - len(masses))
    whole = {label: masses.get(label, rest) for label in labels()}
    return Opinion(utterance="u1", modality=modality, distribution=whole, valence=valence_of(whole), cites=("e",))


def test_divergence_is_symmetric_bounded_and_counts_nothing_as_uniform() -> None:
    joy, fear = {"joy": 1.0, "fear": 0.0}, {"joy": 0.0, "fear": 1.0}
    assert divergence(joy, fear) == divergence(fear, joy) == 1
    assert divergence(joy, joy) == 0
    assert divergence(joy, {}) == divergence(joy, {"joy": 0.5, "fear": 0.5})


def test_common_ground_by_hand() -> None:
    first, second = {"joy": 0.8, "fear": 0.2}, {"joy": 0.4, "fear": 0.6}
    assert common(first, second) == pytest.approx((0.32 + 0.12) / (0.16 + 0.36))
    assert common(first, first) == 1
    assert common({"joy": 1.0}, {"fear": 1.0}) == 0
    assert common(first, {"joy": 0.5, "fear": 0.5}) == pytest.approx(1)


@pytest.mark.parametrize(
    ("face", "kind"),
    [
        ({"sadness": 0.7}, "valence"),
        ({"neutral": 0.7}, "neutral"),
        ({"surprise": 0.7}, "category"),
        ({"joy": 0.4, "surprise": 0.3}, None),
        ({"sadness": 0.2}, None),
    ],
)
def test_what_a_conflict_is_about(face: dict[str, float], kind: Dispute | None) -> None:
    first, second = _opinion("text", joy=0.7), _opinion("face", **face)
    assert dispute(first, second) == dispute(second, first) == kind
    assert [found.type for found in conflicts((first, second), "report-both")] == ([kind] if kind else [])


def test_the_sharpest_conflict_comes_first() -> None:
    words, face, voice = _opinion("text", joy=0.9), _opinion("face", sadness=0.6), _opinion("voice", anger=0.45)
    found = conflicts((voice, face, words), "report-both")
    assert [(each.kind, each.type) for each in found] == [
        ("text-face", "valence"),
        ("text-voice", "valence"),
        ("face-voice", "category"),
    ]
    assert [each.id for each in found] == ["u1.conflict.1", "u1.conflict.2", "u1.conflict.3"]


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
