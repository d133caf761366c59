"""A tiny random Qwen2-VL sees real frames: in process through transformers, and behind a real `transformers serve`.

EMOAGENT_TEST_LOCAL=/path/to/environment/bin/python pytest -m integration tests/integration/test_qwen2vl.py -s

The environment holds emoagent, torch, torchvision, transformers, peft and llguidance; fastapi, uvicorn and openai for
the server. The model's answers are noise: what is tested is all that lies around them.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from environments import python_of

from emoagent.agents.caption_answer import CHANNELS, read
from emoagent.schema import Call, Trace

pytestmark = pytest.mark.integration
HERE = Path(__file__).parent
START = 600.0  # seconds until a server must be there
SMALL = {"EMOAGENT_FRAMES": "4", "EMOAGENT_FRAME_SIDE": "224", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
SPY = """
import sys, json
import emoagent.tools.language.transformers_model as tool
tensors, whole = [], tool.batch
def batch(model, group):
    found = whole(model, group)
    tensors.append({name: list(value.shape) for name, value in found.items()})
    return found
tool.batch = batch
from emoagent.cli import main
sys.argv = ["emoagent", *sys.argv[2:]]
try:
    main()
finally:
    json.dump(tensors, open(%r, "w"))
"""


@pytest.fixture(scope="module")
def python() -> str:
    """The interpreter of an environment with transformers and torchvision."""
    return python_of("EMOAGENT_TEST_LOCAL", "transformers")


@pytest.fixture(scope="module")
def tiny(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`vision` and its `adapter`."""
    folder = tmp_path_factory.mktemp("tiny")
    subprocess.run([python, str(HERE / "tiny_vision.py"), str(folder / "vision"), str(folder / "adapter")], check=True)
    return folder


