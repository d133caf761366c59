"""What stands in each format of the example: speakers, labels, conflicts, corrections; names, paths and guards."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from example_trace import LABELS, example_trace

from emoagent.analysis import trace_pieces
from emoagent.errors import ExtraMissing, OutputError
from emoagent.run_folder import write_pieces
from emoagent.schema import Person, Trace
from emoagent.viewer.corrections import Correction
from emoagent.viewer.exports.label_studio import config
from emoagent.viewer.exports.registry import export, exporters
from emoagent.viewer.exports.rttm import token, tokens

OF_UTTERANCES = ("elan", "textgrid", "webvtt", "webvtt-metadata", "srt", "rttm", "utterances", "utterances-csv",
                 "utterances-jsonl", "label-studio", "web-annotation")  # fmt: skip
LIBRARIES = {"elan": "pympi", "textgrid": "praatio", "webvtt": "webvtt", "utterances": "pyarrow"}


def a_run(folder: Path, trace: Trace | None = None) -> Path:
    """A result folder with this trace, else the example."""
    folder.mkdir(parents=True)
    write_pieces(folder / "trace.json", trace_pieces(trace or example_trace()))
    return folder


def corrected(folder: Path, *corrections: Correction, name: str = "0001-0123456789ab") -> None:
    """Puts a layer beside the run."""
    (folder / "corrections").mkdir(exist_ok=True)
    lines = "".join(f"{each.model_dump_json()}\n" for each in corrections)
    (folder / "corrections" / f"{name}.jsonl").write_text(lines, encoding="utf-8")


def correction(utterance: str, field: str, before: str | None, after: str | None, by: str | None = None) -> Correction:
    """A correction of the example."""
    made = {"clip": example_trace().clip.id, "utterance": utterance, "field": field, "before": before, "after": after}
    return Correction.model_validate(made | {"by": by})


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return a_run(tmp_path / "run")


def written(run: Path, name: str) -> Path:
    """The run in a format. Skips where its library is not installed."""
    if package := exporters()[name].package:
        pytest.importorskip(package)
    return export(run, name)


def test_all_formats_are_there() -> None:
    assert set(exporters()) == {*OF_UTTERANCES, "frames", "frames-csv", "openface"}


def test_srt(run: Path) -> None:
    blocks = written(run, "srt").read_text(encoding="utf-8").split("\n\n")
    assert blocks[0] == "1\n00:00:00,800 --> 00:00:03,400\nAnna (joy)\nI got the job! They called this morning."
    assert blocks[3] == "4\n00:00:09,300 --> 00:00:10,000\nBen\nMm."


def test_webvtt(run: Path) -> None:
    blocks = written(run, "webvtt").read_text(encoding="utf-8").split("\n\n")
    assert blocks[0] == "WEBVTT"
    assert blocks[2].endswith(
        "\n00:00:00.800 --> 00:00:03.400\n<v.joy Anna>I got the job! They called this morning.</v>"
    )
    assert "<v.sadness.conflict Ben>Oh wow. That's… great.</v>" in blocks[3]
    assert "<v Ben>Mm.</v>" in blocks[5]


def test_webvtt_metadata_carries_the_verdict_and_its_evidence(run: Path) -> None:
    block = written(run, "webvtt-metadata").read_text(encoding="utf-8").split("\n\n")[3]
    cue = json.loads(block.split("\n", 2)[2])
    assert (cue["utterance"], cue["label"], cue["conflicts"]) == (
        "u2",
        "sadness",
        [{"kind": "text-face", "divergence": 0.61}],
    )
    assert cue["verdict"]["claims"][1]["evidence"] == [
        {
            "id": "u2.voice.1",
            "modality": "voice",
            "start": 4.1,
            "end": 6.0,
            "finding": "A pause of 0.6 s in mid-sentence.",
        }
    ]


def test_rttm(run: Path) -> None:
    lines = written(run, "rttm").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "SPEAKER kitchen_table 1 0.800 2.600 <NA> <NA> Anna <NA> <NA>"
    assert token("Dr. A  Bee") == "Dr._A_Bee"
    assert [token(name) for name in ("NA", "nan", ";;x", 'a"b')] == ["_NA", "_nan", "_;;x", "a”b"]
    assert list(tokens(["A B", "A_B", "A_B_2", "A  B"]).values()) == ["A_B", "A_B_2", "A_B_2_2", "A_B_3"]


def test_csv_guards_formulas(tmp_path: Path) -> None:
    old = example_trace()
    first = old.utterances[0].model_copy(update={"text": "=cmd|' /C calc'!A0"})
    people = (Person(id="p1", name="@Anna"), *old.people[1:])
    trace = old.model_copy(update={"utterances": (first, *old.utterances[1:]), "people": people})
    with written(a_run(tmp_path / "run", trace), "utterances-csv").open(encoding="utf-8", newline="") as file:
        first_row, second, *_ = csv.DictReader(file)
    assert (first_row["speaker"], first_row["text"]) == ("'@Anna", "'=cmd|' /C calc'!A0")
    assert (second["valence"], second["alternatives"]) == ("-0.24", "joy, neutral")  # numbers are no formulas


def test_elan_has_a_tier_of_each_kind_for_each_person(run: Path) -> None:
    root = ElementTree.parse(written(run, "elan")).getroot()
    kinds = [
        f"{kind}@{name}" for name in ("Anna", "Ben") for kind in ("utterance", "label", "confidence", "conflict", "id")
    ]
    assert [tier.get("TIER_ID") for tier in root.iter("TIER")] == kinds
    assert (root.get("FORMAT"), {tier.get("PARTICIPANT") for tier in root.iter("TIER")}) == ("3.0", {"Anna", "Ben"})
    values = [value.text for value in root.iterfind("CONTROLLED_VOCABULARY/CV_ENTRY_ML/CVE_VALUE")]
    assert values == [*LABELS, "none"]
    slots = [int(slot.get("TIME_VALUE", "")) for slot in root.iter("TIME_SLOT")]
    assert slots == sorted(slots)
    _references_hold(root)


def _references_hold(root: ElementTree.Element) -> None:
    """What the schema's keys and keyrefs ask for."""
    for tag, key, referring in (
        ("TIME_SLOT", "TIME_SLOT_ID", [("ALIGNABLE_ANNOTATION", f"TIME_SLOT_REF{side}") for side in (1, 2)]),
        ("TIER", "TIER_ID", [("TIER", "PARENT_REF")]),
        ("LINGUISTIC_TYPE", "LINGUISTIC_TYPE_ID", [("TIER", "LINGUISTIC_TYPE_REF")]),
        ("CONSTRAINT", "STEREOTYPE", [("LINGUISTIC_TYPE", "CONSTRAINTS")]),
        ("CONTROLLED_VOCABULARY", "CV_ID", [("LINGUISTIC_TYPE", "CONTROLLED_VOCABULARY_REF")]),
        ("LANGUAGE", "LANG_ID", [("CVE_VALUE", "LANG_REF"), ("DESCRIPTION", "LANG_REF")]),
        ("ALIGNABLE_ANNOTATION", "ANNOTATION_ID", [("REF_ANNOTATION", "ANNOTATION_REF")]),
    ):  # fmt: skip
        keys = [each.get(key) for each in root.iter(tag)]
        assert len(keys) == len(set(keys))
        assert {each.get(name) for kind, name in referring for each in root.iter(kind)} - {None} <= set(keys)


