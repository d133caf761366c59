"""The benchmark of faithfulness: small cases with known effects, its control, and how it says nothing for certain."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_trace import example_trace
from judging import case_of, heard, item, said, seen, voiced

from emoagent.agents.case import Case
from emoagent.agents.reasoner import embedded
from emoagent.errors import UsageError
from emoagent.evals.benchmark import Options
from emoagent.evals.faithfulness import (
    BALANCED,
    FEWER,
    HEEDED,
    RANDOM,
    Loss,
    Trial,
    _bound,
    _ratio,
    _row,
    compare,
    faithfulness,
)
from emoagent.evals.result import Result
from emoagent.evals.traces import FILE
from emoagent.schema import Claim, Trace, Verdict

LINE = "I am so happy for you, this is wonderful!"


def _case(idle: int) -> tuple[Case, Verdict]:
    """Words and a smile that carry joy, a voice, and items that no opinion heeds."""
    u = said(LINE)
    others = [item(u, n, "face", "head_pose", {"yaw": (5.0, "degrees")}) for n in range(5, 5 + idle)]
    case = case_of(
        u, [heard(u), *seen(u, AU6=3.0, AU12=4.0), *voiced(u, pitch=2.0, loudness=1.5, rate=0.2, effort=0.1), *others]
    )
    return case, embedded(case).verdict


def _trial(cited: float, uncited: float, group: str = "") -> Trial:
    return Trial(group, Loss(cited, cited, cited / 2), Loss(uncited, uncited, uncited / 2))


def test_cited_evidence_carries_and_idle_evidence_does_not() -> None:
    case, verdict = _case(idle=6)
    found = dict(compare("g", case, verdict, seed=7))
    assert set(found) == {BALANCED, HEEDED, RANDOM}
    assert found[BALANCED].cited.flipped == 1
    assert (found[BALANCED].uncited.flipped, found[BALANCED].uncited.other) == (0, 0)
    assert found[BALANCED].uncited.bits < 0.02 < found[BALANCED].cited.bits
    assert 0 < found[RANDOM].cited.bits < found[BALANCED].cited.bits
    assert dict(compare("g", case, verdict, seed=7)) == found


def test_fewer_uncited_than_cited_items_are_kept_apart() -> None:
    case, verdict = _case(idle=0)
    claim = Claim(text="All.", cites=tuple(e.id for e in case.evidence[:-1]))
    found = dict(compare("g", case, verdict.model_copy(update={"claims": (claim,)}), seed=7))
    assert set(found) == {FEWER, HEEDED}


def test_an_explanation_that_cites_what_is_idle_does_not_pass() -> None:
    case, verdict = _case(idle=6)
    idle = Claim(text="The head is straight.", cites=("u1.face.5", "u1.face.6"))
    found = dict(compare("g", case, verdict.model_copy(update={"claims": (idle,)}), seed=7))
    assert found[BALANCED].cited == Loss(0, 0, 0)
    assert found[BALANCED].uncited.bits > 0


def test_figures_by_hand() -> None:
    trials = [_trial(1, 0.5, "a"), _trial(1, 0, "b"), _trial(0, 0, "c"), _trial(1, 0, "d")]
    figures = _row(BALANCED, trials, seed=7).figures
    assert figures["label changes without cited"].value == pytest.approx(0.75)
    assert figures["label changes without uncited"].value == pytest.approx(0.125)
    assert figures["times as often"].value == pytest.approx(6)
    assert figures["times as often"].low is None, "a sample without any change has no ratio"
    assert figures["cited − 3 × uncited"].value == pytest.approx(37.5)
    assert figures["bits without cited"].value == pytest.approx(0.375)
    assert figures["bits without cited"].unit == "bits"
    assert figures["bits without uncited"].value == pytest.approx(0.0625)


def test_never_is_told_with_the_rule_of_three_and_not_as_infinity() -> None:
    trials = [_trial(0.5, 0)] * 30
    assert _bound(BALANCED, trials) == (
        "balanced: 0 of 30 verdicts ever changed without uncited items; at most 10.0 % (95 %)"
    )
    ratio = _ratio([0.5, 0.0], [[0.5, 0.0]], 30)
    assert ratio["times as often, at least"].value == pytest.approx(5)
    assert _bound(BALANCED, [*trials, _trial(1, 0.1)]) is None
    assert _bound(BALANCED, []) is None


def _run(folder: Path, trace: Trace) -> None:
    folder.mkdir(parents=True)
    (folder / FILE).write_text(trace.model_dump_json())


def _traced() -> Trace:
    """Three utterances of the sort that `_case` makes, in the frame of a trace."""
    plain = example_trace()
    spoken = [said(text, f"u{n}", "p1", 4.0 * n) for n, text in enumerate((LINE, "You idiot!", "Oh my God, wow!"), 1)]
    evidence = [
        e
        for u in spoken
        for e in (heard(u), *seen(u, AU12=1.0), *voiced(u, pitch=0.1, rate=0.2, effort=0.1, pauses=0.1),
                  *(item(u, n, "face", "head_pose") for n in range(5, 9)))
    ]  # fmt: skip
    nothing = dict.fromkeys(("opinions", "conflicts", "verdicts", "audits", "faults"), ())
    return plain.model_copy(update={"utterances": tuple(spoken), "evidence": tuple(evidence), **nothing})


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("runs")
    _run(folder / "one", _traced())
    return faithfulness(folder, Options())


def test_runs_are_replayed_and_told_with_their_control(result: Result) -> None:
    rows = {(row.system, row.part): row for row in result.rows}
    assert {("embedded", BALANCED), ("floor: random cites", BALANCED), ("claims", "supports")} <= set(rows)
    assert result.n + int(next(n for n in result.notes if "not tested" in n).split()[0]) == 3
    real, control = rows["embedded", BALANCED], rows["floor: random cites", BALANCED]
    assert real.figures["bits without cited"].value > 3 * real.figures["bits without uncited"].value
    assert control.figures["bits without cited"].value < real.figures["bits without cited"].value
    assert rows["claims", "supports"].figures["supported"].value > 0.8
    assert rows["claims", "supports"].milliseconds is not None
    assert any(note.startswith("clips: ") for note in result.notes)


def test_without_runs_or_verdicts_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no verdict with a label"):
        faithfulness(tmp_path, Options())


def test_another_reasoner_is_not_measured_under_its_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no reasoner 'gpt'"):
        faithfulness(tmp_path, Options(reasoner="gpt"))


def test_a_verdict_on_a_single_item_is_audited_and_not_compared(tmp_path: Path) -> None:
    trace = _traced()
    only = tuple(e for e in trace.evidence if e.kind == "quotation")[:1]
    _run(tmp_path / "one", trace.model_copy(update={"utterances": trace.utterances[:1], "evidence": only}))
    found = faithfulness(tmp_path, Options())
    assert (found.n, {row.system for row in found.rows}) == (1, {"claims"})


def test_the_recorded_clips_are_a_test_split(shared: Path) -> None:
    with pytest.raises(UsageError, match="test split"):
        faithfulness(shared / "data" / "meld_evidence", Options())
    found = faithfulness(shared / "data" / "meld_evidence", Options(split="test", limit=3))
    assert found.n <= 3
