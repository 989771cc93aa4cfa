"""What the lounge answers over plain HTTP: its page, discovery, health."""

from __future__ import annotations

import re
from pathlib import Path

from aiohttp import web

from connectors.lounge.names import INVALID_ROOM, valid_room

_PAGE = Path(__file__).parent / "page"
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}", re.ASCII)


def add_routes(app: web.Application, home: str, public_url: str | None) -> None:
    """`home` is the room behind `/`; `public_url` is where clients connect, if not here."""

    async def to_home(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"/r/{home}")

    async def page(request: web.Request) -> web.StreamResponse:
        if not valid_room(request.match_info["room"]):
            raise web.HTTPNotFound(text=INVALID_ROOM)
        return web.FileResponse(_PAGE / "index.html")

    async def discovery(request: web.Request) -> web.StreamResponse:
        if not valid_room(request.match_info["room"]):
            return web.json_response({"error": INVALID_ROOM}, status=404)
        url = public_url or f"{request.scheme}://{request.host}"
        secure = url.startswith("https:")
        return web.json_response({"servers": [{"url": url, "secure": secure}]})

    async def health(request: web.Request) -> web.StreamResponse:
        return web.Response(text="ok")

    app.router.add_get("/", to_home)
    app.router.add_get("/r/{room}", page)
    app.router.add_get("/socketconfig/{room}.json", discovery)
    app.router.add_get("/health", health)
    app.router.add_static("/page/", _PAGE)
    app.on_response_prepare.append(_harden)


async def _harden(request: web.Request, response: web.StreamResponse) -> None:
    if request.path.startswith("/socket.io/"):
        return
    # older browsers do not count WebSockets as 'self'
    host = request.host if _HOST.fullmatch(request.host) else ""
    sockets = f" ws://{host} wss://{host}" if host else ""
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self'{sockets}; "
        f"frame-src https:; media-src https:; "  # what a viewer asks to be shown
        f"base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-cache"
