"""`emoagent inspect`: the report of a run with its video in the browser of this machine, until Ctrl-C."""

from __future__ import annotations

import errno
import os
import socket
import sys
import webbrowser
from contextlib import suppress
from pathlib import Path

from emoagent.errors import UsageError

USUAL = 8642
HERE = "127.0.0.1"


def run(source: Path, port: int | None, video: Path | None, against: Path | None, *, show: bool) -> None:
    """Serves the run in `source` until it is interrupted. `port`: `None` takes the usual one, or any that is free.
    Raises `UsageError` where there is no run, or the port is taken."""
    from emoagent.viewer.serve import Pages, server_of
    from emoagent.viewer.served_run import ServedRun

    served = ServedRun(source, video)
    if not served.going_on() and served.unfinished():
        _remark("beside this result lies an unfinished run; emoagent analyze … --resume goes on with it")
    pages = Pages(served, against, _remark)
    if not served.going_on():
        pages.report()  # what cannot be read is said before anybody looks
    with _listening(port) as listener:
        bound: int = listener.getsockname()[1]
        address = f"http://{HERE}:{bound}/"
        server = server_of(pages, bound)
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        _remark("Ctrl-C ends it")
        if show:
            _open(address)
        with suppress(KeyboardInterrupt):  # it is meant to run until then
            server.run(sockets=[listener])


def _listening(port: int | None) -> socket.socket:
    for wanted in (USUAL, 0) if port is None else (port,):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else answers wait for Nagle
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HERE, wanted))
            listener.listen()
        except OSError as error:
            listener.close()
            if port is None and wanted:
                continue
            raise _taken(wanted, error) from error
        return listener
    raise AssertionError("a port that the system chooses is free")


def _taken(port: int, error: OSError) -> UsageError:
    why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
    return UsageError(f"the port {port} {why}", hint="choose another --port, or leave it out")


def _open(address: str) -> None:
    """A browser, where there is a screen for it: one that runs in the terminal would take that over."""
    if sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(address)


def _remark(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
