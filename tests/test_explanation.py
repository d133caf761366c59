"""Explanations: every combination of sources gives two or three legal sentences that say what the pool does."""

from __future__ import annotations

import random
import re
from itertools import product

import pytest
from judging import case_of, heard, item, said, seen, voiced

from emoagent.agents.auditor import audit
from emoagent.agents.case import Case, Turn
from emoagent.agents.conflict import conflicts
from emoagent.agents.explanation import _inside, readings, significant
from emoagent.agents.fusion import pool
from emoagent.agents.reasoner import embedded
from emoagent.agents.sentences import Reading, percent, tell, undecided
from emoagent.agents.voice_opinion import CUES
from emoagent.labels import LABEL_SETS, labels
from emoagent.schema import Evidence, Opinion, Policy, Utterance, Verdict

LINES = {
    "none": "", "one word": "Wow!", "German": "ich bin so traurig heute", "inaudible": "[inaudible] so [inaudible]",
    "joy": "I am so happy for you, this is wonderful!", "anger": "Stop it, you idiot!", "flat": "The train is at ten.",
}  # fmt: skip
FACES: dict[str, dict[str, float]] = {
    "none": {}, "smile": {"AU6": 3.0, "AU12": 4.0}, "brows": {"AU1": 4.0, "AU2": 3.0, "AU5": 2.0, "AU26": 1.0},
    "faint": {"AU12": 0.6}, "one": {"AU15": 4.0, "AU14": 2.0}, "rest": {},
}  # fmt: skip
VOICES: dict[str, dict[str, float]] = {
    "none": {}, "usual": dict.fromkeys(CUES, 0.1), "aroused": {"pitch": 2.0, "loudness": 2.0, "rate": 1.5},
    "pauses": {"pauses": 2.5, "pitch": 0.0}, "low": {"pitch": -2.0, "loudness": -2.0, "rate": -1.5, "pauses": 1.0},
}  # fmt: skip
POLICIES: tuple[Policy, ...] = ("reliability-weighted", "report-both", "face-first", "voice-first")
EMOTIONS = {
    *(label for names in LABEL_SETS.values() for label in names),
    "happy", "glad", "sad", "angry", "furious", "afraid", "scared", "anxious", "disgusted", "surprised", "amused",
    "love", "gratitude", "pride", "relief", "grief", "guilt", "shame", "nervous", "annoyed", "worried", "calm", "feels",
}  # fmt: skip


def _evidence(u: Utterance, face: str, voice: str, trust: float) -> list[Evidence]:
    found = [heard(u, trust)] if u.text else []
    found += seen(u, None, trust, **FACES[face])
    if face == "rest":
        found.append(item(u, 9, "face", "face_at_rest", reliability=trust))
    return [*found, *voiced(u, trust, **VOICES[voice])]


def _cases() -> list[Case]:
    """Words, face and voice in all combinations, with and without an earlier turn, reliable and not."""
    before = said("Oh my God, wow!", "u0", start=0)
    told = Turn(before, embedded(case_of(before, [heard(before)])).verdict)
    found = []
    for place, (line, face, voice, recalled) in enumerate(product(LINES, FACES, VOICES, (False, True))):
        u = said(LINES[line], "u1", start=3)
        evidence = _evidence(u, face, voice, (0.9, 0.4)[place % 2])
        found.append(case_of(u, evidence, [told] if recalled else [], POLICIES[place % 4]))
    return found


@pytest.fixture(scope="module")
def judged() -> list[tuple[Case, Verdict]]:
    verdicts = [(case, embedded(case).verdict) for case in _cases()]
    return [(case, verdict) for case, verdict in verdicts if verdict.label is not None]


def _readings(case: Case) -> list[Reading]:
    met = conflicts(case.opinions, case.policy)
    return readings(pool(case.opinions, case.evidence, case.label_set, case.policy, met), case, met)


def _unquoted(text: str) -> str:
    return re.sub("‘[^’]*(’\\w[^’]*)*’", "‘’", text)


def test_hundreds_are_rendered(judged: list[tuple[Case, Verdict]]) -> None:
    assert len(judged) > 200
    said_by = {claim.modality for _, verdict in judged for claim in verdict.claims}
    assert said_by >= {"text", "face", "voice"}
    assert {claim.stance for _, verdict in judged for claim in verdict.claims} == {"supports", "against", "context"}


