"""The report of a run with generative models: what they were asked, and the embedded verdict beside theirs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from example_trace import example_trace
from test_exports import _run as smiling_run
from test_exports import _smiling
from test_report import HOSTILE, JPEG, Page
from tracked import series_of

from emoagent.schema import Call, Contribution, Evidence, Part, Producer, Shown, Span, Trace, Verdict
from emoagent.viewer.exports.registry import export
from emoagent.viewer.report import render, write_report

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
    """A run's folder of pictures: two of the three frames are there."""
    (folder / "media" / "captions").mkdir(parents=True)
    for i in (1, 2):
        (folder / FRAME.format(i)).write_bytes(JPEG)
    return folder / "media"


def page(trace: Trace, pictures: Path | None = None) -> Page:
    """The report, parsed."""
    return Page(render(trace, Path("report.html"), media=pictures))


def test_what_the_models_were_asked_and_answered_is_there(tmp_path: Path) -> None:
    shown = page(judged(), media(tmp_path))
    for words in (
        SYSTEM.strip(), "E1: brows up", '{"label": "sadness"}', "It is late.", '{"label": "jo', "cut off",
        "thinker + lora", "1,234 tokens in, 56 tokens out", "held to a JSON Schema", "judge.md abababababab",
        "Describe the behaviour",
        "Mend the answer", "Other questions to models", "Hello?", "media/captions/u2.3.jpg",
    ):  # fmt: skip
        assert words in shown.text, words
    assert shown.text.count(SYSTEM.strip()) == 1, "instructions that are the same for all stand once"
    frames = [image for image in shown.every("img") if "captions" in (image["alt"] or "")]
    assert len(frames) == 2, "each picture once, though two questions hold it"
    assert all((image["src"] or "").startswith("data:image/jpeg") for image in frames)
    assert all("open" not in details for details in shown.every("details") if details.get("class") == "call")


def test_every_link_leads_somewhere(tmp_path: Path) -> None:
    shown = page(judged(), media(tmp_path))
    ids = [attrs["id"] for _, attrs in shown.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = {attrs["href"] for attrs in shown.every("a") if (attrs.get("href") or "").startswith("#")}
    assert {t.removeprefix("#") for t in targets if t} <= set(ids)
    assert "#f=media%2Fcaptions%2Fu2.2.jpg" in targets, "a caption leads to its frame"


def test_verdicts_beside_each_other() -> None:
    shown = page(judged())
    for words in (
        "invalid", "the answer is no JSON", "Without the language model", "The language model says sadness instead.",
        "A second model disagrees.", "What each source adds", "without it: joy, 0.41 bits away",
        "without it still sadness, 0.02 bits away", "without it: no label",
        "Words and face disagree: one pleasant, one unpleasant",
    ):  # fmt: skip
        assert words in shown.text, words
    agreed = judged().model_copy(update={"baseline": judged().verdicts[:2]})
    assert "Both reasoners give the same label." in page(agreed).text
    assert "the answer is no JSON" in page(agreed.model_copy(update={"verdicts": ()})).text, "an invalid one as such"


def test_traces_without_models_say_nothing_of_them() -> None:
    text = page(example_trace()).text
    for words in ("language model", "Raw answer", "second model", "What each source adds", "Other questions"):
        assert words not in text


@pytest.mark.parametrize("text", [*HOSTILE, "<script>alert(1)</script>" * 3])
def test_a_hostile_answer_stays_text(text: str) -> None:
    trace = judged(text)
    messages = (Shown(role="user", parts=(Part(text=text), Part(image=text))),)
    trace = trace.model_copy(
        update={"calls": tuple(c.model_copy(update={"messages": messages, "model": text}) for c in trace.calls)}
    )
    hostile, clean = page(trace), page(judged())
    assert [name for name, _ in hostile.elements].count("script") == 1
    assert {name for name, _ in hostile.elements} <= {name for name, _ in clean.elements}
    assert not [attrs for _, attrs in hostile.elements if any(key.startswith("on") for key in attrs)]


def test_pictures_of_calls_come_from_the_media_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(JPEG)
    trace = judged()
    show = (Shown(role="user", parts=(Part(image="media/../secret.jpg"), Part(image="/etc/passwd"))),)
    trace = trace.model_copy(update={"calls": (trace.calls[0].model_copy(update={"messages": show}),)})
    shown = page(trace, media(tmp_path))
    assert not [image for image in shown.every("img") if "secret" in (image["alt"] or "")]
    assert "A picture that is not here: media/../secret.jpg" in shown.text


def test_exports_take_such_a_trace(tmp_path: Path) -> None:
    kept = smiling_run(tmp_path, series_of(_smiling()), {"p1": ("t1",), "p2": ()})
    trace = judged().model_copy(update={"clip": kept.clip, "people": kept.people})
    (tmp_path / "trace.json").write_text(trace.model_dump_json())
    assert export(tmp_path, "frames-csv").stat().st_size > 1000


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs the browser `chromium`")
def test_browser_opens_the_call_that_is_linked_to(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(judged("<script>document.title='pwned'</script>"), path, media=media(tmp_path))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}",
             "--enable-logging=stderr", "--dump-dom"]  # fmt: skip
    command = ["chromium", *flags, f"{path.as_uri()}#f=media%2Fcaptions%2Fu2.2.jpg"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if not done.stdout.strip():
        pytest.skip("the browser does not start here")
    assert "<title>pwned" not in done.stdout
    assert re.search(r'<details id="c=c1"[^>]*open', done.stdout), "the question that shows the frame is open"
