"""Results that lack things, or hold what is rare: the page says so and breaks nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from example_trace import example_trace
from watched import PHONE, Opened

from emoagent.schema import Trace

NOTHING: dict[str, Any] = dict.fromkeys(
    ("people", "utterances", "evidence", "opinions", "conflicts", "verdicts", "audits"), ()
)


def _changed(**more: Any) -> Trace:
    return Trace.model_validate(example_trace().model_dump() | more)


def _silent() -> Trace:
    return _changed(**NOTHING)


def _only_sound() -> Trace:
    return _changed(clip={**example_trace().clip.model_dump(), "video": None})


def _unknown_people() -> Trace:
    """Nobody is known, and one utterance ends when it begins, before another has ended."""
    record = example_trace().model_dump()
    for utterance in record["utterances"]:
        utterance["person"] = None
    record["utterances"][2].update({"span": {"start": 4.5, "end": 4.5}, "words": (), "text": ""})
    for item in (*record["evidence"], *record["verdicts"]):
        item["person"] = None
    return Trace.model_validate(record | {"people": ()})


def _unusable() -> Trace:
    """The reasoner's answers could not be used, and nothing was audited."""
    record = example_trace().model_dump()
    for verdict in record["verdicts"]:
        verdict |= {"label": None, "invalid": True, "abstained": False, "reason": "the answer was not JSON",
                    "claims": (), "distribution": {}, "confidence": None, "shift": None}  # fmt: skip
    return Trace.model_validate(record | {"audits": ()})


def _foreign_label() -> Trace:
    record = example_trace().model_dump()
    record["verdicts"][0].update({"label": "schadenfreude", "distribution": {"schadenfreude": 1.0}})
    return Trace.model_validate(record | {"label_set": "somebody's"})


@pytest.mark.parametrize("made", [_silent, _only_sound, _unknown_people, _unusable, _foreign_label])
@pytest.mark.parametrize("viewport", [None, PHONE])
def test_odd_results(opened: Opened, tmp_path: Path, made: Any, viewport: Any) -> None:
    from emoagent.commands.report import run

    (tmp_path / "trace.json").write_text(made().model_dump_json(), encoding="utf-8")
    watched = opened(**({"viewport": viewport} if viewport else {}))
    page = watched.open(run(tmp_path, None, None).as_uri())
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert page.get_by_role("tabpanel").inner_text().strip()
    page.get_by_test_id("tab-utterance").click()
    for key in ("n", "n", "p", "c", "c", "l", "k", "j", "k", "End", "Home", "+", "-", "0", "t", "?", "Escape"):
        page.keyboard.press(key)
    assert page.get_by_test_id("lanes").count() == 1
    watched.check("file:")
