"""The HTML around what the page is given: style and script inline, nothing else allowed to run or to load."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from html import escape
from importlib import resources

from pydantic_core import to_json

from emoagent.schema import Audit, Trace, Utterance, Verdict
from emoagent.tools.plain_text import clock
from emoagent.viewer.payload import Payload
from emoagent.viewer.visible import visible
from emoagent.viewer.wording import one_line, percent, unsupported, verdict_name

GZIP = 31  # zlib's window bits for a gzip header, which then holds no time
BLOCK = 3 * 16384  # bytes that base64 takes without padding
COLUMNS = ("Time", "Speaker", "Text", "Expressed emotion", "Confidence", "Explanation")
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def document(payload: Payload, pictures: Mapping[str, str], rules: str) -> Iterator[str]:
    """The whole page, piece by piece. `pictures`: a reference in the trace to an address; `rules`: see `policy`."""
    yield from _head(f"{payload.trace.clip.name}: expressed emotions", rules)
    yield '<body><div id="app"></div>\n'
    yield from _table(payload.trace)
    yield '<script type="application/octet-stream" id="data">'
    yield from embedded(payload.pieces())
    yield '</script>\n<script type="application/json" id="pictures">'
    yield from _addresses(pictures)
    yield f"</script>\n<script>{_static('report.js')}</script></body></html>\n"


def live_document(clip: str, rules: str) -> Iterator[str]:
    """The page of a run that is going on: the same script, which then has no data and asks for the progress."""
    yield from _head(f"{clip}: being analysed", rules)
    yield '<body><div id="app" data-live></div>\n'
    yield "<noscript><p>The analysis is going on. Load this page again when it is done.</p></noscript>\n"
    yield f"<script>{_static('report.js')}</script></body></html>\n"


def policy(links_pictures: bool = False, has_video: bool = False, more: Iterable[str] = ()) -> str:
    """A content security policy that allows the page's own style and script, embedded pictures, and what is asked."""
    rules = ["default-src 'none'", f"style-src {_hash('report.css')}", f"script-src {_hash('report.js')}"]
    rules.append("img-src data: 'self' file:" if links_pictures else "img-src data:")
    if has_video:
        rules.append("media-src 'self' file:")
    return "; ".join([*rules, *more, "base-uri 'none'", "form-action 'none'"])


def embedded(pieces: Iterable[bytes]) -> Iterator[str]:
    """Base64 of gzip of the pieces: the same text for the same bytes, without a time in it."""
    packer, rest = zlib.compressobj(9, zlib.DEFLATED, GZIP), b""
    for piece in pieces:
        rest += packer.compress(piece)
        if len(rest) >= BLOCK:
            whole = len(rest) - len(rest) % 3
            yield base64.b64encode(rest[:whole]).decode("ascii")
            rest = rest[whole:]
    yield base64.b64encode(rest + packer.flush()).decode("ascii")


def _head(title: str, rules: str) -> Iterator[str]:
    yield f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n<title>{escape(visible(title))}</title>\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(rules)}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">\n'
    yield f"<style>{_static('report.css')}</style></head>\n"


@cache
def _static(name: str) -> str:
    return (resources.files("emoagent.viewer") / "static" / name).read_text(encoding="utf-8").strip()


@cache
def _hash(name: str) -> str:
    digest = hashlib.sha256(_static(name).encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _addresses(pictures: Mapping[str, str]) -> Iterator[str]:
    """JSON that is also harmless HTML; a picture is read when its turn comes."""
    yield "{"
    for place, ref in enumerate(pictures):
        pair = f"{_plain(visible(ref))}:{_plain(pictures[ref])}"
        yield f",\n{pair}" if place else pair
    yield "}"


def _plain(text: str) -> str:
    quoted = to_json(text).decode("utf-8")
    return "".join(_ESCAPED.get(char, char) for char in quoted) if any(c in quoted for c in _ESCAPED) else quoted


def _table(trace: Trace) -> Iterator[str]:
    """What the page tells where no script runs."""
    verdicts = {verdict.utterance: verdict for verdict in trace.verdicts}
    audits = {audit.utterance: audit for audit in trace.audits}
    names = {person.id: person.name or person.id for person in trace.people}
    yield f"<noscript><h1>{escape(visible(trace.clip.name))}</h1><table>\n"
    yield f"<thead><tr>{''.join(f'<th scope=col>{name}</th>' for name in COLUMNS)}</tr></thead><tbody>\n"
    for utterance in trace.utterances:
        verdict = verdicts.get(utterance.id)
        cells = (*_cells(utterance, verdict, names), _explanation(verdict, audits.get(utterance.id)))
        yield f"<tr>{''.join(f'<td dir=auto>{escape(visible(cell))}</td>' for cell in cells)}</tr>\n"
    yield "</tbody></table></noscript>\n"


def _cells(utterance: Utterance, verdict: Verdict | None, names: Mapping[str, str]) -> tuple[str, ...]:
    sure = verdict.confidence if verdict else None
    return (
        clock(utterance.span.start),
        names.get(utterance.person or "", utterance.person or "unknown"),
        utterance.text,
        verdict_name(verdict),
        "" if sure is None else percent(sure),
    )


def _explanation(verdict: Verdict | None, audit: Audit | None) -> str:
    """Every claim, those that speak against the label and those that the audit did not find supported as such."""
    if verdict is None or verdict.label is None or not verdict.claims:
        return one_line(verdict)
    failed = {mark.claim: mark for mark in audit.claims if mark.supported is False} if audit else {}
    lead = {"against": "Against it: ", "context": "Context: ", "supports": ""}
    told = (f"{lead[claim.stance]}{claim.text}" for claim in verdict.claims)
    marked = (f"{text} ({unsupported(failed[i])})" if i in failed else text for i, text in enumerate(told))
    return " ".join(marked)
