"""The report of a run with its video, and while the run goes on its progress, for the browser of this machine.

/               the report; while the run goes on, the page that follows it
/video          the analysed file, in ranges (RFC 9110, section 14)
/pictures/REF   a picture that the trace names
/progress       how far the run is, as server-sent events
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import quote

from emoagent.errors import EmoagentError
from emoagent.run_folder import trace_file
from emoagent.viewer.compare import against
from emoagent.viewer.document import document, live_document, policy
from emoagent.viewer.events import events
from emoagent.viewer.exports.result import Result
from emoagent.viewer.guard import App, Guard
from emoagent.viewer.payload import payload_of
from emoagent.viewer.pictures import Pictures
from emoagent.viewer.report import references
from emoagent.viewer.served_run import ServedRun

if TYPE_CHECKING:
    import uvicorn
    from starlette.requests import Request
    from starlette.responses import Response

KEPT = "private, no-cache"  # a browser may keep pictures and video, and asks each time whether they are still the same
FRAMES = "; frame-ancestors 'none'"  # a rule that only the header may hold

Remark = Callable[[str], None]


class Pages:
    """Makes the report when it is asked for, and again only where the result has changed since. `other`: a run of the
    same clip to compare with; `remark` is told what the user should know."""

    def __init__(self, run: ServedRun, other: Path | None, remark: Remark) -> None:
        self.run, self.remark = run, remark
        self.other = trace_file(other) if other else None
        self._lock, self._page, self._key = Lock(), b"", tuple[tuple[int, int], ...]()
        self.video: Path | None = None
        self.pictures: Pictures | None = None

    def report(self) -> bytes:
        """The page. Raises `UsageError` where a trace cannot be read, or the other run is of another clip."""
        with self._lock:
            if (key := self._state()) != self._key:
                self._page, self._key = self._made(), key
            return self._page

    def _made(self) -> bytes:
        result = Result.open(self.run.folder)
        self.video, why = self.run.video(result.trace.clip)
        if why:
            self.remark(why)
        self.pictures = Pictures(references(result.trace), self.run.folder / "media", self.run.trace)
        addresses = {ref: f"/pictures/{quote(ref)}" for ref in self.pictures}
        others = [against(result, self.other)] if self.other else []
        payload = payload_of(result, video="/video" if self.video else None, others=others)
        return "".join(document(replace(payload, live=True), addresses, rules())).encode()

    def _state(self) -> tuple[tuple[int, int], ...]:
        files = [self.run.trace, *sorted((self.run.folder / "corrections").glob("*"))]
        files += [self.other] if self.other and self.other.exists() else []
        return tuple((file.stat().st_mtime_ns, file.stat().st_size) for file in files)


def application(pages: Pages, port: int, over: Callable[[], bool] = lambda: False) -> App:
    """The ASGI application. `over` says that the server is to end, so that nothing is sent any more."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    answers = {"/": _page, "/video": _video, "/pictures/{ref:path}": _picture}
    routes = [Route(path, partial(answer, pages)) for path, answer in answers.items()]
    routes += [Route("/progress", partial(_progress, pages.run, over)), Route("/favicon.ico", _no_icon)]
    return Guard(Starlette(routes=routes), port)


def server_of(pages: Pages, port: int) -> uvicorn.Server:
    """The server of these pages, to be run with a socket that listens on `port`."""
    import uvicorn

    app = application(pages, port, lambda: server.should_exit)
    server = uvicorn.Server(
        uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="off", ws="none", server_header=False,
            timeout_graceful_shutdown=2,
        )
    )  # fmt: skip
    return server


def rules() -> str:
    """The content security policy: the page's own script and style, pictures, video and progress from here."""
    return policy(links_pictures=True, has_video=True, more=("connect-src 'self'",))


def _page(pages: Pages, request: Request) -> Response:
    from starlette.responses import HTMLResponse, PlainTextResponse

    if pages.run.going_on() or not pages.run.trace.is_file():
        page = "".join(live_document(pages.run.progress()["clip"], rules())).encode()
    else:
        try:
            page = pages.report()
        except EmoagentError as error:
            return PlainTextResponse(f"{error.message}\n{error.hint}\n", status_code=500)
    return HTMLResponse(page, headers={"Content-Security-Policy": rules() + FRAMES})


def _video(pages: Pages, request: Request) -> Response:
    if pages.video is None or not pages.video.is_file():
        return _absent("there is no video here")
    kind = mimetypes.guess_type(pages.video.name)[0] or ""
    return _file(pages.video, kind if kind.startswith(("video/", "audio/")) else "application/octet-stream")


def _picture(pages: Pages, request: Request) -> Response:
    ref, known = request.path_params["ref"], pages.pictures
    if known is None or ref not in known:
        return _absent("the trace names no such picture")
    return _file(*known.file(ref))


async def _progress(run: ServedRun, over: Callable[[], bool], request: Request) -> Response:
    from starlette.responses import StreamingResponse

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events(partial(_look, run), over), media_type="text/event-stream", headers=headers)


def _look(run: ServedRun) -> tuple[str, bool]:
    """Until the run is done or has failed."""
    found = run.progress()
    return json.dumps(found), found["done"] or found["failed"] is not None


async def _no_icon(request: Request) -> Response:
    from starlette.responses import Response

    return Response(status_code=204)


def _file(path: Path, kind: str) -> Response:
    from starlette.responses import FileResponse

    return FileResponse(path, media_type=kind, headers={"Cache-Control": KEPT})


def _absent(why: str) -> Response:
    from starlette.responses import PlainTextResponse

    return PlainTextResponse(f"{why}\n", status_code=404)
