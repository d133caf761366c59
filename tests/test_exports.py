"""Exports of a run: OpenFace's columns word by word, the frame series, and what is said where something is missing."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example_trace import example_trace
from test_broken_inputs import run
from tracked import Floats, rest_features, series_of

from emoagent.analysis import trace_pieces
from emoagent.errors import ExtraMissing, OutputError, UsageError
from emoagent.run_folder import write_pieces
from emoagent.schema import Person, Trace, VideoStream
from emoagent.tools.sight.face_geometry import FEATURES, head_pose
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.viewer.exports import camera
from emoagent.viewer.exports.openface import HEADER
from emoagent.viewer.exports.registry import export, exporters

UNITS_17 = "AU01 AU02 AU04 AU05 AU06 AU07 AU09 AU10 AU12 AU14 AU15 AU17 AU20 AU23 AU25 AU26 AU45"
BEFORE_EYES = (
    "frame,face_id,timestamp,confidence,success,"
    "gaze_0_x,gaze_0_y,gaze_0_z,gaze_1_x,gaze_1_y,gaze_1_z,gaze_angle_x,gaze_angle_y,eye_lmk_x_0,eye_lmk_x_1,"
)
AFTER_EYES = (
    ",eye_lmk_Z_54,eye_lmk_Z_55,pose_Tx,pose_Ty,pose_Tz,pose_Rx,pose_Ry,pose_Rz,"
    "AU01_r,AU02_r,AU04_r,AU05_r,AU06_r,AU07_r,AU09_r,AU10_r,AU12_r,AU14_r,AU15_r,AU17_r,AU20_r,AU23_r,AU25_r,AU26_r,"
    "AU45_r,AU01_c,AU02_c,AU04_c,AU05_c,AU06_c,AU07_c,AU09_c,AU10_c,AU12_c,AU14_c,AU15_c,AU17_c,AU20_c,AU23_c,AU25_c,"
    "AU26_c,AU28_c,AU45_c"
)


def _run(folder: Path, series: FaceSeries | None, tracks: dict[str, tuple[str, ...]], *, video: bool = True) -> Trace:
    picture = VideoStream(width=640, height=480, fps=25.0, codec="h264") if video else None
    old = example_trace()
    clip = old.clip.model_copy(update={"video": picture})
    people = tuple(Person(id=name, tracks=own) for name, own in tracks.items())
    trace = old.model_copy(update={"clip": clip, "people": people})
    (folder / "work").mkdir(parents=True)
    write_pieces(folder / "trace.json", trace_pieces(trace))
    if series is not None:
        series.save(folder / "work" / "faces.npz")
    return trace


def _smiling(n: int = 75) -> Floats:
    features = np.tile(rest_features(), (n, 1))
    for side in ("right", "left"):
        features[50:70, FEATURES.index(f"lip_corner_height_{side}")] += 0.35
        features[50:70, FEATURES.index(f"lip_corner_spread_{side}")] += 0.2
        features[50:70, FEATURES.index(f"lip_corner_curl_{side}")] += 0.2
    return features


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """A run with one face that smiles at 4 s and is out of view for the last frames."""
    series = series_of(_smiling())
    frames = np.concatenate([series.frames, float(series.frames[-1]) + np.array([0.08, 0.16])])
    values = vars(series) | {"frames": frames, "gaze": np.tile(np.array([10, -5], np.float32), (75, 1))}
    _run(tmp_path / "run", FaceSeries(**values), {"p1": ("t0",)})
    return tmp_path / "run"


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_header_is_openfaces() -> None:
    text = ",".join(HEADER)
    assert text.startswith(BEFORE_EYES)
    assert text.endswith(AFTER_EYES)
    assert len(HEADER) == len(set(HEADER)) == 5 + 8 + 5 * 56 + 6 + 17 + 18


def test_openface_of_one_face(one: Path) -> None:
    path = export(one, "openface")
    assert path == one / "openface.csv"
    assert path.read_text().partition("\n")[0] == ",".join(HEADER)
    rows = _table(path)
    assert [int(row["frame"]) for row in rows[:3]] == [1, 3, 5]
    assert (rows[0]["timestamp"], rows[1]["timestamp"], rows[0]["face_id"]) == ("0.000", "0.080", "0")
    assert float(rows[60]["AU12_r"]) > 2 > 0.3 > float(rows[20]["AU12_r"])
    assert (rows[60]["AU12_c"], rows[20]["AU12_c"]) == ("1.0", "0.0")
    assert rows[60]["AU28_c"] == rows[60]["eye_lmk_x_0"] == ""
    assert [row["success"] for row in rows] == ["1"] * 75 + ["0"] * 2
    assert (rows[-1]["confidence"], rows[-1]["pose_Rx"], rows[-1]["AU12_r"], rows[-1]["AU12_c"]) == ("0.00", "", "", "")
    assert float(rows[0]["gaze_angle_x"]) == pytest.approx(np.radians(10), abs=2e-3)
    assert float(rows[0]["gaze_angle_y"]) == pytest.approx(np.radians(5), abs=2e-3)
    assert 300 < float(rows[0]["pose_Tz"]) < 500


def test_what_readers_of_openface_do_with_it(one: Path) -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(export(one, "openface"))
    assert set(table.columns) >= {f"{unit}_{kind}" for unit in UNITS_17.split() for kind in "rc"}
    assert all(kind.kind in "fi" for kind in table.dtypes)
    good = table[(table["success"] == 1) & (table["confidence"] >= 0.8)]
    assert len(good) == 75
    assert not good[[f"{unit}_r" for unit in UNITS_17.split() if unit != "AU45"]].isna().any(axis=None)
    assert table["AU12_r"].isna().sum() == 2


def test_several_faces_are_told_apart(tmp_path: Path) -> None:
    features = np.tile(rest_features(), (40, 1))
    first, second = series_of(features, track=[0] * 40), series_of(features, track=[1] * 40, start=4.0)
    both: dict[str, Any] = {k: np.concatenate([v, vars(second)[k]]) if getattr(v, "ndim", 0) and k != "cuts" else v
            for k, v in vars(first).items()}  # fmt: skip
    _run(tmp_path / "run", FaceSeries(**both), {"p7": ("t1",)})
    rows = _table(export(tmp_path / "run", "openface"))
    assert [row["face_id"] for row in rows] == ["1"] * 40 + ["0"] * 40
    assert {row["success"] for row in rows} == {"1"}
    people = [row["person"] for row in _table(export(tmp_path / "run", "frames-csv"))]
    assert people == [""] * 40 + ["p7"] * 40


@pytest.mark.parametrize("pose", [(0, 0, 0), (20, 0, 0), (0, 15, 0), (0, 0, 10), (-25, 12, -8)])
def test_angles_and_rotation_are_one(pose: tuple[float, float, float]) -> None:
    from tracked import mesh, turned

    assert head_pose(turned(mesh(), *pose)) == pytest.approx(pose, abs=0.5)
    rotation = camera.rotations([pose])
    x, y, z = camera.angles(rotation)[0]
    again = camera._about(0, np.array([x])) @ camera._about(1, np.array([y])) @ camera._about(2, np.array([z]))
    assert again == pytest.approx(rotation)
    nose = rotation[0] @ [0, 0, -1]
    assert nose[0] == pytest.approx(np.sin(np.radians(pose[0])) * np.cos(np.radians(pose[1])))
    assert nose[1] == pytest.approx(-np.sin(np.radians(pose[1])))


def test_signs_are_openfaces() -> None:
    turned, up, tilted = camera.angles(camera.rotations([(20, 0, 0), (0, 20, 0), (0, 0, 20)]))
    assert turned == pytest.approx([0, -np.radians(20), 0], abs=1e-9)
    assert up == pytest.approx([-np.radians(20), 0, 0], abs=1e-9)
    assert tilted == pytest.approx([0, 0, np.radians(20)], abs=1e-9)
    straight = camera.sight([(0, 0)], camera.rotations([(20, 0, 0)]))
    assert camera.sight_angles(straight)[0] == pytest.approx([np.radians(20), 0], abs=1e-9)


def test_frames_as_parquet(one: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(export(one, "frames"))
    assert table.num_rows == 77
    assert table.schema.field("yaw").metadata == {b"unit": b"degrees"}
    assert b'"schema_version": "1"' in table.schema.metadata[b"emoagent"]
    assert all(field.metadata[b"unit"] for field in table.schema)
    columns = table.to_pydict()
    assert columns["person"][-3:] == ["p1", None, None]
    assert columns["track"][-3:] == [0, None, None]
    assert columns["AU12"][60] > 2
    assert columns["AU12_reliability"][-1] is None
    assert columns["time"] == sorted(columns["time"])
    assert columns["frame"][:2] == [1, 3]


def test_frames_as_csv_say_the_same(one: Path) -> None:
    rows = _table(export(one, "frames-csv"))
    assert len(rows) == 77
    assert (rows[0]["gaze_x"], rows[0]["gaze_y"], rows[-1]["gaze_x"]) == ("10", "-5", "")
    assert set(FEATURES) < set(rows[0])


def test_without_its_package_a_format_says_what_to_install(one: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ExtraMissing) as caught:
        export(one, "frames")
    assert caught.value.exit_status == 5
    assert caught.value.hint == "pip install 'emoagent[export]'"


@pytest.mark.parametrize(
    ("series", "video", "said"),
    [(None, False, "has no picture"), (None, True, "holds no frame series"), ("old", True, "another version")],
)
def test_runs_without_frames_say_so(tmp_path: Path, series: str | None, video: bool, said: str) -> None:
    _run(tmp_path / "run", None, {}, video=video)
    if series:
        np.savez(tmp_path / "run" / "work" / "faces.npz", time=np.zeros(3))
    with pytest.raises(UsageError, match=said):
        export(tmp_path / "run", "openface")
    assert not list((tmp_path / "run").glob("*.csv"))


def test_what_cannot_be_exported(one: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no export 'latex'"):
        export(one, "latex")
    with pytest.raises(UsageError, match="No such file"):
        export(tmp_path / "nothing", "openface")
    with pytest.raises(OutputError, match="would replace"):
        export(one, "openface", one / "trace.json")
    with pytest.raises(OutputError, match="would replace"):
        export(one, "openface", one / "work" / "faces.npz")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        export(one, "openface", tmp_path / "file" / "x.csv")


def test_a_failed_export_leaves_the_old_file(one: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = export(one, "openface")
    before = path.read_bytes()
    monkeypatch.setattr(camera, "sight", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export(one, "openface")
    assert path.read_bytes() == before
    assert {p.name for p in one.iterdir()} == {"openface.csv", "trace.json", "work"}


def test_same_run_same_bytes(one: Path) -> None:
    first = export(one, "openface").read_bytes()
    assert export(one / "trace.json", "openface").read_bytes() == first


def test_the_command(
    one: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "export", str(one), "--to", "openface", "-o", str(tmp_path / "x.csv")) == 0
    assert capsys.readouterr() == (f"{tmp_path / 'x.csv'}\n", "")
    assert run(monkeypatch, "export", "--list", "--json") == 0
    assert {row["name"] for row in json.loads(capsys.readouterr().out)} == set(exporters())
    assert run(monkeypatch, "export", str(one), "--to", "nothing") == 2
    assert "openface" in capsys.readouterr().err
    assert run(monkeypatch, "export", str(one)) == 2


@pytest.mark.real
def test_a_real_run(shared: Path, tmp_path: Path) -> None:
    from emoagent import analyze
    from emoagent.settings import Settings

    trace = analyze(shared / "media" / "grid" / "bbaf2n.mpg", tmp_path, settings=Settings(transcript="windows"))
    assert [p.id for p in trace.people] == ["p1"]
    rows = _table(export(tmp_path, "openface"))
    assert {row["success"] for row in rows} == {"1"}
    assert all(abs(float(row["pose_Ry"])) < 0.5 for row in rows)
    frames = _table(export(tmp_path, "frames-csv"))
    assert {row["person"] for row in frames} == {"p1"}
    assert [row["AU12"] == "" for row in frames] == [row["AU12_r"] == "" for row in rows]
