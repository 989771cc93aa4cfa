"""The lounge's one port: the page, discovery and Socket.IO."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

import socketio
from aiohttp import web

from connectors.lounge import handlers
from connectors.lounge.clock import Clock
from connectors.lounge.frames import MISSING
from connectors.lounge.house import House
from connectors.lounge.session import Session
from connectors.lounge.settings import LoungeSettings
from connectors.lounge.web import add_routes
from connectors.lounge.wire import Line, Outlet, StrictPacket, cut
from rosey.token_bucket import TokenBucket

log = logging.getLogger("rosey.lounge")

TOO_FAST = "Rate limit exceeded"
TOO_MANY = "Too many connections from your IP address"
_STOP_SECONDS = 2.0


class Lounge:
    """A room server. `start` binds, `stop` ends every connection; both once.

    `clock` is the time of rooms and films; without one it is the running loop's.
    """

    def __init__(self, settings: LoungeSettings, clock: Clock | None = None) -> None:
        self.settings = settings
        self._house = House(settings, clock)
        self._sessions: dict[str, Session] = {}
        self._outlets: dict[str, Outlet] = {}
        self._new: set[str] = set()
        self._buckets: dict[str, TokenBucket] = {}  # sid -> its events
        self._connects: dict[str, TokenBucket] = {}  # address -> its connection attempts
        self._closing: set[asyncio.Task[None]] = set()
        self._port = 0
        self._sio = _socket_server(settings)
        self._sio.on("connect", self._on_connect)
        self._sio.on("disconnect", self._on_disconnect)
        self._sio.on("*", self._on_event)
        app = web.Application()
        self._sio.attach(app, socketio_path="socket.io")
        home = settings.rooms[0].name if settings.rooms else "lobby"
        add_routes(app, home, settings.public_url)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_STOP_SECONDS)

    @property
    def url(self) -> str:
        """Where it is reached from this machine."""
        host = self.settings.host
        anywhere = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104
        return f"http://{anywhere.get(host, host)}:{self._port}"

    async def start(self) -> int:
        """Listen; returns the real port. OSError if the port is taken."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.host, self.settings.port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]
        return self._port

    async def stop(self) -> None:
        """End every line. Clients take it for an accident and come back if they can."""
        for outlet in list(self._outlets.values()):
            await cut(outlet.engine_socket)
        if self._closing:
            await asyncio.wait(self._closing, timeout=_STOP_SECONDS)
        await self._sio.shutdown()
        await self._runner.cleanup()
        self._house.close()

    async def _on_connect(self, sid: str, environ: dict[str, Any], auth: Any) -> None:
        address = environ["aiohttp.request"].remote or ""
        if not self._may_connect(address):
            raise socketio.exceptions.ConnectionRefusedError(TOO_FAST)
        engine_sid = self._sio.manager.eio_sid_from_sid(sid, "/")
        engine_socket = self._sio.eio.sockets[engine_sid]
        outlet = self._outlets[sid] = Outlet(engine_socket, lambda: self._close(sid))
        self._sessions[sid] = Session(outlet, address)
        if self.settings.events_burst:
            self._buckets[sid] = TokenBucket(
                self.settings.events_burst, self.settings.events_per_second, time.monotonic()
            )
        # the library queues its answer to the client when this handler has returned
        self._new.add(sid)
        asyncio.get_running_loop().call_soon(self._welcome, sid)

    def _may_connect(self, address: str) -> bool:
        burst = self.settings.connect_burst
        if not burst:
            return True
        now = time.monotonic()
        for known in [known for known, bucket in self._connects.items() if bucket.full(now)]:
            del self._connects[known]
        fresh = TokenBucket(burst, 1 / self.settings.connect_seconds, now)
        return self._connects.setdefault(address, fresh).take(now) == 0

    def _welcome(self, sid: str) -> None:
        """Once, before the first frame is taken: with polling that may already be waiting."""
        session = self._sessions.get(sid)
        if session is None or sid not in self._new:
            return
        self._new.discard(sid)
        most = self.settings.connections_per_address
        here = sum(other.address == session.address for other in self._sessions.values())
        if most and here > most:
            session.send("kick", {"reason": TOO_MANY})
            self._house.leave(session)
            self._spawn(cut(self._outlets[sid].engine_socket))
        else:
            self._house.arrive(session)

    async def _on_event(self, event: str, sid: str, *args: Any) -> Any:
        self._welcome(sid)
        session = self._sessions.get(sid)
        if session and not session.gone:
            self._receive(session, sid, event, args[0] if args else MISSING)
        # no acknowledgement, even if one was asked for
        return self._sio.not_handled

    def _receive(self, session: Session, sid: str, event: str, payload: Any) -> None:
        bucket = self._buckets.get(sid)
        if bucket and bucket.take(time.monotonic()) > 0:
            self._house.kick(session, TOO_FAST)
            return
        try:
            handlers.receive(self._house, session, event, payload)
        except Exception:  # one frame's bug must not cost everybody the room
            error = uuid.uuid4().hex[:8]
            log.exception("frame %r failed (%s)", event[:40], error)
            session.error(f"The room could not do that. It is in its log as {error}.")

    async def _on_disconnect(self, sid: str, reason: str) -> None:
        self._buckets.pop(sid, None)
        self._outlets.pop(sid, None)
        self._new.discard(sid)
        session = self._sessions.pop(sid, None)
        if session:
            self._house.leave(session)

    def _close(self, sid: str) -> None:
        self._spawn(self._sio.disconnect(sid))

    def _spawn(self, closing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(closing)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _socket_server(settings: LoungeSettings) -> socketio.AsyncServer:
    # both libraries log every malformed frame with a traceback; that would be a way to fill disks
    quiet = logging.getLogger("rosey.lounge.sockets")
    quiet.setLevel(logging.CRITICAL)
    server = socketio.AsyncServer(
        async_mode="aiohttp",
        async_handlers=False,  # the frames of one client are taken one by one, in order
        serializer=StrictPacket,
        http_compression=False,
        logger=quiet,
        engineio_logger=quiet,
        ping_interval=settings.ping_interval,
        ping_timeout=settings.ping_timeout,
        max_http_buffer_size=settings.frame_bytes,
    )
    server.eio._async = server.eio._async | {"websocket": Line}
    return server


async def serve(settings: LoungeSettings, ready: Callable[[str], None] | None = None) -> None:
    """Run a lounge until cancelled; `ready` is told its address."""
    lounge = Lounge(settings)
    await lounge.start()
    try:
        if ready:
            ready(lounge.url)
        await asyncio.Event().wait()
    finally:
        await lounge.stop()
