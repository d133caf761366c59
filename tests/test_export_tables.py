"""Files of data, read by another reader than the library that wrote them: times within a millisecond, text equal up to
the one cleaning (docs/design/exports.md), whatever is told. And that cleaning."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from read_back import Read, expected, same, whatever_is_told, written
from transcripts import HOSTILE, Told

from emoagent.viewer.exports.cleaning import clean

TEXTS = ("text", "speaker", "label")  # else a column that holds 00 alone becomes a number
FORMULA = {*"=+-@\uff1d\uff0b\uff0d\uff20"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@whatever_is_told
def test_csv_in_pandas(folder: Path, told: Told) -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(
        written(told, "utterances-csv", folder), keep_default_na=False, dtype=dict.fromkeys(TEXTS, str)
    )
    _tables_agree(table.to_dict("records"), told, guarded)
    cells = [cell for row in table.to_dict("records") for cell in row.values() if isinstance(cell, str)]
    assert not [cell for cell in cells if cell[:1] in FORMULA and not re.fullmatch(r"-?\d+(\.\d+)?", cell)]


def guarded(text: str) -> str:
    """What a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{text}" if text[:1] in FORMULA else text


@whatever_is_told
def test_parquet_in_fastparquet(folder: Path, told: Told) -> None:
    fastparquet = pytest.importorskip("fastparquet")
    with written(told, "utterances", folder).open("rb") as file:
        table = fastparquet.ParquetFile(file).to_pandas()
    _tables_agree(table.to_dict("records"), told, str)


@whatever_is_told
def test_json_lines_in_orjson(folder: Path, told: Told) -> None:
    orjson = pytest.importorskip("orjson")
    lines = written(told, "utterances-jsonl", folder).read_bytes().split(b"\n")
    assert lines.pop() == b""
    _tables_agree([orjson.loads(line) for line in lines], told, str)


def _tables_agree(rows: list[dict[str, Any]], told: Told, text: Callable[[str], str]) -> None:
    found = [
        Read(row["start"], row["end"], str(row["text"]), str(row["speaker"]), row["label"] or None) for row in rows
    ]
    same(found, expected(told, text, text), "text", "speaker", "label")


@whatever_is_told
def test_label_studio_in_orjson(folder: Path, told: Told) -> None:
    orjson = pytest.importorskip("orjson")
    (task,) = orjson.loads(written(told, "label-studio", folder).read_bytes())
    regions: dict[str, dict[str, Any]] = {}
    for item in task["predictions"][0]["result"]:
        value = item["value"]
        regions.setdefault(item["id"], {})[item["from_name"]] = (value.get("labels") or value["text"])[0]
        regions[item["id"]] |= {"start": value["start"], "end": value["end"]}
    found = [Read(each["start"], each["end"], each.get("text", ""), each["speaker"],
                  None if each["emotion"] == "none" else each["emotion"]) for each in regions.values()]  # fmt: skip
    same(found, expected(told), "text", "speaker", "label")


OA, RDF = "http://www.w3.org/ns/oa#", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
LINK = {"@type": "@id"}
CONTEXT = {  # of the terms that we use, what http://www.w3.org/ns/anno.jsonld says
    "id": "@id", "type": "@type", "Annotation": f"{OA}Annotation", "TextualBody": f"{OA}TextualBody",
    "Video": "http://purl.org/dc/dcmitype/MovingImage", "Software": "https://www.w3.org/ns/activitystreams#Application",
    "Person": "http://xmlns.com/foaf/0.1/Person", "value": f"{RDF}value",
    "AnnotationCollection": "http://www.w3.org/ns/activitystreams#OrderedCollection",
    "AnnotationPage": "http://www.w3.org/ns/activitystreams#OrderedCollectionPage",
    "body": LINK | {"@id": f"{OA}hasBody"}, "target": LINK | {"@id": f"{OA}hasTarget"},
    "motivation": {"@id": f"{OA}motivatedBy", "@type": "@vocab"},
    "purpose": {"@id": f"{OA}hasPurpose", "@type": "@vocab"},
    **{name: f"{OA}{name}" for name in ("classifying", "describing", "identifying", "commenting")},
    "creator": LINK | {"@id": "http://purl.org/dc/terms/creator"}, "name": "http://xmlns.com/foaf/0.1/name",
    "generator": LINK | {"@id": "http://www.w3.org/ns/activitystreams#generator"},
    "format": "http://purl.org/dc/elements/1.1/format", "label": "http://www.w3.org/2000/01/rdf-schema#label",
    "items": LINK | {"@id": "http://www.w3.org/ns/activitystreams#items", "@container": "@list"},
    "partOf": LINK | {"@id": "http://www.w3.org/ns/activitystreams#partOf"},
    "first": LINK | {"@id": "http://www.w3.org/ns/activitystreams#first"},
    "total": "http://www.w3.org/ns/activitystreams#totalItems",
    "startIndex": "http://www.w3.org/ns/activitystreams#startIndex",
}  # fmt: skip


@whatever_is_told
def test_web_annotation_in_pyld(folder: Path, told: Told) -> None:
    jsonld = pytest.importorskip("pyld.jsonld")
    document = json.loads(written(told, "web-annotation", folder).read_bytes())
    asked = []

    def load(url: str, _: Any) -> dict[str, Any]:
        asked.append(url)
        return {"contextUrl": None, "documentUrl": url, "document": {"@context": CONTEXT}}

    (collection,) = jsonld.expand(
        document, {"documentLoader": load, "base": "https://example.org/a/web-annotation.jsonld"}
    )
    assert set(asked) == {"http://www.w3.org/ns/anno.jsonld"}
    (page,) = collection["http://www.w3.org/ns/activitystreams#first"]
    found = [_annotation(each) for each in page["http://www.w3.org/ns/activitystreams#items"][0]["@list"]]
    same(found, expected(told), "text", "speaker", "label")


def _annotation(node: dict[str, Any]) -> Read:
    (target,) = node[f"{OA}hasTarget"]
    match = re.fullmatch(r"https://example\.org/a/kitchen_table\.mp4#t=([\d.]+),([\d.]+)", target["@id"])
    assert match, target
    said = {body[f"{OA}hasPurpose"][0]["@id"].removeprefix(OA): body[f"{RDF}value"][0]["@value"]
            for body in node[f"{OA}hasBody"]}  # fmt: skip
    return Read(float(match[1]), float(match[2]), said["describing"], said["identifying"], said.get("classifying"))


@pytest.mark.parametrize("text", HOSTILE)
def test_cleaning_leaves_one_harmless_line(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert cleaned == cleaned.strip()
    assert cleaned.encode("utf-8").decode("utf-8").splitlines() in ([], [cleaned])
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]", cleaned)


def test_what_cleaning_keeps() -> None:
    for text in ("שלום עולם", "\u200fمرحبا", "می‌خواهم", "👩‍👩‍👧", "e\u0301", "<b>&amp;</b>", "a --> b", "=1", "-1"):
        assert clean(text) == text
    assert clean("a\nb\t c\u00a0d") == "a b c d"
    assert clean("\u202eabc\u202c") == "abc"
