"""How long a turn takes, from the call to the answer, and what of it the server adds.

    python -m benchmarks.turns [--turns 200] [--runs 3] [--store ADDRESS] [--http] [--json]

Four kinds of turns, one at a time in one session: words alone; words after an answer of the bot; words with 5 s of
sound; words with 5 s of sound and 5 frames a second that were taken in while it went on (then only the end is timed).
The words are of made-up conversations, no two turns alike, so that nothing is read from a cache; the sound is cut from
`samples/dialogue.mp4`. Warmed up; the deadline is the usual one, and what was late is counted. `cpu`:
the median of the time on processors, in this process; `load`: of the machine. `--http`: the words and the words with
sound once more through a real `emoagent serve`, and what that adds to the median.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.hour import Hour, hour
from emoagent import TurnAnalyzer
from emoagent.affect import AffectTurn
from emoagent.bridges.session import Session
from emoagent.tools.media.sound import Sound, sound_of

if TYPE_CHECKING:
    from emoagent.tools.media.frame import Picture

CLIP = Path(__file__).parents[1] / "samples" / "dialogue.mp4"
RATE, SECONDS, FRAMES = 16_000, 5.0, 25
BY_HTTP = ", by HTTP"
Taken = tuple[float, float, AffectTurn]  # seconds on the clock, and on processors in this process; the answer
Give = Callable[[int], Taken]


@dataclass(frozen=True)
class Material:
    """The words, the sound of all turns and some pictures."""

    words: Sequence[str]
    sound: Sound
    pictures: Sequence[Picture]

    def text(self, turn: int) -> str:
        """The words of a turn."""
        return self.words[turn % len(self.words)]

    def cut(self, turn: int) -> Sound:
        """Its 5 s of sound; the next turn's begin 0.35 s later, and from the start again where the clip ends."""
        count = round(SECONDS * RATE)
        start = round(0.35 * RATE * turn) % (len(self.sound.samples) - count)
        return Sound(self.sound.samples[start : start + count], RATE)


