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
        took = task.fields.get("took") or task.elapsed
        return Text(f"{task.completed / took:5.1f}x real time" if took and task.completed else "")


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
            for task in self.tasks.values():
                self.bars.update(task, total=self.total, completed=self.total)
            return
        stage = message["stage"]
        if stage not in self.tasks:
            self.tasks[stage] = self.bars.add_task(stage, total=self.total)
        done = self.total if "took" in message else message["at"]
        self.bars.update(self.tasks[stage], completed=done, took=message.get("took"))


class _Lines:
    def __init__(self, name: str) -> None:
        self.duration = 0.0
        sys.stderr.write(f"{name}\n")

    def hear(self, message: dict[str, Any]) -> None:
        if isinstance(clip := message.get("clip"), Clip):
            self.duration = clip.duration
        elif "took" in message:
            speed = f", {self.duration / message['took']:.1f}x real time" if self.duration and message["took"] else ""
            sys.stderr.write(f"  {message['stage']}: {message['took']:.2f} s{speed}\n")
