"""The record of measurements: dated files in `evals/results/`, one a measurement; docs/results.md is made of them."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from emoagent.errors import OutputError, UsageError
from emoagent.evals.result import Measured, Result

RESULTS = Path(__file__).resolve().parent / "results"


def measured(result: Result, command: str) -> Measured:
    """`result` with today's date, the revision of the checkout and the machine in words."""
    today = datetime.now(UTC).date().isoformat()
    return Measured(date=today, command=command, revision=_revision(), machine=_machine(), result=result)


def save(found: Measured, folder: Path | None = None) -> Path:
    """Writes a measurement and gives its path; the same benchmark, split and models on the same day replace it.

    Without `folder`, into the results of the checkout. Raises `UsageError` where there is no checkout, and
    `OutputError` where nothing can be written.
    """
    path = (folder or where_saved()) / _name(found)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error}", hint="name another folder with --out") from error
    return path


def where_saved() -> Path:
    """The results folder of the checkout. Raises `UsageError` where there is none."""
    if not RESULTS.is_dir():
        raise UsageError("the results folder is only in a checkout of the project", hint="name a folder with --out")
    return RESULTS


def saved(folder: Path = RESULTS) -> list[Measured]:
    """All measurements in `folder`, by benchmark, split and name of the file. Raises `UsageError` for a file that is
    none."""
    found = [_read(path) for path in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda each: (each.result.benchmark, each.result.split))


def _read(path: Path) -> Measured:
    try:
        return Measured.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise UsageError(f"{path.name} holds no measurement: {error.errors()[0]['msg']}") from error


def _name(found: Measured) -> str:
    result = found.result
    digests = "".join(f"_{digest[:8]}" for _, digest in sorted(result.models.items()))
    kind = "" if result.mode in (None, "causal") else f"_{result.mode}"
    kind += "" if result.policy in (None, "reliability-weighted") else f"_{result.policy}"
    kind += "" if result.reasoner == "embedded" else f"_{result.reasoner}"
    name = f"{found.date}_{result.benchmark}_{result.split}{kind}{digests}"
    return re.sub(r"[^\w.-]+", "-", name) + ".json"


def _revision() -> str | None:
    root = RESULTS.parents[1]
    if not (root / ".git").exists():
        return None
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            cwd=root, capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return told.stdout.strip() or None


def _machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"{cores} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
