"""The child process of a job: the ordinary analysis under limits of memory, processor time, file size and priority.

`python -P -m emoagent.bridges.http.job_process LIMITS`, with `{memory, cpu_seconds, file_bytes}` as JSON. What it is
told on stdin, what it says and when it ends: as `emoagent.bridges.analysis_child`.
"""

from __future__ import annotations

import json
import os
import resource
import sys

from emoagent.bridges import analysis_child as child

NICE = 10  # turns of conversations come first


def main() -> int:
    """Limits itself, then runs the job."""
    limits = json.loads(sys.argv[1])
    os.nice(NICE)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_AS, limits["memory"])
    _limit(resource.RLIMIT_CPU, limits["cpu_seconds"])
    _limit(resource.RLIMIT_FSIZE, limits["file_bytes"])
    return child.main()


def _limit(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(kind, (value, value))
    except (ValueError, OSError):
        if sys.platform == "linux":  # others do not know all of them
            raise


if __name__ == "__main__":
    sys.exit(main())
