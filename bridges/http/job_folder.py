"""Jobs on disk: a folder each with `job.json`, `input/` (what was sent) and `out/` (the result)."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emoagent.affect import Consent
from emoagent.bridges.http.errors import Problem
from emoagent.errors import NotFound, UsageError, out_of_space
from emoagent.run_folder import write_text
from emoagent.viewer.visible import visible

State = Literal["waiting", "running", "done", "failed", "cancelled"]
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")
ID = r"^[0-9a-f]{32}$"
FILE = "job.json"
SUBTITLES = (".srt", ".vtt", ".ass")
NAME = 200  # characters of a file's name that are kept


class Job(BaseModel):
    """A file to analyse. `settings`: those of the analysis that were asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    owner: str
    state: State = "waiting"
    name: str = Field(description="of the file, as it was sent")
    consent: Consent
    settings: dict[str, Any] = {}
    created: datetime
    ended: datetime | None = None
    error: Problem | None = None

    def to(self, state: State, **changes: Any) -> Job:
        """The same in another state."""
        return self.model_copy(update={"state": state, **changes})


class JobFolders:
    """The jobs in a folder. Only ids of the form that is made here become part of a path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, job: str) -> Path:
        """The folder of a job. Raises `NotFound`."""
        if not re.fullmatch(ID, job):
            raise NotFound("there is no such job", where="job")
        return self.folder / job

    def read(self, job: str, owner: str | None = None) -> Job:
        """A job; with `owner`, of that owner alone. Raises `NotFound`."""
        try:
            found = Job.model_validate_json((self.place(job) / FILE).read_bytes())
        except (OSError, ValidationError):
            found = None
        if found is None or owner not in (None, found.owner):
            raise NotFound("there is no such job", hint="it may have been deleted, or its time is over", where="job")
        return found

    def write(self, job: Job) -> None:
        """Keeps it as it is now."""
        write_text(self.place(job.id) / FILE, job.model_dump_json(indent=1))

    def all(self) -> Iterator[Job]:
        """Every job, oldest first."""
        found = []
        for file in self.folder.glob(f"*/{FILE}"):
            try:
                found.append(self.read(file.parent.name))
            except NotFound:
                continue
        yield from sorted(found, key=lambda job: (job.created, job.id))

    def add(self, job: Job, media: BinaryIO, subtitles: tuple[str, BinaryIO] | None) -> None:
        """A new job with its file. Raises `ResourceLimit` where the disk is full."""
        place = self.place(job.id)
        try:
            (place / "input").mkdir(parents=True, mode=0o700)
            place.chmod(0o700)
            _save(media, place / "input" / f"clip{suffix(job.name)}")
            if subtitles is not None:
                _save(subtitles[1], place / "input" / f"clip{subtitle_suffix(subtitles[0])}")
            self.write(job)
        except OSError as error:
            shutil.rmtree(place, ignore_errors=True)
            raise out_of_space(error) or error from error

    def media(self, job: str) -> Path:
        """The file that was sent."""
        files = sorted(self.place(job).glob("input/clip*"))
        return next((file for file in files if file.suffix not in SUBTITLES), self.place(job) / "input" / "clip")

    def out(self, job: str) -> Path:
        """Where the result is, or will be."""
        return self.place(job) / "out"

    def remove(self, job: str) -> None:
        """Everything of it."""
        shutil.rmtree(self.place(job), ignore_errors=True)


def new_id() -> str:
    """128 random bits."""
    return secrets.token_hex(16)


def plain_name(sent: str | None) -> str:
    """The name of a file as it can be shown: no path, nothing invisible."""
    last = re.split(r"[/\\]", sent or "")[-1]
    return visible(last)[:NAME] or "file"


def suffix(name: str) -> str:
    """Its ending, where that is an ordinary one that is no subtitle's."""
    found = Path(name).suffix.lower()
    return found if re.fullmatch(r"\.[a-z0-9]{1,5}", found) and found not in SUBTITLES else ""


def subtitle_suffix(name: str) -> str:
    """The ending of a subtitle file. Raises `UsageError` for any other."""
    if (found := Path(name).suffix.lower()) not in SUBTITLES:
        raise UsageError("this is no subtitle file", hint=f"accepted: {' '.join(SUBTITLES)}", where="subtitles")
    return found


def _save(source: BinaryIO, target: Path) -> None:
    with target.open("xb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
