"""The child process that analyses a file: `python -P -m emoagent.bridges.analysis_child`. The first line of its stdin
is the job, `{source, out, settings}`, which would be seen by everybody among its arguments.

It says on stdout, a line of JSON each, how far it has come: `{plan}` (stages), `{duration}` (seconds), `{stage, at}`,
`{stage, took}`; the last line is `{done}` or `{error}`. It stops when its stdin ends, so that it never outlives whoever
asked; what it has done by then is kept, and the same job goes on from there.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from typing import Any, TextIO

GRACE = 8.0  # seconds to put away what has been done
FIXED = 7  # stages of every run: probe, hear, watch, bind, opine, judge, audit


def main() -> int:
    """Runs the job; the exit status is that of `emoagent analyze`."""
    told = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # what libraries print is nobody's answer
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from emoagent.cli import QUIET
    from emoagent.errors import EXIT_INTERRUPTED, EmoagentError, InternalError

    os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
    try:
        _work(job, told)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except EmoagentError as error:
        return _failed(error, told)
    except Exception as error:
        return _failed(InternalError(error), told)
    _say(told, {"done": True})
    return 0


def _work(job: dict[str, Any], told: TextIO) -> None:
    from emoagent.analysis import analyze
    from emoagent.graphs.episode import chosen
    from emoagent.schema import Clip
    from emoagent.settings import load_settings

    settings = load_settings(**job["settings"])
    _say(told, {"plan": FIXED + len(chosen(settings))})
    known = False

    def hear(message: dict[str, Any]) -> None:
        nonlocal known
        if isinstance(clip := message.get("clip"), Clip) and not known:
            known = True
            _say(told, {"duration": clip.duration})
        elif "stage" in message:
            _say(told, message)

    analyze(job["source"], job["out"], settings=settings, resume=True, listener=hear)


def _failed(error: Any, told: TextIO) -> int:
    _say(told, {"error": error.envelope()})
    return int(error.exit_status)


def _say(told: TextIO, message: dict[str, Any]) -> None:
    told.write(json.dumps(message) + "\n")


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
