"""The records: what they refuse, and that the published JSON Schema is the one of the code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from emoagent.affect import AffectTurn
from emoagent.schema import Opinion, Record, Span, Trace, Utterance, Verdict

PUBLISHED = Path(__file__).parents[1] / "docs" / "schema"


@pytest.mark.parametrize(("name", "record"), [("trace", Trace), ("affect_turn", AffectTurn)])
def test_the_published_schemas_are_those_of_the_code(name: str, record: type[Record]) -> None:
    """Mend with: python docs/generate.py"""
    assert json.loads((PUBLISHED / f"{name}.json").read_text()) == record.model_json_schema()


def test_a_span_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValidationError, match="cannot end"):
        Span(start=2, end=1)


def test_records_are_frozen_and_closed() -> None:
    span = Span(start=0, end=1)
    with pytest.raises(ValidationError):
        span.start = 2
    with pytest.raises(ValidationError):
        Utterance.model_validate({"id": "u1", "span": span, "text": "", "source": "windows", "mood": "good"})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1])
def test_times_are_finite_and_not_negative(value: float) -> None:
    with pytest.raises(ValidationError):
        Span(start=value, end=1)


def test_an_opinion_abstains_or_speaks() -> None:
    with pytest.raises(ValidationError, match="either abstains"):
        Opinion(utterance="u1", modality="face")
    with pytest.raises(ValidationError, match="sums to 1"):
        Opinion(utterance="u1", modality="face", distribution={"joy": 0.5})


def test_a_verdict_without_a_label_says_so() -> None:
    with pytest.raises(ValidationError, match="has a label"):
        Verdict(utterance="u1", label=None, reasoner="x")
    with pytest.raises(ValidationError, match="has a label"):
        Verdict(utterance="u1", label="joy", distribution={"joy": 1.0}, invalid=True, reasoner="x")
    assert Verdict(utterance="u1", label=None, invalid=True, reasoner="x").label is None


def test_a_trace_cannot_cite_what_does_not_exist() -> None:
    from example_trace import example_trace

    trace = example_trace()
    with pytest.raises(ValidationError, match="does not exist"):
        Trace.model_validate({**trace.model_dump(), "evidence": []})


def test_a_trace_is_written_record_by_record() -> None:
    from example_trace import example_trace

    from emoagent.analysis import trace_json

    trace = example_trace()
    assert trace_json(trace) == trace.model_dump_json().encode() + b"\n"
