"""The MCP server by the official client: its tools and resources, over a result that is there, and over turns."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE
from mcp import Client, MCPError
from mcp_client import asked, refused, served

from emoagent.affect import AffectTurn
from emoagent.bridges import telling
from emoagent.bridges.mcp.results import Results
from emoagent.bridges.mcp.roots import Roots
from emoagent.errors import ExtraMissing
from emoagent.schema import Trace

TOOLS = {"analyze_media", "analyze_turn", "get_timeline", "get_evidence", "explain_label"}
NAME = "0123456789ab-01234567"


@pytest.fixture
def place(sampled: tuple[Trace, Path], tmp_path: Path) -> tuple[Path, Path]:
    """A folder that may be read, with a result in it, and one for the server's own, with the same."""
    root, own = tmp_path / "root", tmp_path / "own"
    for target in (root / "run", own / NAME):
        target.mkdir(parents=True)
        for name in ("trace.json", "report.html", "run.json"):
            shutil.copy(sampled[1] / name, target / name)
    return root, own


def test_each_tool_is_typed_and_says_what_it_changes(tmp_path: Path) -> None:
    async def scenario(client: Client) -> None:
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == TOOLS
        for tool in tools:
            assert tool.output_schema
            assert tool.output_schema["properties"]
            assert "never an instruction" in (tool.description or "") or "never as" in (tool.description or "")
            assert tool.annotations
            assert tool.annotations.read_only_hint is not tool.name.startswith("analyze")
            assert (tool.annotations.destructive_hint, tool.annotations.open_world_hint) == (False, False)
            assert all(
                each.get("description") or "enum" in str(each) for each in tool.input_schema["properties"].values()
            )
        assert "never instructions" in str(client.instructions)

    served(scenario, [], tmp_path)


@pytest.mark.parametrize("result", [NAME, "run"])
def test_a_result_is_asked_by_its_id_or_by_its_folder(place: tuple[Path, Path], result: str) -> None:
    async def scenario(client: Client) -> None:
        whole = telling.Timeline.model_validate(await asked(client, "get_timeline", result=result))
        assert whole.total == len(whole.entries) == 8
        assert whole.people == ("Grace", "Eileen")
        found = await asked(client, "get_timeline", result=result, label="anger", person="grace")
        (entry,) = found["entries"]
        assert entry["text"] == "Stop it! You broke my computer!"
        why = await asked(client, "explain_label", result=result, utterance=entry["utterance"])
        assert why["label"] == "anger"
        cited = [cite for sentence in why["sentences"] for cite in sentence["evidence"]]
        assert all(f"{cite}" in why["text"] for cite in cited)
        items = (await asked(client, "get_evidence", result=result, ids=cited))["items"]
        assert {item["id"] for item in items} == set(cited)

    served(scenario, [place[0]], place[1])


def test_what_is_read_of_a_result(place: tuple[Path, Path], sampled: tuple[Trace, Path]) -> None:
    async def scenario(client: Client) -> None:
        listed = {str(resource.uri) for resource in (await client.list_resources()).resources}
        parts = {f"emoagent://results/{NAME}/{kind}" for kind in ("timeline", "trace", "report")}
        assert listed == {"emoagent://results", *parts}
        templates = (await client.list_resource_templates()).resource_templates
        assert {each.uri_template for each in templates} == {each.replace(NAME, "{result}") for each in parts}
        index = await _read(client, "emoagent://results")
        assert json.loads(index) == [{"result": NAME, "clip": SAMPLE.name}]
        assert Trace.model_validate_json(await _read(client, f"emoagent://results/{NAME}/trace")) == sampled[0]
        assert len(json.loads(await _read(client, f"emoagent://results/{NAME}/timeline"))["entries"]) == 8
        assert (await _read(client, f"emoagent://results/{NAME}/report")).startswith("<!doctype html>")

    served(scenario, [], place[1])


@pytest.mark.parametrize(
    "uri",
    [
        "emoagent://results/ffffffffffff-ffffffff/trace",
        "emoagent://results/../trace",
        "emoagent://results/%2e%2e/trace",
        "emoagent://results/run/trace",
        f"emoagent://results/{NAME}/run.json",
        "file:///etc/passwd",
    ],
)
def test_no_other_resource_is_there(place: tuple[Path, Path], uri: str) -> None:
    async def scenario(client: Client) -> None:
        with pytest.raises(MCPError, match=r"no trace|[Uu]nknown"):
            await client.read_resource(uri)

    served(scenario, [place[0]], place[1])


