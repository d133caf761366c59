"""Which words, and which turns before, the text opinion rests on, with opiners whose readings are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from judging import case_of, heard, said, seen

from emoagent.agents.auditor import audit
from emoagent.agents.case import Case, Turn
from emoagent.agents.reasoner import embedded
from emoagent.agents.words import carried_by_earlier, parts, strongest_part
from emoagent.labels import labels
from emoagent.schema import Evidence, Opinion, Utterance


def _opinion(label: str, share: float, u: Utterance) -> Opinion:
    rest = (1 - share) / 6
    masses = {name: share if name == label else rest for name in labels()}
    return Opinion(utterance=u.id, modality="text", distribution=masses, cites=(f"{u.id}.text.1",))


class Reader:
    """Reads joy where `wonderful` is said or `We won!` was said before, else sadness; counts its readings."""

    def __init__(self) -> None:
        self.read: list[tuple[str, int]] = []

    def __call__(self, u: Utterance, evidence: Sequence[Evidence], before: Sequence[Utterance]) -> tuple[Opinion, ...]:
        self.read.append((u.text, len(before)))
        glad = "wonderful" in u.text or any(turn.text == "We won!" for turn in before)
        return (_opinion("joy" if glad else "sadness", 0.8, u),)


def _case(text: str, *before: str) -> Case:
    """A case whose text opinion is the reader's own."""
    turns = []
    for n, line in enumerate(before):
        u = said(line, f"e{n}", start=3.0 * n)
        turns.append(Turn(u, embedded(case_of(u, [heard(u)])).verdict, (f"e{n}.text.1",)))
    u = said(text, start=3.0 * len(before))
    reader = Reader()
    case = replace(case_of(u, [heard(u)]), history=tuple(turns))
    return replace(case, opinions=reader(u, case.evidence, [turn.utterance for turn in turns]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Too short", []),
        ("I am so happy for you", ["I am", "so", "happy", "for you"]),
        ("Oh! This is wonderful, Anna. Bye.", ["Oh!", "This is wonderful,", "Anna.", "Bye."]),
        ("one two three", ["one", "two", "three"]),
    ],
)
def test_parts_are_clauses_or_a_few_words(text: str, expected: list[str]) -> None:
    assert [part for part, _ in parts(text)] == expected
    for part, rest in parts(text):
        assert sorted([*part.split(), *rest.split()]) == sorted(text.split())


def test_the_part_that_carries_the_label_is_found_in_at_most_five_short_readings() -> None:
    reader = Reader()
    assert strongest_part(_case("Oh! This is wonderful, Anna. I have to go. Bye now."), reader) == "This is wonderful,"
    assert len(reader.read) <= 5
    assert {before for _, before in reader.read} == {0}


def test_where_each_part_can_be_spared_none_is_named() -> None:
    assert strongest_part(_case("wonderful, yes, wonderful"), Reader()) is None
    assert strongest_part(_case("Wonderful!"), Reader()) is None
    assert strongest_part(_case("Is it really so?", "We won!"), Reader()) is None
    silent = replace(_case("This is wonderful"), opinions=())
    assert strongest_part(silent, Reader()) is None


def test_the_turn_just_before_is_named_where_it_is_enough() -> None:
    case = _case("Really?", "Hello.", "We won!")
    found = carried_by_earlier(case, Reader())
    assert found is not None
    alone, turns = found
    assert alone == "sadness"
    assert [turn.utterance.id for turn in turns] == ["e1"]


def test_else_all_turns_that_are_read_are_named_and_only_two_readings_are_made() -> None:
    reader = Reader()
    found = carried_by_earlier(_case("Really?", "We won!", "Hello."), reader)
    assert found is not None
    assert [turn.utterance.id for turn in found[1]] == ["e0", "e1"]
    assert [before for _, before in reader.read] == [0, 1]


def test_words_that_say_it_themselves_need_no_turn_before() -> None:
    reader = Reader()
    assert carried_by_earlier(_case("This is wonderful", "We won!"), reader) is None
    assert len(reader.read) == 1
    assert carried_by_earlier(_case("This is wonderful"), Reader()) is None


def test_the_audit_names_the_turns_before_that_make_the_difference() -> None:
    case = _case("Really?", "We won!")
    [mark] = audit(case, embedded(case).verdict, Reader()).claims
    assert (mark.words, mark.alone, mark.earlier) == (None, "sadness", ("e0.text.1",))


def test_the_audit_tells_the_words_that_a_claim_rests_on() -> None:
    u = said("I am so happy for you! See you at ten.")
    case = case_of(u, [heard(u), *seen(u, AU12=2.0)])
    verdict = embedded(case).verdict
    marks = audit(case, verdict).claims
    told = {claim.modality: mark.words for claim, mark in zip(verdict.claims, marks, strict=True)}
    assert told == {"text": "I am so happy for you!", "face": None}
