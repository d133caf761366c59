"""Bundles of models: there and back, and nothing that its list does not name."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hub_stand_in import safetensors

from emoagent.errors import ModelMissing, Refused, ResourceLimit, UsageError
from emoagent.tools.weights import assets, hub_bundle
from emoagent.tools.weights.hub_bundle import LIST, bundle, unbundle
from emoagent.tools.weights.hub_lock import Locked, LockedFile, hub_cache, read_lock, remember
from emoagent.tools.weights.hub_models import local_folder
from emoagent.tools.weights.hub_pull import damaged

NAME, COMMIT = "Some/tiny-model", "c" * 40
TOP = f"models/{NAME}/{COMMIT}"
FILES = {"config.json": b"{}", "model.safetensors": safetensors(50), "1_Pooling/config.json": b"{ }"}
Change = Callable[[dict[str, bytes], dict[str, Any]], object]


def locked(files: dict[str, bytes]) -> Locked:
    """The lock entry of these files."""
    entries = {name: LockedFile(len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()}
    return Locked(NAME, COMMIT, "apache-2.0", entries)


def move(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """Another machine: empty caches."""
    monkeypatch.setenv("EMOAGENT_CACHE", str(place / "own"))
    monkeypatch.setenv("HF_HUB_CACHE", str(place / "hub"))


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle of one model and one embedded file; the caches of this machine are empty afterwards."""
    move(monkeypatch, tmp_path / "here")
    model = locked(FILES)
    for name, data in FILES.items():
        (model.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (model.folder / name).write_bytes(data)
    remember(model)
    content = b"landmarks"
    asset = assets.Asset("face_landmarker", "x", "MIT", 9, hashlib.sha256(content).hexdigest(), assets.FACE.source)
    monkeypatch.setitem(assets.ASSETS, "face_landmarker", asset)
    asset.path.write_bytes(content)
    target = tmp_path / "models.tar"
    bundle(target, [model], [asset], None)
    move(monkeypatch, tmp_path / "there")
    return target


def rewrite(source: Path, change: Change, **headers: Any) -> Path:
    """The bundle with other content; `headers` set fields of the last member."""
    with tarfile.open(source) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    listed = json.loads(members.pop(LIST))
    change(members, listed)
    target = source.with_name("changed.tar")
    with tarfile.open(target, "w") as tar:
        for name, data in ({LIST: json.dumps(listed).encode()} | members).items():
            header = tarfile.TarInfo(name)
            header.size = len(data)
            if name == list(members)[-1]:
                for field, value in headers.items():
                    setattr(header, field, value)
            tar.addfile(header, io.BytesIO(data))
    return target


def test_there_and_back(made: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    models, files = unbundle(made, lambda done, total: seen.append((done, total)))
    assert [model.repository for model in models] == [NAME]
    assert [asset.name for asset in files] == ["face_landmarker"]
    assert assets.verify("face_landmarker") == "verified"
    folder = local_folder(NAME)
    assert folder.is_relative_to(tmp_path / "there")
    assert {name: (folder / name).read_bytes() for name in FILES} == FILES
    assert not damaged(read_lock()[NAME])
    assert seen[-1][0] == seen[-1][1] == sum(map(len, FILES.values())) + 9
    again = tmp_path / "again.tar"
    bundle(again, models, files, None)
    assert again.read_bytes() == made.read_bytes(), "the same content gives the same bytes"
    unbundle(again)


def _add(name: str) -> Change:
    return lambda members, _: members.update({name: b"x"})


def _listed(name: str) -> Change:
    """Lists the file too, as somebody would who means harm."""

    def change(members: dict[str, bytes], listed: dict[str, Any]) -> None:
        entry = {"size": 1, "sha256": hashlib.sha256(b"x").hexdigest()}
        listed["models"][NAME]["files"][name] = entry
        members[f"{TOP}/{name}"] = b"x"

    return change


def _named(key: str, value: str) -> Change:
    def change(_: dict[str, bytes], listed: dict[str, Any]) -> None:
        if key == "revision":
            listed["models"][NAME]["revision"] = value
        elif key == "repository":
            listed["models"][value] = listed["models"].pop(NAME)
        else:
            listed["assets"] = [value]

    return change


@pytest.mark.parametrize(
    "change",
    [
        _add("../../escaped"), _add("/tmp/escaped"), _add(f"{TOP}/extra.json"), _listed("../../../escaped.json"),
        _listed("/tmp/escaped.json"), _listed("run.py"), _listed("pytorch_model.bin"), _listed(".ssh/x.json"),
        _named("revision", "../../.."), _named("revision", "main"), _named("repository", "../.."),
        _named("repository", "a/../b"), _named("assets", "../x"),
    ],
)  # fmt: skip
def test_what_leads_elsewhere_is_refused(made: Path, tmp_path: Path, change: Change) -> None:
    before = {path for path in tmp_path.rglob("*") if "there" not in path.parts}
    with pytest.raises(Refused) as caught:
        unbundle(rewrite(made, change))
    assert caught.value.exit_status == 8
    assert {path for path in tmp_path.rglob("*") if "there" not in path.parts} <= before | {tmp_path / "changed.tar"}
    assert not read_lock()
    assert not [path for path in (tmp_path / "there").rglob("*") if path.is_file()], "nothing is left behind"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE])
