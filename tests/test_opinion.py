from __future__ import annotations

import pytest
from judging import AU, heard, item, said, seen, voiced

from emoagent.agents.opinion import flattened, opine, tidy
from emoagent.schema import Evidence, Opinion, Utterance


def _of(utterance: Utterance, evidence: list[Evidence], modality: str) -> Opinion:
    return next(opinion for opinion in opine(utterance, evidence) if opinion.modality == modality)


def _units(utterance: Utterance, units: dict[str, float]) -> list[Evidence]:
    measured = enumerate(units.items(), start=1)
    return [item(utterance, i, "face", "action_unit", {name: (value, AU)}) for i, (name, value) in measured]


def _top(opinion: Opinion) -> str:
    return max(opinion.distribution, key=lambda label: opinion.distribution[label])


def test_without_evidence_every_modality_is_masked_with_a_reason() -> None:
    opinions = opine(said("I am so happy!"), [])
    assert {"text", "face", "voice"} <= {opinion.modality for opinion in opinions}
    assert all(opinion.abstained and opinion.reason for opinion in opinions)


@pytest.mark.parametrize(
    ("units", "label"),
    [
        ({"AU06": 2.5, "AU12": 3.4}, "joy"),
        ({"AU1": 3.0, "AU2": 3.0, "AU5": 2.5, "AU26": 3.0}, "surprise"),
        ({"AU1": 3.0, "AU4": 2.5, "AU15": 3.0}, "sadness"),
        ({"AU4": 4.0, "AU5": 2.0, "AU7": 3.5, "AU23": 3.0}, "anger"),
        ({"AU9": 4.0, "AU10": 3.0}, "disgust"),
        ({"AU1": 3.0, "AU2": 2.5, "AU4": 3.0, "AU5": 3.5, "AU7": 2.0, "AU20": 4.0, "AU26": 2.0}, "fear"),
    ],
)
def test_the_published_combinations_of_action_units(units: dict[str, float], label: str) -> None:
    utterance = said("")
    opinion = _of(utterance, _units(utterance, units), "face")
    assert _top(opinion) == label
    assert len(opinion.cites) == len(units)


def test_a_stronger_smile_is_more_joy_and_an_unreliable_one_less() -> None:
    u = said("")
    weak, strong = (_of(u, seen(u, AU12=value), "face").distribution["joy"] for value in (1.5, 4.0))
    vague = _of(u, seen(u, reliability=0.2, AU12=4.0), "face").distribution["joy"]
    assert max(weak, vague) < strong


def test_a_face_at_rest_is_moderately_neutral_and_a_blink_says_nothing() -> None:
    u = said("")
    rest = _of(u, [item(u, 1, "face", "face_at_rest", {"AU12": (0.3, "intensity 0-5")})], "face")
    assert _top(rest) == "neutral"
    assert rest.distribution["neutral"] < 0.75
    assert _of(u, seen(u, AU45=4.0), "face").abstained
    assert _of(u, [item(u, 1, "face", "head_pose", {"yaw": (30.0, "degrees")})], "face").abstained


def test_another_persons_face_does_not_count_for_the_speaker() -> None:
    u = said("", person="p1")
    other = _of(u, seen(u, person="p2", AU12=4.0), "face")
    assert other.abstained
    assert other.reason == "the face evidence is about somebody else"
    nobody = said("", person=None)
    assert not _of(nobody, seen(nobody, person="p2", AU12=4.0), "face").abstained


def test_words_that_are_not_in_evidence_do_not_count() -> None:
    u = said("I am so happy!")
    assert _of(u, [item(u, 1, "text", "subtitle_style")], "text").abstained
    assert _top(_of(u, [heard(u)], "text")) == "joy"


@pytest.mark.parametrize("text", ["", "…", "?!", "Je ne sais pas pourquoi il est parti"])
def test_text_without_known_words_abstains_and_is_not_neutral(text: str) -> None:
    u = said(text)
    assert _of(u, [heard(u)], "text").abstained


def test_badly_heard_text_is_flatter_for_every_label() -> None:
    u = said("the train leaves at ten")
    sure, unsure = (_of(u, [heard(u, r)], "text").distribution for r in (0.95, 0.3))
    assert max(unsure.values()) < max(sure.values())
    assert unsure["neutral"] < sure["neutral"]