def test_two_or_three_sentences_where_two_sources_speak(judged: list[tuple[Case, Verdict]]) -> None:
    for case, verdict in judged:
        assert min(2, len(_readings(case))) <= len(verdict.claims) <= 3


def test_every_sentence_is_one_sentence_and_said_once(judged: list[tuple[Case, Verdict]]) -> None:
    for _, verdict in judged:
        texts = [claim.text for claim in verdict.claims]
        assert len(set(texts)) == len({claim.modality for claim in verdict.claims}) == len(texts)
        for text in map(_unquoted, texts):
            assert re.fullmatch(r"[A-Z][^\n]*[^.,: ]\.", text), text
            assert not re.search(r"  | ,|\.\.|,,|\( | \)|None|nan|_|\. [A-Z]", text), text
            assert not re.search(r"word ‘’ (suggest|fit) |words ‘’ (suggests|fits) |100 %|\(0 %", text), text


def test_cites_exist_and_are_of_the_source_that_the_sentence_speaks_of(judged: list[tuple[Case, Verdict]]) -> None:
    for case, verdict in judged:
        known = {e.id: e.modality for e in case.evidence}
        for claim in verdict.claims:
            assert len(set(claim.cites)) == len(claim.cites)
            assert {known[cite] for cite in claim.cites} == {claim.modality}


def test_no_emotion_but_labels_of_the_set_and_none_is_felt(judged: list[tuple[Case, Verdict]]) -> None:
    for _, verdict in judged:
        for claim in verdict.claims:
            words = set(re.findall(r"[a-z]+", _unquoted(claim.text).lower()))
            assert words & EMOTIONS <= set(labels()), claim.text


def test_what_speaks_against_is_told_exactly_where_something_does(judged: list[tuple[Case, Verdict]]) -> None:
    for case, verdict in judged:
        takes_away = [r for r in significant(_readings(case)) if r.stance == "against"]
        told = [claim for claim in verdict.claims if claim.stance == "against"]
        assert bool(told) == bool(takes_away)
        assert all(claim.text.startswith("Against it: ") for claim in told)
        if told and len(told) == 1 and not verdict.conflict:
            strongest = max(takes_away, key=lambda r: -r.adds)
            assert told[0].modality == strongest.opinion.modality


def test_every_source_that_counts_is_read(judged: list[tuple[Case, Verdict]]) -> None:
    for case, _ in judged:
        counts = {s.opinion.modality for s in pool(case.opinions, case.evidence, case.label_set).shares if s.weight}
        assert {reading.opinion.modality for reading in _readings(case)} == counts


def test_what_adds_is_what_the_pool_loses(judged: list[tuple[Case, Verdict]]) -> None:
    """A supporting sentence names a source without which the label is less probable; the opposite for one against."""
    for case, verdict in judged[::7]:
        met = conflicts(case.opinions, case.policy)
        label = str(verdict.label)
        for reading in _readings(case):
            rest = [o for o in case.opinions if o is not reading.opinion]
            without = pool(rest, case.evidence, case.label_set, case.policy, met).distribution
            if without and abs(reading.adds) > 0.02:
                assert (verdict.distribution[label] > without[label]) == (reading.adds > 0)


def test_supporting_claims_stand_up_to_the_audit(judged: list[tuple[Case, Verdict]]) -> None:
    marks = [
        mark.supported
        for case, verdict in judged[::5]
        for claim, mark in zip(verdict.claims, audit(case, verdict).claims, strict=True)
        if claim.stance == "supports"
    ]
    assert sum(map(bool, marks)) / len(marks) > 0.9


def _told(text: str, opinion: Opinion, cited: list[Evidence], adds: float = 1.0) -> str:
    top = max(opinion.distribution, key=lambda label: opinion.distribution[label])
    found = tell(Reading(opinion, top, "fear", adds, adds / 10, top if adds > 0 else "fear"), cited, text)
    assert found is not None
    return found[0]


