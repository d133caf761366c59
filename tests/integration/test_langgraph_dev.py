"""LangGraph's own development server opens our graph, draws it and runs it on the sample; nothing is sent anywhere.

Needs an environment with `langgraph-cli[inmem]` and emoagent: EMOAGENT_TEST_LANGGRAPH names its python.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import ROOT, SAMPLE
from environments import python_of

pytestmark = pytest.mark.integration

STARTS = 120.0  # seconds
NOWHERE = "http://127.0.0.1:9"  # a proxy that is not there: whoever wants to get out cannot
QUIET = {
    "LANGGRAPH_CLI_NO_ANALYTICS": "1", "LANGSMITH_TRACING": "false", "LANGCHAIN_TRACING_V2": "false",
    "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1,localhost", "BROWSER": "false",
}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The server, started as a user does, from a folder that holds langgraph.json."""
    python = Path(python_of("EMOAGENT_TEST_LANGGRAPH", "langgraph-cli[inmem]"))
    folder = tmp_path_factory.mktemp("studio")
    (folder / "langgraph.json").write_text((ROOT / "langgraph.json").read_text())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(python.with_name("langgraph")), "dev", "--no-browser", "--no-reload", "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LANGSMITH")}
    log = (folder / "log").open("w")
    with log, subprocess.Popen(
        command, cwd=folder, env=environment | QUIET | {"TMPDIR": str(folder)}, stdout=log, stderr=log,
        start_new_session=True,
    ) as server:  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            _started(server, address, folder / "log")
            with httpx.Client(base_url=address, timeout=300, trust_env=False) as found:
                yield found
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def _started(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    for _ in range(round(STARTS / 0.5)):
        try:
            if httpx.get(f"{address}/ok", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            assert server.poll() is None, log.read_text()
        time.sleep(0.5)
    raise AssertionError(log.read_text())


def test_the_graph_is_there_and_can_be_drawn(client: httpx.Client) -> None:
    assistants = {each["graph_id"]: each for each in client.post("/assistants/search", json={}).json()}
    assert set(assistants) == {"episode", "turn"}
    assistant = assistants["episode"]
    drawing = client.get(f"/assistants/{assistant['assistant_id']}/graph").json()
    names = {node["id"] for node in drawing["nodes"]}
    assert names == {"__start__", "probe", "hear", "watch", "bind", "perceive", "opine", "judge", "audit", "__end__"}
    edges = {(edge["source"], edge["target"]) for edge in drawing["edges"]}
    assert {("probe", "hear"), ("probe", "watch"), ("bind", "perceive"), ("judge", "audit")} <= edges
    form = client.get(f"/assistants/{assistant['assistant_id']}/schemas").json()["context_schema"]
    assert set(form["properties"]) == {"source", "agents"}


def test_it_runs_on_the_sample(client: httpx.Client) -> None:
    asked: dict[str, Any] = {"assistant_id": "episode", "input": {}}
    asked["context"] = {"source": str(SAMPLE), "agents": "transcript,voice"}
    thread = client.post("/threads", json={}).json()["thread_id"]
    values = client.post(f"/threads/{thread}/runs/wait", json=asked).json()
    assert [verdict["utterance"] for verdict in values["verdicts"]] == [f"u{place}" for place in range(1, 9)]
    assert {item["modality"] for item in values["evidence"]} >= {"text", "voice"}
    assert not values["faults"]
    kept = client.get(f"/threads/{thread}/state").json()
    assert kept["values"]["verdicts"] == values["verdicts"]
    assert kept["next"] == []


def test_a_file_that_is_not_there_is_an_error_of_the_run(client: httpx.Client) -> None:
    asked = {"assistant_id": "episode", "input": {}, "context": {"source": "/nowhere.mp4"}}
    assert client.post("/runs/wait", json=asked).json()["__error__"]["error"] == "MediaError"


def test_a_thread_is_a_conversation(client: httpx.Client) -> None:
    def said(text: str, thread: str) -> Any:
        asked = {"assistant_id": "turn", "input": {"messages": [{"role": "user", "content": text}]}}
        return client.post(f"/threads/{thread}/runs/wait", json=asked).json()["affect"]

    ann, ben = (client.post("/threads", json={}).json()["thread_id"] for _ in range(2))
    assert said("I am so happy! We are going to fly!", ann)["label"] == "joy"
    second = said("Stop it! You broke my computer!", ann)
    assert (second["turn"], second["label"], second["trend"]["before"]) == (2, "anger", "joy")
    assert said("Stop it! You broke my computer!", ben)["turn"] == 1
