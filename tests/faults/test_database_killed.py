"""The database service and PostgreSQL are killed under load: what was acknowledged is kept once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rosey.bus import Bus
from rosey.storage import Database, Unavailable
from rosey.storage.client import over
from tests.core.database.processes import DatabaseProcess, database_process
from tests.postgres_server import PostgresServer, postgres_server
from tests.servers import NatsServer, until

WRITERS = 8
COUNTERS = 3
KILLS = 3
BETWEEN_KILLS = 40
AGAIN_AFTER = 0.02
PATIENCE = 1.0
ROOM = "lounge/lobby"
NOON = "2026-05-03T12:00:00Z"


@dataclass
class Ledger:
    """What was acknowledged: how often was counted, and what each key should hold."""

    counted: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    writes: int = 0
    in_doubt: int = 0


def hasty(bus: Bus, plugin: str) -> Database:
    """A client that soon gives up what nobody heard."""
    ask = over(bus, plugin)

    async def soon(kind: str, op: str, request: bytes, patience: float) -> bytes:
        return await ask(kind, op, request, PATIENCE)

    return Database(soon)


class Load:
    """Writers that ask again, by the same idempotency key, for what is in doubt."""

    def __init__(self, bus: Bus) -> None:
        self.keys = hasty(bus, "dice").keys
        self.room = hasty(bus, "core")
        self.ledger = Ledger()
        self._stop = False
        self._tasks = [asyncio.create_task(self._write(number)) for number in range(WRITERS)]

    async def acknowledged(self, more: int) -> None:
        """Waits until so many more writes are acknowledged."""
        before = self.ledger.writes
        await until(lambda: self.ledger.writes >= before + more or self._failed(), 30)
        assert not self._failed()

    async def end(self) -> None:
        """Lets every writer finish what it is about."""
        self._stop = True
        await asyncio.gather(*self._tasks)

    async def check(self) -> None:
        """Nothing is missing and nothing is doubled."""
        assert self.ledger.in_doubt > 0, "nobody noticed that anything was killed"
        assert {key: await self.keys.get(key) for key in self.ledger.counted} == self.ledger.counted
        assert {key: await self.keys.get(key) for key in self.ledger.kept} == self.ledger.kept
        said = self.ledger.said
        for start in range(0, len(said), 500):
            part = said[start : start + 500]
            assert await self.room.count("chat", {"message_id": {"$in": part}}) == len(part)
        assert await self.room.count("chat") == len(said)
        [bob] = await self.room.select("users", {"channel": ROOM})
        assert bob["lines"] == len(said)

    def _failed(self) -> bool:
        return any(task.done() for task in self._tasks)

    async def _write(self, number: int) -> None:
        turn = 0
        while not self._stop:
            turn += 1
            await self._count(f"count-{turn % COUNTERS}", f"w{number}-{turn}")
            await self._keep(f"own-{number}", turn)
            await self._say(f"m-{number}-{turn}")

    async def _count(self, key: str, once: str) -> None:
        await self._until_known(lambda: self.keys.incr(key, once=once))
        self.ledger.counted[key] = self.ledger.counted.get(key, 0) + 1

    async def _keep(self, key: str, value: int) -> None:
        await self._until_known(lambda: self.keys.set(key, value))
        self.ledger.kept[key] = value

    async def _say(self, id: str) -> None:
        """A row, and a count of such rows, in one transaction."""
        line = {"message_id": id, "channel": ROOM, "username": "bob", "text": "hello"}
        who = {"channel": ROOM, "name_key": "bob", "username": "bob"}
        operations: list[dict[str, Any]] = [
            {"op": "insert", "table": "chat", "values": {**line, "sent_at": NOON, "own": False}},
            {
                "op": "update",
                "table": "users",
                "filter": who,
                "update": {"$inc": {"lines": 1}},
                "upsert": True,
            },
        ]
        await self._until_known(lambda: self.room.batch(operations, key=id))
        self.ledger.said.append(id)

    async def _until_known(self, write: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await write()
            except Unavailable:
                self.ledger.in_doubt += 1
                await asyncio.sleep(AGAIN_AFTER)
            else:
                self.ledger.writes += 1
                return


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest, nats: NatsServer, tmp_path: Path
) -> Iterator[DatabaseProcess]:
    with ExitStack() as stack:
        url = None
        if request.param == "postgresql":
            url = stack.enter_context(postgres_server()).url()
        yield stack.enter_context(database_process(nats.url, tmp_path / "data", url))


@pytest.fixture
async def asking(nats: NatsServer) -> AsyncIterator[Bus]:
    bus = await Bus.connect(nats.url, "asking")
    yield bus
    await bus.drain()


async def test_the_service_is_killed(service: DatabaseProcess, asking: Bus) -> None:
    load = Load(asking)
    for _ in range(KILLS):
        await load.acknowledged(BETWEEN_KILLS)
        service.kill()
        await asyncio.to_thread(service.start)
        await load.acknowledged(1)
    await load.end()
    await load.check()


async def test_one_of_two_services_is_killed(
    service: DatabaseProcess, asking: Bus, nats: NatsServer
) -> None:
    with database_process(nats.url, service.data, service.url) as other:
        load = Load(asking)
        for victim in (service, other) * 2:
            await load.acknowledged(BETWEEN_KILLS)
            victim.kill()
            await load.acknowledged(BETWEEN_KILLS)
            await asyncio.to_thread(victim.start)
        await load.end()
        await load.check()


async def test_postgresql_is_killed(
    server: PostgresServer, nats: NatsServer, asking: Bus, tmp_path: Path
) -> None:
    with database_process(nats.url, tmp_path / "data", server.url()) as service:
        pid = service.pid
        load = Load(asking)
        for _ in range(KILLS):
            await load.acknowledged(BETWEEN_KILLS)
            server.kill()
            await until(lambda before=load.ledger.in_doubt: load.ledger.in_doubt > before)
            await asyncio.to_thread(server.start)
            await load.acknowledged(1)
        await load.end()
        await load.check()
        assert service.process
        assert service.process.poll() is None
        assert service.pid == pid
