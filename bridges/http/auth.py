"""Who asks. A key is a secret that was given out; all that is kept of it is a fingerprint, the owner of what was made.

`Authorization: Bearer KEY`, `X-API-Key: KEY`, or, for pages in a browser, Basic with the key as the password. Never in
the address, which ends up in logs.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from emoagent.bridges.http.errors import Unauthorized

NOBODY = ""
LONGEST = 512  # characters of a key that are looked at
bearer = HTTPBearer(auto_error=False, scheme_name="key", description="a key of EMOAGENT_SERVE_KEYS")


@dataclass(frozen=True)
class Identity:
    """`owner`: the fingerprint of a key; empty where none is needed."""

    owner: str


class Keys:
    """The keys that are known. Without any, everybody who reaches the server may ask, as nobody."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._owners = {_digest(key): fingerprint(key) for key in keys}

    def __bool__(self) -> bool:
        return bool(self._owners)

    def caller(self, given: str | None) -> Identity:
        """Who has this key. Raises `Unauthorized`."""
        if not self._owners:
            return Identity(NOBODY)
        if not given:
            raise Unauthorized("a key is needed", hint="send the header Authorization: Bearer KEY")
        if len(given) > LONGEST or (owner := self._owners.get(_digest(given))) is None:
            raise Unauthorized("this key is not known here", hint="ask whoever runs the server for one")
        return Identity(owner)


def fingerprint(key: str) -> str:
    """What is stored in the place of a key: 128 bits that do not lead back to it."""
    return sha256(b"emoagent owner\0" + key.encode()).hexdigest()[:32]


def key_in(headers: Mapping[str, str]) -> str | None:
    """The key that a request carries, if any."""
    kind, _, rest = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() == "basic":
        return _password(rest)
    return headers.get("x-api-key")


def _password(coded: str) -> str | None:
    try:
        return base64.b64decode(coded.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def _digest(key: str) -> bytes:
    return sha256(key.encode("utf-8", "replace")).digest()


def _caller(connection: HTTPConnection) -> Identity:
    found: Identity = connection.state.caller
    return found


Caller = Annotated[Identity, Depends(_caller)]
"""Of a route's parameter: who asks, as the guard has found out."""