@pytest.fixture(scope="module")
def language(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny language model."""
    folder = tmp_path_factory.mktemp("language")
    subprocess.run([python, str(HERE / "tiny_language.py"), str(folder)], check=True)
    return folder / "model"


def analyzed(python: str, clip: Path, out: Path, *, spied: Path, **settings: str) -> Trace:
    """What the command leaves; `spied` gets the shapes of all tensors that models were given."""
    told = {f"EMOAGENT_{name.upper()}": value for name, value in settings.items()}
    command = [python, "-c", SPY % str(spied), "emoagent", "analyze", str(clip), "-o", str(out)]
    done = subprocess.run(command, env=os.environ | SMALL | told, capture_output=True, text=True, timeout=1800)
    assert done.returncode in (0, 3), done.stderr[-4000:]
    return Trace.model_validate_json((out / "trace.json").read_text("utf-8"))


def captions(trace: Trace) -> list[Call]:
    return [call for call in trace.calls if call.purpose == "caption"]


def frames(call: Call) -> list[str]:
    return [part.image for message in call.messages for part in message.parts if part.image]


@pytest.fixture(scope="module")
def local(
    python: str, tiny: Path, language: Path, brief: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Trace, Path]:
    """A run of the profile local with both models."""
    out = tmp_path_factory.mktemp("local")
    trace = analyzed(
        python, brief, out / "run", spied=out / "tensors.json", profile="local", vision_model=str(tiny / "vision"),
        reasoner_model=str(language), transcript="subtitles",
    )  # fmt: skip
    return trace, out


def test_frames_reach_the_model_as_video(local: tuple[Trace, Path]) -> None:
    _, out = local
    seen = [each for each in json.loads((out / "tensors.json").read_text()) if "pixel_values_videos" in each]
    assert seen
    assert all("pixel_values" not in each and each["video_grid_thw"][1] == 3 for each in seen)
    assert sum(each["video_grid_thw"][0] for each in seen) >= 2


def test_every_question_is_in_the_trace_with_its_frames_and_raw_answer(local: tuple[Trace, Path]) -> None:
    trace, out = local
    asked = captions(trace)
    assert len(asked) >= 2
    for call in asked:
        assert call.model == "vision"
        assert call.backend == "transformers"
        assert call.constrained
        assert set(call.prompts) == {"caption_blind", "caption_frames"}
        assert frames(call)
        for image in frames(call):
            assert (out / "run" / image).read_bytes().startswith(b"\xff\xd8")
        assert set(json.loads(call.answer)) == set(CHANNELS)
        assert call.finish == "stop"


def test_what_the_model_says_becomes_evidence_and_nothing_else(local: tuple[Trace, Path]) -> None:
    trace, _ = local
    found = [each for each in trace.evidence if each.producer.name == "captions"]
    expected = [seen.sentence for call in captions(trace) for seen in read(call.answer, "stop", len(frames(call))).seen]
    assert sorted(each.finding for each in found) == sorted(expected)
    assert found
    spans = {each.id: each.span for each in trace.utterances}
    for each in found:
        assert spans[each.utterance].start <= each.span.start <= each.span.end <= spans[each.utterance].end
        assert not each.saw_text
        assert each.person is not None
    assert f"{len(found)} sentences kept" in trace.provenance.settings["found.captions"]


def test_the_language_model_judges_beside_it(local: tuple[Trace, Path]) -> None:
    trace, _ = local
    judged = [call for call in trace.calls if call.purpose == "judge"]
    assert {call.utterance for call in judged} == {each.id for each in trace.utterances}
    assert len(trace.verdicts) == len(trace.utterances)


def test_a_run_says_the_same_twice(
    local: tuple[Trace, Path], python: str, tiny: Path, brief: Path, tmp_path: Path
) -> None:
    again = analyzed(
        python, brief, tmp_path / "run", spied=tmp_path / "tensors.json", profile="local", reasoner="embedded",
        vision_model=str(tiny / "vision"), transcript="subtitles",
    )  # fmt: skip
    assert [(call.id, call.answer) for call in captions(again)] == [(c.id, c.answer) for c in captions(local[0])]


def test_an_adapter_changes_the_answers(python: str, tiny: Path) -> None:
    code = """
import sys
from emoagent.tools.language.generation import Message, Question, ask
from emoagent.tools.language.transformers_model import TransformersModel
asked = Question("u1.caption", "caption", (Message("user", ("What does the person do?",)),), most=12)
plain = ask(TransformersModel(sys.argv[1], sees=True), asked)
adapted = TransformersModel(sys.argv[1], adapter=sys.argv[2], sees=True)
assert adapted.name == "vision + adapter", adapted.name
assert ask(adapted, asked).text != plain.text
"""
    command = [python, "-c", code, str(tiny / "vision"), str(tiny / "adapter")]
    done = subprocess.run(command, env=os.environ | SMALL, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]


def test_weights_that_can_hold_code_are_refused(python: str, tiny: Path, brief: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_bytes((tiny / "vision" / "config.json").read_bytes())
    (tmp_path / "model" / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    told = {"EMOAGENT_PROFILE": "local", "EMOAGENT_REASONER": "embedded", "EMOAGENT_VISION_MODEL": f"{tmp_path}/model"}
    done = subprocess.run(
        [python, "-m", "emoagent", "analyze", str(brief), "-o", str(tmp_path / "run")], env=os.environ | told,
        capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 5
    assert "safetensors" in done.stderr


@pytest.fixture(scope="module")
def served(python: str, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `transformers serve` with the tiny model."""
    if subprocess.run([python, "-c", "import fastapi, uvicorn, openai"], check=False, capture_output=True).returncode:
        pytest.skip("fastapi, uvicorn and openai are not installed there")
    log = tmp_path_factory.mktemp("serve") / "log"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(python).parent / "transformers"), "serve", "--host", "127.0.0.1", "--port", str(port),
               "--device", "cpu", "--dtype", "float32", "--force-model", str(tiny / "vision")]  # fmt: skip
    with log.open("wb") as said:
        server = subprocess.Popen(command, stdout=said, stderr=said, env=os.environ | SMALL)
    try:
        began = time.monotonic()
        while not _answers(port):
            assert server.poll() is None, log.read_text(errors="replace")[-4000:]
            assert time.monotonic() - began < START
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def one(brief: Path, tmp_path: Path) -> Path:
    """The clip with its first utterance alone: what nothing holds to a form goes on to the last token that it may."""
    clip, cues = tmp_path / brief.name, brief.with_suffix(".srt").read_text("utf-8")
    clip.write_bytes(brief.read_bytes())
    clip.with_suffix(".srt").write_text(cues.strip().partition("\n\n")[0] + "\n", "utf-8")
    return clip


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_frames_reach_a_server_as_pictures(python: str, served: str, one: Path, tmp_path: Path) -> None:
    trace = analyzed(
        python, one, tmp_path / "run", spied=tmp_path / "tensors.json", profile="server", vision_model="tiny-vision",
        vision_url=served, transcript="subtitles", at_once="1", timeout="600",
    )  # fmt: skip
    asked = captions(trace)
    assert len(asked) == 1
    assert {call.backend for call in asked} == {"chat-completions"}
    assert {call.model for call in asked} == {"tiny-vision"}
    for call in asked:
        assert len(frames(call)) >= 2
        assert call.answer
    useless = [fault for fault in trace.faults if fault.source == "captions"]
    found = [each for each in trace.evidence if each.producer.name == "captions"]
    assert useless or found  # noise that no schema holds: counted, or by chance a caption; never silence
    assert served not in (tmp_path / "run" / "trace.json").read_text("utf-8")
