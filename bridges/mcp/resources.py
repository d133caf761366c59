"""What has been found, as resources: `emoagent://results/ID/trace`, `…/timeline`, `…/report`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp_types import Resource
from pydantic import Field

from emoagent.analysis import trace_json
from emoagent.bridges import telling
from emoagent.bridges.mcp.results import NAME, Results
from emoagent.errors import EmoagentError, NotFound
from emoagent.run_folder import source_of
from emoagent.schema import Record, Trace
from emoagent.viewer.visible import visible

SCHEME = "emoagent://results"
LISTED = 50  # results that are listed one by one; the others can be read all the same
KINDS = {
    "timeline": ("application/json", "What each utterance expresses, in order of time."),
    "trace": ("application/json", "Everything that was found, with its evidence."),
    "report": ("text/html", "A page to look at, with curves and evidence."),
}


class Uris(Record):
    """Where the parts of a result can be read."""

    timeline: str
    trace: str
    report: str = Field(description="a page of HTML")


def uris_of(name: str) -> Uris:
    """The addresses of a result."""
    return Uris(**{kind: f"{SCHEME}/{name}/{kind}" for kind in KINDS})


def add_to(server: MCPServer[Any], results: Results) -> None:
    """Adds the list of results and the parts of any of them."""

    @server.resource(SCHEME, name="results", description="The recordings analysed here.", mime_type="application/json")
    def index() -> str:
        return json.dumps([{"result": name, "clip": _clip(results, name)} for name in results.names()])

    for kind, (mime, description) in KINDS.items():
        template = server.resource(f"{SCHEME}/{{result}}/{kind}", name=kind, description=description, mime_type=mime)
        template(_reader(results, kind))


def one_by_one(results: Results) -> Iterator[Resource]:
    """The parts of the latest results, as they are listed."""
    for name in results.names()[:LISTED]:
        clip = _clip(results, name)
        for kind, (mime, description) in KINDS.items():
            yield Resource(
                uri=f"{SCHEME}/{name}/{kind}", name=f"{name}/{kind}", title=f"{kind} of {clip}",
                description=description, mime_type=mime,
            )  # fmt: skip


def _reader(results: Results, kind: str) -> Callable[[str], str]:
    def read(result: str) -> str:
        try:
            return _part(results, kind, result)
        except (NotFound, FileNotFoundError) as error:
            raise ResourceNotFoundError(f"there is no {kind} of {visible(result)}") from error
        except EmoagentError as error:
            raise ResourceError(error.message) from error

    return read


def _part(results: Results, kind: str, name: str) -> str:
    if not NAME.fullmatch(name):
        raise NotFound("there is no such result")
    if kind == "report":
        return (results.find(name) / "report.html").read_text(encoding="utf-8")
    trace = results.trace(name)
    return trace_json(trace).decode() if kind == "trace" else _timeline(trace, name)


def _timeline(trace: Trace, name: str) -> str:
    """All of it: page after page."""
    page = telling.timeline(trace, name, limit=telling.MOST)
    entries = list(page.entries)
    while page.next is not None:
        page = telling.timeline(trace, name, skip=page.next, limit=telling.MOST)
        entries += page.entries
    return page.model_copy(update={"entries": tuple(entries)}).model_dump_json()


def _clip(results: Results, name: str) -> str:
    source = source_of(results.folder / name)
    return visible(source.name) if source else name