def test_elan_keeps_the_schema(run: Path) -> None:
    schema = os.environ.get("EMOAGENT_EAF_SCHEMA")
    if not schema:
        pytest.skip("no EAFv3.0.xsd (set EMOAGENT_EAF_SCHEMA; it lies in the source archive of pympi-ling)")
    pytest.importorskip("xmlschema").XMLSchema(schema).validate(str(written(run, "elan")))


def test_the_video_is_named_relative_to_the_export(tmp_path: Path, sample: Path) -> None:
    video = tmp_path / "videos" / "a b.mp4"
    video.parent.mkdir()
    shutil.copy(sample, video)
    clip = example_trace().clip.model_copy(update={"name": video.name, "bytes": video.stat().st_size})
    run = a_run(tmp_path / "runs" / "one", example_trace().model_copy(update={"clip": clip}))
    assert _addresses(run) == {"./a%20b.mp4"}
    (run / "run.json").write_text(json.dumps({"source": str(video)}))
    assert _addresses(run) == {"../../videos/a%20b.mp4"}
    elsewhere = export(run, "web-annotation", video.parent / "here.jsonld")
    assert "./a%20b.mp4#t=0.8,3.4" in elsewhere.read_text()
    video.write_bytes(b"another")
    assert _addresses(run) == {"./a%20b.mp4"}


