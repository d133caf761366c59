"""Whether memory grows with the length of the clip: the peak of a short and of a long run of the same material.

python -m benchmarks.memory [CLIP] [--short 180] [--long 1800]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.clips import SAMPLE, looped
from benchmarks.pipeline import timed


def main() -> None:
    """Runs both and prints their peaks, of the process and its largest child, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--short", type=float, default=180.0)
    parser.add_argument("--long", type=float, default=1800.0)
    arguments = parser.parse_args()
    peaks = []
    for seconds in (arguments.short, arguments.long):
        with tempfile.TemporaryDirectory() as folder:
            clip = looped(arguments.clip, Path(folder) / f"clip{arguments.clip.suffix}", seconds)
            run = timed("analyze", clip)
        peaks.append(run["peak_mb"])
        sys.stdout.write(f"{run['seconds']:7.0f} s of clip: {run['peak_mb']:6.0f} MB, {run['wall']:.1f} s\n")
        sys.stdout.flush()
    sys.stdout.write(f"long / short: {peaks[1] / peaks[0]:.3f}  (goal: at most 1.15)\n")


if __name__ == "__main__":
    main()
