"""How fast the whole analysis is, against decoding alone and against decoding with one landmarker call per frame.

    python -m benchmarks.pipeline [CLIP] [--seconds 60] [--runs 3] [--json]

Every figure is a whole process, started anew, the three in turn, so that their ratios hold when the machine drifts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.clips import SAMPLE, looped

STEPS = ("decode", "landmarks", "analyze")


def main() -> None:
    """Runs the benchmark and prints a table, or JSON."""
    arguments = _arguments()
    if arguments.worker:
        _work(arguments.worker, arguments.clip)
        return
    with tempfile.TemporaryDirectory() as folder:
        clip = looped(arguments.clip, Path(folder) / f"clip{arguments.clip.suffix}", arguments.seconds)
        rounds = [{step: timed(step, clip) for step in STEPS} for _ in range(arguments.runs)]
    result = {"clip": arguments.clip.name, "cores": os.cpu_count(), "runs": rounds, **_summary(rounds)}
    sys.stdout.write(json.dumps(result, indent=1) + "\n" if arguments.json else _table(result))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--seconds", type=float, default=60.0, help="repeat the clip to at least this length")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", choices=STEPS, help=argparse.SUPPRESS)
    return parser.parse_args()


def timed(step: str, clip: Path) -> dict[str, float]:
    """One step as a process of its own: wall seconds, seconds of clip, frames, peak memory in MB."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.pipeline", "--worker", step, str(clip)]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {"wall": time.perf_counter() - began, **answer}


def _work(step: str, path: Path) -> None:
    from benchmarks.memory_use import PeakMemory
    from emoagent.tools.media.files import probe, read_frames
    from emoagent.tools.workspace import Workspace, working_in

    frames = 0
    with PeakMemory() as peak, tempfile.TemporaryDirectory() as folder:
        clip = probe(path).clip
        if step == "analyze":
            from emoagent.analysis import analyze

            analyze(path, folder)
        else:
            with working_in(Workspace(path, Path(folder))):
                frames = _look(read_frames(clip), detect=step == "landmarks")
    sys.stdout.write(json.dumps({"seconds": clip.duration, "frames": frames, "peak_mb": peak.megabytes}))


def _look(frames: Iterable[tuple[float, Any]], *, detect: bool) -> int:
    from emoagent.tools.sight.landmarker import Landmarker
    from emoagent.tools.weights.assets import face_landmarker

    count = 0
    with Landmarker(face_landmarker().path) as landmarker:
        for _, picture in frames:
            count += 1
            if detect:
                landmarker.detect(picture)
    return count


def _summary(rounds: list[dict[str, dict[str, float]]]) -> dict[str, float]:
    seconds = rounds[0]["analyze"]["seconds"]
    return {
        "seconds": seconds,
        "analyze_over_landmarks": statistics.median(r["analyze"]["wall"] / r["landmarks"]["wall"] for r in rounds),
        "analyze_over_decode": statistics.median(r["analyze"]["wall"] / r["decode"]["wall"] for r in rounds),
        "times_real_time": statistics.median(seconds / r["analyze"]["wall"] for r in rounds),
    }


def _table(result: dict[str, Any]) -> str:
    lines = [f"{result['clip']}, {result['seconds']:.0f} s, {result['cores']} cores, {len(result['runs'])} runs\n"]
    for step in STEPS:
        walls = sorted(run[step]["wall"] for run in result["runs"])
        peak = max(run[step]["peak_mb"] for run in result["runs"])
        middle = statistics.median(walls)
        lines.append(f"{step:<10} {walls[0]:7.2f} {middle:7.2f} {walls[-1]:7.2f} s (min median max), {peak:.0f} MB\n")
    lines.append(f"analyze / landmarks {result['analyze_over_landmarks']:.2f}  (goal: at most 2.0)\n")
    lines.append(f"analyze / decode    {result['analyze_over_decode']:.2f}\n")
    lines.append(f"real time           {result['times_real_time']:.1f} x  (goal: at least 4)\n")
    return "".join(lines)


if __name__ == "__main__":
    main()
