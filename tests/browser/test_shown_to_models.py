"""What a generative model was shown and answered: the prompt, the frames, the raw answer, the repair."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watched import Opened, choose

from emoagent.schema import Call, Part, Shown, Trace

if TYPE_CHECKING:
    from emoagent.schema import Purpose

PROMPT = "You are shown one utterance. Answer in JSON.\nUtterance: “The countdown starts at nine.”"
BAD = '{"label": "serene", "because": '
GOOD = '{"label": "neutral"}'


def _call(number: int, purpose: Purpose, answer: str, *messages: Shown) -> Call:
    return Call(id=f"c{number}", utterance="u1", purpose=purpose, model="qwen2-vl-2b", backend="chat-completions",
                prompts={"judge.md": "a" * 64}, messages=messages, constrained=True, seed=7, answer=answer,
                finish="length" if answer == BAD else "stop", tokens_in=612, tokens_out=9)  # fmt: skip


def _asked(trace: Trace) -> Trace:
    """The trace as if a language model had been asked about its first utterance, and again after a broken answer."""
    question = Shown(role="user", parts=(Part(text=PROMPT), Part(image="media/u1.jpg")))
    again = Shown(role="user", parts=(Part(text="That is not JSON. Answer again."),))
    calls = (_call(1, "judge", BAD, question),
             _call(2, "repair", GOOD, question, Shown(role="assistant", parts=(Part(text=BAD),)), again))  # fmt: skip
    return trace.model_copy(update={"calls": calls})


def test_prompt_frames_answer_and_repair(
    opened: Opened, sampled: tuple[Trace, Path], artefacts: Path, tmp_path: Path
) -> None:
    from emoagent.commands.report import run

    shutil.copytree(sampled[1] / "media", tmp_path / "media")
    (tmp_path / "trace.json").write_text(_asked(sampled[0]).model_dump_json(), encoding="utf-8")
    run(tmp_path, None, None)
    watched = opened(viewport={"width": 1280, "height": 1600})
    page = watched.open((tmp_path / "report.html").as_uri())
    choose(page, "u1")
    calls = page.get_by_test_id("calls")
    _unfold(calls)
    told = calls.inner_text()
    for words in (*PROMPT.splitlines(), BAD, GOOD, "That is not JSON. Answer again.", "qwen2-vl-2b", "612"):
        assert words in told, words
    assert calls.locator("img").first.evaluate("(img) => img.decode().then(() => img.naturalWidth)") > 0
    calls.scroll_into_view_if_needed()
    page.screenshot(path=artefacts / "models.png")
    watched.check("file:")


def _unfold(part: Any) -> None:
    closed = part.locator("details:not([open]) > summary:visible")
    while closed.count():
        closed.first.click()
