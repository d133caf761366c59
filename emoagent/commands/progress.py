"""Progress of a run on stderr: a bar per stage with its speed on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from emoagent.analysis import Listener
from emoagent.schema import Clip


class Speed(ProgressColumn):
    """How many times faster than real time a stage runs."""

    def render(self, task: Task) -> Text:
        """`12.3x` once something has been done."""
        took = task.fields.get("took") or task.elapsed or 0.0
        known = took > 0 and task.completed > 0 and "took" in task.fields
        return Text(f"{task.completed / took:5.1f}x real time" if known else "")


@contextmanager
def progress(name: str) -> Iterator[Listener]:
    """A listener for `analyze` that shows how far the run has come."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(name).hear
        return
    columns = (TextColumn("{task.description:<10}"), BarColumn(), TimeElapsedColumn(), Speed())
    with Progress(*columns, console=console, transient=True) as bars:
        yield _Bars(bars).hear


class _Bars:
    def __init__(self, bars: Progress) -> None:
        self.bars, self.tasks, self.total = bars, dict[str, TaskID](), 1.0

    def hear(self, message: dict[str, Any]) -> None:
        if isinstance(clip := message.get("clip"), Clip):
            self.total = clip.duration
        if "clip" in message:
            return
        if "fetched" in message:
            self._show("model file", message["of"] or None, message["fetched"])
            return
        done = self.total if "took" in message else message["at"]
        self._show(message["stage"], self.total, done, message.get("took"))

    def _show(self, name: str, total: float | None, done: float, took: float | None = None) -> None:
        if name not in self.tasks:
            self.tasks[name] = self.bars.add_task(name, total=total)
        self.bars.update(self.tasks[name], total=total, completed=done, took=took)


class _Lines:
    def __init__(self, name: str) -> None:
        self.duration, self.fetching = 0.0, False
        sys.stderr.write(f"{name}\n")

    def hear(self, message: dict[str, Any]) -> None:
        if isinstance(clip := message.get("clip"), Clip):
            self.duration = clip.duration
        elif "fetched" in message and not self.fetching:
            self.fetching = True
            sys.stderr.write(f"  fetching a model file, {message['of'] / 1e6:.0f} MB, once\n")
        elif "took" in message:
            speed = f", {self.duration / message['took']:.1f}x real time" if self.duration and message["took"] else ""
            sys.stderr.write(f"  {message['stage']}: {message['took']:.2f} s{speed}\n")
