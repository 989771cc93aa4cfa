"""Plays the recorded clients of a capture again, against a lounge."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import socketio

CAPTURES = Path(__file__).parents[2] / "data" / "cytube" / "captures"
WAIT_SECONDS = 2.0

_PLAYER_NAMES = """
queue queueFail queueWarn delete moveVideo setTemp setCurrent changeMedia mediaUpdate voteskip
newPoll updatePoll closePoll listPlaylists setLeader
"""
PLAYER = frozenset(_PLAYER_NAMES.split()) | {"newPoll (ack)"}
"""Frames of the player, of polls and of the library: not compared."""
PLAYLIST_STATE = frozenset(("setPlaylistMeta", "playlist", "drinkCount"))
"""Not compared either where something was queued."""

_UNTOLD = frozenset(("time", "timestamp", "ip", "id", "cssHash", "jsHash"))
_MASKED = re.compile(r"[\w+/]{3}(?:\.[\w+/]{3}){3}")
_BARRIER = ("uncache", "barrier")
_BARRIER_ANSWER = {"msg": "Unexpected error for message uncache: Expected type object, got string"}


class Seen(NamedTuple):
    """A received frame without what differs from run to run."""

    event: str
    payload: str

    def __str__(self) -> str:
        return f"{self.event} {self.payload[:160]}"


class Step(NamedTuple):
    """What a seat does, and when it was done (ms)."""

    ms: int
    seat: str
    action: str  # connect, emit, leave, cut
    event: str = ""
    payload: tuple[Any, ...] = ()


def seen(event: str, payload: Any) -> Seen:
    return Seen(event, json.dumps(_told(payload), sort_keys=True, ensure_ascii=False))


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _told(inner) for key, inner in value.items() if key not in _UNTOLD}
    if isinstance(value, list):
        return [_told(inner) for inner in value]
    if isinstance(value, str):
        return _MASKED.sub("<address>", value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


@dataclass
class Scene:
    """A capture: steps, each with how many frames every seat had received before it."""

    name: str
    steps: list[tuple[Step, dict[str, int]]] = field(default_factory=list)
    expected: dict[str, list[Seen]] = field(default_factory=dict)
    compared: Callable[[str], bool] = lambda event: True


def load(name: str, cut: frozenset[str]) -> Scene:
    """Read a capture. `cut` names the seats whose own machine broke the line."""
    raw = [json.loads(line) for line in (CAPTURES / f"{name}.jsonl").read_text().splitlines()]
    queued = any(frame["dir"] == "out" and frame["event"] == "queue" for frame in raw)
    dropped = PLAYER | (PLAYLIST_STATE if queued else frozenset())
    scene = Scene(name, compared=lambda event: event not in dropped)
    for frame in raw[: _end_of_play(raw)]:
        seat, event = frame["seat"], frame["event"]
        payload = () if frame.get("nodata") else (frame["data"],)
        scene.expected.setdefault(seat, [])
        step = _step(frame, payload, seat in cut)
        if step:
            before = {seat: len(frames) for seat, frames in scene.expected.items()}
            scene.steps.append((step, before))
        answer = step is None or event == "connect_error"
        if answer and frame["dir"] == "in" and scene.compared(event):
            scene.expected[seat].append(seen(event, *payload or (None,)))
    scene.expected.pop("", None)
    return scene


def _step(frame: dict[str, Any], payload: tuple[Any, ...], cut: bool) -> Step | None:
    ms, seat, event = frame["ms"], frame["seat"], frame["event"]
    if frame["dir"] == "out":
        return Step(ms, seat, "emit", event, payload)
    if frame["dir"] != "in":
        return None
    if event in ("connect", "connect_error"):
        return Step(ms, seat, "connect")
    if event == "disconnect" and payload[0] == "client disconnect":
        return Step(ms, seat, "leave")
    if event == "disconnect" and cut:
        return Step(ms, seat, "cut")
    return None


def _end_of_play(raw: list[dict[str, Any]]) -> int:
    """At its end everybody leaves at once, and who still sees whom go is chance."""
    closing = {"disconnect", "userLeave", "usercount"}
    last = raw[-1]["ms"]
    end = len(raw)
    while end and raw[end - 1]["event"] in closing and raw[end - 1]["ms"] > last - 100:
        end -= 1
    return end


class Seat:
    """One recorded client, from an address of its own as in the recording."""

    def __init__(self, url: str, address: str, compared: Callable[[str], bool]) -> None:
        self.received: list[Seen] = []
        self.arrived = asyncio.Event()
        self.barriers = 0
        self._leaving = False
        self._url = url
        self._compared = compared
        connector = aiohttp.TCPConnector(local_addr=(address, 0))
        self._http = aiohttp.ClientSession(connector=connector)
        self._sio = socketio.AsyncClient(
            reconnection=False, handle_sigint=False, http_session=self._http
        )
        self._sio.on("*", self._on_event)
        self._sio.on("connect_error", lambda data: self._on_event("connect_error", data))
        self._sio.on("disconnect", lambda reason: self._on_event("disconnect", reason))

    async def act(self, step: Step) -> None:
        if step.action == "connect":
            await self.connect()
        elif step.action == "emit":
            await self._sio.emit(step.event, *step.payload)
        elif step.action == "cut":
            self._leaving = True
            await self._http.connector.close()  # type: ignore[union-attr]
        else:
            self._leaving = True
            await self._sio.disconnect()

    async def connect(self) -> None:
        try:
            await self._sio.connect(self._url, transports=["websocket"])
        except socketio.exceptions.ConnectionError:
            assert any(frame.event == "connect_error" for frame in self.received)

    async def barrier(self, seconds: float) -> None:
        """Until the server has dealt with all that this seat sent, if it is in the room."""
        if not self._sio.connected or not any(f.event == "userlist" for f in self.received):
            return
        due = self.barriers + 1
        await self._sio.emit(*_BARRIER)
        await self.until(lambda: self.barriers >= due or not self._sio.connected, seconds)

    async def until(self, true: Callable[[], bool], seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                while not true():
                    self.arrived.clear()
                    await self.arrived.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        if self._sio.connected:
            await self._sio.disconnect()
        await self._http.close()

    def _on_event(self, event: str, *args: Any) -> None:
        payload = args[0] if args else None
        if event == "errorMsg" and payload == _BARRIER_ANSWER:
            self.barriers += 1
        elif self._compared(event) and not (event == "disconnect" and self._leaving):
            self.received.append(seen(event, payload))
        self.arrived.set()


async def play(
    url: str,
    scene: Scene,
    addresses: dict[str, str],
    pace: float,
    wait_seconds: float,
    settled: Callable[[str, Seen], bool],
) -> dict[str, list[Seen]]:
    """What every seat received. `pace` 1 keeps the recorded pauses, 0 drops them.

    `settled(seat, frame)` says that a frame is not worth waiting for.
    """
    seats: dict[str, Seat] = {}
    loop = asyncio.get_running_loop()
    started = loop.time()

    async def caught_up(before: dict[str, int]) -> None:
        for name, count in before.items():
            if name in seats:
                due = sum(not settled(name, f) for f in scene.expected[name][:count])
                seat = seats[name]
                await seat.until(
                    lambda: sum(not settled(name, f) for f in seat.received) >= due,  # noqa: B023
                    wait_seconds,
                )

    try:
        for _, run in groupby(scene.steps, key=lambda item: json.dumps(item[1])):
            moment = list(run)
            await asyncio.sleep(max(0, started + pace * moment[0][0].ms / 1000 - loop.time()))
            await caught_up(moment[0][1])
            order = list(dict.fromkeys(step.seat for step, _ in moment))
            for name in order:
                if name not in seats:
                    seats[name] = Seat(url, addresses[name], scene.compared)
                for step, _ in moment:
                    if step.seat == name:
                        await seats[name].act(step)
                if len(order) > 1:
                    await seats[name].barrier(wait_seconds)
        await caught_up({name: len(frames) for name, frames in scene.expected.items()})
        for seat in seats.values():
            await seat.barrier(wait_seconds)
        return {name: list(seat.received) for name, seat in seats.items()}
    finally:
        for seat in seats.values():
            await seat.close()
