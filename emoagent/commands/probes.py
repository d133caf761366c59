"""Whether the servers that the settings name are there, have the models, and answer as they must."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from emoagent.commands.doctor import Check
from emoagent.errors import BackendUnreachable, EmoagentError
from emoagent.prompts.template import prompt
from emoagent.settings import Settings
from emoagent.tools.language.chat_completion import ChatServer
from emoagent.tools.language.chat_line import bare
from emoagent.tools.language.chat_models import Listing, Offered, offered
from emoagent.tools.language.generation import Answer, Message, Picture, Question, ask
from emoagent.tools.language.json_answer import closed

SCHEMA = closed({"ok": {"type": "boolean"}})
PATIENCE = 60.0  # seconds for one answer, if the settings do not say less
ANSWER = 3000  # tokens of a verdict, at most, and of what stands around the evidence
SERVER = "server: "
WHERE = "mend EMOAGENT_{}_URL (it ends in /v1), or start the server: docs/vllm.md"


@dataclass(frozen=True)
class Served:
    """A model that the settings want of a server. `told` is the setting that names it; `part` what it is for."""

    part: str
    url: str
    model: str | None
    told: str
    sees: bool = False


def probe_servers(settings: Settings) -> Iterator[Check]:
    """Looks at each server and model that is named; sends nothing where none is."""
    listings = dict[str, Listing | None]()
    for wanted in _wanted(settings):
        if wanted.url not in listings:
            listings[wanted.url] = yield from _server(wanted, settings)
        if listing := listings[wanted.url]:
            yield from _model(wanted, listing, settings)


def _wanted(settings: Settings) -> Iterator[Served]:
    shared = settings.reasoner_url
    if shared and (settings.reasoner_model or not (settings.adapter or settings.vision_model)):
        yield Served("reasoner", shared, settings.reasoner_model, "EMOAGENT_REASONER_MODEL")
    if shared and settings.adapter:
        yield Served("adapter", shared, settings.adapter, "EMOAGENT_ADAPTER")
    if (url := settings.vision_url or shared) and (settings.vision_url or settings.vision_model):
        yield Served("vision", url, settings.vision_model, "EMOAGENT_VISION_MODEL", sees=True)
    if (url := settings.verifier_url or shared) and (settings.verifier_url or settings.verifier_model):
        yield Served("verifier", url, settings.verifier_model, "EMOAGENT_VERIFIER_MODEL")


def _server(wanted: Served, settings: Settings) -> Generator[Check, None, Listing | None]:
    """Whether it is there; returns what it lists, or `None` where asking on is of no use."""
    name, url, began = SERVER + bare(wanted.url), wanted.url.rstrip("/"), time.perf_counter()
    part = "REASONER" if wanted.url == settings.reasoner_url else wanted.part.upper()
    try:
        listing = offered(url, _key(settings), min(settings.timeout, PATIENCE))
    except BackendUnreachable as error:
        yield Check(name, "problem", error.message, WHERE.format(part))
        return None
    took = f"{1000 * (time.perf_counter() - began):.0f} ms"
    if listing.status in (401, 403):
        yield Check(name, "problem", f"it wants another key (HTTP {listing.status})", "set EMOAGENT_API_KEY")
        return None
    if listing.status != 200:
        yield Check(name, "note", f"it lists no models (HTTP {listing.status}, {took})", WHERE.format(part))
    else:
        yield Check(name, "ok", f"there ({took}), with {_few(listing)}")
    return listing


def _model(wanted: Served, listing: Listing, settings: Settings) -> Iterator[Check]:
    """Whether the model is listed, has room, and answers one small question."""
    name = f"{SERVER}{wanted.part}"
    if wanted.model is None:
        yield Check(name, "problem", "no model is named", f"set {wanted.told} to one of: {_few(listing)}")
        return
    found = next((model for model in listing.models if model.name == wanted.model), None)
    if listing.models and found is None:
        fix = f"set {wanted.told} to one of: {_few(listing)}"
        if wanted.part == "adapter":
            fix = f"serve it: vllm serve … --enable-lora --lora-modules {wanted.model}=FOLDER (docs/vllm.md)"
        yield Check(name, "problem", f"{wanted.model!r} is not among its models", fix)
        return
    yield _answers(name, wanted, found, settings)


def _answers(name: str, wanted: Served, found: Offered | None, settings: Settings) -> Check:
    timeout, began = min(settings.timeout, PATIENCE), time.perf_counter()
    try:
        assert wanted.model is not None
        server = ChatServer(wanted.model, wanted.url.rstrip("/"), _key(settings), timeout=timeout, tries=1)
        answer = ask(server, _question(wanted))
    except EmoagentError as error:
        fix = "serve a vision-language model there: docs/vllm.md" if wanted.sees else error.hint
        return Check(name, "problem", error.message, fix or "look at the server's log")
    took = f"{wanted.model!r} answers in {time.perf_counter() - began:.2f} s"
    if flaw := _flaw(answer):
        return Check(name, "note", f"{took}, {flaw[0]}", flaw[1])
    need = settings.prompt_tokens + ANSWER
    if found and found.context and found.context < need:
        fix = f"serve it with --max-model-len {need} or more, or set EMOAGENT_PROMPT_TOKENS lower"
        return Check(name, "note", f"{took}, but has room for {found.context} tokens alone", fix)
    return Check(name, "ok", f"{took} and keeps to a JSON Schema")


def _flaw(answer: Answer) -> tuple[str, str] | None:
    """What is wrong with the answer to the small question, and what to do."""
    fix = "use a server that knows response_format: json_schema, or expect invalid verdicts: docs/vllm.md"
    if not answer.held:
        return "but knows no JSON Schemas", fix
    if answer.finish == "length":
        return "but does not end", "switch its thinking off, and white space in structured outputs: docs/vllm.md"
    try:
        kept = isinstance(json.loads(answer.text), dict)
    except ValueError:
        kept = False
    return None if kept else ("but does not keep to a JSON Schema", fix)


def _question(wanted: Served) -> Question:
    parts: tuple[str | Picture, ...] = (prompt("probe").filled(),)
    if wanted.sees:
        parts = (Picture(_gray(), "probe.jpg"), *parts)
    purpose = "caption" if wanted.sees else "judge"
    return Question("probe", purpose, (Message("user", parts),), SCHEMA, most=32)  # type: ignore[arg-type]


def _gray() -> bytes:
    """A gray JPEG picture of 64 by 64 pixels."""
    import cv2
    import numpy as np

    return bytes(cv2.imencode(".jpg", np.full((64, 64, 3), 128, np.uint8))[1])


def _few(listing: Listing) -> str:
    names = [model.name for model in listing.models]
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "") or "no models listed"


def _key(settings: Settings) -> str | None:
    return settings.api_key.get_secret_value() if settings.api_key else None
