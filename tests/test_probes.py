"""What `emoagent doctor` finds out about servers, from real little ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from chat_server import Raw, Server, message, serving

from emoagent.commands.doctor import Check
from emoagent.commands.probes import probe_servers
from emoagent.settings import load_settings


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        found.listing, found.says = listing("qwen", "mine"), lambda request: '{"ok": true}'
        yield found


def listing(*names: str, **more: Any) -> Raw:
    return Raw(body=json.dumps({"object": "list", "data": [{"id": name, **more} for name in names]}).encode())


def probes(server: Server, **settings: Any) -> list[Check]:
    return list(probe_servers(load_settings(reasoner_url=server.url, api_key="hush-hush", timeout=5, **settings)))


def test_nothing_is_sent_where_no_server_is_named() -> None:
    assert list(probe_servers(load_settings())) == []


def test_all_is_well(server: Server) -> None:
    found = probes(server, reasoner_model="qwen", adapter="mine", vision_model="qwen", verifier_model="qwen")
    assert [check.state for check in found] == ["ok"] * 5
    assert [check.name.removeprefix("server: ") for check in found] == [
        server.url, "reasoner", "adapter", "vision", "verifier",
    ]  # fmt: skip
    assert "qwen, mine" in found[0].found
    assert "answers in" in found[1].found
    assert [request["model"] for request in server.asked] == ["qwen", "mine", "qwen", "qwen"]
    assert server.asked[2]["messages"][0]["content"][0]["type"] == "image_url"
    assert set(server.keys) == {"Bearer hush-hush"}
    assert "hush" not in repr(found)


def test_a_server_that_is_not_there(server: Server) -> None:
    server.stop()
    (check,) = probes(server, reasoner_model="qwen")
    assert (check.state, "EMOAGENT_REASONER_URL" in check.fix) == ("problem", True)
    (check,) = probe_servers(load_settings(vision_url=f"{server.url}", vision_model="qwen"))
    assert "EMOAGENT_VISION_URL" in check.fix


@pytest.mark.parametrize(("status", "fix"), [(401, "EMOAGENT_API_KEY"), (403, "EMOAGENT_API_KEY")])
def test_a_key_that_is_refused(server: Server, status: int, fix: str) -> None:
    server.listing = Raw(status)
    (check,) = probes(server, reasoner_model="qwen")
    assert (check.state, fix in check.fix) == ("problem", True)


def test_a_model_or_an_adapter_that_is_not_listed(server: Server) -> None:
    there, model, adapter = probes(server, reasoner_model="qwen-8b", adapter="yours")
    assert (there.state, model.state, adapter.state) == ("ok", "problem", "problem")
    assert "one of: qwen, mine" in model.fix
    assert "--lora-modules yours=" in adapter.fix
    assert server.asked == []
    _, unnamed = probes(server)
    assert (unnamed.state, "EMOAGENT_REASONER_MODEL" in unnamed.fix) == ("problem", True)


def test_a_server_that_lists_nothing_may_still_answer(server: Server) -> None:
    server.listing = Raw(404)
    there, model = probes(server, reasoner_model="qwen")
    assert (there.state, model.state) == ("note", "ok")
    server.listing = Raw(body=b"<html>")
    assert [check.state for check in probes(server, reasoner_model="qwen")] == ["ok", "ok"]
    server.says = lambda request: 404
    assert probes(server, reasoner_model="qwen")[1].state == "problem"


def test_answers_that_do_not_keep_to_the_schema(server: Server) -> None:
    refusal = Raw(400, b'{"error": {"message": "response_format is not supported"}}')
    server.says = lambda request: refusal if "response_format" in request else "{}"
    assert "knows no JSON Schemas" in probes(server, reasoner_model="qwen")[1].found
    server.says = lambda request: "Sure! Here it is"
    check = probes(server, reasoner_model="qwen")[1]
    assert (check.state, "does not keep" in check.found, bool(check.fix)) == ("note", True, True)


def test_an_answer_without_an_end(server: Server) -> None:
    server.says = lambda request: message('{"ok":\n\n', finish_reason="length")
    check = probes(server, reasoner_model="qwen")[1]
    assert (check.state, "does not end" in check.found, "white space" in check.fix) == ("note", True, True)


def test_a_context_that_is_too_small(server: Server) -> None:
    server.listing = listing("qwen", max_model_len=2048)
    check = probes(server, reasoner_model="qwen")[1]
    assert (check.state, "--max-model-len" in check.fix) == ("note", True)
    server.listing = listing("qwen", max_model_len=4096)
    assert probes(server, reasoner_model="qwen", prompt_tokens=1000)[1].state == "ok"


def test_a_vision_model_that_sees_nothing(server: Server) -> None:
    server.says = lambda request: Raw(400, b'{"error": "no images"}') if "image" in str(request) else '{"ok": true}'
    found = {check.name: check for check in probes(server, reasoner_model="qwen", vision_model="qwen")}
    assert found["server: reasoner"].state == "ok"
    assert "vision-language" in found["server: vision"].fix
