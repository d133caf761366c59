"""What an agent may name: files below the folders that were named for it, and nothing else on the machine."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoagent.bridges.mcp.roots import LONGEST, Roots
from emoagent.errors import NotFound, Refused, UsageError

PARTS = st.sampled_from(["..", ".", "clip.wav", "sub", "link", "", "/", "~", "%2e%2e", "etc", "passwd", "secret"])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clip, and beside it what must not be reached."""
    base = tmp_path_factory.mktemp("base")
    (base / "secret").write_bytes(b"secret")
    (base / "rootless").mkdir()
    folder = base / "root"
    (folder / "sub").mkdir(parents=True)
    for name in ("clip.wav", "sub/deep.wav", "tied.wav"):
        (folder / name).write_bytes(b"RIFF")
    (folder / "link").symlink_to(base)
    (folder / "link.wav").symlink_to(base / "secret")
    (folder / "inner.wav").symlink_to(folder / "clip.wav")
    (folder / "tied.srt").symlink_to(base / "secret")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(folder)  # the path of a socket has to be short
        listener.bind("socket")
        os.chdir(here)
    return folder


@pytest.mark.parametrize("path", ["clip.wav", "./clip.wav", "sub/deep.wav", "sub//deep.wav"])
def test_what_lies_below_is_found(root: Path, path: str) -> None:
    roots = Roots([root])
    assert roots.media(path).read_bytes() == b"RIFF"
    assert roots.media(str(root / path)) == roots.media(path)
    assert roots.content(path, 2) == b"RIF"


@pytest.mark.parametrize(
    "path",
    [
        "../secret", "sub/../../secret", "sub/../clip.wav", "..", "/etc/passwd", "//etc/passwd", "/", "/proc/self/mem",
        "/dev/zero", "../rootless/x", "link/secret", "link", "link.wav", "inner.wav", "pipe", "socket", "sub", ".",
        "tied.wav", "", "clip.wav\0", "clip\n.wav", "http://127.0.0.1/clip.wav", "file:///etc/passwd", "data://x",
        "\u202egpj.wav", "x" * (LONGEST + 1), "x" * 300,
    ],
)  # fmt: skip
def test_what_is_elsewhere_or_no_file_is_refused(root: Path, path: str) -> None:
    with pytest.raises(Refused) as error:
        Roots([root]).media(path)
    assert error.value.hint
    assert error.value.message.isprintable()


@pytest.mark.parametrize("path", ["nothing.wav", "clip.wav/x", "sub/nothing"])
def test_what_is_not_there_is_not_found(root: Path, path: str) -> None:
    with pytest.raises(NotFound):
        Roots([root]).media(path)


def test_a_folder_beside_it_with_the_same_beginning_is_another_one(root: Path) -> None:
    with pytest.raises(Refused):
        Roots([root]).media(f"{root}less/x")


def test_a_folder_that_is_named_by_a_link_may_be_read_by_both_names(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    roots = Roots([tmp_path / "alias"])
    assert roots.media(str(tmp_path / "alias" / "clip.wav")) == roots.media(str(root / "clip.wav"))


def test_a_folder_is_told_from_a_file(root: Path) -> None:
    assert Roots([root]).folder("sub") == root / "sub"
    with pytest.raises(Refused, match="no folder"):
        Roots([root]).folder("clip.wav")


def test_without_a_folder_nothing_may_be_read(root: Path) -> None:
    with pytest.raises(Refused) as error:
        Roots([]).media(str(root / "clip.wav"))
    assert "emoagent mcp FOLDER" in error.value.hint


def test_a_folder_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        Roots([tmp_path / "nowhere"])


@given(st.lists(PARTS, max_size=6))
def test_no_way_leads_out(root: Path, parts: list[str]) -> None:
    try:
        found = Roots([root]).media("/".join(parts))
    except (Refused, NotFound):
        return
    assert found.resolve() == found
    assert found.is_relative_to(root.resolve())
