"""What goes to an OpenAI-compatible server and what comes back, as bytes."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, replace
from typing import Any

from emoagent.tools.language.generation import Answer, Message, Picture, Question
from emoagent.tools.plain_text import one_line

EVENT = b"data:"  # begins a line of a stream
MOST_SAID = 300  # characters of a server's own words that an error repeats


@dataclass(frozen=True)
class Dialect:
    """What a server knows. `schemas`: `response_format: json_schema`. `limit`: what it calls the most tokens to say."""

    schemas: bool = True
    limit: str = "max_tokens"

    def without(self, refusal: str) -> Dialect:
        """How to ask a server that refused with these words; the same dialect where they are of something else."""
        said = refusal.lower()
        if self.limit == "max_tokens" and "max_completion_tokens" in said and "support" in said:
            return replace(self, limit="max_completion_tokens")
        unknown = any(name in said for name in ("response_format", "json_schema", "json schema"))
        return replace(self, schemas=False) if unknown else self


def body_of(model: str, question: Question, dialect: Dialect) -> bytes:
    """The request, at temperature 0; pictures go along as data URLs."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": message.role, "content": _content(message)} for message in question.messages],
        "temperature": 0,
        "seed": question.seed,
        dialect.limit: question.most,
    }
    if question.schema is not None and dialect.schemas:
        form = {"name": "answer", "strict": True, "schema": dict(question.schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    return json.dumps(body).encode()


def _content(message: Message) -> str | list[dict[str, Any]]:
    """Text alone goes as one string, for not every chat template can read a list."""
    texts = [part for part in message.parts if isinstance(part, str)]
    if len(texts) == len(message.parts):
        return "\n".join(texts)
    return [_picture(part) if isinstance(part, Picture) else {"type": "text", "text": part} for part in message.parts]


def _picture(picture: Picture) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{b64encode(picture.jpeg).decode()}"}}


def answer_in(body: bytes, *, held: bool) -> Answer:
    """The answer that a response holds. Raises `ValueError` where it is not what the protocol says."""
    try:
        found = _joined(body) if body.lstrip().startswith(EVENT) else json.loads(body)
        choice = found["choices"][0]
        text, cut = choice["message"]["content"], choice.get("finish_reason") == "length"
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError("there is no message in it") from error
    if text is None and cut:  # all that it was allowed to say went into thinking
        text = ""
    if not isinstance(text, str):
        raise ValueError("its message is no text")
    finish = "length" if cut else "stop"
    return Answer(_unicode(text), finish, *_tokens(found.get("usage")), held=held)


def _joined(body: bytes) -> dict[str, Any]:
    """The answer of a server that streams unasked, as `transformers serve` of transformers 4 does, put together."""
    lines = [line.removeprefix(EVENT).strip() for line in body.splitlines() if line.startswith(EVENT)]
    events = [json.loads(line) for line in lines if line != b"[DONE]"]
    choices = [choice for event in events for choice in event.get("choices", [])[:1]]
    text = "".join(choice.get("delta", {}).get("content") or "" for choice in choices)
    ends = [choice["finish_reason"] for choice in choices if choice.get("finish_reason")]
    usage = [event["usage"] for event in events if event.get("usage")]
    if not ends:
        raise KeyError("the stream breaks off")
    message = {"message": {"content": text}, "finish_reason": ends[-1]}
    return {"choices": [message], "usage": usage[-1] if usage else None}


def refusal_in(body: bytes, secret: str | None) -> str:
    """A server's own words on why it refuses, on one line, cut, and without the key."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    for name in ("error", "message", "detail"):
        if isinstance(found, dict) and name in found:
            found = found[name]
    said = found if isinstance(found, str) else json.dumps(found)
    said = said.replace(secret, "…") if secret else said
    said = one_line(said)
    return said if len(said) <= MOST_SAID else said[: MOST_SAID - 1] + "…"


def _tokens(usage: object) -> tuple[int | None, int | None]:
    counts = usage if isinstance(usage, dict) else {}
    return _count(counts.get("prompt_tokens")), _count(counts.get("completion_tokens"))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _unicode(text: str) -> str:
    """Half of a surrogate pair, which JSON can hold and UTF-8 cannot, becomes the replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
