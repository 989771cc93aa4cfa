"""A site whose chat server says what a test has written down for it."""

from typing import Any

import socketio
from aiohttp import web

from connectors.cytube.connector import CyTubeConnector
from connectors.cytube.settings import CyTubeSettings

Line = tuple[str, Any]
END = ("", None)  # instead of a frame: the server ends the session
WELCOME: list[Line] = [("login", {"success": True, "name": "Rosey"})]
ENTRY: list[Line] = [
    ("rank", 1),
    ("setPermissions", {"chat": 0}),
    ("userlist", [{"name": "Rosey", "rank": 1, "meta": {"afk": False, "muted": False}}]),
]


class Site:
    """Discovery and one chat server on a port of their own. `heard` is what clients sent."""

    def __init__(self, transports: list[str] | None = None) -> None:
        self.script: dict[str, list[Line]] = {"login": WELCOME, "joinChannel": ENTRY}
        self.heard: list[Line] = []
        self.refusal: str | None = None
        self.moved_to: str | None = None
        self._sids: list[str] = []
        self._sio = socketio.AsyncServer(
            async_mode="aiohttp", async_handlers=False, transports=transports
        )
        self._sio.on("connect", self._on_connect)
        self._sio.on("*", self._on_event)
        app = web.Application()
        self._sio.attach(app)
        app.router.add_get("/socketconfig/{room}.json", self._discovery)
        self._runner = web.AppRunner(app, shutdown_timeout=1)

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()

    async def stop(self) -> None:
        await self._sio.shutdown()
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    def connector(self, **settings: Any) -> CyTubeConnector:
        return CyTubeConnector(
            CyTubeSettings.model_validate(
                {"connection": "cytube", "site": self.url, "room": "lounge", **settings}
            )
        )

    async def say(self, *lines: Line) -> None:
        """Sends frames to the client that came last."""
        await self._send(self._sids[-1], list(lines))

    async def packet(self, text: str) -> None:
        """Sends it something that need be no frame."""
        await self._sio.eio.send(self._sio.manager.eio_sid_from_sid(self._sids[-1], "/"), text)

    async def _discovery(self, request: web.Request) -> web.Response:
        return web.json_response({"servers": [{"url": self.moved_to or self.url}]})

    async def _on_connect(self, sid: str, environ: Any, auth: Any) -> None:
        if self.refusal is not None:
            raise socketio.exceptions.ConnectionRefusedError(self.refusal)
        self._sids.append(sid)

    async def _on_event(self, event: str, sid: str, *payload: Any) -> None:
        self.heard.append((event, payload[0] if payload else None))
        await self._send(sid, self.script.get(event, []))

    async def _send(self, sid: str, lines: list[Line]) -> None:
        for line in lines:
            if line == END:
                await self._sio.disconnect(sid)
            else:
                await self._sio.emit(*line, to=sid)