def main() -> None:
    """Runs the benchmark and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=200, help="of each kind and run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--store", help="address of a database; default: a file that is made for it")
    parser.add_argument("--live", type=int, default=10, help="turns with frames, which take as long as they last")
    parser.add_argument("--http", action="store_true", help="also through a server")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = told.store or f"sqlite:///{folder}/turns.sqlite"
        rows = [row for run in range(told.runs) for row in _run(store, told.turns, told.live, run)]
        if told.http:
            rows += [row for run in range(told.runs) for row in _served(Path(folder), told.turns, run)]
    sys.stdout.write(json.dumps(rows, indent=1) + "\n" if told.json else _table(rows))


def _run(store: str, turns: int, live: int, run: int) -> Iterator[dict[str, Any]]:
    given = _material(turns)
    with TurnAnalyzer(store) as analyzer:
        analyzer.warm()
        for kind, give, count in _kinds(analyzer, given, turns, live):
            for turn in range(min(5, count)):
                give(turn)
            yield _row(kind, run, [give(turn) for turn in range(count)])


def _kinds(analyzer: TurnAnalyzer, given: Material, turns: int, live: int) -> list[tuple[str, Give, int]]:
    ways: list[tuple[str, Callable[[Session, Material], Give], int]] = [
        ("words", _words, turns),
        ("words after an answer", _answered, turns),
        ("words, 5 s of sound", _sound, turns),
        ("words, sound, frames", _live, live),
    ]
    return [(kind, way(analyzer.open(), given), count) for kind, way, count in ways if count]


def _words(session: Session, given: Material) -> Give:
    return lambda turn: _timed(lambda: session.turn(given.text(turn)))


def _answered(session: Session, given: Material) -> Give:
    def give(turn: int) -> Taken:
        session.reply(f"{given.text(turn + 7)} Go on.")
        return _timed(lambda: session.turn(given.text(turn)))

    return give


def _sound(session: Session, given: Material) -> Give:
    return lambda turn: _timed(lambda: session.turn(given.text(turn), given.cut(turn)))


def _live(session: Session, given: Material) -> Give:
    def give(turn: int) -> Taken:
        listening, sound, step = session.listen(), given.cut(turn), SECONDS / FRAMES
        for number in range(FRAMES):
            listening.frame(given.pictures[number % len(given.pictures)], number * step)
            first = round(number * step * RATE)
            listening.audio(Sound(sound.samples[first : first + round(step * RATE)], RATE))
            time.sleep(step)
        return _timed(lambda: listening.finish(given.text(turn)))

    return give


def _served(folder: Path, turns: int, run: int) -> Iterator[dict[str, Any]]:
    import httpx

    from benchmarks.served import served

    given, key = _material(turns), "benchmark-key-0123456789abcdef"
    with (
        served(folder, [key], rate=100_000, burst=100_000) as server,
        httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client,
    ):
        for kind, sound in (("words", False), ("words, 5 s of sound", True)):
            give = _posting(client, given, sound)
            for turn in range(5):
                give(turn)
            yield _row(kind + BY_HTTP, run, [give(turn) for turn in range(turns)])


def _posting(client: Any, given: Material, sound: bool) -> Give:
    agreed = {"consent": {"text": True, "voice": True, "face": True}}
    session = client.post("/v1/sessions", json=agreed).raise_for_status().json()["id"]

    def give(turn: int) -> Taken:
        body: dict[str, Any] = {"session": session, "text": given.text(turn)}
        if sound:
            data = np.asarray(given.cut(turn).samples * 32767, "<i2").tobytes()
            body["audio"] = {"data": base64.b64encode(data).decode(), "rate": RATE}
        return _timed(
            lambda: AffectTurn.model_validate_json(client.post("/v1/turns", json=body).raise_for_status().content)
        )  # fmt: skip

    return give


def _timed(work: Callable[[], AffectTurn]) -> Taken:
    used, began = time.process_time(), time.perf_counter()
    affect = work()
    return time.perf_counter() - began, time.process_time() - used, affect


def _material(turns: int) -> Material:
    words = [utterance.text for utterance in hour(Hour(utterances=turns + 20)).utterances]
    return Material(words, sound_of(CLIP), _pictures())


def _pictures() -> list[Picture]:
    import av

    with av.open(str(CLIP)) as clip:
        frames = list(islice(clip.decode(video=0), 0, 125, 5))
    return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]


def _row(kind: str, run: int, given: Sequence[Taken]) -> dict[str, Any]:
    took = sorted(1000 * each[0] for each in given)
    used = statistics.median(1000 * each[1] for each in given)
    late = sum(bool(each[2].latency.late) for each in given)
    return {
        "kind": kind, "run": run + 1, "turns": len(took), "p50": round(statistics.median(took), 1),
        "p95": round(float(np.quantile(took, 0.95)), 1), "most": round(took[-1], 1), "cpu": round(used, 1),
        "late": late, "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def _table(rows: Sequence[dict[str, Any]]) -> str:
    lines = ["kind                            run turns   p50   p95   most   cpu  late  load   (ms)"]
    for row in rows:
        lines.append(
            f"{row['kind']:<32}{row['run']:>3}{row['turns']:>6}{row['p50']:>6}{row['p95']:>6}"
            f"{row['most']:>7}{row['cpu']:>6}{row['late']:>6}{row['load']:>6}"
        )
    return "\n".join([*lines, *_added(rows)]) + "\n"


def _added(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What HTTP adds to the median turn, by kind."""
    for kind in ("words", "words, 5 s of sound"):
        here, there = ([row["p50"] for row in rows if row["kind"] == kind + by] for by in ("", BY_HTTP))
        if here and there:
            added = statistics.median(there) - statistics.median(here)
            yield f"HTTP adds {added:.1f} ms to {kind}"


if __name__ == "__main__":
    main()
