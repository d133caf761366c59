"""ECF in the form of its release: the reader, the floor, F1 of pairs by hand, and the real files where they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emoagent.errors import UsageError
from emoagent.evals.benchmark import Options, benchmarks
from emoagent.evals.corpora.ecf import Spoken
from emoagent.evals.corpora.ecf import ecf as read
from emoagent.evals.ecf import FLOOR, GOLD, PREDICTED, f1, gold_cases, itself_and_before, precision, recall
from emoagent.evals.replay import Replay
from emoagent.evals.result import Result, SystemRow
from emoagent.schema import Verdict

SMALL = """7 4
(2,1),(2,2),(4,3)
1 | Ann | neutral | I told the whole town that you , of all people , are getting married to my brother . | Show_S1E1: 00:00:01.000 - 00:00:06.500
2 | Bob | anger | You did what ? ! | Show_S1E1: 00:00:06.500 - 00:00:07.900
3 | Ann | neutral | They gave us the house by the lake as a present , all of it , for ever and ever . | Show_S1E1: 00:01:08.000 - 00:01:12.000
4 | Bob | joy | Wow ! | Show_S1E1: 00:01:12.250 - 00:01:12.000
8 2

1 | Ann | sadness | Oh . | Show_S1E1: 00:02:00.000 - 00:02:01.000
2 | Bob | neutral | Hm . | Show_S1E1: 00:02:01.000 - 00:02:02.000
"""  # noqa: E501


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "ecf").mkdir()
    (tmp_path / "ecf" / "dev.txt").write_text(SMALL, "utf-8")
    return tmp_path


def _row(result: Result, system: str, part: str = GOLD) -> SystemRow:
    return next(row for row in result.rows if (row.system, row.part) == (system, part))


def test_the_reader_counts_from_zero_and_mends_the_text(data: Path) -> None:
    first, second = read(data / "ecf", "dev")
    assert (first.key, second.key) == ("dev/7", "dev/8")
    assert first.pairs == {(1, 0), (1, 1), (3, 2)}
    assert second.pairs == frozenset()
    assert first.turns[1] == Spoken("You did what?!", "Bob", "anger", 6.5, 7.9)
    assert (first.turns[3].start, first.turns[3].end) == (72.25, 72.25)


@pytest.mark.parametrize("broken", ["7 4\n(2,1)\n1 | Ann | joy", "7\n", "7 1\n\n1 | A | joy | Hi . | no time"])
def test_a_file_of_another_form_is_refused(broken: str, data: Path) -> None:
    (data / "ecf" / "dev.txt").write_text(broken, "utf-8")
    with pytest.raises(UsageError, match="is not a file of ECF"):
        read(data / "ecf", "dev")


def test_the_history_of_a_gold_case_ends_before_it(data: Path) -> None:
    cases = gold_cases(read(data / "ecf", "dev")[0])
    assert [len(case.history) for case in cases] == [0, 1, 2, 3]
    assert [turn.verdict.label for turn in cases[3].history] == ["neutral", "anger", "neutral"]


def test_pair_scores_by_hand() -> None:
    counts = np.array([[2, 3, 4], [1, 3, 2]])  # 3 right of 6 said, 6 true
    assert (precision(counts), recall(counts), f1(counts)) == (0.5, 0.5, 0.5)
    assert f1(counts[0]) == pytest.approx(4 / 7)
    assert f1(np.zeros((2, 3), dtype=np.int64)) == precision(np.zeros(3, dtype=np.int64)) == 0.0


def test_the_floor_is_itself_and_the_turn_before_where_there_is_one() -> None:
    assert itself_and_before([0, 3]) == {(0, 0), (3, 3), (3, 2)}


def _verdict(label: str | None, place: int, causes: tuple[str, ...] = ()) -> Verdict:
    masses = {label: 1.0} if label else {}
    reason = None if label else "nothing is known"
    return Verdict(
        utterance=f"u{place}", label=label, distribution=masses, abstained=label is None, reason=reason, causes=causes,
        reasoner="embedded",
    )  # fmt: skip


@pytest.fixture
def result(data: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    """The reasoner finds anger in the second utterance, by the first, and sadness where there is a gold one."""
    said = [_verdict("neutral", 1), _verdict("anger", 2, ("u1",)), _verdict(None, 3), _verdict("neutral", 4)]
    answered = Replay(verdicts=[*said, _verdict("sadness", 1, ("u1",)), _verdict("neutral", 2)])
    monkeypatch.setattr("emoagent.evals.ecf.replay", lambda lines, options: answered)
    return benchmarks()["ecf"](data, Options())


def test_gold_emotions_by_hand(result: Result) -> None:
    assert (result.n, result.split, result.mode) == (3, "dev", "causal")
    # The floor says (1, 1) (1, 0) (3, 3) (3, 2) and, of the second dialogue, (0, 0): three of five are right, all found
    floor = _row(result, FLOOR).figures
    assert floor["precision"].value == pytest.approx(3 / 5)
    assert floor["recall"].value == 1
    assert floor["F1"].value == pytest.approx(3 / 4)
    # The same without (0, 0), for an "Oh." tells no cause: three of four.
    ours = _row(result, "embedded").figures
    assert ours["precision"].value == pytest.approx(3 / 4)
    assert ours["recall"].value == 1
    more = _row(result, "difference: embedded against itself and the turn before").figures["F1"]
    assert more.value == pytest.approx(100 * (6 / 7 - 3 / 4))
    assert more.unit == "points"


def test_predicted_emotions_by_hand(result: Result) -> None:
    floor, ours = _row(result, FLOOR, PREDICTED), _row(result, "embedded", PREDICTED)
    # (1, 1) (1, 0) and (0, 0): two of three are right, of three to find
    assert floor.figures["F1"].value == pytest.approx(2 * 2 / (3 + 3))
    # (1, 0) and (0, 0): one of two
    assert ours.figures["F1"].value == pytest.approx(2 * 1 / (2 + 3))
    assert ours.abstention_rate == pytest.approx(1 / 6)


def test_the_floor_of_the_release(shared: Path) -> None:
    """62.46 on dev; 64.5 is the figure for test."""
    talks = read(shared / "data" / "ecf", "dev")
    said = [itself_and_before([i for i, turn in enumerate(each.turns) if turn.emotion != "neutral"]) for each in talks]
    rows = [(len(s & each.pairs), len(s), len(each.pairs)) for s, each in zip(said, talks, strict=True)]
    assert (len(talks), sum(row[2] for row in rows)) == (112, 866)
    assert f1(np.array(rows)) == pytest.approx(0.6246, abs=1e-4)
