"""Requests from a real bus: shared, bounded, finished, and never left without an answer."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from core.database import intake as intakes
from core.database.desk import Desk
from core.database.intake import ENDING, TOO_LARGE, TOO_MANY, Intake
from core.database.pulse import NOT_YET, Pulse
from core.database.store import Store
from rosey import subjects
from rosey.bus import Bus, BusError
from rosey.contracts.storage import Code
from rosey.storage import Database, StorageError, Unavailable
from tests.servers import NatsServer, until


class Gate:
    """Holds every request whose key is `wait` until it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.begun = 0
        self.done: list[str] = []
        self.cancelled = 0

    async def perform(self, plugin: str, op: str, request: dict[str, Any]) -> dict[str, Any]:
        self.begun += 1
        key = request.get("key", "")
        try:
            if key == "wait":
                await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.done.append(key)
        return {"exists": True, "value": "x" * request.get("size", 1)}


class Scene:
    """An intake at work, and somebody who asks."""

    def __init__(self, bus: Bus, asking: Bus, folder: Path) -> None:
        self.gate = Gate()
        self.store = Store(make_url(f"sqlite+aiosqlite:///{folder / 'unused.db'}"))
        self.pulse = Pulse(self.store, _nothing, _tell_nobody)
        self.pulse.is_prepared, self.pulse.problem = True, None
        self.intake = Intake(bus, Desk({"kv": self.gate}, self.pulse.note), self.pulse)
        self.asking = asking
        self.dice = Database.on(asking, "dice")

    async def open(self) -> None:
        await self.intake.start()
        await settled(self.intake._bus)

    def ask(self, key: str) -> "asyncio.Task[Any]":
        return asyncio.create_task(self.dice.keys.get(key))

    async def hold(self, count: int) -> "list[asyncio.Task[Any]]":
        """So many requests are in hand and stay there."""
        before = self.gate.begun
        asked = [self.ask("wait") for _ in range(count)]
        await until(lambda: self.gate.begun == before + count)
        return asked


async def settled(bus: Bus) -> None:
    """The server knows what was (un)subscribed; the library's first ping overtakes that."""
    for _ in range(2):
        await bus.client.flush()


async def _nothing() -> None: ...


async def _tell_nobody(ok: bool, what: str) -> None: ...


@pytest.fixture
async def asking(nats: NatsServer) -> AsyncIterator[Bus]:
    bus = await Bus.connect(nats.url, "asking")
    yield bus
    await bus.drain()


@pytest.fixture
async def serving(nats: NatsServer) -> AsyncIterator[Bus]:
    bus = await Bus.connect(nats.url, "serving")
    yield bus
    await bus.drain()


@pytest.fixture
async def scene(serving: Bus, asking: Bus, tmp_path: Path) -> AsyncIterator[Scene]:
    scene = Scene(serving, asking, tmp_path)
    await scene.open()
    yield scene
    scene.gate.open.set()
    await scene.intake.stop()


async def refused(asked: "asyncio.Task[Any]") -> str:
    with pytest.raises(Unavailable) as away:
        await asyncio.wait_for(asked, 5)
    assert away.value.code is Code.UNAVAILABLE
    return str(away.value)


async def test_who_asks_is_answered(scene: Scene) -> None:
    assert await scene.dice.keys.get("a") == "x"
    assert scene.gate.done == ["a"]


async def test_two_processes_share(
    scene: Scene, nats: NatsServer, asking: Bus, tmp_path: Path
) -> None:
    bus = await Bus.connect(nats.url, "second")
    other = Scene(bus, asking, tmp_path)
    await other.open()
    for _ in range(40):
        assert await scene.dice.keys.get("a") == "x"
    assert len(scene.gate.done) + len(other.gate.done) == 40
    assert scene.gate.done
    assert other.gate.done
    await other.intake.stop()
    await settled(bus)
    for _ in range(10):
        await scene.dice.keys.get("b")
    assert "b" not in other.gate.done
    await bus.drain()


