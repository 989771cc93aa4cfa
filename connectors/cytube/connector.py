"""A session in one CyTube room."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from pydantic import SecretStr

from connectors.cytube import verdicts
from connectors.cytube.discovery import ANSWER_SECONDS, choose, find_server
from connectors.cytube.editor import Editor
from connectors.cytube.frames import Flood, refusal
from connectors.cytube.link import Link, Lost
from connectors.cytube.pace import Pace
from connectors.cytube.room import Room
from connectors.cytube.settings import CyTubeSettings
from connectors.cytube.text import safe_lines, utf16_length
from rosey import clock
from rosey.channels import Channel
from rosey.contracts.playlist import Edit
from rosey.events import PlaylistItem
from rosey.platform import Capabilities, Entry, Occurrence, PlatformError, Refusal, RoomState

LENGTH = 320
_PACE, _BURST = 8.0, 8  # the server takes 20 at once, then 10 a second
_QUIET = 20 / 10
_GUARDED_BELOW = 2.0
_SLOWEST = 0.05
_MOVES = 3


class CyTubeConnector:
    """Implements `rosey.platform.Connector` with python-socketio."""

    capabilities = Capabilities(media=True, length=LENGTH, pace=_PACE, burst=_BURST)

    def __init__(self, settings: CyTubeSettings) -> None:
        self._settings = settings
        self._channel = Channel(settings.connection, settings.room).key
        self._handlers: list[Callable[[Occurrence], None]] = []
        self._link: Link | None = None
        self._moved_to: str | None = None
        self._begin()

    async def connect(self) -> Entry:
        """Finds the server, logs in, joins, and waits until people can be heard."""
        await self.disconnect()
        for _ in range(_MOVES):
            url, self._moved_to = self._moved_to, None
            if url is None:
                url = await find_server(self._settings.site, self._settings.room)
            try:
                await self._enter(url)
                return self._room.entry()
            except PlatformError:
                if self._moved_to is None:
                    raise
            finally:
                if not self._room.entered:
                    await self.disconnect()
        raise PlatformError(f"{self._settings.site} sends us from one server to the next.")

    async def disconnect(self) -> None:
        """Leaves in good order; harmless when not connected."""
        self._left = True
        self._editor.lose()
        if self._link is not None:
            await self._link.close()

    async def send_message(self, line: str) -> None:
        """Sends one line made by `lines`, in its turn.

        Raises ConnectionError without a connection, PermissionError when the room does not let
        us speak, ValueError for a line that `lines` would not make.
        """
        _check(line)
        self._require("chat", "speak")
        await self._turn(self._pace, self._flood_guard())
        await self._send("chatMsg", {"msg": line, "meta": {}})

    async def send_pm(self, to: str, line: str) -> None:
        """Sends one line to one person; raises as `send_message` does."""
        _check(line)
        await self._turn(self._pace)
        await self._send("pm", {"to": to, "msg": line, "meta": {}})

    async def edit_playlist(self, edit: Edit) -> PlaylistItem | None:
        """Carries out one change of the list and waits until the server confirms it.

        Raises PermissionError, LookupError and ConnectionError as the interface says.
        """
        if not self.is_connected:
            raise ConnectionError("There is no connection to the room; nothing was changed.")
        return await self._editor.carry_out(edit)

    def lines(self, text: str) -> list[str]:
        """The text as lines that are safe here, each within the length."""
        return safe_lines(text, LENGTH)

    def on_event(self, handler: Callable[[Occurrence], None]) -> None:
        """Calls `handler` for every frame, in order, before `recv_events` yields it."""
        self._handlers.append(handler)

    async def recv_events(self) -> AsyncIterator[Occurrence | Refusal]:
        """Every frame of the session in order, those of the entry first.

        Raises PlatformError at the end; after our own `disconnect` it just ends.
        """
        while True:
            while self._ready:
                yield self._ready.popleft()
            if self._end is not None:
                await self.disconnect()
                raise self._end
            if self._link is None or self._over:
                return
            self._work(await self._link.arrivals.get())

    @property
    def is_connected(self) -> bool:
        over = self._left or self._over or self._end is not None
        return self._link is not None and self._link.alive and not over

    @property
    def state(self) -> RoomState:
        return self._room.state()

    async def _enter(self, url: str) -> None:
        settings = self._settings
        self._begin()
        self._link = Link()
        await self._link.open(url, ANSWER_SECONDS)
        await self._ask("login", {"name": settings.user, **_secret("pw", settings.password)})
        answer = await self._answer("login", f"an answer to the login of {settings.user}")
        if answer.family == "error" or not answer.payload["success"]:
            error = str(answer.payload.get("error", ""))
            raise verdicts.login_refused(settings.user, settings.room, error)
        password = _secret("pw", settings.room_password)
        await self._ask("joinChannel", {"name": settings.room, **password})
        try:
            while not self._room.entered:
                await self._answer("userlist", f"the user list of {settings.room}")
        except PlatformError:
            if self._refused_password is None:
                raise
            raise verdicts.password_needed(settings.room, self._refused_password) from None

    async def _ask(self, event: str, payload: dict[str, str]) -> None:
        assert self._link is not None
        with suppress(ConnectionError):  # why the session ended is the next thing to be read
            await self._link.send(event, payload)

    async def _answer(self, name: str, what: str) -> Occurrence:
        """Works off frames until the one called `name`."""
        assert self._link is not None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while True:
                    occurrence = self._work(await self._link.arrivals.get())
                    if self._end is not None:
                        raise self._end
                    if occurrence is not None and occurrence.name == name:
                        return occurrence
        except TimeoutError:
            said = f" It said: {self._complaint}" if self._complaint else ""
            raise verdicts.failure(
                f"Waited {ANSWER_SECONDS:g} s for {what}; it did not come.{said}"
            ) from None

    def _begin(self) -> None:
        """A session of which nothing is known yet."""
        self._ready: deque[Occurrence | Refusal] = deque()
        self._left = False
        self._over = False
        self._end: PlatformError | None = None
        self._refused_password: bool | None = None
        self._complaint = ""
        self._room = Room(self._channel, self._settings.user, time.time_ns() // 1_000_000)
        self._editor = Editor(self._room, self._send)
        self._pace = Pace(_PACE, _BURST, quiet=_QUIET)
        self._guard: tuple[Flood, Pace] | None = None

    def _work(self, arrival: Any) -> Occurrence | None:
        """Takes one arrival into the room's state and makes it ready for the reader."""
        if isinstance(arrival, Lost):
            self._over = True
            self._editor.lose()
            if not self._left and self._end is None:
                self._end = verdicts.lost(self._settings.room, arrival.reason)
            return None
        occurrence = self._room.take(arrival.name, arrival.payload, clock.now())
        self._ready.append(occurrence)
        self._editor.heed(occurrence)
        for handler in self._handlers:
            handler(occurrence)
        if occurrence.family in ("error", "state"):
            self._heed(occurrence)
        return occurrence

    def _heed(self, occurrence: Occurrence) -> None:
        """What the server says about our session rather than about the room."""
        name, payload = occurrence.name, occurrence.payload
        refused = refusal(name, payload)
        if refused is not None:
            self._ready.append(refused)
        elif name == "kick":
            reason = payload.get("reason") if isinstance(payload, dict) else None
            self._end = verdicts.kicked(self._settings.room, str(reason or ""))
        elif name == "errorMsg" and isinstance(payload, dict):
            self._complaint = str(payload.get("msg", ""))
        elif name == "needPassword":
            self._refused_password = payload is True
        elif name == "cancelNeedPassword":
            self._refused_password = None
        elif name == "partitionChange":
            self._follow(payload)

    def _follow(self, payload: Any) -> None:
        try:
            self._moved_to = choose(payload)
        except ValueError:
            return  # an address that cannot be read changes nothing; the frame is passed on
        self._end = PlatformError(f"{self._settings.room} moves to another server of the site.")

    def _require(self, permission: str, deed: str) -> None:
        if self.is_connected and not self._room.may(permission):
            needed = self._room.permissions.get(permission)
            least = "nobody may" if needed is None else f"the least rank is {needed:g}"
            raise PermissionError(
                f"{self._settings.room} does not let {self._room.name} (rank "
                f"{self._room.rank:g}) {deed}: {least}."
            )

    def _flood_guard(self) -> Pace | None:
        """The turns that the room's flood guard leaves to ranks below moderator."""
        flood = self._room.flood
        if flood is None or self._room.rank >= _GUARDED_BELOW:
            return None
        if self._guard is None or self._guard[0] != flood:
            rate, burst = max(flood.sustained, _SLOWEST), max(flood.burst, 1)
            self._guard = flood, Pace(rate, int(burst), quiet=burst / rate)
        return self._guard[1]

    async def _turn(self, *paces: Pace | None) -> None:
        wait = max(pace.reserve() for pace in paces if pace is not None)
        if wait > 0:
            await asyncio.sleep(wait)

    async def _send(self, event: str, payload: Any) -> None:
        if self._link is None or not self.is_connected:
            raise ConnectionError("There is no connection to the room; nothing was sent.")
        await self._link.send(event, payload)


def _secret(key: str, secret: SecretStr | None) -> dict[str, str]:
    return {} if secret is None else {key: secret.get_secret_value()}


def _check(line: str) -> None:
    if line.startswith("/") or utf16_length(line) > LENGTH:
        raise ValueError("This is no line made by lines(): too long, or it begins with a slash.")
