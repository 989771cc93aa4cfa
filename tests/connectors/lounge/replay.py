"""Plays the recorded clients of a capture again, against a lounge."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import socketio

from tests.connectors.lounge.hand_clock import HandClock
from tests.servers import until

CAPTURES = Path(__file__).parents[2] / "data" / "cytube" / "captures"
WAIT_SECONDS = 10.0

DROPPED = frozenset(("newPoll", "newPoll (ack)", "updatePoll", "closePoll", "listPlaylists"))
"""Frames of polls and of the library: not compared."""

_UNTOLD = frozenset(("timestamp", "ip", "cssHash", "jsHash"))
_UNTOLD_NUMBERS = frozenset(("time", "id"))
_STUB = re.compile(r"sec(\d{5})\w{3}")
"""A made-up video that the recorded server had; its length (s) is in its id."""
_PAUSE_MS = 100
"""After so long a silence what comes was not an answer but a timer's doing."""
_TIMED = frozenset(("mediaUpdate", "usercount"))
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
    action: str  # connect, emit, leave, cut; wait: only time passes
    event: str = ""
    payload: tuple[Any, ...] = ()


def seen(event: str, payload: Any) -> Seen:
    return Seen(event, json.dumps(_told(payload), sort_keys=True, ensure_ascii=False))


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        if {"seconds", "meta"} <= value.keys():
            value = value | {"meta": {k: v for k, v in value["meta"].items() if k == "embed"}}
        if "currentTime" in value:
            # the recorded server counts in steps of a second, each a little late
            value = value | {"currentTime": math.floor(value["currentTime"] + 0.01)}
        return {key: _told(inner) for key, inner in value.items() if not _untold(key, inner)}
    if isinstance(value, list):
        return [_told(inner) for inner in value]
    if isinstance(value, str):
        return _MASKED.sub("<address>", value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _untold(key: str, value: Any) -> bool:
    return key in _UNTOLD or (key in _UNTOLD_NUMBERS and not isinstance(value, str))


@dataclass
class Scene:
    """A capture: steps, each with how many frames every seat had received before it."""

    name: str
    steps: list[tuple[Step, dict[str, int]]] = field(default_factory=list)
    expected: dict[str, list[Seen]] = field(default_factory=dict)

    def received(self) -> dict[str, int]:
        """How many frames each seat has so far."""
        return {seat: len(frames) for seat, frames in self.expected.items()}


def compared(event: str) -> bool:
    return event not in DROPPED


def load(name: str, cut: frozenset[str], unasked: Collection[str] = ()) -> Scene:
    """Read a capture. `cut` names the seats whose own machine broke the line.

    The lounge looks nothing up: what the recorded server found out about a media is given with
    the request. `unasked` are ids that are not asked for, nor their answers compared.
    """
    raw = [json.loads(line) for line in (CAPTURES / f"{name}.jsonl").read_text().splitlines()]
    raw = [frame for frame in raw if not _is_about(frame, unasked)]
    found = _looked_up(raw)
    scene = Scene(name)
    last_ms = 0
    for frame in raw[: _end_of_play(raw)]:
        if frame["dir"] not in ("in", "out"):
            continue
        seat, event = frame["seat"], frame["event"]
        if frame["dir"] == "out" and event == "queue":
            frame["data"] = found.get(frame["data"].get("id"), {}) | frame["data"]
        if frame["dir"] == "in" and (frame["ms"] - last_ms > _PAUSE_MS or event in _TIMED):
            scene.steps.append((Step(frame["ms"], "", "wait"), scene.received()))
        last_ms = frame["ms"]
        payload = () if frame.get("nodata") else (frame["data"],)
        scene.expected.setdefault(seat, [])
        step = _step(frame, payload, seat in cut)
        if step:
            scene.steps.append((step, scene.received()))
        answer = step is None or event == "connect_error"
        if answer and frame["dir"] == "in" and compared(event):
            scene.expected[seat].append(seen(event, *payload or (None,)))
    scene.expected.pop("", None)
    return scene


def _is_about(frame: dict[str, Any], ids: Collection[str]) -> bool:
    data = frame.get("data")
    asked = isinstance(data, dict) and frame["event"] in ("queue", "queueFail", "queueWarn")
    return asked and any(id in json.dumps(data) for id in ids)


def _looked_up(raw: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Title and duration of each media id, also of videos that were refused for their length."""
    asked = [f["data"].get("id") for f in raw if f["dir"] == "out" and f["event"] == "queue"]
    stubs = [match for id in asked if isinstance(id, str) and (match := _STUB.fullmatch(id))]
    found = {
        stub[0]: {"title": f"Stub video {stub[0]}", "duration": int(stub[1])} for stub in stubs
    }
    added = [f["data"]["item"]["media"] for f in raw if f["dir"] == "in" and f["event"] == "queue"]
    return found | {
        media["id"]: {"title": media["title"], "duration": media["seconds"]} for media in added
    }


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

    def __init__(self, url: str, address: str) -> None:
        self.received: list[Seen] = []
        self.arrived = asyncio.Event()
        self.barriers = 0
        self._leaving = False
        self._url = url
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
        elif compared(event) and not (event == "disconnect" and self._leaving):
            self.received.append(seen(event, payload))
        self.arrived.set()


def _moment(item: tuple[Step, dict[str, int]]) -> str:
    """Steps that were taken before anything more had come belong together."""
    step, before = item
    return json.dumps([before, step.ms if step.action == "wait" else 0])


async def play(
    url: str,
    scene: Scene,
    addresses: dict[str, str],
    clock: HandClock,
    connections: Callable[[], int],
    pace: float,
    wait_seconds: float,
    settled: Callable[[str, Seen], bool],
) -> dict[str, list[Seen]]:
    """What every seat received; the lounge's clock is moved to the times of the recording.

    `connections` is how many the server knows of: a leave is waited for.

    `pace` 1 keeps the recorded pauses, 0 drops them.

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
        for _, run in groupby(scene.steps, key=_moment):
            moment = list(run)
            first = moment[0][0]
            await asyncio.sleep(max(0, started + pace * first.ms / 1000 - loop.time()))
            await caught_up(moment[0][1])
            if first.action == "wait":
                for seat in seats.values():
                    await seat.barrier(wait_seconds)
            clock.advance_to(first.ms / 1000)
            if first.action == "wait":
                continue
            order = list(dict.fromkeys(step.seat for step, _ in moment))
            for name in order:
                if name not in seats:
                    seats[name] = Seat(url, addresses[name])
                for step, _ in moment:
                    if step.seat == name:
                        present = connections()
                        await seats[name].act(step)
                        if step.action == "leave":
                            await until(lambda: connections() < present)  # noqa: B023
                if len(order) > 1:
                    await seats[name].barrier(wait_seconds)
        await caught_up({name: len(frames) for name, frames in scene.expected.items()})
        for seat in seats.values():
            await seat.barrier(wait_seconds)
        return {name: list(seat.received) for name, seat in seats.items()}
    finally:
        for seat in seats.values():
            await seat.close()
