"""Many conversations at once over HTTP, with a real server: what it answers, how fast, and in how much memory.

    python -m benchmarks.load [--sessions 50] [--seconds 120] [--pause 5] [--sound-every 10] [--database URL] [--json]

Each session is one person who says something, waits for the answer, and thinks for a while (exponential, `--pause`
seconds on average); every tenth turn has 3 s of the sample's sound. Five keys share the sessions. Who is refused with
429 waits as long as it is told and asks again with the same `turn_id`. Every turn holds a word of its session alone: at
the end all is read back and searched for another session's. Exits with 1 where anything but an honest 429 went wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import random
import secrets
import statistics
import sys
import tempfile
import time
import wave
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.served import Served, served

KEYS = 5
SAMPLE = Path(__file__).parents[1] / "samples" / "dialogue.mp4"
SOUND = 3.0  # seconds
SAID = (
    "I won, can you believe it?", "Leave me alone.", "It rains again.", "Why would she do that to me?",
    "We are going to fly tomorrow!", "I am so sorry about it.", "Something is in the cellar.", "That is disgusting.",
)  # fmt: skip


@dataclass
class Tally:
    """What came of it. `wrong`: what must not happen, in words."""

    statuses: Counter[str] = field(default_factory=Counter)
    text: list[float] = field(default_factory=list)
    sound: list[float] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    late: int = 0
    labelled: int = 0


@dataclass
class Talker:
    """One session: its key, its secret word, and the turns that were acknowledged."""

    name: str
    key: str
    word: str = field(default_factory=lambda: f"zq{secrets.token_hex(6)}")
    turns: list[str] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        """What its requests carry."""
        return {"Authorization": f"Bearer {self.key}"}


def main() -> None:
    """Runs the benchmark and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--pause", type=float, default=5.0, help="seconds of thought between turns, on average")
    parser.add_argument("--sound-every", type=int, default=10, help="0: words only")
    parser.add_argument("--database", help="e.g. postgresql://…; default: SQLite")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    keys = [secrets.token_hex(16) for _ in range(KEYS)]
    with (
        tempfile.TemporaryDirectory(prefix="emoagent-load-") as folder,
        served(Path(folder), keys, told.database) as server,
    ):
        tally = asyncio.run(_load(server, keys, told))
    sys.stdout.write(json.dumps(_figures(tally), indent=1) + "\n" if told.json else _table(tally))
    sys.exit(1 if tally.wrong else 0)


async def _load(server: Served, keys: list[str], told: argparse.Namespace) -> Tally:
    tally, sound = Tally(), _sample()
    talkers = [Talker(f"load-{number}", keys[number % KEYS]) for number in range(told.sessions)]
    limits = httpx.Limits(max_connections=told.sessions + 4)
    async with httpx.AsyncClient(base_url=server.url, timeout=60, limits=limits, trust_env=False) as client:
        for talker in talkers:
            new = {"id": talker.name, "consent": {"text": True, "voice": True}}
            await _asked(client, tally, "POST", "/v1/sessions", talker, new)
        began = time.monotonic()
        watch = asyncio.create_task(_watch(server, tally, began))
        end = began + told.seconds
        await asyncio.gather(*(_talk(client, tally, talker, end, told, sound) for talker in talkers))
        watch.cancel()
        await asyncio.gather(*(_read_back(client, tally, talker, talkers) for talker in talkers))
    return tally


async def _talk(
    client: httpx.AsyncClient, tally: Tally, talker: Talker, end: float, told: argparse.Namespace, sound: str
) -> None:
    chance = random.Random(talker.name)
    await asyncio.sleep(chance.uniform(0, told.pause))
    while time.monotonic() < end:
        number = len(talker.turns) + 1
        said = {"session": talker.name, "turn_id": f"t{number}", "text": f"{chance.choice(SAID)} {talker.word}"}
        heard = bool(told.sound_every) and number % told.sound_every == 0
        body: dict[str, Any] = {**said, "audio": {"data": sound}} if heard else said
        answer, took = await _asked(client, tally, "POST", "/v1/turns", talker, body)
        if answer is None:
            return
        (tally.sound if heard else tally.text).append(took)
        _check(tally, talker, answer, number)
        talker.turns.append(str(answer["turn_id"]))
        if number % 3 == 0:
            reply = {"text": f"I see, {talker.word}."}
            await _asked(client, tally, "POST", f"/v1/sessions/{talker.name}/replies", talker, reply)
        await asyncio.sleep(min(chance.expovariate(1 / told.pause), max(0.0, end - time.monotonic())))


