"""Models of the hub: huggingface_hub itself, against a hub of our own."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_stand_in import Hub, Repository, safetensors, serving
from test_broken_inputs import run

from emoagent.errors import BackendUnreachable, ModelMissing, Refused, ResourceLimit, UsageError
from emoagent.profiles import REASONER, VISION
from emoagent.tools.weights import hub_pull
from emoagent.tools.weights.hub_files import HubFile, chosen
from emoagent.tools.weights.hub_lock import FILE, hub_cache, read_lock
from emoagent.tools.weights.hub_models import ALIASES, MODELS, aligner, defaults, is_repository, local_folder
from emoagent.tools.weights.hub_pull import damaged, pull

NAME = "Some/tiny-model"
WEIGHTS = safetensors(1000)
FILES = {
    "config.json": b'{"model_type": "qwen2"}', "tokenizer.json": b"{}", "README.md": b"# A model\n",
    "model.safetensors": WEIGHTS, "pytorch_model.bin": pickle.dumps({"w": 1}), "modeling_own.py": b"print('hello')",
    "1_Pooling/config.json": b"{}", "onnx/model.onnx": b"x", "training_args.bin": b"x", ".gitattributes": b"x",
}  # fmt: skip
TAKEN = {"config.json", "tokenizer.json", "README.md", "model.safetensors", "1_Pooling/config.json"}
WHISPER = b"\x06\0\0\0" + b"\x0c\0WhisperSpec\0" + bytes(100)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one model, an empty cache, and no token."""
    for name in ("EMOAGENT_OFFLINE", "HF_HUB_OFFLINE", "HF_TOKEN", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EMOAGENT_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    with serving(Hub({NAME: Repository(dict(FILES))})) as made:
        monkeypatch.setenv("HF_ENDPOINT", made.url)
        yield made


def test_registry_is_sound() -> None:
    for model in MODELS.values():
        assert is_repository(model.repository)
        assert model.what
        assert model.licence
        assert model.megabytes > 0
        assert not (model.default and (model.restricted or model.gated)), "a default is free to use"
    assert MODELS["Qwen/Qwen2.5-VL-3B-Instruct"].restricted
    assert {REASONER, VISION} <= set(defaults("local")), "what the profile loads is what `pull --profile` fetches"
    assert defaults("embedded") == []
    assert ALIASES["large-v3-turbo"] == "mobiuslabsgmbh/faster-whisper-large-v3-turbo"
    assert aligner("de") in MODELS
    assert aligner("tlh") is None


def test_pull_takes_only_safe_files_and_pins_them(hub: Hub) -> None:
    locked = pull(NAME)
    assert set(locked.files) == TAKEN
    assert (locked.revision, locked.licence) == ("a" * 40, "apache-2.0")
    assert read_lock() == {NAME: locked}
    for name in TAKEN:
        assert (locked.folder / name).read_bytes() == FILES[name]
        assert locked.files[name].sha256 == hashlib.sha256(FILES[name]).hexdigest()
    assert local_folder(NAME) == locked.folder
    assert not list(hub_cache().rglob("*.part"))
    assert not any("agent-harnesses" in path or "telemetry" in path for _, path, _ in hub.asked)


def test_the_hubs_own_library_finds_what_was_pulled(hub: Hub) -> None:
    from huggingface_hub import snapshot_download

    locked = pull(NAME)
    found = snapshot_download(NAME, revision=locked.revision, cache_dir=hub_cache(), local_files_only=True)
    assert Path(found) == locked.folder


def test_a_pulled_model_is_not_asked_for_again_and_stays_at_its_commit(hub: Hub) -> None:
    first = pull(NAME)
    count, fetched = len(hub.asked), len(hub.downloads())
    hub.repositories[NAME].commit = "b" * 40
    assert pull(NAME) == first
    assert len(hub.asked) == count
    later = pull(NAME, revision="main")
    assert later.revision == "b" * 40
    assert len(hub.downloads()) == fetched, "content that is there is not fetched again"
    assert local_folder(NAME) == later.folder


def test_licence_under_a_name_of_its_own_and_none(hub: Hub) -> None:
    hub.repositories[NAME].card = {"license": "other", "license_name": "qwen-research"}
    assert pull(NAME).licence == "qwen-research"
    hub.repositories["Some/silent"] = Repository({"model.safetensors": WEIGHTS, "config.json": b"{}"}, card={})
    assert pull("Some/silent").licence == "not stated"


def test_gated_model_needs_the_token_which_goes_to_the_hub_alone(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hub.repositories[NAME].gated = "hf_secret"
    (tmp_path / "token").write_text("hf_secret")
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "token"))
    with pytest.raises(ModelMissing, match="gated") as caught:
        pull(NAME)
    assert "HF_TOKEN" in caught.value.hint
    assert all("authorization" not in head for _, _, head in hub.asked), "a stored token is not used"
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    locked = pull(NAME)
    stored = [head for _, path, head in hub.asked if path.startswith("/storage/")]
    assert stored
    assert all("authorization" not in head for head in stored), "the token does not follow a redirect to another host"
    assert "hf_secret" not in (tmp_path / "own" / FILE).read_text()
    assert set(locked.files) == TAKEN


