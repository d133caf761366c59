"""A real vLLM server with a tiny model and its LoRA adapter: judged by it, killed in the middle, and resumed.

EMOAGENT_TEST_VLLM=/path/to/vllm-environment/bin/python pytest -m integration tests/integration/test_vllm.py -s
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter as Count
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from environments import python_of
from vllm_server import ADAPTER, MODEL, Counter, Vllm, counting, vllm

from emoagent.labels import LABEL_SETS
from emoagent.schema import Call, Trace

pytestmark = pytest.mark.integration
FEW = 3  # answers before the server is killed
AT_ONCE = 2


@pytest.fixture(scope="module")
def python() -> str:
    """The interpreter of an environment with vLLM."""
    return python_of("EMOAGENT_TEST_VLLM", "vLLM")


@pytest.fixture(scope="module")
def tiny(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model and the adapter."""
    folder, began = tmp_path_factory.mktemp("tiny"), time.monotonic()
    subprocess.run([python, str(Path(__file__).with_name("tiny_language.py")), str(folder)], check=True)
    print(f"\ntiny model made in {time.monotonic() - began:.0f} s")
    return folder


@pytest.fixture(scope="module")
def server(python: str, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    with vllm(python, tiny, tmp_path_factory.mktemp("vllm") / "log") as found:
        print(f"\nvLLM is there after {found.took:.0f} s")
        yield found


def run(sample: Path, out: Path, url: str, *more: str, command: str = "analyze") -> subprocess.CompletedProcess[str]:
    """The command, as a user gives it."""
    told = [command, *([str(sample), "-o", str(out)] if command == "analyze" else []), *more]
    environment = os.environ | {
        "EMOAGENT_PROFILE": "server", "EMOAGENT_REASONER_URL": url, "EMOAGENT_REASONER_MODEL": MODEL,
        "EMOAGENT_AT_ONCE": str(AT_ONCE), "EMOAGENT_PROMPT_TOKENS": "600", "EMOAGENT_TIMEOUT": "300",
    }  # fmt: skip
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "emoagent", *told], capture_output=True, text=True, env=environment)
    print(f"\nexit {done.returncode} after {time.monotonic() - began:.0f} s: {' '.join(told)}\n{done.stderr[-1500:]}")
    return done


def trace_in(out: Path) -> Trace:
    return Trace.model_validate_json((out / "trace.json").read_text(encoding="utf-8"))


def check(trace: Trace, asked: Counter, model: str) -> None:
    """What must hold of every run."""
    schemas = {_said(body): json.loads(body)["response_format"]["json_schema"]["schema"] for body in asked.answered}
    assert trace.calls
    for call in trace.calls:
        assert (call.model, call.backend, call.constrained) == (model, "chat-completions", True)
        assert call.prompts
        assert all(part.text for message in call.messages for part in message.parts)
        if call.finish == "stop":
            assert fits(json.loads(call.answer), schemas[_shown(call)]), call.answer
    assert {verdict.utterance for verdict in trace.verdicts} == {utterance.id for utterance in trace.utterances}
    unread = {fault.code for fault in trace.faults}
    for verdict, embedded in zip(trace.verdicts, trace.baseline, strict=True):
        assert verdict.utterance == embedded.utterance
        assert verdict.invalid or verdict.abstained or verdict.label in LABEL_SETS[trace.label_set]
        assert not verdict.invalid or unread & {"invalid_answer", "unanswered"}
    ours = [verdict for verdict in trace.verdicts if verdict.reasoner == f"language:{model}" and verdict.label]
    assert len(ours) > len(trace.verdicts) / 2
    for verdict in ours:
        told = [call for call in trace.calls if call.utterance == verdict.utterance]
        assert verdict.label in {json.loads(call.answer)["label"] for call in told if call.finish == "stop"}


def _said(body: bytes) -> str:
    return json.dumps([message["content"] for message in json.loads(body)["messages"]])


def _shown(call: Call) -> str:
    return json.dumps(["\n".join(part.text or "" for part in message.parts) for message in call.messages])


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value keeps to a schema of the kinds that the reasoner uses."""
    if "enum" in schema:
        return value in schema["enum"]
    kind = schema["type"]
    if kind == "object":
        fields = schema["properties"]
        return isinstance(value, dict) and set(value) == set(fields) and all(fits(value[n], fields[n]) for n in fields)
    if kind == "array":
        least, most = schema.get("minItems", 0), schema.get("maxItems", len(value))
        return isinstance(value, list) and least <= len(value) <= most and all(fits(v, schema["items"]) for v in value)
    if kind == "string":
        return isinstance(value, str) and schema.get("minLength", 0) <= len(value) <= schema.get(
            "maxLength", len(value)
        )
    assert kind in ("integer", "number")
    return isinstance(value, int | float) and schema.get("minimum", value) <= value <= schema.get("maximum", value)


def test_doctor_finds_the_server_the_model_and_the_adapter(server: Vllm, sample: Path, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{server.port}/v1"
    told = run(sample, tmp_path, url, "--json", command="doctor").stdout
    checks = {found["name"]: found for found in json.loads(told)}
    assert checks[f"server: {url}"]["state"] == "ok"
    assert f"{MODEL}, {ADAPTER}" in checks[f"server: {url}"]["found"]
    assert checks["server: reasoner"]["state"] in ("ok", "note")
    assert f"{MODEL!r} answers in" in checks["server: reasoner"]["found"]


def test_the_base_model_judges_a_clip(server: Vllm, sample: Path, tmp_path: Path) -> None:
    with counting(server.port) as counter:
        done = run(sample, tmp_path, counter.url)
        assert done.returncode in (0, 3), done.stderr
        trace = trace_in(tmp_path)
        check(trace, counter, MODEL)
        assert len(counter.answered) == len(trace.calls)
        assert counter.url not in (tmp_path / "trace.json").read_text(encoding="utf-8")
    print(Count(verdict.label for verdict in trace.verdicts))


def test_killed_in_the_middle_started_again_and_resumed(
    server: Vllm, python: str, tiny: Path, sample: Path, tmp_path: Path
) -> None:
    out, brief = tmp_path / "out", ("--adapter", ADAPTER, "--agents", "transcript")
    with counting(server.port) as counter:
        counter.until, counter.then = FEW, server.kill
        done = run(sample, out, counter.url, *brief)
        assert done.returncode == 6, done.stderr
        assert not (out / "trace.json").exists()
        first = counter.answered
    assert len(first) == FEW
    with vllm(python, tiny, tmp_path / "log") as again, counting(again.port) as counter:
        print(f"\nvLLM is there again after {again.took:.0f} s")
        done = run(sample, out, counter.url, *brief, "--resume")
        assert done.returncode in (0, 3), done.stderr
        counter.answered = first + counter.answered
        trace = trace_in(out)
        check(trace, counter, ADAPTER)
    assert len(set(counter.answered)) == len(counter.answered) == len(trace.calls)
    assert [json.loads(body)["model"] for body in counter.answered] == [ADAPTER] * len(trace.calls)
    print(Count(verdict.label for verdict in trace.verdicts))
