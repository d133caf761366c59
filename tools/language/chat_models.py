"""What an OpenAI-compatible server has to offer (`GET URL/models`)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from emoagent.errors import BackendUnreachable
from emoagent.tools.language.chat_line import LARGEST, bare, reach


@dataclass(frozen=True)
class Offered:
    """A model or a LoRA adapter by its name there. `context`: tokens of question and answer together, where told."""

    name: str
    context: int | None = None


@dataclass(frozen=True)
class Listing:
    """What `GET URL/models` brought: its HTTP status, and the models, where it is 200."""

    status: int
    models: tuple[Offered, ...] = ()


def offered(url: str, key: str | None, timeout: float) -> Listing:
    """What the server lists, within `timeout` seconds. Raises `BackendUnreachable` where there is no such server."""
    import httpx

    try:
        with httpx.Client(timeout=timeout, **reach(url, key)) as client, client.stream("GET", f"{url}/models") as found:
            body = bytearray()
            for piece in found.iter_bytes():
                body += piece
                if len(body) > LARGEST:
                    break
    except httpx.HTTPError as error:
        hint = "start the server or mend the address; see docs/vllm.md"
        message = f"no answer: {str(error) or type(error).__name__}"
        raise BackendUnreachable(message, hint=hint, where=bare(url)) from error
    return Listing(found.status_code, _models(bytes(body)) if found.status_code == 200 else ())


def _models(body: bytes) -> tuple[Offered, ...]:
    try:
        rows = json.loads(body)["data"]
        return tuple(Offered(str(row["id"]), _context(row)) for row in rows)
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()


def _context(row: dict[str, object]) -> int | None:
    found = row.get("max_model_len")  # vLLM tells it here
    return found if isinstance(found, int) else None
