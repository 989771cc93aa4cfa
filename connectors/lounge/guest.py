"""A small client of the lounge: what tests and `rosey say` sit in a room with."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

import aiohttp
import socketio

from connectors.lounge.text import as_typed
from rosey import tasks

_CONNECT_SECONDS = 5.0
_RETRY_SECONDS = 0.2
_FLUSH_SECONDS = 1.0


class Frame(NamedTuple):
    """One received event; `data` is None if it came without a payload."""

    event: str
    data: Any


class Line(NamedTuple):
    """A chat line or PM said after the room was entered, its text as it was typed."""

    user: str
    text: str
    time: int
    meta: dict[str, Any]
    pm: bool


class GuestError(Exception):
    """The room could not be entered, or what was waited for did not come."""


class Guest:
    """Logs in, then joins. With `reconnect` it comes back by itself until it is closed.

    `frames` holds every received event in order, `lines` what was said since the entry
    (replayed lines are not in it).
    """

    def __init__(
        self,
        url: str,
        room: str = "lobby",
        name: str = "guest",
        password: str | None = None,
        *,
        room_password: str | None = None,
        reconnect: bool = False,
        local_address: str | None = None,
    ) -> None:
        self.name = name
        self.room = room
        self.rank = -1.0
        self.frames: list[Frame] = []
        self.lines: list[Line] = []
        self._url = url.rstrip("/")
        self._password = password
        self._room_password = room_password
        self._reconnect = reconnect
        self._local = (local_address, 0) if local_address else None
        self._arrived = asyncio.Event()
        self._sio: socketio.AsyncClient | None = None
        self._http: aiohttp.ClientSession | None = None
        self._entered = False
        self._lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Guest:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    @property
    def inside(self) -> bool:
        return self._entered

    async def start(self) -> None:
        """Enter the room, or raise GuestError with the reason."""
        await self._enter()
        if self._reconnect:
            self._keeper = asyncio.create_task(self._keep(), name=f"guest {self.name}")

    async def close(self) -> None:
        if self._keeper:
            await tasks.end(self._keeper)
        await self._leave()

    async def emit(self, event: str, data: Any = None) -> None:
        """Send an event, without a payload if `data` is None."""
        if self._sio is None or not self._sio.connected:
            raise GuestError(f"{self.name} is not connected")
        await self._sio.emit(event, data)

    async def say(self, text: str) -> None:
        await self.emit("chatMsg", {"msg": text, "meta": {}})

    async def pm(self, to: str, text: str) -> None:
        await self.emit("pm", {"to": to, "msg": text, "meta": {}})

    async def wait_for(
        self, predicate: Callable[[Frame], bool], timeout: float = 5.0, since: int = 0
    ) -> Frame:
        """The first frame from number `since` on that fits, or GuestError after `timeout` s."""
        found: Frame = await self._search(self.frames, predicate, timeout, since)
        return found

    async def wait_line(
        self, predicate: Callable[[Line], bool], timeout: float = 5.0, since: int = 0
    ) -> Line:
        """The first line from number `since` on that fits, or GuestError after `timeout` s."""
        found: Line = await self._search(self.lines, predicate, timeout, since)
        return found

    async def _search(
        self, items: list[Any], predicate: Callable[[Any], bool], timeout: float, since: int
    ) -> Any:
        seen = since
        try:
            async with asyncio.timeout(timeout):
                while True:
                    for item in items[seen:]:
                        if predicate(item):
                            return item
                    seen = max(since, len(items))
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            last = [tuple(item) for item in items[-5:]]
            raise GuestError(f"{self.name} waited {timeout} s in vain; last came {last}") from None

    async def _enter(self) -> None:
        """Discovery, connection, login, join; then wait for the user list."""
        self._entered = False
        self._lost = asyncio.Event()
        start = len(self.frames)
        try:
            await self._connect()
            login: dict[str, Any] = {"name": self.name}
            await self.emit("login", login | ({"pw": self._password} if self._password else {}))
            answer = await self.wait_for(
                lambda frame: frame.event in ("login", "kick"), _CONNECT_SECONDS, start
            )
            if answer.event == "kick" or not answer.data["success"]:
                raise GuestError(f"{self.name}: {answer.data.get('error') or answer.data}")
            self.name = answer.data["name"]
            join: dict[str, Any] = {"name": self.room}
            password = {"pw": self._room_password} if self._room_password else {}
            await self.emit("joinChannel", join | password)
            entered = await self.wait_for(
                lambda frame: frame.event in ("userlist", "kick", "needPassword", "errorMsg"),
                _CONNECT_SECONDS,
                start,
            )
            if entered.event != "userlist":
                raise GuestError(f"{self.name}: {entered.event} {entered.data}")
        except (GuestError, OSError, aiohttp.ClientError, TimeoutError) as error:
            await self._leave()
            raise GuestError(str(error)) from error

    async def _connect(self) -> None:
        connector = aiohttp.TCPConnector(local_addr=self._local) if self._local else None
        http = self._http = aiohttp.ClientSession(connector=connector)
        sio = self._sio = socketio.AsyncClient(
            reconnection=False, handle_sigint=False, http_session=http
        )
        sio.on("*", self._on_event)
        sio.on("disconnect", self._on_disconnect)
        config = f"{self._url}/socketconfig/{self.room}.json"
        async with asyncio.timeout(_CONNECT_SECONDS):
            async with http.get(config) as answer:
                found = await answer.json()
            if answer.status != 200:
                raise GuestError(f"{self.name}: {found.get('error')}")
            servers = found["servers"]
            url = sorted(servers, key=lambda server: not server["secure"])[0]["url"]
            try:
                await sio.connect(url, transports=["websocket"])
            except socketio.exceptions.ConnectionError as error:
                raise GuestError(f"{self.name}: {error}") from error

    def _on_event(self, event: str, *args: Any) -> None:
        data: Any = args[0] if args else None
        self.frames.append(Frame(event, data))
        if event == "userlist":
            self._entered = True
        elif event == "rank":
            self.rank = data
        elif event == "pm" or (event == "chatMsg" and self._entered):
            text = as_typed(data["msg"])
            line = Line(data["username"], text, data["time"], data["meta"], event == "pm")
            self.lines.append(line)
        self._arrived.set()

    def _on_disconnect(self, *reason: Any) -> None:
        self._entered = False
        self.frames.append(Frame("disconnect", reason[0] if reason else None))
        self._arrived.set()
        self._lost.set()

    async def _keep(self) -> None:
        while True:
            await self._lost.wait()
            await self._leave()
            try:
                await self._enter()
            except GuestError:
                await asyncio.sleep(_RETRY_SECONDS)
                self._lost.set()

    async def _leave(self) -> None:
        sio, self._sio = self._sio, None
        http, self._http = self._http, None
        if sio and sio.connected:
            # the library would drop what it has not written yet
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(sio.eio.queue.join(), _FLUSH_SECONDS)
            await sio.disconnect()
        if http:
            await http.close()
