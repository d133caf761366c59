"""Two runs of one clip side by side: which utterances are the same, what is said of the others, and other clips."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_trace import example_trace
from report_page import Page, read
from typer.testing import CliRunner

from emoagent.analysis import trace_json
from emoagent.cli import app
from emoagent.errors import UsageError
from emoagent.schema import Span, Trace, Utterance
from emoagent.viewer.compare import against, matched
from emoagent.viewer.exports.result import Result
from emoagent.viewer.serve import Pages
from emoagent.viewer.served_run import ServedRun


def _said(name: str, start: float, end: float, person: str | None = "p1") -> Utterance:
    return Utterance(id=name, person=person, span=Span(start=start, end=end), text="…", source="subtitles")


def _kept(folder: Path, trace: Trace) -> Path:
    folder.mkdir()
    (folder / "trace.json").write_bytes(trace_json(trace))
    return folder


def _heard_otherwise() -> Trace:
    """The same clip with other ids, times that are a little off, one utterance fewer, and another verdict."""
    trace = example_trace()
    moved = [u.model_copy(update={"id": f"w{u.id}", "span": Span(start=u.span.start + 0.1, end=u.span.end + 0.2)})
             for u in trace.utterances if u.id != "u3"]  # fmt: skip
    verdicts = [v.model_copy(update={"utterance": f"w{v.utterance}", "reasoner": "another"}) for v in trace.verdicts]
    cut = dict.fromkeys(("evidence", "opinions", "conflicts", "audits"), ())
    claimless = tuple(v.model_copy(update={"claims": ()}) for v in verdicts if v.utterance != "wu3")
    return trace.model_copy(update={"utterances": tuple(moved), "verdicts": claimless, **cut})


def test_the_same_utterances_are_found_by_their_time() -> None:
    mine = [_said("u1", 0, 2), _said("u2", 2, 4), _said("u3", 5, 6), _said("u4", 9, 9)]
    theirs = [_said("a", 0.2, 2.1), _said("u1", 2.1, 4), _said("c", 5.9, 7), _said("d", 9, 9)]
    assert matched(mine, theirs) == {"u1": "a", "u2": "u1", "u4": "d"}


def test_who_talks_at_once_is_told_apart_by_id_then_by_person() -> None:
    mine = [_said("u1", 0, 2, "p1"), _said("u2", 0, 2, "p2")]
    assert matched(mine, [mine[1], mine[0]]) == {"u1": "u1", "u2": "u2"}
    renamed = [_said("a", 0, 2, "p2"), _said("b", 0, 2, "p1")]
    assert matched(mine, renamed) == {"u1": "b", "u2": "a"}


def test_each_utterance_has_one_counterpart_at_most() -> None:
    whole, parts = [_said("u1", 0, 4)], [_said("a", 0, 1.9), _said("b", 1.9, 4)]
    assert matched(whole, parts) == {"u1": "b"}
    assert matched(parts, whole) == {"b": "u1"}
    assert matched(whole, []) == {}


def test_verdicts_of_another_run_belong_to_the_utterances_of_this_one(tmp_path: Path) -> None:
    result = Result(tmp_path, example_trace())
    other = against(result, _kept(tmp_path / "later.emoagent", _heard_otherwise()))
    assert other["name"] == "later (another)"
    assert other["match"] == ["wu1", "wu2", None, "wu4", "wu5"]
    assert [verdict and verdict.utterance for verdict in other["verdicts"]] == other["match"]


def test_the_command_writes_one_page(tmp_path: Path) -> None:
    one, other = _kept(tmp_path / "one", example_trace()), _kept(tmp_path / "other", _heard_otherwise())
    told = CliRunner().invoke(app, ["compare", str(one), str(other), "-o", str(tmp_path / "x.html")])
    assert told.output.strip() == str(tmp_path / "x.html")
    page = read(tmp_path / "x.html")
    assert page.payload["others"][0]["verdicts"][2] is None
    assert page.payload["others"][0]["verdicts"][0]["label"] == "joy"
    assert str(tmp_path) not in page.html
    CliRunner().invoke(app, ["compare", str(one), str(other)])
    assert (one / "compare.html").exists()


def test_another_clip_is_refused(tmp_path: Path) -> None:
    trace = example_trace()
    clip = trace.clip.model_copy(update={"sha256": "f" * 64, "name": "garden.mp4"})
    other = _kept(tmp_path / "other", trace.model_copy(update={"clip": clip}))
    with pytest.raises(UsageError, match=r"different files: kitchen_table\.mp4 \(\w{12}\) and garden\.mp4 \(f{12}\)"):
        against(Result(tmp_path, trace), other)
    with pytest.raises(UsageError):
        against(Result(tmp_path, trace), tmp_path / "nothing")


def test_the_inspector_compares_and_looks_again_when_the_other_run_changes(tmp_path: Path) -> None:
    one, other = _kept(tmp_path / "one", example_trace()), _kept(tmp_path / "other", _heard_otherwise())
    pages = Pages(ServedRun(one), other, lambda told: None)
    assert Page(pages.report().decode()).payload["others"][0]["match"][0] == "wu1"
    (other / "trace.json").write_bytes(trace_json(example_trace()))
    assert Page(pages.report().decode()).payload["others"][0]["match"][0] == "u1"
    clip = example_trace().clip.model_copy(update={"sha256": "f" * 64})
    (other / "trace.json").write_bytes(trace_json(example_trace().model_copy(update={"clip": clip})))
    with pytest.raises(UsageError, match="different files"):
        pages.report()
