"""`emoagent eval`, what it prints, and the record of measurements with the page made of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from test_broken_inputs import run
from test_cli import generator
from text_corpora import meld_corpus
from text_models import fake_text_model

from emoagent.errors import UsageError
from emoagent.evals import record
from emoagent.evals.benchmark import Options, benchmark, benchmarks, find
from emoagent.evals.page import page, tables, told
from emoagent.evals.record import measured, save, saved
from emoagent.evals.result import Figure, Measured, Result, SystemRow

ROOT = Path(__file__).parents[1]
RESULT = Result(
    benchmark="toy",
    split="test",
    n=20,
    seed=7,
    mode="causal",
    reasoner="embedded",
    policy="face-first",
    judge="overlap",
    rows=(
        SystemRow(
            system="fused",
            n=20,
            figures={"accuracy": Figure(value=0.5234, low=0.41, high=0.6), "valence": Figure(value=0.5, unit="r")},
            invalid_rate=0.05,
            abstention_rate=0.1,
            milliseconds=4.256,
        ),
        SystemRow(system="floor: none", part="conflict", n=8, figures={"accuracy": Figure(value=0.25)}),
    ),
    notes=("a note",),
    models={"model.onnx": "0123456789abcdef" * 4},
    emoagent="9.9",
)
MEASURED = Measured(date="2026-11-21", command="emoagent eval toy", revision="abc", machine="2 cores", result=RESULT)


def at(text: str) -> Measured:
    return MEASURED.model_copy(update={"date": text})


def test_every_benchmark_is_found_and_tells_what_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "eval", "--list", "--json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == set(benchmarks())
    assert {"meld", "emorynlp", "goemotions", "emobank"} <= set(rows)
    assert all(all(row.values()) for row in rows.values())
    assert all(find(name).name == name for name in rows)
    monkeypatch.setenv("COLUMNS", "80")
    assert run(monkeypatch, "eval", "--list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    words = " ".join(" ".join(lines).split())
    assert all(f"{each.source}; in {each.data}/;" in words for each in benchmarks().values())


def test_the_result_and_nothing_else_as_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_text_model(monkeypatch)
    assert run(monkeypatch, "eval", "meld", "--data", meld_corpus(tmp_path), "--json", "--seed", "3") == 0
    said = capsys.readouterr()
    result = Result.model_validate_json(said.out)
    assert (result.benchmark, result.seed, result.n, said.err) == ("meld", 3, 5, "")


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_table_fits_and_names_everything(
    width: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_text_model(monkeypatch)
    monkeypatch.setenv("COLUMNS", str(width))
    assert run(monkeypatch, "eval", "meld", "--data", meld_corpus(tmp_path)) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    assert "split dev · n 5 · seed 7" in out
    for word in ("fused", "text only", "floor: majority", "accuracy", "invalid", "abstained", "ms", "40.0 %"):
        assert word in out
    assert "no sound and no pictures" in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["eval"], "NAME is missing"),
        (["eval", "nothing", "--data", "."], "no benchmark"),
        (["eval", "meld"], "--data is missing"),
        (["eval", "meld", "--data", "nowhere"], "not a folder"),
        (["eval", "meld", "--data", "."], "does not exist"),
        (["eval", "meld", "--data", ".", "--split", "everything"], "no split"),
        (["eval", "meld", "--data", ".", "--policy", "loudest"], "policy"),
        (["eval", "meld", "--data", ".", "--mode", "later"], "mode"),
        (["eval", "meld", "--data", ".", "--limit", "2", "--save"], "--limit"),
    ],
)
def test_what_cannot_be_measured_is_a_usage_error(
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, *arguments, "--json") == 2
    said = capsys.readouterr()
    envelope = json.loads(said.err)
    assert (said.out, envelope["code"]) == ("", "usage")
    assert words in envelope["message"] + envelope["hint"]


def test_a_measurement_is_saved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_text_model(monkeypatch)
    monkeypatch.setattr(record, "RESULTS", tmp_path / "results")
    data = meld_corpus(tmp_path)
    assert run(monkeypatch, "eval", "meld", "--data", data, "--save") == 2
    (tmp_path / "results").mkdir()
    assert run(monkeypatch, "eval", "meld", "--data", data, "--save", "--policy", "face-first") == 0
    assert run(monkeypatch, "eval", "meld", "--data", data, "--out", tmp_path / "own", "--limit", "2") == 0
    (found,) = saved(tmp_path / "results")
    (path,) = (tmp_path / "results").iterdir()
    assert path.name.startswith(f"{found.date}_meld_dev_face-first_")
    assert found.command == "emoagent eval meld --data DATA --split dev --policy face-first"
    assert str(tmp_path) not in path.read_text()
    assert found.result.models
    assert "cores" in found.machine
    assert saved(tmp_path / "own")[0].result.n == 2
    assert "saved as" in capsys.readouterr().err


def test_the_same_measurement_on_the_same_day_replaces_the_first(tmp_path: Path) -> None:
    path = save(MEASURED, tmp_path)
    assert path.name == "2026-11-21_toy_test_face-first_01234567.json"
    assert save(MEASURED, tmp_path) == path
    assert save(at("2026-11-22"), tmp_path) != path
    assert saved(tmp_path) == [MEASURED, at("2026-11-22")]


def test_where_nothing_can_be_saved_or_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("{}")
    with pytest.raises(UsageError, match="cannot be written"):
        save(MEASURED, tmp_path / "file")
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(UsageError, match=r"bad\.json holds no measurement"):
        saved(tmp_path)


def test_a_measurement_has_its_date_and_revision() -> None:
    found = measured(RESULT, "emoagent eval toy")
    assert Measured.model_validate_json(found.model_dump_json()) == found
    assert found.revision is None or len(found.revision) >= 7


def test_figures_in_words() -> None:
    assert told(None) == ("", "")
    assert told(Figure(value=0.52349, low=0.41, high=0.6)) == ("52.3 %", "41.0 to 60.0")
    assert told(Figure(value=0.5, unit="r")) == ("0.500 r", "")
    assert told(Figure(value=1.26, low=-0.5, high=3, unit="points")) == ("+1.3 points", "-0.5 to +3.0")


def test_figures_that_do_not_fit_go_into_a_further_table() -> None:
    first, second = tables(RESULT, widest=1)
    assert first[0] == ["system", "part", "n", "invalid", "abstained", "ms", "accuracy"]
    fused = ["fused", "all", "20", "5.0 %", "10.0 %", "4.26", "52.3 %"]
    assert [value for value, _ in first[1][0]] == fused
    assert len(first[1]) == 2
    assert second == (["system", "part", "valence"], [[("fused", ""), ("all", ""), ("0.500 r", "")]])


def test_the_page_of_two_measurements() -> None:
    text = page([at("2026-10-01"), at("2026-11-21")])
    assert text.count("## toy\n") == 1
    assert text.index("### test, 2026-11-21") < text.index("### test, 2026-10-01")
    assert "| fused | all | 20 | 5.0 % | 10.0 % | 4.26 | 52.3 % [41.0 to 60.0] | 0.500 r |\n" in text
    assert "| floor: none | conflict | 8 | 0.0 % | 0.0 % |  | 25.0 % |  |\n" in text
    facts = (
        "split test · n 20 · seed 7 · embedded · causal · policy face-first · judge overlap · model.onnx 0123456789ab"
    )
    assert f"{facts}\n" in text
    assert "emoagent 9.9, revision abc; 2 cores." in text
    assert text.endswith("- a note\n")


def test_the_page_in_the_documentation_is_that_of_the_record() -> None:
    """Mend with: python docs/generate.py"""
    assert (ROOT / "docs" / "results.md").read_text(encoding="utf-8") == generator().results()


def test_no_measurement_on_record_is_of_a_part_or_has_a_path() -> None:
    for each in saved():
        assert "--limit" not in each.command
        assert "/" not in each.command
        fitted_in_the_run = each.result.benchmark == "crema-d"
        assert each.result.models or fitted_in_the_run or each.result.reasoner != "embedded", each.result.benchmark


def test_a_benchmark_is_named_after_its_function(tmp_path: Path) -> None:
    @benchmark(data="toy", splits=("dev",), source="nobody")
    def toy_test(folder: Path, options: Options) -> Result:
        """What is measured.

        And more.
        """
        return RESULT.model_copy(update={"emoagent": "", "split": folder.name})

    assert (toy_test.name, toy_test.summary) == ("toy-test", "What is measured.")
    assert toy_test(tmp_path, Options()).emoagent
    assert toy_test.usual_split == "dev"
    assert replace(toy_test, splits=("all",)).usual_split == "all"
    assert replace(toy_test, splits=("test",)).usual_split == "dev"
    (tmp_path / "toy").mkdir()
    assert toy_test(tmp_path, Options()).split == "toy"
