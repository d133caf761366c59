"""How far a job is, as it is told: once, or whenever it changes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from emoagent.affect import Consent
from emoagent.bridges.http.errors import Problem
from emoagent.bridges.http.job_folder import ENDED, Job, State
from emoagent.bridges.http.server import Server
from emoagent.errors import NotFound
from emoagent.run_progress import progress_of
from emoagent.viewer.events import events as changes


class Stage(BaseModel):
    """A stage of the analysis."""

    name: str
    at: float | None = Field(description="seconds of the clip that it has been through")
    took: float | None = Field(description="seconds; null while it goes on")


class JobView(BaseModel):
    """How far a job is."""

    id: str
    state: State
    name: str = Field(description="of the file, as it was sent")
    consent: Consent
    created: datetime
    ended: datetime | None
    duration: float | None = Field(description="of the clip, in seconds, while it is analysed")
    stages: list[Stage]
    error: Problem | None = Field(description="why it failed")


class JobList(BaseModel):
    """The caller's jobs, latest first."""

    jobs: list[JobView]


def view(server: Server, job: str, owner: str) -> JobView:
    """A job with how far it is. Raises `NotFound`."""
    found = server.jobs.folders.read(job, owner)
    out = server.jobs.folders.out(job)
    progress: dict[str, Any] = progress_of(out) or {"stages": _taken(out)}
    stages = [Stage(**{name: stage.get(name) for name in Stage.model_fields}) for stage in progress["stages"]]
    kept = {name: getattr(found, name) for name in JobView.model_fields if name in Job.model_fields}
    return JobView(**kept, duration=progress.get("duration"), stages=stages)


def _taken(out: Path) -> list[dict[str, Any]]:
    """The stages of a run that is through."""
    try:
        took = json.loads((out / "timings.json").read_text())
    except (OSError, ValueError):
        return []
    return [{"name": name, "took": seconds} for name, seconds in took.items()]


def events(server: Server, job: str, owner: str) -> AsyncIterator[str]:
    """Server-sent events: the job whenever it has changed, until it has ended or is gone."""

    def look() -> tuple[str, bool] | None:
        try:
            found = view(server, job, owner)
        except NotFound:
            return None
        return found.model_dump_json(), found.state in ENDED

    return changes(look, server.over)
