"""Corrections put beside a run: what a line may hold, what is refused, layers, agreement, and ELAN documents."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import read_back
from example_trace import example_trace
from hypothesis import given, settings
from hypothesis import strategies as st
from read_back import whatever_is_told
from test_broken_inputs import run as command
from test_export_formats import a_run, correction, written
from transcripts import Told

from emoagent.errors import UsageError
from emoagent.schema import Trace
from emoagent.viewer import correction_lines
from emoagent.viewer.corrections import Correction, agreement, fit, latest, layers
from emoagent.viewer.elan_corrections import edits
from emoagent.viewer.exports import elan_reader
from emoagent.viewer.exports.registry import export
from emoagent.viewer.exports.result import Result
from emoagent.viewer.importing import Imported, import_corrections

GOOD = {"format": "emoagent.corrections/1", "clip": example_trace().clip.id, "utterance": "u1", "field": "label",
        "before": "joy", "after": "surprise", "by": "Rosa", "note": None}  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return a_run(tmp_path / "run")


def put(run: Path, *lines: object, reviewed: bool = False) -> Imported:
    """Imports these lines: corrections, JSON values, or text as it is."""
    file = run.parent / "corrections.jsonl"
    told = (each.model_dump_json() if isinstance(each, Correction) else each for each in lines)
    texts = (each if isinstance(each, str) else json.dumps(each) for each in told)
    file.write_text("".join(f"{line}\n" for line in texts), encoding="utf-8")
    return import_corrections(run, file, reviewed=reviewed)


def present(run: Path) -> list[str]:
    return sorted(path.name for path in (run / "corrections").glob("*")) if (run / "corrections").exists() else []


def test_a_file_becomes_a_layer(run: Path) -> None:
    before = (run / "trace.json").read_bytes()
    imported = put(run, GOOD, GOOD | {"utterance": "u2", "before": "sadness", "after": "sadness"})
    assert imported.fresh
    assert present(run) == [f"{imported.layer}.jsonl"]
    (layer,) = layers(run, example_trace())
    assert [(each.utterance, each.after, each.by) for each in layer.corrections] == [
        ("u1", "surprise", "Rosa"),
        ("u2", "sadness", "Rosa"),
    ]
    assert (layer.agreement.n, layer.agreement.same) == (2, 1)
    assert set(layer.agreement.rows) == {("joy", "surprise", 1), ("sadness", "sadness", 1)}
    assert (run / "trace.json").read_bytes() == before


def test_the_same_file_is_the_same_layer(run: Path) -> None:
    first = put(run, GOOD)
    second = put(run, GOOD | {"after": "fear"})
    again = put(run, "", "  " + json.dumps(dict(reversed(GOOD.items()))), "")
    assert (again.layer, again.fresh) == (first.layer, False)
    assert present(run) == [f"{first.layer}.jsonl", f"{second.layer}.jsonl"]
    assert [layer.corrections[0].after for layer in layers(run, example_trace())] == ["surprise", "fear"]


def test_the_last_line_on_a_matter_counts(run: Path) -> None:
    imported = put(run, GOOD, GOOD | {"after": "fear"})
    assert [each.after for each in imported.corrections] == ["fear"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 2: Invalid JSON"), ("[]", "line 2: .*object"), ('"\x00"', "line 2"), ("[" * 100_000, "line 2"),
        (GOOD | {"format": "emoagent.corrections/2"}, "line 2: format"), (GOOD | {"color": 1}, "line 2: color"),
        (GOOD | {"clip": "0123"}, "another clip: 0123, and this run is of kitchen_table.mp4"),
        (GOOD | {"utterance": "u99"}, "no utterance 'u99'"), (GOOD | {"field": "text"}, "line 2: field"),
        (GOOD | {"after": "bliss"}, "no label 'bliss' in meld7: neutral, joy"), (GOOD | {"after": 1}, "line 2: after"),
        (GOOD | {"field": "person", "after": "p9"}, r"no person 'p9': this run knows p1 \(Anna\), p2 \(Ben\)"),
        (GOOD | {"field": "person", "after": "new:"}, "no person 'new:'"),
        (GOOD | {"field": "person", "after": "new: \u202e\x00"}, "no person 'new:'"),
        (GOOD | {"note": "x" * 2001}, "line 2: note"), (GOOD | {"after": "\x1b[31mred"}, r"no label '\[31mred'"),
        ({"format": "emoagent.corrections/1"}, "line 2: clip: Field required"),
    ],
)  # fmt: skip
def test_a_bad_line_is_told_and_nothing_applied(run: Path, line: object, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        put(run, GOOD, line)
    assert len(caught.value.message) < 400
    assert "\x1b" not in caught.value.message
    assert present(run) == []


def test_files_that_are_none(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no such file"):
        import_corrections(run, run.parent / "nothing.jsonl")
    with pytest.raises(UsageError, match="no such file"):
        import_corrections(run, run)
    with pytest.raises(UsageError, match="holds no corrections"):
        put(run, "", " ")
    (run.parent / "utf16.jsonl").write_bytes(json.dumps(GOOD).encode("utf-16"))
    with pytest.raises(UsageError, match="line 1"):
        import_corrections(run, run.parent / "utf16.jsonl")
    monkeypatch.setattr(correction_lines, "MAX_BYTES", 100)
    with pytest.raises(UsageError, match="larger than"):
        put(run, GOOD)
    assert present(run) == []


def test_a_new_person_and_nobody(run: Path) -> None:
    put(run, correction("u1", "person", "p1", "new:Carla \u202eX"), correction("u2", "person", "p2", None))
    lines = Result.open(run).transcript.lines
    assert [line.speaker for line in lines[:3]] == ["Carla X", "unknown", "Anna"]


def test_reviewed_confirms_what_is_left_alone(run: Path) -> None:
    told = put(run, GOOD, reviewed=True).agreement
    assert (told.n, told.same) == (5, 4)
    assert ("none", "none", 1) in told.rows  # u4 abstains, and nobody objects
    assert told.kappa == pytest.approx((4 * 5 - 6) / (25 - 6))  # by chance: sadness 2 * 2, neutral and none 1 each


@pytest.mark.parametrize(
    ("people", "kappa"),  # as scikit-learn's cohen_kappa_score gives it
    [
        ("joy joy neutral none anger", 11 / 21),
        ("fear fear fear fear fear", 0.0),
        ("joy sadness neutral joy sadness", 13 / 18),
    ],
)
def test_agreement_is_cohens(people: str, kappa: float) -> None:
    labels = [None if label == "none" else label for label in people.split()]
    told = [correction(f"u{number}", "label", None, label) for number, label in enumerate(labels, start=1)]
    assert agreement(told, example_trace()).kappa == pytest.approx(kappa)


def test_agreement_on_next_to_nothing() -> None:
    trace = example_trace()
    one = [correction("u1", "label", "joy", "joy")]
    assert agreement(one, trace).kappa is None
    assert (agreement([], trace).n, agreement([], trace).kappa) == (0, None)


def test_corrections_of_something_else_are_counted(run: Path) -> None:
    assert put(run, GOOD | {"before": "fear"}).stale == 1
    assert put(run, GOOD | {"before": "surprise", "after": "joy"}).stale == 0  # what the first layer says


def test_lines_that_no_longer_fit_are_left_out(run: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(run, GOOD, GOOD | {"utterance": "u5", "before": "sadness", "after": "anger"})
    shorter = example_trace().model_copy(update={"utterances": example_trace().utterances[:4]})
    (layer,) = layers(run, shorter)
    assert [each.utterance for each in layer.corrections] == ["u1"]
    assert "1 of 2 corrections do not fit" in caplog.text
    (run / "corrections" / "notes.jsonl").write_text("by hand")
    assert len(layers(run, shorter)) == 1
    assert layers(run / "nowhere", shorter) == ()


def test_a_failed_write_leaves_nothing(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(5, "broken disk")

    monkeypatch.setattr("emoagent.viewer.importing.write_text", full)
    with pytest.raises(UsageError, match="broken disk"):
        put(run, GOOD)
    assert present(run) == []


values = st.none() | st.text(max_size=8) | st.integers()
objects = st.dictionaries(st.sampled_from(list(GOOD)), values, max_size=8)


@settings(max_examples=60)
@given(st.text(max_size=60) | objects.map(json.dumps) | objects.map(lambda changed: json.dumps(GOOD | changed)))
def test_any_line_is_taken_or_told(line: str) -> None:
    trace = example_trace()
    try:
        found = correction_lines.parse(line.encode("utf-8"), trace, "x.jsonl")
    except UsageError:
        return
    assert all(fit(trace)(each) is None for each in found)
    assert latest(found)


def edited(run: Path, *changes: tuple[str, str]) -> Path:
    """The run as an ELAN document, with texts in it replaced; each must occur."""
    text = written(run, "elan").read_text(encoding="utf-8")
    for old, new in changes:
        assert re.search(old, text), old
        text = re.sub(old, new, text, count=1)
    path = run.parent / "edited.eaf"
    path.write_text(text, encoding="utf-8")
    return path


def said(imported: Imported) -> list[tuple[str, str, str | None, str | None]]:
    return [(each.utterance, each.field, each.before, each.after) for each in imported.corrections]


def test_elan_untouched_changes_nothing(run: Path) -> None:
    imported = import_corrections(run, edited(run))
    assert (imported.layer, imported.corrections, imported.remarks) == (None, (), ())
    assert present(run) == []


@whatever_is_told
def test_elan_of_whatever_is_told_changes_nothing(tmp_path_factory: pytest.TempPathFactory, told: Told) -> None:
    data = read_back.written(told, "elan", tmp_path_factory.getbasetemp()).read_bytes()
    found = edits(elan_reader.read(data, "x.eaf"), told.trace, (), "x.eaf")
    assert (found.corrections, found.remarks) == ((), ())


def test_elan_labels_come_back(run: Path) -> None:
    path = edited(run, (">neutral</ANN", ">Angry</ANN"), (">none</ANN", ">fear</ANN"), (">joy</ANN", "> </ANN"),
                  ('PARTICIPANT="Anna"', 'PARTICIPANT="Anna" ANNOTATOR="Rosa"'))  # fmt: skip
    imported = import_corrections(run, path)
    assert said(imported) == [
        ("u1", "label", "joy", None),
        ("u3", "label", "neutral", "anger"),
        ("u4", "label", None, "fear"),
    ]
    assert [each.by for each in imported.corrections] == ["Rosa", "Rosa", None]
    assert import_corrections(run, path).layer == imported.layer


def test_elan_speakers_come_back(run: Path) -> None:
    """Ben's tiers are given to Carla; an annotation without its id is known by its place."""
    path = edited(
        run, ('(TIER_ID="utterance@Ben".*)PARTICIPANT="Ben"', r'\1PARTICIPANT="Carla"'), (">u2</ANN", "></ANN")
    )
    imported = import_corrections(run, path)
    assert said(imported) == [(name, "person", "p2", "new:Carla") for name in ("u4", "u5", "u2")]
    assert {line.speaker for line in Result.open(run).transcript.lines} == {"Anna", "Carla"}