def _opinion(u: Utterance, evidence: list[Evidence]) -> Opinion:
    speaking = [opinion for opinion in case_of(u, evidence).opinions if not opinion.abstained]
    assert len(speaking) == 1
    return speaking[0]


def test_a_single_word_takes_the_singular() -> None:
    u = said("Wow!")
    assert _told(u.text, _opinion(u, [heard(u)]), [heard(u)]).startswith("The word ‘Wow!’ suggests ")


def test_what_was_not_heard_is_a_gap_in_the_quotation() -> None:
    u = said("[inaudible] [inaudible] so happy [inaudible]")
    opinion = _opinion(said("so happy"), [heard(u)])
    assert _told(u.text, opinion, [heard(u)]).startswith("The words ‘… so happy …’ suggest joy")


def test_open_labels_are_told_with_the_words_they_come_from() -> None:
    u = said("Thank you so much!")
    opinion = _opinion(u, [heard(u)]).model_copy(update={"open_labels": ("gratitude",)})
    assert _told(u.text, opinion, [heard(u)]).endswith(" %), more closely gratitude.")
    assert "gratitude" not in _told(u.text, opinion, [heard(u)], adds=-1.0)


def test_pauses_have_a_grammar_of_their_own() -> None:
    u = said("")
    only = voiced(u, pauses=2.5)
    assert _told("", _opinion(u, only), only).startswith("The voice has more pauses than usual, which suggests ")
    both = voiced(u, pauses=2.5, rate=-2.0)
    assert _told("", _opinion(u, both), both).startswith("The voice is slower than usual, with more pauses, which ")


def test_arousal_is_told_where_the_voice_was_noted() -> None:
    u = said("")
    loud = voiced(u, pitch=2.5, loudness=2.5, effort=2.0)
    assert "which suggests high arousal and " in _told("", _opinion(u, loud), loud)


def test_a_name_in_a_finding_keeps_its_capital() -> None:
    """What other packages find is told in their words."""
    u = said("")
    sign = item(u, 1, "behavior", "wave").model_copy(update={"finding": "Anna waves her hand."})
    masses = dict.fromkeys(labels(), 0.02) | {"anger": 0.88}
    told = _told("", Opinion(utterance="u1", modality="behavior", distribution=masses, cites=(sign.id,)), [sign], -1.0)
    assert told == "Anna waves her hand, which suggests anger (88 %)."
    assert _inside(told) == told
    assert _inside("The face is at rest.") == "the face is at rest."


def test_what_makes_next_to_no_difference_is_told_as_such_where_it_is_all_there_is() -> None:
    u = said("I am so happy for you!")
    opinion = _opinion(u, [heard(u)])
    reading = Reading(opinion, "joy", "fear", 0.0, 0.0, "joy")
    told = undecided(reading, [heard(u)], u.text)
    assert told == ("The words ‘I am so happy for you!’ make next to no difference.", [heard(u)])
    assert undecided(reading, [], u.text) is None


def test_shares_are_never_all_and_never_nothing() -> None:
    assert [percent(p) for p in (0.0, 0.004, 0.62, 0.994, 0.996, 1.0)] == [
        "under 1 %", "under 1 %", "62 %", "99 %", "over 99 %", "over 99 %",
    ]  # fmt: skip


def test_random_opinions_give_legal_explanations() -> None:
    source = random.Random(7)
    for _ in range(150):
        u = said("I see.")
        items = [heard(u), *seen(u, AU12=2.0), *voiced(u, pitch=1.0), item(u, 1, "dialogue", "previous_turn")]
        opinions = []
        for e in source.sample(items, source.randint(1, 4)):
            raw = [source.random() ** 4 + 1e-4 for _ in labels()]
            masses = {name: value / sum(raw) for name, value in zip(labels(), raw, strict=True)}
            opinions.append(Opinion(utterance="u1", modality=e.modality, distribution=masses, cites=(e.id,)))
        case = Case(u, tuple(items), tuple(opinions), (), "meld7", source.choice(POLICIES), "causal")
        verdict = embedded(case).verdict
        if verdict.label is not None:
            assert min(2, len(_readings(case))) <= len(verdict.claims) <= 3
            top = verdict.label
            for claim in verdict.claims:
                assert claim.stance != "against" or f"suggests {top} " not in claim.text
