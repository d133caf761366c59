"""`emoagent doctor`: what works on this machine, what does not, and what to do about it."""

from __future__ import annotations

import ctypes.util
import importlib.util
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from emoagent.errors import EXIT_OK, BackendUnreachable, EmoagentError, ModelMissing
from emoagent.profiles import lacking, pick_profile
from emoagent.settings import load_settings

PACKAGES = {
    "av": "av", "cv2": "opencv-contrib-python", "langgraph": "langgraph", "mediapipe": "mediapipe", "numpy": "numpy",
    "onnxruntime": "onnxruntime", "pocketsphinx": "pocketsphinx", "pysubs2": "pysubs2", "swift_f0": "swift-f0",
    "tokenizers": "tokenizers",
}  # fmt: skip
OPTIONAL = {
    "whisperx": "whisperx",
    "torch": "local",
    "transformers": "local",
    "fastapi": "serve",
    "mcp": "mcp",
    "ray": "ray",
}
GRAPHICS = {"EGL": "libegl1", "GLESv2": "libgles2"}
ROOMY = 2_000_000_000
SUPPORTED = ((3, 11), (3, 14))


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `fix` is empty where nothing is to be done."""

    name: str
    state: Literal["ok", "note", "problem"]
    found: str
    fix: str = ""


def run(*, as_json: bool) -> int:
    """Prints all checks; 0 unless a problem was found, then 5, or 6 where it is of a server alone."""
    checks = list(examine())
    if as_json:
        sys.stdout.write(json.dumps([asdict(check) for check in checks], indent=1) + "\n")
    else:
        _show(checks)
    problems = [check.name for check in checks if check.state == "problem"]
    if problems and all(name.startswith("server: ") for name in problems):
        return BackendUnreachable.exit_status
    return ModelMissing.exit_status if problems else EXIT_OK


def examine() -> Iterator[Check]:
    """Looks at everything, one check at a time; nothing is fetched, no server asked that is not named."""
    for look in (_python, _packages, _graphics, _landmarker, _text, _models, _optional, _profile, _servers, _disk):
        yield from look()


def _python() -> Iterator[Check]:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    fine = SUPPORTED[0] <= sys.version_info[:2] < SUPPORTED[1]
    yield Check("Python", "ok" if fine else "problem", found, "" if fine else "use Python 3.11, 3.12 or 3.13")


def _packages() -> Iterator[Check]:
    for package, distribution in PACKAGES.items():
        try:
            importlib.import_module(package)
        except (ImportError, OSError) as error:
            yield Check(package, "problem", str(error), "pip install --force-reinstall emoagent")
        else:
            yield Check(package, "ok", metadata.version(distribution))


def _graphics() -> Iterator[Check]:
    if sys.platform != "linux":
        return
    for library, package in GRAPHICS.items():
        found = ctypes.util.find_library(library)
        state: Literal["ok", "problem"] = "ok" if found else "problem"
        yield Check(f"lib{library}", state, found or "not found", "" if found else f"apt-get install {package}")


def _landmarker() -> Iterator[Check]:
    from emoagent.tools.sight.landmarker import Landmarker
    from emoagent.tools.weights.assets import FACE, FACE_ASSEMBLED, OWN_MODEL, face_landmarker, verify

    there = [asset for asset in (FACE, FACE_ASSEMBLED) if verify(asset.name) == "verified"]
    if not there and not os.environ.get(OWN_MODEL):
        yield Check("face landmarks", "note", "no model yet; the first run fetches it", "emoagent models pull")
        return
    try:
        model = face_landmarker()
        Landmarker(model.path).close()
    except EmoagentError as error:
        yield Check("face landmarks", "problem", error.message, error.hint)
    else:
        yield Check("face landmarks", "ok", f"{model.name} runs")


def _text() -> Iterator[Check]:
    from emoagent.tools.words.text_input import Said
    from emoagent.tools.words.text_model import text_model

    try:
        model = text_model()
        model.read(Said("Hello."))
    except EmoagentError as error:
        yield Check("text model", "problem", error.message, error.hint)
    else:
        yield Check("text model", "ok", f"{model.card['name']} runs, sha256 {model.digest[:12]}…")


def _models() -> Iterator[Check]:
    from emoagent.tools.weights.assets import listed, needed, verify

    for asset in listed():
        state = verify(asset.name)
        if state == "corrupt":
            yield Check(asset.name, "problem", "its sha256 is wrong", f"emoagent models pull {asset.name}")
        else:
            fix = "" if state == "verified" or asset.name not in needed() else f"emoagent models pull {asset.name}"
            yield Check(asset.name, "note" if fix else "ok", f"{state}, sha256 {asset.sha256[:12]}…", fix)


def _optional() -> Iterator[Check]:
    for package, extra in OPTIONAL.items():
        there = importlib.util.find_spec(package) is not None
        fix = "" if there else f"pip install 'emoagent[{extra}]'"
        yield Check(package, "ok" if there else "note", "installed" if there else "not installed (optional)", fix)


def _profile() -> Iterator[Check]:
    """Which profile a run would take and why, and what the larger ones still need."""
    settings = load_settings()
    picked, why = pick_profile(settings)
    yield Check("profile", "ok", f"{picked}: {why}")
    for name in ("local", "server"):
        missing = list(lacking(name, settings))
        state: Literal["ok", "note", "problem"] = "problem" if name == picked else "note"
        found = "needs " + ", ".join(what for what, _ in missing) if missing else "has what it needs"
        fixes = dict.fromkeys(fix for _, fix in missing)
        yield Check(f"profile {name}", state if missing else "ok", found, "; ".join(fixes))


def _servers() -> Iterator[Check]:
    from emoagent.commands.probes import probe_servers

    yield from probe_servers(load_settings())


def _disk() -> Iterator[Check]:
    from emoagent.tools.weights.assets import cache_folder

    for name, folder in (("this folder", Path.cwd()), ("model cache", cache_folder())):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free
        fix = "" if free > ROOMY else "free some space; a run needs about 120 MB per hour of video"
        yield Check(f"disk, {name}", "ok" if free > ROOMY else "problem", f"{free / 1e9:.1f} GB free", fix)


def _show(checks: list[Check]) -> None:
    signs = {"ok": ("✓", "green"), "note": ("·", "yellow"), "problem": ("✗", "red")}
    table = Table("", "what", "found", "what to do", box=None, header_style="bold")
    for check in checks:
        sign, style = signs[check.state]
        table.add_row(Text(sign, style), Text(check.name), Text(check.found), Text(check.fix))
    Console().print(table)
