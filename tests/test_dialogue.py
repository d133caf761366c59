from __future__ import annotations

import pytest
from judging import heard, judged, said, seen

from emoagent.agents.case import Turn
from emoagent.agents.dialogue import recall
from emoagent.schema import Utterance

LATE = 200.0


def _turn(name: str, person: str | None, start: float, text: str = "I am so happy for you!") -> Turn:
    utterance = said(text, name, person, start)
    return Turn(utterance, judged([(utterance, [heard(utterance)])])[0].verdict)


def _next(person: str | None = "p1", start: float = 6.0) -> Utterance:
    return said("Well.", "u9", person, start)


def test_the_same_speaker_is_recalled_before_the_turn_of_another() -> None:
    memory = recall(_next(), [_turn("u1", "p1", 0), _turn("u2", "p2", 3, "I am so sorry, how sad.")])
    assert memory is not None
    evidence, opinion = memory
    assert (evidence.id, evidence.modality, evidence.kind) == ("u9.dialogue.1", "dialogue", "previous_turn")
    assert evidence.saw_text
    assert "u1" in evidence.finding
    assert opinion.distribution["joy"] == max(opinion.distribution.values())


def test_memory_fades_with_time_and_is_weaker_for_others() -> None:
    def kept(person: str | None, start: float) -> float:
        memory = recall(_next("p1", start), [_turn("u1", person, 0)])
        return memory[0].reliability if memory else 0.0

    assert kept("p1", 3) > kept("p1", 20) > kept("p1", LATE) == 0
    assert kept("p1", 3) > kept("p2", 3) == kept(None, 3) > 0


def test_an_abstained_verdict_is_not_remembered() -> None:
    assert recall(_next(), [_turn("u1", "p1", 0, "")]) is None
    assert recall(_next(), []) is None


def test_the_past_alone_makes_no_verdict() -> None:
    first, second = said("I am so happy for you!", "u1"), said("", "u2", start=3)
    verdict = judged([(first, [heard(first)]), (second, [])])[1].verdict
    assert verdict.abstained
    assert verdict.label is None


@pytest.mark.parametrize("changed", range(1, 5))
def test_a_later_turn_never_changes_an_earlier_verdict(changed: int) -> None:
    lines = ["I am so happy!", "What?! No way!", "Get out, you idiot!", "I am so sorry.", "Okay, at ten."]
    turns = [said(text, f"u{i}", f"p{i % 2}", 3.0 * i) for i, text in enumerate(lines)]
    before = judged([(u, [heard(u), *seen(u, AU12=2.5)]) for u in turns])
    turns[changed] = said("Ew, that is disgusting!", f"u{changed}", "p7", 3.0 * changed)
    after = judged([(u, [heard(u), *seen(u, AU9=4.0)] if u.id >= f"u{changed}" else [heard(u), *seen(u, AU12=2.5)])
                    for u in turns])  # fmt: skip
    assert before[:changed] == after[:changed]
    assert before[changed] != after[changed]


def test_turns_that_begin_later_are_ignored() -> None:
    assert recall(_next(start=1.0), [_turn("u1", "p1", 5.0)]) is None
