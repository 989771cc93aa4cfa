"""One Socket.IO session: frames in the order they came, and its end as the last of them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import engineio
import socketio
from socketio.exceptions import SocketIOError

from connectors.cytube.frames import UNREADABLE
from connectors.cytube.verdicts import failure
from rosey.platform import PlatformError, Verdict

_FAREWELL_SECONDS = 1.0
_EVENT = "2"  # how a Socket.IO packet with an event begins
_EXCERPT = 200
# What connecting raises, also for addresses that are none and servers that speak nonsense.
_FAILURES = (SocketIOError, aiohttp.ClientError, OSError, ValueError, LookupError, TypeError)


@dataclass(frozen=True, slots=True)
class Frame:
    """An event and its one payload; None when there was none."""

    name: object
    payload: Any


@dataclass(frozen=True, slots=True)
class Lost:
    """The end of the session, in the library's words."""

    reason: str


class _Engine(engineio.AsyncClient):  # type: ignore[misc]
    """Takes event frames one by one where the library would start a task for each."""

    unreadable: Callable[[str], None]

    async def _trigger_event(self, event: str, *args: Any, **options: Any) -> Any:
        is_frame = event == "message" and isinstance(args[0], str) and args[0].startswith(_EVENT)
        if not is_frame:
            return await super()._trigger_event(event, *args, **options)
        try:
            await self.handlers["message"](*args)
        except (ValueError, LookupError, TypeError, RecursionError):
            self.unreadable(args[0])
        return None


class _Client(socketio.AsyncClient):  # type: ignore[misc]
    def _engineio_client_class(self) -> type[_Engine]:
        return _Engine


class Link:
    """Made for one session. Handlers are plain functions, so that no frame overtakes another."""

    def __init__(self) -> None:
        self.arrivals: asyncio.Queue[Frame | Lost] = asyncio.Queue()
        self._http = aiohttp.ClientSession()
        self._socket = _Client(reconnection=False, handle_sigint=False, http_session=self._http)
        self._socket.eio.unreadable = lambda text: self._on_frame(UNREADABLE, text[:_EXCERPT])
        self._refused = ""
        self._lost = False
        self._socket.on("*", self._on_frame)
        self._socket.on("connect_error", self._on_refusal)
        self._socket.on("disconnect", self._on_loss)

    @property
    def alive(self) -> bool:
        return bool(self._socket.connected) and not self._lost

    async def open(self, url: str, seconds: float) -> None:
        """Connects by websocket, or by polling where that is not to be had."""
        try:
            async with asyncio.timeout(seconds):
                await self._connect(url, seconds)
        except TimeoutError:
            raise failure(
                f"The chat server {url} did not accept a connection within {seconds:g} s."
            ) from None

    async def _connect(self, url: str, seconds: float) -> None:
        try:
            await self._socket.connect(url, transports=["websocket"], wait_timeout=seconds)
        except _FAILURES as error:
            if self._refused:
                raise _refusal(self._refused) from error
            await self._connect_by_polling(url, seconds)

    async def _connect_by_polling(self, url: str, seconds: float) -> None:
        try:
            await self._socket.connect(url, transports=["polling"], wait_timeout=seconds)
        except _FAILURES as error:
            if self._refused:
                raise _refusal(self._refused) from error
            raise failure(f"The chat server {url} cannot be reached: {error}") from error

    async def send(self, event: str, payload: Any) -> None:
        """Raises ConnectionError when the session is over; then nothing was sent."""
        if not self.alive:
            raise ConnectionError("There is no connection to the room.")
        try:
            await self._socket.emit(event, payload)
        except SocketIOError as error:
            raise ConnectionError(f"The connection to the room is closing: {error}") from error

    async def close(self) -> None:
        """Ends the session, after what was sent has left; harmless when it is over."""
        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                if self.alive:
                    await self._socket.eio.queue.join()
                await self._socket.disconnect()
        except TimeoutError:
            pass  # a server that does not answer any more is left without a farewell
        finally:
            await self._http.close()
            self._on_loss("closed")

    def _on_frame(self, name: object, *payload: Any) -> None:
        self.arrivals.put_nowait(Frame(name, payload[0] if payload else None))

    def _on_refusal(self, answer: Any = None) -> None:
        if isinstance(answer, dict) and answer.get("message"):
            self._refused = str(answer["message"])

    def _on_loss(self, reason: object = "") -> None:
        if not self._lost:
            self._lost = True
            self.arrivals.put_nowait(Lost(str(reason)))


def _refusal(message: str) -> PlatformError:
    verdict = Verdict.STOP if "banned" in message.lower() else Verdict.RETRY
    return failure(f"The chat server refused the connection: {message}", verdict)
