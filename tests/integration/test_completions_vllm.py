"""The openai package through the pass-through to a real vLLM server, and the chat in the terminal with it.

EMOAGENT_TEST_VLLM=/path/to/vllm-environment/bin/python pytest -m integration tests/integration/test_completions_vllm.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from environments import python_of
from http_serving import ANN, Serving, serving
from vllm_server import ADAPTER, MODEL, Vllm, vllm

pytestmark = pytest.mark.integration
HAPPY: list[Any] = [{"role": "user", "content": "Oh my God, I'm so happy!"}]
ASKED = {"messages": HAPPY, "max_tokens": 12, "temperature": 0, "seed": 7}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    python, folder = python_of("EMOAGENT_TEST_VLLM", "vLLM"), tmp_path_factory.mktemp("vllm")
    subprocess.run([python, str(Path(__file__).with_name("tiny_language.py")), str(folder)], check=True)
    with vllm(python, folder, folder / "log") as found:
        yield found


@pytest.fixture(scope="module")
def site(model: Vllm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("data"), (ANN,), upstream_url=_address(model), deadline=10.0) as site:
        yield site


@pytest.fixture
def client(site: Serving) -> Iterator[openai.OpenAI]:
    headers = {"X-Emoagent-Session": site.session(text=True)}
    address = f"http://127.0.0.1:{site.port}/v1"
    with openai.OpenAI(base_url=address, api_key=ANN, default_headers=headers, max_retries=0) as client:
        yield client


def _address(model: Vllm) -> str:
    return f"http://127.0.0.1:{model.port}/v1"


def test_what_vllm_says_comes_through_with_the_affect(client: openai.OpenAI, model: Vllm) -> None:
    assert {each.id for each in client.models.list()} == {MODEL, ADAPTER}
    create: Any = client.chat.completions.create
    direct = httpx.post(f"{_address(model)}/chat/completions", json={"model": MODEL, **ASKED}, timeout=60).json()
    whole = create(model=MODEL, **ASKED)
    assert whole.choices[0].message.content == direct["choices"][0]["message"]["content"]
    assert whole.usage.completion_tokens == direct["usage"]["completion_tokens"]
    assert (whole.affect["label"], whole.affect_error) == ("joy", None)
    chunks = list(create(model=MODEL, stream=True, stream_options={"include_usage": True}, **ASKED))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.choices[0].message.content
    assert chunks[-2].usage.completion_tokens == whole.usage.completion_tokens
    assert (chunks[-1].affect["label"], chunks[-1].affect["turn"], chunks[-1].id) == ("joy", 1, chunks[0].id)


def test_what_vllm_refuses_is_told_as_it_tells_it(client: openai.OpenAI) -> None:
    create: Any = client.chat.completions.create
    with pytest.raises(openai.NotFoundError, match="nobody"):
        create(model="nobody", **ASKED)
    with pytest.raises(openai.BadRequestError):
        create(model=MODEL, **{**ASKED, "max_tokens": -1})


def test_the_chat_in_the_terminal_finds_the_model_by_its_name(model: Vllm) -> None:
    command = [sys.executable, "-P", "-m", "emoagent", "chat", "--json", "--note", "--reasoner-url", _address(model)]
    unsaid = subprocess.run(command, input="Hello!\n", capture_output=True, text=True, check=False)
    assert unsaid.returncode == 2
    assert "it offers" in unsaid.stderr
    done = subprocess.run(
        [*command, "--reasoner-model", MODEL], input="Hello!\n", capture_output=True, text=True, check=True,
        env=os.environ | {"EMOAGENT_TIMEOUT": "300"},
    )  # fmt: skip
    answered = json.loads(done.stdout)
    assert answered["by"] == MODEL
    assert isinstance(answered["reply"], str)
    assert answered["affect"]["turn"] == 1