async def test_too_many_are_told_at_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intakes, "IN_HAND", 3)
    monkeypatch.setattr(intakes, "WAITING", 2)
    held = await scene.hold(3)
    waiting = [scene.ask("a"), scene.ask("b")]
    await until(lambda: len(scene.intake._waiting) == 2)
    began = asyncio.get_running_loop().time()
    assert await refused(scene.ask("c")) == TOO_MANY
    assert asyncio.get_running_loop().time() - began < 0.5
    scene.gate.open.set()
    await asyncio.gather(*held, *waiting)
    assert scene.gate.done == ["wait"] * 3 + ["a", "b"]
    assert await scene.dice.keys.get("c") == "x"


async def test_who_waits_for_his_turn_too_long_is_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intakes, "IN_HAND", 1)
    monkeypatch.setattr(intakes, "LONGEST_WAIT", 0.3)
    [held] = await scene.hold(1)
    assert await refused(scene.ask("a")) == TOO_MANY
    scene.gate.open.set()
    await held
    await scene.dice.keys.get("b")
    assert scene.gate.done == ["wait", "b"]


async def test_while_something_is_wrong_nobody_waits_long(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intakes, "IN_HAND", 2)
    held = await scene.hold(2)
    waiting = scene.ask("wait")
    began = asyncio.get_running_loop().time()
    scene.pulse.problem = "The database does not answer."
    for each in (*held, waiting):
        assert await refused(each) == "The database does not answer."
    assert 1 < asyncio.get_running_loop().time() - began < 2
    assert scene.gate.done == []
    scene.pulse.problem = None
    scene.gate.open.set()
    assert await scene.dice.keys.get("wait") == "x"


async def test_before_all_is_prepared_nothing_is_done(scene: Scene) -> None:
    scene.pulse.is_prepared, scene.pulse.problem = False, NOT_YET
    assert await refused(scene.ask("a")) == NOT_YET
    scene.pulse.problem = "The database cannot be reached: Connection refused."
    assert await refused(scene.ask("a")) == scene.pulse.problem
    assert scene.gate.begun == 0


async def test_what_is_in_hand_is_finished_at_the_end(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intakes, "IN_HAND", 2)
    held = await scene.hold(2)
    waiting = scene.ask("a")
    await until(lambda: len(scene.intake._waiting) == 1)
    ending = asyncio.create_task(scene.intake.stop())
    asyncio.get_running_loop().call_later(0.1, scene.gate.open.set)
    await asyncio.gather(*held, waiting, ending)
    assert scene.gate.done == ["wait", "wait", "a"]
    with pytest.raises(Unavailable, match="is not there"):
        await scene.dice.keys.get("b")


async def test_what_takes_too_long_at_the_end_is_refused(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intakes, "IN_HAND", 1)
    monkeypatch.setattr(intakes, "FINISH_PATIENCE", 0.2)
    [held] = await scene.hold(1)
    waiting = scene.ask("a")
    await until(lambda: len(scene.intake._waiting) == 1)
    await scene.intake.stop()
    assert await refused(held) == ENDING
    assert await refused(waiting) == ENDING
    assert (scene.gate.cancelled, scene.gate.done) == (1, [])


async def test_an_answer_larger_than_a_message_is_refused(scene: Scene) -> None:
    request = json.dumps({"size": 2 * 1024 * 1024}).encode()
    subject = subjects.database("kv", "dice", "get")
    answer = json.loads(await scene.asking.request(subject, request))
    assert answer["error"] == {"code": "VALUE_TOO_LARGE", "message": TOO_LARGE}


async def test_who_wants_no_answer_gets_none(scene: Scene) -> None:
    await scene.asking.publish(subjects.database("kv", "dice", "set"), b'{"key": "quiet"}')
    await until(lambda: scene.gate.done == ["quiet"])
    assert await scene.dice.keys.get("a") == "x"


async def test_a_refusal_is_raised_at_the_other_end(scene: Scene) -> None:
    with pytest.raises(StorageError, match="no kind 'row'"):
        await scene.dice.count("a")
    with pytest.raises(BusError):
        await scene.asking.request("db.kv.dice", b"{}", 1.0)


async def test_the_bus_may_be_gone_at_the_end(
    scene: Scene, serving: Bus, nats: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    [held] = await scene.hold(1)
    nats.kill()
    await until(lambda: not serving.is_connected)
    scene.gate.open.set()
    await scene.intake.stop()
    assert scene.gate.done == ["wait"]
    held.cancel()
    await asyncio.gather(held, return_exceptions=True)
    nats.start()
    await until(lambda: serving.is_connected)
