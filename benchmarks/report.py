"""How heavy the report of a long clip is, how fast it opens, and how smoothly its lanes move, in a real Chromium.

    python -m benchmarks.report [--runs 5] [--seconds 3600] [--json]
    python -m benchmarks.report --write FOLDER     only writes the page (FOLDER/report.html)

Needs the extra `browser` and a Chromium (EMOAGENT_TEST_CHROMIUM). Three pages are opened in turn, each in a profile
without a cache, so that their ratios hold when the machine drifts: the report; the same page with one utterance; and a
table without any script of the same utterances, verdicts and claims, which is what this much text costs by itself.
`drawn` is the time from the start of the navigation to the frame after the first in which the lanes hold blocks and the
minimap or a curve is painted.
Frames are the intervals between animation frames, against those of a page that holds the same video and nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.chromium import browser
from benchmarks.clips import SAMPLE, looped
from benchmarks.hour import Hour, hour
from benchmarks.hour_page import page, plain_table

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HEAVIEST = 8_000_000  # bytes
SLOWEST = 2.0  # seconds
WATCHED = 4.0  # seconds of frames
WATCH = """window.drawn = new Promise((done) => {
  const painted = (canvas) => canvas.width && canvas.height && canvas.getContext("2d")
    .getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value !== 0);
  const lanes = () => document.querySelector("[data-testid=lane] [data-testid=block]")
    && [...document.querySelectorAll("[data-testid=lane] canvas, [data-testid=minimap] canvas")].some(painted);
  const shown = () => document.readyState !== "loading"
    && (document.querySelector("#data") ? lanes() : document.querySelector("table"));
  const look = () => {
    if (shown()) requestAnimationFrame(() => done(performance.now()));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""
FRAMES = """(seconds) => new Promise((done) => {
  const times = [];
  const note = (time) => {
    times.push(time);
    if (time - times[0] < seconds * 1000) requestAnimationFrame(note);
    else done(times.slice(1).map((t, i) => t - times[i]));
  };
  requestAnimationFrame(note);
})"""


def main() -> None:
    """Runs the benchmark and prints a table, or JSON."""
    arguments = _arguments()
    size = Hour(seconds=arguments.seconds, utterances=max(1, round(arguments.seconds / 4)))
    if arguments.write:
        arguments.write.mkdir(parents=True, exist_ok=True)
        sys.stdout.write(f"{page(arguments.write, size)}\n")
        return
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        result = _measured(chromium, Path(folder), size, arguments.runs)
    sys.stdout.write(json.dumps(result, indent=1) + "\n" if arguments.json else _table(result))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600.0, help="length of the conversation")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    return parser.parse_args()


def _measured(chromium: Browser, folder: Path, size: Hour, runs: int) -> dict[str, Any]:
    pages = _pages(folder, size)
    for path in pages.values():
        _opened(chromium, path)  # the browser's own first time
    rounds = [{name: _opened(chromium, path) for name, path in pages.items()} for _ in range(runs)]
    return {"seconds": size.seconds, "cores": os.cpu_count(), "bytes": pages["report"].stat().st_size, "runs": rounds,
            "frames": _frames(chromium, pages["report"], size.seconds)}  # fmt: skip


def _pages(folder: Path, size: Hour) -> dict[str, Path]:
    for name in ("report", "empty"):
        (folder / name).mkdir()
    table = folder / "table.html"
    table.write_text(plain_table(hour(size)), encoding="utf-8")
    nothing = Hour(seconds=10.0, people=1, utterances=1)
    video = looped(SAMPLE, folder / "report" / "clip.mp4", size.seconds).name
    return {"report": page(folder / "report", size, video=video), "empty": page(folder / "empty", nothing),
            "table": table}  # fmt: skip


def _opened(chromium: Browser, path: Path) -> float:
    """Seconds from the start of the navigation until it is drawn."""
    with chromium.new_context(viewport={"width": 1280, "height": 800}) as context:
        shown = context.new_page()
        shown.add_init_script(WATCH)
        shown.goto(path.as_uri(), wait_until="commit")
        return float(shown.evaluate("window.drawn")) / 1000


def _frames(chromium: Browser, path: Path, seconds: float) -> dict[str, list[float]]:
    """Milliseconds between frames: at rest, while the lanes are moved, and while the clip plays."""
    bare = path.with_name("bare.html")
    bare.write_text('<!doctype html><title>bare</title><video src="clip.mp4" muted width="640"></video>')
    with chromium.new_context(viewport={"width": 1280, "height": 800}) as context:
        shown = context.new_page()
        shown.add_init_script(WATCH)
        shown.goto(path.as_uri())
        shown.evaluate("window.drawn")
        shown.wait_for_timeout(1000)
        measured = {"at rest": _intervals(shown), "moving the lanes": _moved(shown), "playing": _played(shown)}
        shown.goto(bare.as_uri())
        return {**measured, "the video alone": _played(shown)}


def _moved(shown: Page) -> list[float]:
    """While a wheel turns over the lanes, along the clip and back. Raises `AssertionError` where they stay."""
    shown.locator("[data-testid=lane]").nth(2).hover()
    before = shown.get_by_test_id("range").inner_text()
    watch = shown.evaluate_handle(f"(seconds) => {{ window.frames = ({FRAMES})(seconds); }}", WATCHED)
    for i in range(int(WATCHED * 30)):
        shown.mouse.wheel(60 if i % 40 < 20 else -40, 0)
        shown.wait_for_timeout(20)
    assert shown.get_by_test_id("range").inner_text() != before
    watch.dispose()
    return [float(value) for value in shown.evaluate("() => window.frames")]


def _played(shown: Page) -> list[float]:
    shown.evaluate("() => { const v = document.querySelector('video'); v.muted = true; return v.play(); }")
    shown.wait_for_timeout(500)
    return _intervals(shown)


def _intervals(shown: Page) -> list[float]:
    return [float(value) for value in shown.evaluate(FRAMES, WATCHED)]


def _table(result: dict[str, Any]) -> str:
    heavy = result["bytes"] / 1e6
    lines = [f"{result['seconds']:.0f} s of conversation, {result['cores']} cores, {len(result['runs'])} runs\n",
             f"size    {heavy:6.2f} MB  (goal: less than {HEAVIEST / 1e6:.0f})\n"]  # fmt: skip
    for name in result["runs"][0]:
        times = sorted(run[name] for run in result["runs"])
        goal = f"  (goal: less than {SLOWEST:.0f})" if name == "report" else ""
        lines.append(f"{name:<7} {times[0]:6.2f} {statistics.median(times):6.2f} {times[-1]:6.2f} s drawn{goal}\n")
    for peer in ("empty", "table"):
        ratio = statistics.median(run["report"] / run[peer] for run in result["runs"])
        lines.append(f"report / {peer:<6} {ratio:5.2f}\n")
    for name, values in result["frames"].items():
        late = sum(value > 50 for value in values) / len(values)
        p50, p95 = statistics.median(values), statistics.quantiles(values, n=20)[-1]
        lines.append(f"{name:<17} {len(values):4d} frames: median {p50:.1f}, p95 {p95:.1f}, "
                     f"longest {max(values):.0f} ms, {late:.1%} over 50 ms\n")  # fmt: skip
    return "".join(lines)


if __name__ == "__main__":
    main()
