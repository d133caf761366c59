"""Subtitle files as cues: who says what, when. SubRip, WebVTT and (Advanced) SubStation, in any encoding.

What is done with untidy files: cues are sorted by start and cut to the clip; a cue that ends before it starts lasts as
long as it takes to read; cues without speech and exact doubles are dropped; overlapping cues stay as they are.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from emoagent.errors import TranscriptError
from emoagent.schema import Span
from emoagent.tools.words.subtitle_text import said

MAX_BYTES = 10_000_000
MAX_CUES = 20_000
MAX_TEXT = 1_000
READING_SPEED = 15.0
SHORTEST = 0.5
SUFFIXES = (".srt", ".vtt", ".ass", ".ssa")
_LANGUAGE = re.compile(r"[a-z]{2,3}([-_][a-z0-9]{2,8})?(\.(sdh|hi|cc))?", re.IGNORECASE)
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"),
         (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))  # fmt: skip
_CODINGS = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "gb18030", "big5", "shift_jis",
            "euc_jp", "euc_kr", "utf_16_le", "utf_16_be"]  # fmt: skip
_HINT = "Save it as .srt, .vtt or .ass in UTF-8, or choose another way with --transcript"


@dataclass(frozen=True)
class Cue:
    """One person's words on the screen; `speaker` is the name that the file gives."""

    span: Span
    speaker: str | None
    text: str


def find_subtitles(source: Path) -> Path | None:
    """The subtitle file beside `source`: `name.srt` (or .vtt, .ass, .ssa), else `name.en.srt`, else any `name.xx.srt`.

    Files for foreign parts only (`name.forced.srt`) are left alone.
    Raises `TranscriptError` where the folder cannot be listed.
    """
    try:
        ranked = [(rank, path) for path in source.parent.iterdir() if (rank := _rank(path, source)) is not None]
    except OSError as error:
        message = f"the folder of {source.name} cannot be searched for subtitles"
        raise TranscriptError(message, hint=_HINT, where=source.name) from error
    return min(ranked)[1] if ranked else None


def read_subtitles(path: Path, duration: float | None = None) -> list[Cue]:
    """The cues of a subtitle file in order of time, cut to `duration` seconds.

    Raises `TranscriptError` where the file is unreadable, too big, not subtitles, or has no speech within the clip.
    """
    cues = cues_of(_events(_decoded(_bytes(path), path), path), duration)
    if len(cues) > MAX_CUES:
        raise TranscriptError(f"{path.name} has more than {MAX_CUES} cues", hint=_HINT, where=path.name)
    if not cues:
        raise TranscriptError(f"{path.name} has no speech within the clip", hint=_HINT, where=path.name)
    return cues


def cues_of(events: Iterable[tuple[float, float, str, str]], duration: float | None = None) -> list[Cue]:
    """Cues from raw events (start and end in seconds, actor or "", text with markup), tidied as said above."""
    found: dict[Cue, None] = {}
    for start, end, actor, raw in events:
        for speaker, text, low, high in _shares(raw[:MAX_TEXT], actor):
            span = _span(start, end, len(raw), duration)
            if span is not None:
                found[Cue(_part(span, low, high), speaker, text)] = None
    return sorted(found, key=lambda cue: (cue.span.start, cue.span.end))


def _rank(path: Path, source: Path) -> tuple[int, int, str] | None:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES or not path.is_file():
        return None
    if path.stem == source.stem:
        return 0, SUFFIXES.index(suffix), path.name
    language = path.stem[len(source.stem) + 1 :]
    if not path.stem.startswith(source.stem + ".") or not _LANGUAGE.fullmatch(language):
        return None
    return 1 if language.lower().startswith("en") else 2, SUFFIXES.index(suffix), path.name


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise TranscriptError(f"{path.name} cannot be read: {reason}", hint=_HINT, where=path.name) from error
    if len(data) > MAX_BYTES:
        size = MAX_BYTES // 1_000_000
        raise TranscriptError(f"{path.name} is bigger than {size} MB", hint=_HINT, where=path.name)
    return data


def _decoded(data: bytes, path: Path) -> str:
    coding = next((name for bom, name in _BOMS if data.startswith(bom)), None) or _guess(data)
    if coding is None:
        raise TranscriptError(f"{path.name} is not text", hint=_HINT, where=path.name)
    return data.decode(coding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def _guess(data: bytes) -> str | None:
    """UTF-8 where it is that, else the likeliest coding; Western European wins a tie."""
    from charset_normalizer import from_bytes

    if b"\x00" not in data:
        try:
            data.decode("utf-8")
            return "utf-8"
        except UnicodeDecodeError:
            pass
    matches = from_bytes(data[:200_000], cp_isolation=_CODINGS)
    best = matches.best()
    if best is None:
        return None
    equal = [m for m in matches if (m.chaos, m.coherence) == (best.chaos, best.coherence)]
    western = any("cp1252" in match.could_be_from_charset for match in equal)
    return "cp1252" if western else best.encoding


def _events(text: str, path: Path) -> Iterator[tuple[float, float, str, str]]:
    import pysubs2

    form = _format(text)
    if form is None:
        raise TranscriptError(f"{path.name} is not a subtitle file", hint=_HINT, where=path.name)
    clean = _tidy_vtt(text) if form == "vtt" else re.sub(r"\n{3,}", "\n\n", text)
    markup = {"keep_html_tags": True} if form in ("srt", "vtt") else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = pysubs2.SSAFile.from_string(clean, form, **markup)
    except (ValueError, KeyError, IndexError, NotImplementedError, pysubs2.Pysubs2Error) as error:
        raise TranscriptError(f"{path.name} is damaged: {error}", hint=_HINT, where=path.name) from error
    for event in file:
        event.text = event.text[:MAX_TEXT]
        if event.is_text:
            yield event.start / 1000, event.end / 1000, event.name, event.plaintext


def _format(text: str) -> Literal["vtt", "srt", "ass", "ssa"] | None:
    if text.lstrip().startswith("WEBVTT"):
        return "vtt"
    if re.search(r"^\[Events\]", text, re.MULTILINE | re.IGNORECASE):
        return "ssa" if "[V4 Styles]" in text else "ass"
    return "srt" if re.search(r"\d\d:\d\d[,.]\d+ *--> *\d", text) else None


def _tidy_vtt(text: str) -> str:
    """Only what is shown: without header, notes, styles and cue names, which pysubs2 takes for text."""
    blocks = (block.split("\n") for block in re.split(r"\n{2,}", text))
    timed = ((lines, next((n for n, line in enumerate(lines) if "-->" in line), None)) for lines in blocks)
    shown = ("\n".join(lines[at:]) for lines, at in timed if at is not None and not lines[0].startswith("NOTE"))
    return "WEBVTT\n\n" + "\n\n".join(shown) + "\n"


def _span(start: float, end: float, length: int, duration: float | None) -> Span | None:
    if end <= start:
        end = start + max(SHORTEST, length / READING_SPEED)
    start, end = max(0.0, start), end if duration is None else min(end, duration)
    return Span(start=start, end=end) if end > start else None


def _shares(raw: str, actor: str) -> Iterator[tuple[str | None, str, float, float]]:
    parts = said(raw, actor)
    total = sum(len(text) for _, text in parts)
    done = 0
    for speaker, text in parts:
        yield speaker, text, done / total, (done + len(text)) / total
        done += len(text)


def _part(span: Span, low: float, high: float) -> Span:
    start, end = span.start + low * span.duration, span.start + high * span.duration
    return Span(start=round(start, 3), end=round(max(start, end), 3))
