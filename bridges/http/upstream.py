"""The server of a language model behind the pass-through, and what its refusals become.

    400 404 409 413 415 422 429 503    the same status: the request, or the moment, does not suit it
    401 403 and other refusals         502: the key or the address that this server was given is wrong
    500 and all others, no answer      502
    too slow                           504

The caller's own key never goes there, and ours for it is in no message.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from emoagent.errors import BackendUnreachable
from emoagent.tools.language.chat_completion import check_address
from emoagent.tools.language.chat_line import CONNECT, bare, reach
from emoagent.tools.language.chat_wire import MOST_SAID, refusal_in

if TYPE_CHECKING:
    import httpx
    from fastapi.responses import JSONResponse

LARGEST = 32 << 20  # bytes of an answer in one piece
CALLERS = (400, 404, 409, 413, 415, 422, 429, 503)
KEPT = ("x-request-id", "retry-after")


class Failed(BackendUnreachable):
    """The model's server gave no usable answer. `status`: with which ours leaves. `said`: its own error object."""

    code = "upstream"

    def __init__(self, message: str, status: int = 502, *, hint: str = "", said: dict[str, Any] | None = None) -> None:
        super().__init__(message, hint=hint, where="upstream")
        self.status, self.said, self.after = status, said or {}, ""

    def told(self) -> dict[str, Any]:
        """The usual envelope, and in it `error`, as clients of the protocol look for it."""
        kind = "invalid_request_error" if self.status < 429 else "upstream_error"
        error = {"message": self.message, "type": kind, "param": None, "code": self.code, **self.said}
        return {**self.envelope(), "error": error}

    def response(self) -> JSONResponse:
        """As it leaves."""
        from fastapi.responses import JSONResponse

        headers = {"Retry-After": self.after or "1"} if self.status in (429, 503) else {}
        return JSONResponse(self.told(), self.status, headers)


class Upstream:
    """`url` ends before `/chat/completions`. `timeout`: seconds for a whole answer, or between two pieces of one.

    Raises `UsageError` for an address or a key that cannot be one.
    """

    def __init__(self, url: str, key: str | None, timeout: float) -> None:
        check_address(url, key)
        self.url, self.key, self.timeout = url.rstrip("/"), key, timeout

    @asynccontextmanager
    async def asked(self, path: str, body: bytes | None = None) -> AsyncIterator[httpx.Response]:
        """The answer, of which only the head has been read; `GET` where there is no body. Raises `Failed`."""
        import httpx

        arrival = reach(self.url, self.key)
        headers = {**arrival.pop("headers"), "Accept-Encoding": "identity"}
        timeout = httpx.Timeout(self.timeout, connect=min(CONNECT, self.timeout))
        try:
            async with (
                httpx.AsyncClient(timeout=timeout, headers=headers, **arrival) as client,
                client.stream("POST" if body else "GET", f"{self.url}{path}", content=body) as response,
            ):
                if response.status_code != 200:
                    raise self._refused(response, await _whole(response))
                yield response
        except httpx.HTTPError as error:
            raise self.failed(error) from error

    async def whole(self, path: str, body: bytes | None = None) -> tuple[bytes, dict[str, str]]:
        """The answer in one piece, and the headers that go along. Raises `Failed`."""
        try:
            async with asyncio.timeout(self.timeout), self.asked(path, body) as response:
                return await _whole(response), kept(response)
        except TimeoutError as error:
            raise self._slow() from error

    def failed(self, error: httpx.HTTPError) -> Failed:
        """What to tell of an error of the connection."""
        import httpx

        if isinstance(error, httpx.TimeoutException):
            return self._slow()
        hint = f"whoever runs this server: is there one at {bare(self.url)}?"
        return Failed(f"the model's server does not answer: {str(error) or type(error).__name__}", hint=hint)

    def _slow(self) -> Failed:
        return Failed(
            f"the model's server gave no answer within {self.timeout:g} s", 504, hint="ask again, or for less"
        )

    def _refused(self, response: httpx.Response, body: bytes) -> Failed:
        status = response.status_code
        if status in CALLERS:
            said = refusal_in(body, self.key)
            found = Failed(f"the model's server refuses: HTTP {status} {said}".strip(), status, said=self._error(body))
            found.after = kept(response).get("retry-after", "")
            return found
        if status < 500:  # what it says may be about our key
            hint = "whoever runs this server: mend EMOAGENT_SERVE_UPSTREAM_URL (it ends in /v1) or ..._UPSTREAM_KEY"
            return Failed(f"the model's server does not let this one in: HTTP {status}", hint=hint)
        return Failed(f"the model's server fails: HTTP {status}", hint="ask again later")

    def _error(self, body: bytes) -> dict[str, Any]:
        """The short fields of its own error object, e.g. `code: context_length_exceeded`, without the key."""
        try:
            found = json.loads(body)["error"]
            pairs = [(name, found[name]) for name in ("message", "type", "param", "code") if name in found]
        except (ValueError, KeyError, TypeError, RecursionError):
            return {}
        texts = [(name, value) for name, value in pairs if isinstance(value, str | int | None)]
        return {name: self._clean(value) if isinstance(value, str) else value for name, value in texts}

    def _clean(self, text: str) -> str:
        return (text.replace(self.key, "…") if self.key else text)[:MOST_SAID]


def kept(response: httpx.Response) -> dict[str, str]:
    """The headers of an answer that go along with it."""
    return {name: response.headers[name] for name in KEPT if name in response.headers}


async def _whole(response: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > LARGEST:
            raise Failed(f"the model's server gave an answer of more than {LARGEST} bytes")
    return bytes(body)
