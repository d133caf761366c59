"""The line to an OpenAI-compatible server: one try after another, and all of them quiet when the server asks for it."""

from __future__ import annotations

import asyncio
import random
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from emoagent.errors import BackendUnreachable
from emoagent.tools.language.chat_wire import Dialect, answer_in, body_of, refusal_in
from emoagent.tools.language.generation import Answer, Question, Unanswered

if TYPE_CHECKING:
    import ssl

    import httpx
    from tenacity import RetryCallState

LARGEST = 1_000_000  # bytes of an answer
LONGEST = 300.0  # seconds of quiet that a server may ask for
CONNECT = 10.0  # seconds to be connected within
BUSY = (408, 409, 425, 429)  # and all from 500: worth another try
REFUSED = (400, 413, 422)  # this one question
PERSISTENT = 3  # times as many tries where the server only asks for less haste


class Busy(Unanswered):
    """Worth another try."""


class Hasty(Busy):
    """The server wants fewer questions at a time (429)."""


class Cut(Busy):
    """No connection, though there was one before."""


class Line:
    """A client for one batch of questions. `model` and `url` are for messages and requests, `key` for the header."""

    def __init__(
        self, model: str, url: str, key: str | None, *, timeout: float, at_once: int, tries: int, pause: float
    ) -> None:
        self.model, self.url, self.key, self.timeout = model, url, key, timeout
        self.tries, self.pause, self.lost = tries, pause, False
        self._client = _client(url, key, at_once)
        self._reached, self._hasty, self._quiet_until = False, 0, 0.0

    async def ask(self, question: Question, dialect: Dialect) -> tuple[Answer, Dialect]:
        """The answer, and the dialect in which it could be had. Raises `Unanswered` and `BackendUnreachable`."""
        from tenacity import AsyncRetrying, retry_if_exception_type, wait_random_exponential

        wait = wait_random_exponential(multiplier=self.pause, max=LONGEST)
        again = AsyncRetrying(retry=retry_if_exception_type(Busy), stop=self._enough, wait=wait, reraise=True)
        try:
            return await again(self._adapted, question, dialect)
        except Cut as error:
            raise self._gone(error.message) from error
        except Hasty:
            raise
        except Busy as error:
            if await self._alive():
                raise
            raise self._gone(error.message) from error

    async def close(self) -> None:
        """Closes all connections."""
        await self._client.aclose()

    async def _alive(self) -> bool:
        """Whether it still answers anything: one question may be too much for it, or all of it may be gone."""
        import httpx

        try:
            async with asyncio.timeout(CONNECT):
                return (await self._client.get(f"{self.url}/models")).status_code < 500
        except (TimeoutError, httpx.HTTPError):
            return False

    def _enough(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        return self.lost or state.attempt_number >= self.tries * (PERSISTENT if isinstance(error, Hasty) else 1)

    async def _adapted(self, question: Question, dialect: Dialect) -> tuple[Answer, Dialect]:
        try:
            return await self._once(question, dialect), dialect
        except Unanswered as error:
            if isinstance(error, Busy) or (other := dialect.without(error.message)) == dialect:
                raise
        return await self._once(question, other), other

    async def _once(self, question: Question, dialect: Dialect) -> Answer:
        import httpx

        await self._quiet()
        try:
            async with asyncio.timeout(self.timeout):
                response, body = await self._exchanged(body_of(self.model, question, dialect))
            self._check(response, body)
            return answer_in(body, held=dialect.schemas)
        except TimeoutError as error:
            raise Busy(f"{self.model!r} gave no answer within {self.timeout:g} s") from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise (Cut if self._reached else self._gone)(str(error) or type(error).__name__) from error
        except (httpx.TransportError, httpx.DecodingError, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise Busy(f"{self.model!r} gave an answer that cannot be read: {reason}") from error

    async def _exchanged(self, body: bytes) -> tuple[httpx.Response, bytes]:
        received = bytearray()
        async with self._client.stream("POST", f"{self.url}/chat/completions", content=body) as response:
            self._reached = True
            async for piece in response.aiter_bytes():
                received += piece
                if len(received) > LARGEST:
                    raise Unanswered(f"{self.model!r} gave an answer of more than {LARGEST} bytes")
        return response, bytes(received)

    def _check(self, response: httpx.Response, body: bytes) -> None:
        """Raises what the status says, if it is not success."""
        status = response.status_code
        if 200 <= status < 300:
            self._hasty = 0
            return
        said = f"HTTP {status} {refusal_in(body, self.key)}".strip()
        if status in BUSY or status >= 500:
            self._hold(status, response.headers.get("Retry-After"))
            raise (Hasty if status == 429 else Busy)(f"{self.model!r} is busy or failing ({said})")
        if status in REFUSED:
            raise Unanswered(f"{self.model!r} refuses this question ({said})")
        told = f"HTTP {status}" if status in (401, 403) else said
        hint = "mend the address (it ends in /v1), the name of the model or the key; `emoagent doctor` looks at each"
        raise BackendUnreachable(f"the server of {self.model!r} refuses the request ({told})", hint=hint,
                                 where=bare(self.url))  # fmt: skip

    def _hold(self, status: int, asked: str | None) -> None:
        """All questions wait from now on: as long as the server asks, or longer after each 429 in a row."""
        pause = _seconds(asked)
        if status == 429:
            self._hasty += 1
            pause = pause if pause is not None else self.pause * 2 ** min(self._hasty - 1, 8)
        if pause is not None:
            now = asyncio.get_running_loop().time()
            self._quiet_until = max(self._quiet_until, now + min(pause, LONGEST))

    async def _quiet(self) -> None:
        now = asyncio.get_running_loop().time
        while (left := self._quiet_until - now()) > 0:
            await asyncio.sleep(left + random.uniform(0, self.pause))

    def _gone(self, reason: str) -> BackendUnreachable:
        hint = "start the server or mend the address, then go on with --resume"
        return BackendUnreachable(f"the server of {self.model!r} does not answer: {reason}", hint=hint,
                                  where=bare(self.url))  # fmt: skip


def bare(url: str) -> str:
    """The address without a name or password in it."""
    return re.sub(r"//[^/]*@", "//", url, count=1)


def _client(url: str, key: str | None, at_once: int) -> httpx.AsyncClient:
    import httpx

    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    timeout = httpx.Timeout(None, connect=CONNECT)
    return httpx.AsyncClient(limits=limits, timeout=timeout, **reach(url, key))


def reach(url: str, key: str | None) -> dict[str, Any]:
    """How a client gets to a server: the key, the certificates, and no proxy where the server is on this machine."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    return {"headers": headers, "verify": _certificates(), "trust_env": not is_loopback(url)}


def is_loopback(url: str) -> bool:
    """Whether the address is of this machine; a proxy would look for it on its own."""
    import ipaddress

    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Read once, for it takes longer than a short answer."""
    import httpx

    return httpx.create_ssl_context()


def _seconds(asked: str | None) -> float | None:
    """A `Retry-After` header, in seconds or as a date."""
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    if asked is None:
        return None
    try:
        return max(0.0, float(asked))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(asked)
        return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except ValueError:
        return None
