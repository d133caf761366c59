"""The page that `emoagent serve` shows at `/`: a conversation in the browser, analysed by this server.

The page holds no data. Its files are built from viewer/front and may load nothing from anywhere else.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from fastapi import APIRouter
from starlette.responses import Response

from emoagent.bridges.http.server import Server

KEEP_DAYS = 1.0  # days that a conversation of the page is kept after its last use, at most
FILES = {
    "demo.js": "text/javascript; charset=utf-8",
    "demo.css": "text/css; charset=utf-8",
    "worklet.js": "text/javascript; charset=utf-8",
}
RULES = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src data:",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
    "trusted-types 'none'",
))  # fmt: skip
HEADERS = {
    "Content-Security-Policy": RULES,
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<title>emoagent live: the expressed emotion of each turn</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/demo/demo.css"></head>
<body><div id="app"></div>
<noscript><p>This page needs JavaScript. The server can be used without it: see /openapi.json.</p></noscript>
<script type="application/json" id="place">{place}</script>
<script src="/demo/demo.js"></script></body></html>
"""


def router(server: Server) -> APIRouter:
    """`/` and what it loads, `/demo/…`."""
    routes = APIRouter(include_in_schema=False)
    page = PAGE.format(place=json.dumps(place(server))).encode()

    @routes.get("/")
    def demo() -> Response:
        return Response(page, media_type="text/html; charset=utf-8", headers=HEADERS)

    @routes.get("/demo/{name}")
    def file(name: str) -> Response:
        if name not in FILES:
            return Response(status_code=404)
        return Response(_static(name), media_type=FILES[name])

    return routes


def place(server: Server) -> dict[str, object]:
    """What the page says of where it comes from."""
    config, context = server.config, server.analyzer.settings.context
    return {
        "local": config.loopback,
        "keep_days": min(KEEP_DAYS, config.keep_days or KEEP_DAYS),
        "context": context if context in ("workplace", "education") else None,
    }


@cache
def _static(name: str) -> bytes:
    return (resources.files("emoagent.bridges.http") / "static" / name).read_bytes()
