"""Works jobs off, a child process each. What a server that ends leaves unfinished, the next one goes on with."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from threading import Event, Lock, Thread, Timer
from typing import Any

from emoagent.bridges.analysis_child import GRACE
from emoagent.bridges.http.config import ServerConfig
from emoagent.bridges.http.errors import Problem, TooMany
from emoagent.bridges.http.job_folder import ENDED, Job, JobFolders, State
from emoagent.errors import Clash, EmoagentError, InternalError, NotFound
from emoagent.settings import load_settings

log = logging.getLogger("emoagent.serve")
COMMAND = (sys.executable, "-P", "-m", "emoagent.bridges.http.job_process")
SECRET = "EMOAGENT_SERVE_"  # no child needs to know the keys or the database
BUSY = 30.0  # seconds after which a place among those who wait may be free
KILLED = (-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGXFSZ)


class JobRunner:
    """`start` begins, with what an earlier server left; `stop` leaves what is under way to the next one."""

    def __init__(self, config: ServerConfig) -> None:
        self.config, self.folders = config, JobFolders(config.data / "jobs")
        self._queue, self._ending, self._lock = SimpleQueue[str | None](), Event(), Lock()
        self._children, self._waiting = dict[str, subprocess.Popen[bytes]](), set[str]()
        self._threads = list[Thread]()

    def start(self) -> None:
        """Takes up what waits, or was under way when the last server ended."""
        for job in self.folders.all():
            if job.state not in ENDED:
                self._enqueue(job.to("waiting"))
        for _ in range(self.config.jobs_at_once):
            self._threads.append(Thread(target=self._work, name="job", daemon=True))
            self._threads[-1].start()

    def room(self) -> None:
        """Raises `TooMany` where no more jobs may wait."""
        if len(self._waiting) >= self.config.jobs_waiting + self.config.jobs_at_once - len(self._children):
            raise TooMany(f"{len(self._waiting)} files wait already", BUSY)

    def submit(self, job: Job) -> None:
        """Queues a job whose folder is there."""
        self._enqueue(job)

    def cancel(self, job: str) -> Job:
        """Ends it now. Raises `Clash` where it has ended already."""
        with self._lock:
            found = self.folders.read(job)
            if found.state in ENDED:
                raise Clash(f"the job is {found.state} already", hint="DELETE removes it", where="job")
            found = found.to("cancelled", ended=_now())
            self.folders.write(found)
            self._waiting.discard(job)
            self._kill(job)
        return found

    def delete(self, job: str) -> None:
        """Ends it if need be and removes all of it."""
        with self._lock:
            self._waiting.discard(job)
            child = self._children.get(job)
            self._kill(job)
            if child is not None:
                child.wait()
            self.folders.remove(job)

    def clean(self) -> None:
        """Removes the jobs that ended long enough ago."""
        oldest = _now() - timedelta(days=self.config.jobs_keep_days)
        for job in self.folders.all():
            if job.ended is not None and job.ended < oldest:
                self.delete(job.id)

    def stop(self) -> None:
        """Ends the children; they put away what they have done."""
        self._ending.set()
        for _ in self._threads:
            self._queue.put(None)
        with self._lock:
            for child in self._children.values():
                _hang_up(child)
        for thread in self._threads:
            thread.join(GRACE)
        with self._lock:
            for job in self._children:
                self._kill(job)

    def _enqueue(self, job: Job) -> None:
        with self._lock:
            self.folders.write(job)
            self._waiting.add(job.id)
        self._queue.put(job.id)

    def _work(self) -> None:
        while (job := self._queue.get()) is not None and not self._ending.is_set():
            try:
                self._perform(job)
            except NotFound:  # deleted while it waited
                continue
            except Exception as error:  # the thread must live on for the other jobs
                self._not_begun(job, error if isinstance(error, EmoagentError) else InternalError(error))

    def _not_begun(self, name: str, error: EmoagentError) -> None:
        log.error("a job could not be begun: %s", type(error).__name__)
        with self._lock, suppress(NotFound):
            problem = Problem(
                code=error.code, message="the analysis could not be begun", hint="see the server's settings"
            )
            self.folders.write(self.folders.read(name).to("failed", ended=_now(), error=problem))

    def _perform(self, name: str) -> None:
        with self._lock:
            self._waiting.discard(name)
            job = self.folders.read(name)
            if job.state != "waiting":
                return
            self.folders.write(job := job.to("running"))
            child = self._children[name] = self._child(job)
        too_long = Timer(self.config.job_hours * 3600, child.kill)
        too_long.start()
        try:
            ended = _last_word(child)
        finally:
            too_long.cancel()
        self._ended(job, child.wait(), ended)

    def _child(self, job: Job) -> subprocess.Popen[bytes]:
        settings = load_settings(**job.settings).model_dump(mode="json", exclude={"api_key"})
        limits = {"memory": self.config.job_memory, "cpu_seconds": round(self.config.job_hours * 3600 * _CORES),
                  "file_bytes": 4 * self.config.upload_bytes}  # fmt: skip
        told = {"source": str(self.folders.media(job.id)), "out": str(self.folders.out(job.id)), "settings": settings}
        environment = {name: value for name, value in os.environ.items() if not name.startswith(SECRET)}
        child = subprocess.Popen(
            [*COMMAND, json.dumps(limits)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=environment, start_new_session=True,
        )  # fmt: skip
        assert child.stdin is not None
        with suppress(BrokenPipeError):
            child.stdin.write(json.dumps(told).encode() + b"\n")
            child.stdin.flush()
        return child

    def _ended(self, job: Job, status: int, word: dict[str, Any]) -> None:
        with self._lock:
            child = self._children.pop(job.id)
            _close(child)
            if self._ending.is_set() and "done" not in word and "error" not in word:
                return
            with suppress(NotFound):
                if self.folders.read(job.id).state == "running":
                    error = None if "done" in word else _problem(status, word)
                    state: State = "done" if error is None else "failed"
                    self.folders.write(job.to(state, ended=_now(), error=error))

    def _kill(self, job: str) -> None:
        if (child := self._children.get(job)) is not None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


_CORES = os.cpu_count() or 1


def _last_word(child: subprocess.Popen[bytes]) -> dict[str, Any]:
    """What it said in the end; what it says on the way is also in the folder of the run."""
    assert child.stdout is not None
    last: dict[str, Any] = {}
    for line in child.stdout:
        with suppress(ValueError):
            last = json.loads(line)
    return last


def _problem(status: int, word: dict[str, Any]) -> Problem:
    """Why there is no result; paths of this machine are nobody's business."""
    if "error" in word:
        return Problem(**{**word["error"], "where": ""})
    if status in KILLED:
        return Problem(code="resource_limit", message="the analysis ran into a limit of memory, time or disk",
                       hint="send a shorter clip")  # fmt: skip
    return Problem(code="internal", message=f"the analysis ended with status {status}", hint="please report it")


def _hang_up(child: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        assert child.stdin is not None
        child.stdin.close()


def _close(child: subprocess.Popen[bytes]) -> None:
    _hang_up(child)
    if child.stdout is not None:
        child.stdout.close()


def _now() -> datetime:
    return datetime.now(UTC)
