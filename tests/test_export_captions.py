"""Captions, turns and tiers, read by another program's reader than the library that wrote them: times within a
millisecond, text equal up to the one cleaning (docs/design/exports.md), speakers apart, whatever is told."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from read_back import Read, expected, lines_of, named, same, same_but_for_doubles, whatever_is_told, written
from transcripts import Told

from emoagent.viewer.exports.result import Result
from emoagent.viewer.exports.rttm import tokens
from emoagent.viewer.exports.srt import harmless


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("captions")


def _cues(path: Path) -> Iterator[tuple[float, float, str]]:
    """Captions as FFmpeg's demuxers see them."""
    import av

    with av.open(str(path)) as media:
        for packet in media.demux():
            if packet.size and packet.pts is not None:
                start, length = packet.pts * packet.time_base, (packet.duration or 0) * packet.time_base
                yield float(start), float(start + length), bytes(packet).decode("utf-8")


@whatever_is_told
def test_srt_in_ffmpeg(folder: Path, told: Told) -> None:
    path = written(told, "srt", folder)
    if not told.lines:
        return
    parts = [(start, end, text.partition("\n")) for start, end, text in _cues(path)]
    found = [Read(start, end, words, lead) for start, end, (lead, _, words) in parts]
    wanted = [Read(each.start, each.end, each.text, f"{each.speaker} ({each.label})" if each.label else each.speaker)
              for each in expected(told, harmless, harmless)]  # fmt: skip
    same_but_for_doubles(found, wanted, "text", "speaker")


@whatever_is_told
def test_webvtt_in_ffmpeg(folder: Path, told: Told) -> None:
    path = written(told, "webvtt", folder)
    if not told.lines:
        assert path.read_text().startswith("WEBVTT\n")
        return
    found = []
    for start, end, text in _cues(path):
        match = re.fullmatch(r"<(v|c)((?:\.[\w-]+)*)(?: ([^<>\n]*))?>([^<>\n]*)</\1>", text)
        assert match, text
        label = next((name for name in match[2].split(".") if name not in ("", "conflict")), None)
        found.append(Read(start, end, html.unescape(match[4]), html.unescape(match[3] or ""), label))
    known = named(told)
    wanted = expected(told, lambda name: name if name in known else "")
    same_but_for_doubles(found, wanted, "text", "speaker", "label")


@whatever_is_told
def test_webvtt_metadata_in_ffmpeg(folder: Path, told: Told) -> None:
    path = written(told, "webvtt-metadata", folder)
    if not told.lines:
        return
    found = []
    for start, end, text in _cues(path):
        assert not set("\n<>&") & set(text)
        cue = json.loads(text)
        assert (cue["start"], cue["end"]) == (pytest.approx(start), pytest.approx(end))
        found.append(Read(start, end, cue["text"], cue["speaker"], cue["label"]))
    same(found, expected(told), "text", "speaker", "label")


@whatever_is_told
def test_rttm_in_pyannote(folder: Path, told: Told) -> None:
    database = pytest.importorskip("pyannote.database.util")
    path = written(told, "rttm", folder)
    if not told.lines:
        assert path.read_text() == ""
        return
    (annotation,) = database.load_rttm(path).values()
    found = [Read(turn.start, turn.end, "", str(who)) for turn, _, who in annotation.itertracks(yield_label=True)]
    fields = tokens(Result(folder, told.trace).transcript.speakers.values())
    same(found, expected(told, fields.__getitem__), "speaker")


@whatever_is_told
def test_textgrid_in_praat(folder: Path, told: Told) -> None:
    parselmouth = pytest.importorskip("parselmouth")
    grid = parselmouth.read(str(written(told, "textgrid", folder)))
    speakers, found = {line.speaker for line in lines_of(told)}, []
    for kind, name, intervals in _praat_tiers(parselmouth.praat.call, grid):
        speaker = name if name in speakers else re.sub(r" #\d+$", "", name)
        found += [Read(start, end, text, speaker) for start, end, text in intervals if text and kind == "utterance"]
    same(found, [each for each in expected(told) if each.text], "text", "speaker")


def _praat_tiers(call: Any, grid: Any) -> Iterator[tuple[str, str, list[Any]]]:
    """Of each tier the kind, the name and the intervals: start, end, label."""
    for tier in range(1, call(grid, "Get number of tiers") + 1):
        kind, _, name = call(grid, "Get tier name...", tier).partition("@")
        asked = ("Get start time of interval...", "Get end time of interval...", "Get label of interval...")
        numbers = range(1, call(grid, "Get number of intervals...", tier) + 1)
        yield kind, name, [tuple(call(grid, each, tier, number) for each in asked) for number in numbers]


@whatever_is_told
def test_elan_in_speach(folder: Path, told: Told) -> None:
    elan = pytest.importorskip("speach.elan")
    document, found = elan.read_eaf(str(written(told, "elan", folder))), []
    for tier in (tier for tier in document if tier.type_ref_id == "utterance"):
        labels = (each for each in document if each.parent_ref == tier.ID and each.type_ref_id == "label")
        below = {each.ref_id: None if each.value == "none" else each.value for tier in labels for each in tier}
        own = [Read(each.from_ts.value / 1000, each.to_ts.value / 1000, each.value or "", tier.participant or None,
                    below[each.ID]) for each in tier]  # fmt: skip
        assert all(before.end <= after.start for before, after in pairwise(own))
        found.extend(own)
    known = named(told)
    wanted = [Read(e.start, e.end, e.text, e.speaker if e.speaker in known else None, e.label) for e in expected(told)]
    same(found, wanted, "text", "speaker", "label")
