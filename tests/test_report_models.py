"""The report of a run with generative models: what they were asked, and the embedded verdict beside theirs."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_trace import example_trace
from report_page import HOSTILE, JPEG, page_of
from test_exports import _run as smiling_run
from test_exports import _smiling
from tracked import series_of

from emoagent.schema import Call, Contribution, Evidence, Part, Producer, Shown, Span, Trace, Verdict
from emoagent.viewer.exports.registry import export
from emoagent.viewer.visible import visible

SYSTEM = "You judge which emotion an utterance expresses. " * 12
FRAME = "media/captions/u2.{}.jpg"


def asked(text: str) -> tuple[Shown, ...]:
    """Instructions and a question."""
    return Shown(role="system", parts=(Part(text=SYSTEM),)), Shown(role="user", parts=(Part(text=text),))


def calls(answer: str) -> tuple[Call, ...]:
    """A caption of two frames and its repair, two judgements, one of them cut off, and a question about nothing."""
    frames = tuple(Part(image=FRAME.format(i)) for i in (1, 2, 3))
    show = Shown(role="user", parts=(Part(text="Three frames of one person."), *frames))
    told = Shown(role="assistant", parts=(Part(text="It is late."),))
    common = {"backend": "chat-completions", "seed": 7}
    records = (
        {"id": "c1", "utterance": "u2", "purpose": "caption", "model": "eyes", "messages": (show,), "answer": "[]"},
        {"id": "c2", "utterance": "u2", "purpose": "repair", "model": "eyes", "messages": (show, told),
         "answer": answer},
        {"id": "c3", "utterance": "u2", "purpose": "judge", "model": "thinker + lora",
         "messages": asked("E1: brows up"), "answer": answer, "tokens_in": 1234, "tokens_out": 56, "constrained": True,
         "prompts": {"judge.md": "ab" * 32}},
        {"id": "c4", "utterance": "u1", "purpose": "judge", "model": "thinker + lora", "messages": asked("E1: smile"),
         "answer": '{"label": "jo', "finish": "length"},
        {"id": "c5", "purpose": "verify", "model": "other", "messages": asked("Hello?"), "answer": "yes"},
    )  # fmt: skip
    return tuple(Call.model_validate(common | record) for record in records)


def judged(answer: str = '{"label": "sadness"}') -> Trace:
    """The example as a language model judged it: u1 invalid, u2 checked by a second model and asked without sources."""
    trace = example_trace()
    first, second, *rest = trace.verdicts
    broken = Verdict(
        utterance="u1", person="p1", label=None, invalid=True, reason="the answer is no JSON", reasoner="m"
    )
    caption = Evidence(
        id="u2.captions.1", utterance="u2", person="p2", modality="behavior", kind="caption_gaze",
        span=Span(start=4.2, end=5.0), finding="Looks away to the left.", reliability=0.5, saw_text=False,
        producer=Producer(name="captions", version="1", revision="0" * 64), media_ref=FRAME.format(2),
    )  # fmt: skip
    return trace.model_copy(
        update={
            "verdicts": (broken, second.model_copy(update={"verified": False, "reasoner": "m"}), *rest),
            "baseline": (first, second.model_copy(update={"label": "joy", "confidence": 0.4})),
            "conflicts": (trace.conflicts[0].model_copy(update={"type": "valence"}),),
            "contributions": (
                Contribution(utterance="u2", modality="face", label="joy", divergence=0.41, flipped=True),
                Contribution(utterance="u2", modality="voice", label="sadness", divergence=0.02, flipped=False),
                Contribution(utterance="u2", modality="text", label=None, divergence=None, flipped=True),
            ),
            "evidence": (*trace.evidence, caption),
            "calls": calls(answer),
        }
    )


def media(folder: Path) -> Path:
    """A run's folder with pictures: two of the three frames are there."""
    (folder / "media" / "captions").mkdir(parents=True)
    for i in (1, 2):
        (folder / FRAME.format(i)).write_bytes(JPEG)
    return folder


def test_what_the_models_were_asked_and_answered_is_there(tmp_path: Path) -> None:
    trace = judged()
    page = page_of(trace, media(tmp_path))
    assert page.payload["trace"]["calls"] == [call.model_dump(mode="json") for call in trace.calls]
    assert page.payload["trace"]["contributions"] == [each.model_dump(mode="json") for each in trace.contributions]
    assert set(page.pictures) == {FRAME.format(1), FRAME.format(2)}, "the third is not there"
    assert all(address.startswith("data:image/jpeg") for address in page.pictures.values())


def test_the_embedded_verdicts_stand_beside_those_of_the_model(tmp_path: Path) -> None:
    [other] = page_of(judged(), tmp_path).payload["others"]
    assert other["name"] == "embedded reasoner"
    assert [verdict and verdict["label"] for verdict in other["verdicts"]] == ["joy", "joy", None, None, None]
    assert other["match"] == ["u1", "u2", "u3", "u4", "u5"]
    assert page_of(example_trace(), tmp_path).payload["others"] == []


def test_an_invalid_answer_is_called_so_without_any_script(tmp_path: Path) -> None:
    assert page_of(judged(), tmp_path).rows[0][3:] == ["invalid", "", "the answer is no JSON"]


@pytest.mark.parametrize("text", [*HOSTILE, "<script>alert(1)</script>" * 3])
def test_a_hostile_answer_stays_text(text: str, tmp_path: Path) -> None:
    trace = judged(text)
    messages = (Shown(role="user", parts=(Part(text=text), Part(image=text))),)
    trace = trace.model_copy(
        update={"calls": tuple(c.model_copy(update={"messages": messages, "model": text}) for c in trace.calls)}
    )
    page = page_of(trace, media(tmp_path))
    assert len(page.every("script")) == 3
    assert {call["answer"] for call in page.payload["trace"]["calls"][1:3]} == {visible(text)}
    assert page.payload["trace"]["calls"][0]["messages"][0]["parts"][0]["text"] == visible(text)


def test_pictures_of_calls_come_from_the_media_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(JPEG)
    trace = judged()
    show = (Shown(role="user", parts=(Part(image="media/../secret.jpg"), Part(image="/etc/passwd"))),)
    trace = trace.model_copy(update={"calls": (trace.calls[0].model_copy(update={"messages": show}),)})
    assert not [ref for ref in page_of(trace, media(tmp_path)).pictures if "captions" not in ref]


def test_exports_take_such_a_trace(tmp_path: Path) -> None:
    kept = smiling_run(tmp_path, series_of(_smiling()), {"p1": ("t1",), "p2": ()})
    trace = judged().model_copy(update={"clip": kept.clip, "people": kept.people})
    (tmp_path / "trace.json").write_text(trace.model_dump_json())
    assert export(tmp_path, "frames-csv").stat().st_size > 1000