@pytest.mark.parametrize(
    ("name", "revision", "kind", "says"),
    [
        ("Some/absent", None, ModelMissing, "no model Some/absent"),
        (NAME, "v9", ModelMissing, "no such revision"),
        ("nonsense", None, UsageError, "no model called"),
        ("../../etc/passwd", None, UsageError, "no model called"),
        ("pyannote/speaker-diarization-community-1", None, Refused, "pickles"),
    ],
)
def test_what_cannot_be_pulled(hub: Hub, name: str, revision: str | None, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says) as caught:
        pull(name, revision=revision)
    assert hub.url not in str(caught.value)
    assert not read_lock()


def test_no_network_and_forbidden_network(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(BackendUnreachable) as caught:
        pull(NAME)
    assert caught.value.exit_status == 6
    assert "127.0.0.1" not in caught.value.message
    monkeypatch.setenv("EMOAGENT_OFFLINE", "1")
    with pytest.raises(ModelMissing, match="EMOAGENT_OFFLINE"):
        pull(NAME)


def test_pickles_are_refused_whatever_their_name(hub: Hub) -> None:
    pickled = pickle.dumps({"w": [1.0] * 100})
    hub.repositories["Some/old"] = Repository({"config.json": b"{}", "pytorch_model.bin": pickled})
    hub.repositories["Some/liar"] = Repository({"config.json": b"{}", "model.safetensors": pickled})
    hub.repositories["Some/fake"] = Repository({"model.bin": pickled, "vocabulary.json": b"[]", "config.json": b"{}"})
    for name, says in (("old", "only pytorch_model.bin"), ("liar", "not a safetensors"), ("fake", "may be a pickle")):
        for _ in range(2):  # what lies in the cache from the first time is no safer
            with pytest.raises(Refused, match=says) as caught:
                pull(f"Some/{name}")
            assert caught.value.exit_status == 8
    assert not read_lock()


def test_whisper_in_the_format_of_ctranslate2(hub: Hub) -> None:
    hub.repositories[ALIASES["tiny"]] = Repository(
        {"model.bin": WHISPER, "vocabulary.txt": b"a\n", "config.json": b"{}"}, card={"license": "mit"}
    )
    assert set(pull("tiny").files) == {"model.bin", "vocabulary.txt", "config.json"}
    assert local_folder("tiny") == local_folder(ALIASES["tiny"])


@pytest.mark.parametrize("path", ["../model.safetensors", "/etc/x.json", "a/../../b.json", "a\\b.json", ".x/y.json"])
def test_names_that_lead_elsewhere_are_not_taken(path: str) -> None:
    good = HubFile("model.safetensors", 9, "0" * 64, None)
    assert chosen([good, HubFile(path, 9, "1" * 64, None)], NAME) == [good]


def test_full_disk_is_seen_before_the_download(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_pull, "SPARE", 1 << 60)
    with pytest.raises(ResourceLimit, match="GB free"):
        pull(NAME)
    assert not hub.downloads()


def test_garbled_download_is_not_kept(hub: Hub) -> None:
    hub.garbled = True
    with pytest.raises(ModelMissing, match="not what the hub lists"):
        pull(NAME)
    assert not read_lock()
    hub.garbled = False
    assert not damaged(pull(NAME))


def test_broken_connection_goes_on_where_it_broke(hub: Hub) -> None:
    hub.repositories[NAME].files["model.safetensors"] = safetensors(6_000_000)
    hub.drop_after = 15 << 20
    assert not damaged(pull(NAME))
    assert [head for path, head in hub.downloads() if path.startswith("/storage")] == [None, "bytes=10485760-"]


def test_killed_pull_goes_on_where_it_stopped(hub: Hub, tmp_path: Path) -> None:
    hub.repositories[NAME].files["model.safetensors"] = safetensors(6_000_000)
    hub.stop_after = 15 << 20
    command = [sys.executable, "-m", "emoagent", "models", "pull", NAME]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        end = time.monotonic() + 30
        while time.monotonic() < end and child.poll() is None:
            if any(part.stat().st_size >= 10 << 20 for part in hub_cache().rglob("*.part")):
                break
            time.sleep(0.05)
        child.send_signal(signal.SIGKILL)
    assert not read_lock(), "half a model is no model"
    with pytest.raises(ModelMissing, match="has not been pulled"):
        local_folder(NAME)
    hub.stop_after = None
    hub.asked.clear()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == local_folder(NAME)
    assert "licence: apache-2.0" in done.stderr
    assert [head for path, head in hub.downloads() if path.startswith("/storage")] == ["bytes=10485760-"]
    assert not damaged(read_lock()[NAME])


def test_damaged_and_missing_files_are_found_and_mended(hub: Hub) -> None:
    locked = pull(NAME)
    blob = (locked.folder / "model.safetensors").resolve()
    blob.write_bytes(WEIGHTS[:-1] + b"!")
    assert damaged(locked) == ["model.safetensors"]
    hub.asked.clear()
    assert not damaged(pull(NAME))
    assert len({path for path, _ in hub.downloads()}) == 2, "only what is wrong is fetched again"
    (locked.folder / "config.json").resolve().unlink()
    with pytest.raises(ModelMissing, match="not complete"):
        local_folder(NAME)
    assert not damaged(pull(NAME))


def test_local_folder_of_folders_and_of_nonsense(tmp_path: Path, hub: Hub) -> None:
    assert local_folder(str(tmp_path)) == tmp_path.resolve()
    with pytest.raises(ModelMissing, match="no model folder"):
        local_folder(str(tmp_path / "absent"))
    with pytest.raises(ModelMissing) as caught:
        local_folder("Qwen/Qwen3-8B")
    assert caught.value.hint == "emoagent models pull Qwen/Qwen3-8B"


def test_damaged_lock_file_is_said_not_guessed(hub: Hub) -> None:
    pull(NAME)
    path = Path(os.environ["EMOAGENT_CACHE"]) / FILE
    for text in ("{", "[]", json.dumps({"version": 99, "models": {}}), json.dumps({"version": 1, "models": {"a": 1}})):
        path.write_text(text)
        with pytest.raises(ModelMissing, match="cannot be read"):
            read_lock()


def test_commands_pull_list_verify_bundle_and_back(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def rows() -> dict[str, dict[str, str]]:
        return {row["name"]: row for row in json.loads(capsys.readouterr().out)}

    assert run(monkeypatch, "models", "pull", NAME) == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(local_folder(NAME))
    assert "licence: apache-2.0" in said.err
    assert run(monkeypatch, "models", "list", "--json") == 0
    listed = rows()
    assert (listed[NAME]["state"], listed[NAME]["revision"]) == ("present", "a" * 40)
    assert listed["tiny"]["repository"] == ALIASES["tiny"]
    assert "not for commercial use" in listed["Qwen/Qwen2.5-VL-3B-Instruct"]["licence"]
    assert run(monkeypatch, "models", "bundle", "-o", tmp_path / "all.tar") == 0
    assert run(monkeypatch, "models", "bundle", "Qwen/Qwen3-8B", "-o", tmp_path / "x.tar") == 5
    (local_folder(NAME) / "model.safetensors").resolve().write_bytes(b"rot")
    capsys.readouterr()
    assert run(monkeypatch, "models", "verify", "--json") == 5
    assert rows()[NAME]["state"] == "corrupt"
    assert run(monkeypatch, "models", "bundle", NAME, "-o", tmp_path / "x.tar") == 5
    assert not (tmp_path / "x.tar").exists()
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "there"))
    monkeypatch.setenv("EMOAGENT_CACHE", str(tmp_path / "there"))
    monkeypatch.setenv("EMOAGENT_OFFLINE", "1")
    assert run(monkeypatch, "models", "pull", "--from", tmp_path / "all.tar") == 0
    assert run(monkeypatch, "models", "verify") == 0
    assert local_folder(NAME).is_relative_to(tmp_path / "there")
    assert run(monkeypatch, "models", "pull", "--profile", "none") == 2


def test_what_a_profile_pulls(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from emoagent.commands import models as command

    pulled: list[str] = []

    def note(name: str, *_: object) -> Path:
        pulled.append(name)
        return Path(name)

    monkeypatch.setattr(command, "_pull_file", note)
    monkeypatch.setattr(command, "_pull_hub", note)
    command.pull([], profile="local")
    assert {REASONER, VISION, "face_landmarker", "voices"} <= set(pulled)