def test_elan_is_compared_with_what_was_exported(run: Path) -> None:
    """An export that already holds a layer takes it back where the annotator does, and only there."""
    put(run, GOOD)
    first = edited(run)
    put(run, GOOD | {"utterance": "u5", "before": "sadness", "after": "anger"})
    assert import_corrections(run, first).layer is None
    back = edited(run, (">surprise</ANN", ">joy</ANN"))
    assert said(import_corrections(run, back)) == [("u1", "label", "surprise", "joy")]


def test_elan_tells_what_a_correction_cannot_hold(run: Path) -> None:
    moved = ('TIME_VALUE="800"', 'TIME_VALUE="700"')
    imported = import_corrections(run, edited(run, (">Mm.<", ">Hm.<"), moved, (">u3</ANN", ">u77</ANN")))
    assert [remark.split(" which")[0].split(",")[0] for remark in imported.remarks] == [
        "1 words that differ",
        "1 times that differ",
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ((">neutral</ANN", ">bored</ANN"), "at 6.900 s on 'utterance@Anna' has 'bored', no label of meld7"),
        ((">u3</ANN", ">u1</ANN"), "two annotations, on utterance@Anna, stand for utterance u1"),
        (('"emoagent.clip">[0-9a-f]+', '"emoagent.clip">0123'), "it is of 0123"),
        (('NAME="emoagent.clip"', 'NAME="other"'), "it was not made by emoagent"),
        (("<HEADER", "<HEADER<"), "is not an ELAN document"),
        (("(?s)<ANNOTATION_DOCUMENT.*", "<TIER/>"), "is not an ELAN document: it begins with TIER"),
        (("<ANNOTATION_DOCUMENT", '<!DOCTYPE x [<!ENTITY a "b">]><ANNOTATION_DOCUMENT'), "document type declaration"),
        (("UTF-8", "martian"), "is not an ELAN document"),
    ],
)  # fmt: skip
def test_elan_that_is_refused(run: Path, change: tuple[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        import_corrections(run, edited(run, change))
    assert present(run) == []


def test_elan_of_too_many_annotations(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emoagent.viewer.elan_corrections.MANY", -20)
    with pytest.raises(UsageError, match="has 5 annotations of words, the run 5 utterances"):
        import_corrections(run, edited(run))


def test_elan_nested_without_end(run: Path) -> None:
    path = run.parent / "deep.eaf"
    path.write_bytes(b"<?xml version='1.0'?>" + b"<a>" * 500_000)
    with pytest.raises(UsageError, match="is not an ELAN document"):
        import_corrections(run, path)
    path.write_bytes(b"<ANNOTATION_DOCUMENT>" * 200_000 + b"</ANNOTATION_DOCUMENT>" * 200_000)
    with pytest.raises(UsageError, match="it was not made by emoagent"):
        import_corrections(run, path)


def test_the_command(run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    file = run.parent / "c.jsonl"
    file.write_text(
        json.dumps(GOOD) + "\n" + json.dumps(GOOD | {"after": "joy", "utterance": "u2", "before": "sadness"})
    )
    assert command(monkeypatch, "import", str(run), str(file), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["labels"] == {"changed": 2, "confirmed": 0}
    assert (told["new"], told["agreement"]["n"], told["report"]) == (True, 2, None)
    assert command(monkeypatch, "import", str(run), str(file)) == 0
    text = capsys.readouterr().out
    assert "was imported before" in text
    assert "labels: 2 changed, 0 confirmed" in text
    assert re.search(r"joy +surprise +1", text)
    file.write_text("nonsense")
    assert command(monkeypatch, "import", str(run), str(file)) == 2
    assert "line 1" in capsys.readouterr().err


def test_the_page_is_made_anew(run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    page = run / "report.html"
    page.write_text("old")
    file = run.parent / "c.jsonl"
    file.write_text(json.dumps(GOOD))
    assert command(monkeypatch, "import", str(run), str(file)) == 0
    assert f"the page was made anew: {page}" in capsys.readouterr().out
    assert len(page.read_text(encoding="utf-8")) > 1000


def test_a_trace_of_no_utterances(tmp_path: Path) -> None:
    empty = Trace.model_validate(
        example_trace().model_dump() | dict.fromkeys(("utterances", "verdicts", "audits", "conflicts", "opinions"), ())
    )
    run = a_run(tmp_path / "run", empty)
    with pytest.raises(UsageError, match="no utterance"):
        put(run, GOOD)
    assert export(run, "utterances-jsonl").read_bytes() == b""
