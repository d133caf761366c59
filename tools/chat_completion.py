"""A question to an OpenAI-compatible server (`POST URL/chat/completions`), and its answer as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emoagent.errors import BackendUnreachable

LARGEST = 1_000_000  # bytes of an answer
BUSY = (408, 425, 429, 500, 502, 503, 504)  # worth another try


class Unanswered(BackendUnreachable):
    """The server is there, but gave no usable answer this time: too slow, too busy, or not what the protocol says."""


@dataclass(frozen=True)
class Endpoint:
    """A model behind a server. `url` ends before `/chat/completions`, e.g. `http://127.0.0.1:8000/v1`. `timeout` is in
    seconds for one try, of which there are `tries`. The key is sent as a bearer token and shown nowhere."""

    model: str
    url: str
    key: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    tries: int = 2

    def ask(self, question: str, schema: Mapping[str, object] | None = None) -> str:
        """The answer to one question, at temperature 0; with `schema` the server is asked to keep to it. Raises
        `BackendUnreachable` where there is no such server or it refuses us, and `Unanswered` after the last try."""
        for attempt in range(1, self.tries + 1):
            try:
                return self._once(question, schema)
            except Unanswered:
                if attempt == self.tries:
                    raise
        raise AssertionError("an endpoint has at least one try")

    def _once(self, question: str, schema: Mapping[str, object] | None) -> str:
        from http.client import HTTPException
        from urllib.error import HTTPError, URLError
        from urllib.request import urlopen

        try:
            with urlopen(self._request(question, schema), timeout=self.timeout) as response:
                return _content(response.read(LARGEST))
        except HTTPError as error:
            raise self._refused(error.code) from error
        except TimeoutError as error:
            raise Unanswered(f"{self.url} gave no answer within {self.timeout:g} s") from error
        except URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise Unanswered(f"{self.url} gave no answer within {self.timeout:g} s") from error
            hint = "start the server, or mend the address"
            raise BackendUnreachable(f"{self.url} does not answer: {error.reason}", hint=hint) from error
        except (HTTPException, ConnectionError, ValueError) as error:
            raise Unanswered(f"{self.url} gave an answer that cannot be read: {error}") from error

    def _request(self, question: str, schema: Mapping[str, object] | None) -> Any:
        from urllib.request import Request

        body: dict[str, object] = {
            "model": self.model, "temperature": 0, "messages": [{"role": "user", "content": question}],
        }  # fmt: skip
        if schema is not None:
            form = {"name": "answer", "strict": True, "schema": dict(schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        return Request(f"{self.url}/chat/completions", json.dumps(body).encode(), headers, method="POST")

    def _refused(self, status: int) -> BackendUnreachable:
        if status in BUSY:
            return Unanswered(f"{self.url} is busy or failing (HTTP {status})")
        hint = "mend the address, the name of the model or the key"
        return BackendUnreachable(f"{self.url} refuses the request (HTTP {status})", hint=hint)


def _content(body: bytes) -> str:
    try:
        found = json.loads(body)["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"there is no message in it ({error!r})") from error
    if not isinstance(found, str):
        raise ValueError("its message is no text")
    return found