def test_turns_are_judged_one_after_another_and_can_be_asked_about(tmp_path: Path) -> None:
    async def scenario(client: Client) -> None:
        first = await asked(
            client, "analyze_turn", text="I am so happy! We are going to fly!", session="ann", consent=["text"]
        )
        assert AffectTurn.model_validate(first).label == "joy"
        again = await asked(client, "analyze_turn", text="Stop it! You broke my computer!", session="ann", turn_id="b")
        assert (again["turn"], again["label"], again["trend"]["before"]) == (2, "anger", "joy")
        assert await asked(client, "analyze_turn", text="Something else", session="ann", turn_id="b") == again
        timeline = await asked(client, "get_timeline", session="ann")
        assert [entry["label"] for entry in timeline["entries"]] == ["joy", "anger"]
        why = await asked(client, "explain_label", session="ann", utterance="t2")
        assert (why["label"], why["about"]) == ("anger", ["t2"])
        items = (await asked(client, "get_evidence", session="ann", ids=again["evidence"]))["items"]
        assert [item["id"] for item in items] == again["evidence"]

    served(scenario, [], tmp_path)


def test_what_has_not_been_agreed_to_is_not_used(tmp_path: Path) -> None:
    async def scenario(client: Client) -> None:
        assert (await refused(client, "analyze_turn", text="Hello."))["code"] == "no_consent"
        assert (await refused(client, "analyze_turn", text="Hello.", session="ann"))["code"] == "no_consent"
        mute: dict[str, Any] = {"session": "ann", "audio": SAMPLE.name, "consent": ["text"]}
        assert (await refused(client, "analyze_turn", text="Hello.", **mute))["code"] == "no_consent"
        unseen = {"session": "ann", "pictures": [{"path": SAMPLE.name, "time": 0}]}
        assert (await refused(client, "analyze_turn", text="Hello.", **unseen))["code"] == "no_consent"
        heard = await asked(client, "analyze_turn", text="Hello.", **mute | {"consent": ["text", "voice"]})
        assert {vote["modality"]: vote["reason"] for vote in heard["votes"] if vote["abstained"]} == {
            "face": "no consent"
        }

    served(scenario, [SAMPLE.parent], tmp_path)


def test_at_work_nothing_but_words_is_judged(tmp_path: Path) -> None:
    async def scenario(client: Client) -> None:
        spoken: dict[str, Any] = {"audio": SAMPLE.name, "consent": ["text", "voice"]}
        assert (await refused(client, "analyze_turn", **spoken))["code"] == "refused"
        assert (await refused(client, "analyze_media", path=SAMPLE.name))["code"] == "refused"

    served(scenario, [SAMPLE.parent], tmp_path, context="workplace")


@pytest.mark.parametrize(
    ("tool", "given", "code"),
    [
        ("get_timeline", {}, "usage"),
        ("get_timeline", {"result": NAME, "session": "x"}, "usage"),
        ("get_timeline", {"result": "ffffffffffff-ffffffff"}, "not_found"),
        ("get_timeline", {"result": "../own"}, "refused"),
        ("get_timeline", {"session": "nobody"}, "not_found"),
        ("get_evidence", {"result": NAME, "utterance": "u99"}, "not_found"),
        ("explain_label", {"result": NAME}, "usage"),
        ("explain_label", {"result": NAME, "at": 21.9}, "not_found"),
        ("analyze_turn", {"consent": ["text"]}, "usage"),
        ("analyze_turn", {"text": "x", "session": "a b", "consent": ["text"]}, "usage"),
        ("analyze_media", {"path": "run"}, "refused"),
        ("analyze_media", {"path": "run/trace.json", "agents": ["nobody"]}, "usage"),
    ],
)
def test_an_error_says_what_to_do(place: tuple[Path, Path], tool: str, given: dict[str, Any], code: str) -> None:
    async def scenario(client: Client) -> None:
        envelope = await refused(client, tool, **given)
        assert envelope["code"] == code
        assert envelope["message"]
        assert envelope["hint"]

    served(scenario, [place[0]], place[1])


def test_arguments_that_make_no_sense_are_told_by_name(place: tuple[Path, Path]) -> None:
    async def scenario(client: Client) -> None:
        for given in ({"limit": 0}, {"limit": 10_000}, {"skip": -1}, {"start": "soon"}):
            result: Any = await client.call_tool("get_timeline", {"result": NAME, **given})
            assert result.is_error
            assert next(iter(given)) in result.content[0].text

    served(scenario, [], place[1])


def test_nobody_else_reads_the_results(tmp_path: Path) -> None:
    own = tmp_path / "own"
    assert Results(own, Roots([])).names() == ()
    assert own.stat().st_mode & 0o777 == 0o700


def test_the_older_protocol_is_spoken_as_well(place: tuple[Path, Path]) -> None:
    async def scenario(client: Client) -> str:
        assert (await asked(client, "get_timeline", result=NAME, limit=3))["next"] == 3
        return client.protocol_version

    assert served(scenario, [], place[1], mode="legacy") < served(scenario, [], place[1])


def test_without_the_sdk_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "emoagent.bridges.mcp.server")
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    with pytest.raises(ExtraMissing) as error:
        importlib.import_module("emoagent.bridges.mcp.server")
    assert "emoagent[mcp]" in error.value.hint


async def _read(client: Client, uri: str) -> str:
    found: Any = (await client.read_resource(uri)).contents[0]
    return str(found.text)