def _addresses(run: Path) -> set[str]:
    items = json.loads(export(run, "web-annotation").read_text())["first"]["items"]
    return {item["target"]["id"].partition("#")[0] for item in items}


@pytest.mark.parametrize("name", OF_UTTERANCES)
def test_no_format_tells_where_the_run_lies(name: str, run: Path) -> None:
    (run / "run.json").write_text(json.dumps({"source": str(run.parent / "kitchen_table.mp4")}))
    assert str(run.parent).encode() not in written(run, name).read_bytes()


@pytest.mark.parametrize("name", OF_UTTERANCES)
def test_the_same_bytes_each_time(name: str, run: Path) -> None:
    first = written(run, name).read_bytes()
    assert written(run, name).read_bytes() == first


def test_web_annotation_links_verdicts_to_findings(run: Path) -> None:
    document = json.loads(export(run, "web-annotation").read_text(encoding="utf-8"))
    items = {item["id"]: item for item in document["first"]["items"]}
    assert document["total"] == len(items) == 5 + 19
    first = items["#utterance-u1"]
    assert first["target"] == {"id": "./kitchen_table.mp4#t=0.8,3.4", "type": "Video"}
    purposes = [body["purpose"] for body in first["body"] if isinstance(body, dict)]
    assert purposes == ["describing", "identifying", "classifying", "commenting"]
    assert {body for body in first["body"] if isinstance(body, str)} <= set(items)


def test_label_studio_fits_its_config(run: Path) -> None:
    (task,) = json.loads(export(run, "label-studio").read_text(encoding="utf-8"))
    labels = {each.get("value") for each in ElementTree.fromstring(config(LABELS)).iter("Label")}
    controls = {each.get("name"): each.get("toName") for each in ElementTree.fromstring(config(LABELS)).iter()}
    for region in task["predictions"][0]["result"]:
        assert controls[region["from_name"]] == region["to_name"] == "audio"
        assert set(region["value"].get("labels", [])) <= labels
    assert task["data"]["video"] == "/data/local-files/?d=kitchen_table.mp4"


def test_what_people_corrected_stands_in_the_exports(run: Path) -> None:
    corrected(
        run, correction("u2", "label", "sadness", "disgust", "Rosa"), correction("u4", "person", "p2", "new:Carla")
    )
    rows = [json.loads(line) for line in export(run, "utterances-jsonl").read_text(encoding="utf-8").splitlines()]
    assert (rows[1]["label"], rows[1]["label_by"], rows[1]["verdict"]["label"]) == ("disgust", "person", "sadness")
    assert (rows[3]["person"], rows[3]["speaker"], rows[0]["label_by"]) == ("new:Carla", "Carla", "machine")
    assert "Ben (disgust)\n" in export(run, "srt").read_text(encoding="utf-8")
    assert " Carla " in export(run, "rttm").read_text(encoding="utf-8")
    bodies = json.loads(export(run, "web-annotation").read_text(encoding="utf-8"))["first"]["items"][1]["body"]
    assert bodies[2]["creator"] == {"type": "Person", "name": "Rosa"}


def test_people_of_one_name_are_told_apart(tmp_path: Path) -> None:
    people = (Person(id="p1", name="Anna"), Person(id="p2", name="Anna"))
    run = a_run(tmp_path / "run", example_trace().model_copy(update={"people": people}))
    assert {line.split()[7] for line in export(run, "rttm").read_text().splitlines()} == {"Anna", "Anna_(p2)"}


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_missing_library_is_told(name: str, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)
    with pytest.raises(ExtraMissing, match=LIBRARIES[name]) as caught:
        export(run, name)
    assert caught.value.hint == "pip install 'emoagent[export]'"


def test_a_layer_is_not_replaced(run: Path) -> None:
    corrected(run, correction("u2", "label", "sadness", "fear"))
    with pytest.raises(OutputError):
        export(run, "srt", run / "corrections" / "0001-0123456789ab.jsonl")


def test_the_libraries_are_not_loaded_for_nothing() -> None:
    code = "import sys; from emoagent.viewer.exports.registry import exporters; exporters(); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pympi", "praatio", "webvtt", "pyarrow", "pysubs2"} & set(told)