def _check(tally: Tally, talker: Talker, answer: dict[str, Any], number: int) -> None:
    if (answer["session"], answer["turn"]) != (talker.name, number):
        tally.wrong.append(f"{talker.name}: turn {number} was answered as {answer['session']} {answer['turn']}")
    tally.late += bool(answer["latency"]["late"])
    tally.labelled += answer["label"] is not None


async def _asked(
    client: httpx.AsyncClient, tally: Tally, method: str, path: str, talker: Talker, body: Any = None
) -> tuple[dict[str, Any] | None, float]:
    """The answer, and the seconds from the last time it was asked for; `None` where it was refused for good."""
    while True:
        began = time.monotonic()
        try:
            response = await client.request(method, path, json=body, headers=talker.headers)
        except httpx.TransportError as error:
            tally.statuses[type(error).__name__] += 1
            tally.wrong.append(f"{method} {path}: {type(error).__name__}: {error}")
            return None, 0.0
        took = time.monotonic() - began
        tally.statuses[f"{method} {response.status_code}"] += 1
        if response.status_code == 429 and response.headers.get("Retry-After", "").isdigit():
            await asyncio.sleep(int(response.headers["Retry-After"]) * random.uniform(1, 1.5))
        elif response.is_success:
            return response.json() if response.content else {}, took
        else:
            tally.wrong.append(f"{method} {path}: {response.status_code} {response.text[:200]}")
            return None, took


async def _read_back(client: httpx.AsyncClient, tally: Tally, talker: Talker, talkers: list[Talker]) -> None:
    """Every acknowledged turn is there once, nobody else's words are in it, and nobody else may read it."""
    found: list[str] = []
    pages, after = "", 0
    while True:
        page, _ = await _asked(client, tally, "GET", f"/v1/sessions/{talker.name}/turns?after={after}", talker)
        if page is None:
            return
        found += [turn["turn_id"] for turn in page["turns"]]
        pages += json.dumps(page)
        if page["next"] is None:
            break
        after = page["next"]
    if found != talker.turns:
        tally.wrong.append(f"{talker.name}: {len(talker.turns)} turns were acknowledged, {len(found)} are kept")
    for number in range(1, len(found) + 1, max(1, len(found) // 5)):
        record, _ = await _asked(client, tally, "GET", f"/v1/sessions/{talker.name}/turns/{number}", talker)
        pages += json.dumps(record)
        if talker.word not in json.dumps(record):
            tally.wrong.append(f"{talker.name}: turn {number} has not the words that were said")
    if any(other.word in pages for other in talkers if other is not talker):
        tally.wrong.append(f"{talker.name}: has words of another session")
    stranger = next(other for other in talkers if other.key != talker.key)
    response = await client.get(f"/v1/sessions/{talker.name}/turns", headers=stranger.headers)
    if response.status_code not in (404, 429):
        tally.wrong.append(f"{talker.name}: another key was answered {response.status_code}")


async def _watch(server: Served, tally: Tally, began: float) -> None:
    while True:
        tally.memory.append((time.monotonic() - began, await asyncio.to_thread(server.megabytes)))
        await asyncio.sleep(1)


def _sample() -> str:
    """Three seconds of the sample as WAV, in base64."""
    from emoagent.tools.media.sound import sound_of

    sound = sound_of(SAMPLE).first(SOUND)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.rate)
        file.writeframes(sound.samples.tobytes())
    return base64.b64encode(out.getvalue()).decode()


def _figures(tally: Tally) -> dict[str, Any]:
    seconds, memory = [at for at, _ in tally.memory], [size for _, size in tally.memory]
    marks = {percent: memory[min(len(memory) - 1, percent * len(memory) // 100)] for percent in range(0, 101, 10)}
    return {
        "statuses": dict(sorted(tally.statuses.items())),
        "turns": len(tally.text) + len(tally.sound),
        "seconds": max(seconds, default=0.0),
        "text_ms": _spread(tally.text),
        "sound_ms": _spread(tally.sound),
        "labelled": tally.labelled,
        "late": tally.late,
        "memory_mb": {f"{percent} %": round(size) for percent, size in marks.items()},
        "memory_mb_most": round(max(memory)),
        "wrong": tally.wrong,
    }


def _spread(took: list[float]) -> dict[str, float]:
    if len(took) < 2:
        return {}
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return {name: round(1000 * value, 1) for name, value in (("p50", cuts[49]), ("p95", cuts[94]), ("max", max(took)))}


def _table(tally: Tally) -> str:
    lines = [f"{name:14} {value}" for name, value in _figures(tally).items() if name != "wrong"]
    return "\n".join([*lines, *(f"WRONG  {one}" for one in tally.wrong[:20]), ""])


if __name__ == "__main__":
    main()