def test_only_plain_files_are_taken(made: Path, kind: bytes) -> None:
    with pytest.raises(Refused):
        unbundle(rewrite(made, lambda *_: None, type=kind, linkname="/etc/passwd"))
    assert not read_lock()


def test_size_is_bounded_by_the_list_and_the_disk(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{TOP}/model.safetensors"
    with pytest.raises(Refused, match="does not name"):
        unbundle(rewrite(made, lambda members, _: members.update({name: bytes(10_000_000)})))

    def boast(_: dict[str, bytes], listed: dict[str, Any]) -> None:
        listed["models"][NAME]["files"]["config.json"]["size"] = 1 << 60

    with pytest.raises(ResourceLimit, match="GB free"):
        unbundle(rewrite(made, boast))
    monkeypatch.setattr(hub_bundle, "LONGEST_LIST", 10)
    with pytest.raises(Refused, match="does not begin with its list"):
        unbundle(made)


def test_damage_is_found(made: Path) -> None:
    name = f"{TOP}/model.safetensors"
    with pytest.raises(ModelMissing, match="sha256 differs"):
        unbundle(rewrite(made, lambda members, _: members.update({name: bytes(len(members[name]))})))
    with pytest.raises(ModelMissing, match=r"config.json is missing"):
        unbundle(rewrite(made, lambda members, _: members.pop(f"{TOP}/config.json")))
    cut = made.with_name("cut.tar")
    cut.write_bytes(made.read_bytes()[:-11_000])
    with pytest.raises(ModelMissing):
        unbundle(cut)
    assert not read_lock()
    assert not list(hub_cache().rglob(".unpack-*"))


def test_pickle_under_the_name_of_weights(made: Path) -> None:
    name, data = "model.safetensors", b"\x80\x04K\x01."

    def swap(members: dict[str, bytes], listed: dict[str, Any]) -> None:
        members[f"{TOP}/{name}"] = data
        entry = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        listed["models"][NAME]["files"][name] = entry

    with pytest.raises(Refused, match="not a safetensors file"):
        unbundle(rewrite(made, swap))


def test_extended_header_cannot_fill_the_memory(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 40
    (tmp_path / "bomb.tar").write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
    with pytest.raises(ModelMissing, match="too long"):
        unbundle(tmp_path / "bomb.tar")


def test_no_bundle_at_all(tmp_path: Path, made: Path) -> None:
    (tmp_path / "text.tar").write_bytes(b"hello" * 1000)
    with pytest.raises(ModelMissing, match="damaged"):
        unbundle(tmp_path / "text.tar")
    with pytest.raises(UsageError, match="cannot be read"):
        unbundle(tmp_path / "absent.tar")
    with tarfile.open(tmp_path / "other.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("readme.txt"))
    with pytest.raises(Refused, match="does not begin with its list"):
        unbundle(tmp_path / "other.tar")