def test_the_voice_tells_arousal_and_hardly_valence() -> None:
    u = said("")
    high = _of(u, voiced(u, pitch=2.0, loudness=2.5, rate=1.0, pauses=-0.5), "voice")
    low = _of(u, voiced(u, pitch=-2.0, loudness=-2.0, rate=-1.5), "voice")
    assert high.arousal is not None
    assert low.arousal is not None
    assert high.arousal > 0.5 > -0.5 > low.arousal
    assert high.distribution["anger"] > high.distribution["sadness"]
    assert low.distribution["sadness"] > low.distribution["anger"]
    assert max(high.distribution.values()) < 0.35
    assert high.valence is None


def test_a_voice_with_nothing_to_compare_it_with_abstains() -> None:
    u = said("")
    assert _of(u, [item(u, 1, "voice", "pitch", {"median_f0": (180.0, "Hz")})], "voice").abstained
    assert _of(u, [item(u, 1, "voice", "no_voice", {"voiced": (0.0, "s")})], "voice").abstained


@pytest.mark.parametrize(
    ("kind", "measures", "raised"),
    [
        ("gaze", {"averted_share": 0.9, "usual_averted_share": 0.4}, {"sadness", "fear"}),
        ("gaze", {"averted_share": 0.1, "usual_averted_share": 0.6}, {"joy", "anger"}),
        ("hand_to_face", {"share": 0.5}, {"sadness", "fear"}),
        ("gesture", {"strokes": 5.0}, {"joy", "anger"}),
        ("posture", {"amount": 1.3}, {"joy", "anger"}),
        ("posture", {"amount": 0.8}, {"disgust", "fear"}),
    ],
)
def test_body_language_that_stands_out_is_a_slight_leaning(
    kind: str, measures: dict[str, float], raised: set[str]
) -> None:
    u = said("")
    evidence = [item(u, 1, "behavior", kind, {name: (value, "ratio") for name, value in measures.items()}, 0.5)]
    opinion = _of(u, evidence, "behavior")
    assert {label for label, p in opinion.distribution.items() if p > 1 / 7} == raised
    assert max(opinion.distribution.values()) < 1.2 * min(opinion.distribution.values())
    assert opinion.cites == ("u1.behavior.1",)


@pytest.mark.parametrize(
    ("kind", "measures"),
    [
        ("gaze", {"averted_share": 0.9}),
        ("gaze", {"averted_share": 0.5, "usual_averted_share": 0.4}),
        ("head_gesture", {"count": 6.0, "amplitude": 12.0}),
        ("hand_to_face", {"share": 0.05}),
        ("gesture", {"strokes": 1.0}),
        ("posture", {"amount": 1.05}),
    ],
)
def test_usual_body_language_and_nods_say_nothing(kind: str, measures: dict[str, float]) -> None:
    u = said("")
    evidence = [item(u, 1, "behavior", kind, {name: (value, "ratio") for name, value in measures.items()})]
    assert _of(u, evidence, "behavior").reason == "nothing in how the body moves stands out"


def test_much_body_language_is_still_a_slight_leaning() -> None:
    u = said("")
    evidence = [item(u, i, "behavior", "gesture", {"strokes": (9.0, "count")}, 1.0) for i in range(9)]
    masses = _of(u, evidence, "behavior").distribution
    assert max(masses.values()) < 1.6 * min(masses.values())


def test_opinions_are_blind_to_each_other() -> None:
    u = said("I am so happy!")
    face, voice = seen(u, AU4=3.0, AU15=3.0), voiced(u, pitch=2.0)
    together = opine(u, [heard(u), *face, *voice])
    for alone, modality in (([heard(u)], "text"), (face, "face"), (voice, "voice")):
        assert _of(u, list(alone), modality) in together


def test_flattening_goes_to_the_uniform_distribution() -> None:
    masses = {"neutral": 0.9, "joy": 0.1}
    assert flattened(masses, 0.0) == {"neutral": 0.5, "joy": 0.5}
    assert flattened(masses, 1.0) == masses


def test_tidy_sums_to_one_exactly_at_four_digits() -> None:
    tidied = tidy({"a": 1.0, "b": 1.0, "c": 1.0})
    assert sum(tidied.values()) == pytest.approx(1, abs=1e-12)
