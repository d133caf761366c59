from __future__ import annotations

from typing import get_args

import pytest
from judging import heard, judged, said, seen

from emoagent.agents.case import Turn
from emoagent.agents.dialogue import USUAL, foresee, recall, stays
from emoagent.agents.shift import shift
from emoagent.evals.corpora.line import Line
from emoagent.graphs.judgement import judge_all, opine_all
from emoagent.graphs.state import Episode
from emoagent.schema import Mode, Shift, Utterance, Verdict
from emoagent.settings import Settings
from emoagent.training.dialogue import Pair, pairs, shares
from emoagent.training.dialogue import stays as stays_beyond

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


def _told(label: str | None, name: str, person: str | None, start: float, chance: float = 0.7) -> Turn:
    masses = dict.fromkeys(USUAL, (1 - chance) / 6) | ({label: chance} if label else {})
    verdict = Verdict(
        utterance=name, person=person, label=label, distribution=masses if label else {}, abstained=label is None,
        reason=None if label else "nothing is known", reasoner="test",
    )  # fmt: skip
    return Turn(said("Well.", name, person, start), verdict)


def test_a_memory_counts_by_how_far_it_lies_from_what_is_usual() -> None:
    usual = Verdict(utterance="u1", label="neutral", distribution=dict(USUAL), reasoner="test")
    memory = recall(_next(), [Turn(said("Well.", "u1", "p1"), usual)])
    assert memory is not None
    assert list(memory[1].distribution.values()) == pytest.approx([1 / 7] * 7, abs=3e-4)
    odd = recall(_next(), [_told("sadness", "u1", "p1", 0, chance=0.3)])
    assert odd is not None
    # sadness .3 / .083 = 3.61; the others .7 / 6 = .1167 each: over .335, .141, .130, .197, .036, .078 it is
    # .35 + .83 + .90 + .59 + 3.24 + 1.50 = 7.41; 3.61 / 11.02 = .328
    assert odd[1].distribution["sadness"] == pytest.approx(0.328, abs=0.001)


def test_an_expression_stays_with_a_chance_that_falls_with_the_seconds_between() -> None:
    u = said("Well.", "u9", "p1", 10.0)
    assert stays(u, said("", "u1", "p1", 8.0)) == pytest.approx(0.47)  # no gap: .12 + .35
    assert stays(u, said("", "u1", "p1", 6.5)) == pytest.approx(0.295)  # 1.5 s: .12 + .35 / 2
    assert stays(said("", "u1", "p1", 6.5), u) == pytest.approx(0.295)  # backwards the same
    assert stays(u, said("", "u1", "p2", 8.0)) == stays(u, said("", "u1", None, 8.0)) == pytest.approx(0.1)


def test_a_later_turn_is_foreseen_like_an_earlier_one() -> None:
    u = _next(start=6.0)
    memory = foresee(u, [_told("anger", "u10", "p2", 9), _told("joy", "u11", "p1", 12)])
    assert memory is not None
    evidence, opinion = memory
    assert (evidence.id, evidence.kind) == ("u9.dialogue.2", "next_turn")
    assert evidence.finding == "A later turn of the same speaker (u11) was judged joy."
    assert max(opinion.distribution, key=lambda name: opinion.distribution[name]) == "joy"
    assert foresee(u, []) is None


@pytest.mark.parametrize("mode", get_args(Mode))
def test_an_earlier_verdict_is_shown_and_only_a_later_one_is_pooled(mode: Mode) -> None:
    spoken = [said("I am so happy for you!", "u1"), said("Well.", "u2", start=2), said("You idiot!", "u3", start=4)]
    state = Episode(utterances=tuple(spoken), evidence=[heard(u) for u in spoken])
    state.opinions = opine_all(state, Settings(mode=mode))["opinions"]
    found = judge_all(state, Settings(mode=mode))
    later = ["u1.dialogue.2", "u2.dialogue.2"] if mode == "offline" else []
    assert [e.id for e in found["evidence"] if e.kind == "next_turn"] == later
    assert [o.cites for o in found["opinions"]] == [(name,) for name in later]
    assert [e.id for e in found["evidence"] if e.kind == "previous_turn"] == ["u2.dialogue.1", "u3.dialogue.1"]
    labels = {v.utterance: v.label for v in found["verdicts"]}
    for item in found["evidence"]:
        told = next(name for name in labels if f"({name})" in item.finding)
        assert item.finding.endswith(f"({told}) was judged {labels[told]}.")


def test_shift_is_against_the_same_persons_latest_label() -> None:
    u = _next()
    history = [_told("joy", "u1", "p1", 0), _told("anger", "u2", "p2", 2), _told(None, "u3", "p1", 4)]
    assert shift(u, "sadness", history) == Shift(utterance="u1", before="joy", after="sadness")
    assert shift(u, "joy", history) is None
    assert shift(_next(None), "sadness", history) is None
    assert shift(_next("p3"), "sadness", history) is None
    assert shift(u, "joy", [*history, _told("fear", "u4", "p1", 5)]) == Shift(
        utterance="u4", before="fear", after="joy"
    )


def test_how_much_stays_is_measured_beyond_coincidence() -> None:
    lines = [
        Line("", ("joy",), "Ann", "1", times=(0.0, 1.0)),
        Line("", ("anger",), "Bob", "1", times=(1.0, 2.0)),
        Line("", ("joy",), "Ann", "1", times=(4.0, 5.0)),
        Line("", ("neutral",), "Ann", "2"),
    ]
    found = list(pairs(lines))
    assert found == [
        Pair("joy", "anger", 0.0, same=False),
        Pair("joy", "joy", 3.0, same=True),
        Pair("anger", "joy", 2.0, same=False),
    ]
    usual = shares(["joy", "joy", "anger", "neutral"])
    # one of two stays where .5 + .25 would by chance: (1 - .75) / (2 - .75)
    assert stays_beyond(found[1:], usual) == pytest.approx(0.2)
    assert stays_beyond([], usual) == 0
