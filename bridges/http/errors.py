"""How errors leave over HTTP: always `{code, message, hint, where}`, with the status that fits the code.

A request that does not hold to the document is answered without what it held: those may be somebody's words.
"""

from __future__ import annotations

import json
import logging
import math
import re
import traceback
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from emoagent.errors import (
    BackendUnreachable,
    Clash,
    EmoagentError,
    MediaError,
    ModelMissing,
    NotFound,
    Refused,
    ResourceLimit,
    UsageError,
)

log = logging.getLogger("emoagent.serve")
OVERLOADED = 1.0  # seconds after which to ask again where nothing better is known


class Unauthorized(Refused):
    """No key, or one that is not known."""

    code = "unauthorized"


class Foreign(Refused):
    """It was asked for by a page of another site, or under a name that is not served."""

    code = "foreign"


class Misdirected(Foreign):
    """Asked for under a name that leads here but is not ours (RFC 9110, section 15.5.20)."""


class TooMany(ResourceLimit):
    """More requests than are allowed. `after`: seconds until it makes sense to ask again."""

    code = "too_many"

    def __init__(self, message: str, after: float = OVERLOADED) -> None:
        super().__init__(message, hint="wait for as long as Retry-After says, then ask again")
        self.after = after


class TooLarge(ResourceLimit):
    """The request is larger than is allowed."""

    code = "too_large"


STATUS: tuple[tuple[type[EmoagentError], int], ...] = (
    (Unauthorized, 401), (Misdirected, 421), (Refused, 403), (NotFound, 404), (Clash, 409), (TooLarge, 413),
    (TooMany, 429), (MediaError, 422), (UsageError, 422), (ModelMissing, 503), (BackendUnreachable, 503),
    (ResourceLimit, 503),
)  # fmt: skip


class Problem(BaseModel):
    """What every answer with a status from 400 on holds."""

    code: str = Field(description="for programs", examples=["not_found"])
    message: str = Field(description="what happened, and why", examples=["there is no such session"])
    hint: str = Field(default="", description="what to do", examples=["create it: POST /v1/sessions"])
    where: str = Field(default="", description="in which part of the request", examples=["session"])


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The entry `responses` of a route that may be answered so, besides what every route may be."""
    every = {400, 401, 403, 413, 421, 422, 429, *statuses}
    return {status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in sorted(every)}


def status_of(error: EmoagentError) -> int:
    """The HTTP status of an error."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def headers_of(error: EmoagentError, *, page: bool = False) -> dict[str, str]:
    """The headers that belong to its status. `page`: a browser asked for a page, so that it may ask for the key."""
    status = status_of(error)
    if status == 401:
        return {"WWW-Authenticate": 'Basic realm="emoagent: the key is the password"' if page else "Bearer"}
    if status in (429, 503):
        return {"Retry-After": str(math.ceil(max(1.0, getattr(error, "after", OVERLOADED))))}
    return {}


def answer(error: EmoagentError, *, page: bool = False) -> JSONResponse:
    """The response that tells it."""
    return JSONResponse(error.envelope(), status_of(error), headers_of(error, page=page))


def internal(error: Exception) -> JSONResponse:
    """Tells of a mistake of ours; where it happened goes to the log, what it was about does not."""
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s\n%s", type(error).__name__, places)
    envelope = {"code": "internal", "message": f"a mistake of ours ({type(error).__name__})",
                "hint": "please report it, with what the server's log says", "where": ""}  # fmt: skip
    return JSONResponse(envelope, 500)


def install(app: FastAPI) -> None:
    """Has all errors of the routes leave in this shape."""
    app.add_exception_handler(EmoagentError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, EmoagentError)
    return internal(error) if status_of(error) == 500 else answer(error)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return answer(
        UsageError(_told(error.errors()), hint="GET /openapi.json says what is expected", where=_place(error))
    )


def _told(found: Sequence[Any]) -> str:
    return "; ".join(f"{_name(one['loc'])}: {one['msg']}" for one in found[:3])


def _place(error: RequestValidationError) -> str:
    return _name(error.errors()[0]["loc"]) if error.errors() else ""


def _name(place: Sequence[str | int]) -> str:
    """Where in the request; names of fields that are not ours may be anything and are cut short."""
    return ".".join(json.dumps(str(part))[1:-1][:40] for part in place[:6])


PLAIN = {
    400: ("usage", "the request cannot be read"), 404: ("not_found", "there is nothing at this address"),
    405: ("method", "this cannot be done here"), 408: ("too_slow", "the request took too long to arrive"),
    413: ("too_large", "the request is larger than is allowed"),
}  # fmt: skip


async def _plain(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code, message = PLAIN.get(error.status_code, ("usage", HTTPStatus(error.status_code).phrase.lower()))
    hint = "GET /openapi.json says what is served" if error.status_code in (404, 405) else ""
    envelope = {"code": code, "message": message, "hint": hint, "where": ""}
    allow = {"Allow": ", ".join(_methods(request))} if error.status_code == 405 else {}
    return JSONResponse(envelope, error.status_code, {**(error.headers or {}), **allow})


def _methods(request: Request) -> list[str]:
    """All that can be done at the address; the router knows only of the first route there."""
    found = set[str]()
    for path, operations in request.app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path)), request.url.path):
            found |= {method.upper() for method in operations}
    return sorted(found)
