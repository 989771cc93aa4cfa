"""The process: at work, at its end, and while its database is away."""

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.authority.keys import Keys
from core.authority.login import login
from core.authority.rights import HOST, Rights, all_rights
from core.authority.server_rules import rules
from core.config import NatsConfig
from core.database import service
from rosey import subjects
from rosey.bus import Bus, Incoming
from rosey.contracts.storage import Code
from rosey.events import Health
from rosey.storage import Database, Unavailable
from tests.core.authority.stage import guarded
from tests.core.database.processes import DatabaseProcess, database_process, stopped
from tests.postgres_server import PASSWORD, PostgresServer, postgres_server
from tests.servers import NatsServer, until


class Listener:
    """Somebody who asks, and hears how the database is."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.dice = Database.on(bus, "dice")
        self.heard: list[Health] = []

    async def hear(self, incoming: Incoming) -> None:
        self.heard.append(Health.read(incoming.data))

    def says(self, ok: bool, what: str = "") -> bool:
        """Whether that is the newest word."""
        return bool(self.heard) and self.heard[-1].ok is ok and what in self.heard[-1].what

    async def away(self) -> str:
        """What a write is told, which must come in time."""
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unavailable) as away:
            await self.dice.keys.set("a", 1)
        assert asyncio.get_running_loop().time() - began < 2
        assert away.value.code is Code.UNAVAILABLE
        return str(away.value)

    async def until_back(self, within: float = 5.0) -> None:
        deadline = asyncio.get_running_loop().time() + within
        while True:
            try:
                return await self.dice.keys.set("back", 1)
            except Unavailable:
                assert asyncio.get_running_loop().time() < deadline
                await asyncio.sleep(0.05)


@pytest.fixture
async def listener(nats: NatsServer) -> AsyncIterator[Listener]:
    bus = await Bus.connect(nats.url, "listener")
    listener = Listener(bus)
    await bus.subscribe(subjects.HEALTH, listener.hear)
    for _ in range(2):
        await bus.client.flush()
    yield listener
    await bus.drain()


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture
def embedded(nats: NatsServer, listener: Listener, tmp_path: Path) -> Iterator[DatabaseProcess]:
    """On SQLite."""
    with database_process(nats.url, tmp_path / "data") as process:
        yield process


async def test_it_answers_and_ends_in_good_order(
    embedded: DatabaseProcess, listener: Listener
) -> None:
    assert await listener.dice.keys.incr("n") == 1
    assert await listener.dice.keys.get("n") == 1
    assert (embedded.data / "rosey.db").is_file()
    await until(lambda: listener.says(True, "well again"))
    asked = [asyncio.create_task(listener.dice.keys.incr("n")) for _ in range(30)]
    await until(lambda: any(each.done() for each in asked))
    assert await asyncio.to_thread(embedded.terminate) == 0
    # Were one not finished, this would raise.
    assert sorted(await asyncio.gather(*asked)) == list(range(2, 32))
    embedded.start()
    assert await listener.dice.keys.get("n") == 31
    assert "Traceback" not in embedded.log.read_text()


async def test_it_ends_although_the_bus_is_away(
    embedded: DatabaseProcess, listener: Listener, nats: NatsServer
) -> None:
    nats.kill()
    assert await asyncio.to_thread(embedded.terminate) == 0
    nats.start()


async def test_a_locked_file_is_told_and_waited_for(
    embedded: DatabaseProcess, listener: Listener
) -> None:
    other = sqlite3.connect(embedded.data / "rosey.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    both = await asyncio.gather(listener.away(), listener.away(), listener.away())
    assert set(both) == {"The database file is locked by another program."}
    assert await listener.dice.keys.get("a") is None, "who reads does not wait for who writes"
    await until(lambda: listener.says(False, "locked by another program"))
    other.execute("ROLLBACK")
    other.close()
    await listener.until_back()
    await until(lambda: listener.says(True))


async def test_a_full_disk_is_told_and_waited_for(
    embedded: DatabaseProcess, listener: Listener
) -> None:
    def largest_file(size: int) -> None:
        resource.prlimit(embedded.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    await listener.dice.keys.set("a", "before")
    largest_file((embedded.data / "rosey.db-wal").stat().st_size)
    assert "disk of the database" in await listener.away()
    assert await listener.dice.keys.get("a") == "before"
    await until(lambda: listener.says(False, "disk of the database"))
    largest_file(resource.RLIM_INFINITY)
    await listener.until_back()
    await until(lambda: listener.says(True))


async def test_a_postgresql_that_comes_and_goes(
    server: PostgresServer, nats: NatsServer, listener: Listener, tmp_path: Path
) -> None:
    server.stop()
    with database_process(nats.url, tmp_path / "data", server.url()) as process:
        await until(lambda: listener.says(False, "cannot be reached"))
        assert "cannot be reached" in await listener.away()
        server.start()
        await listener.until_back()
        await until(lambda: listener.says(True))
        server.kill()
        await listener.away()
        await until(lambda: listener.says(False))
        server.start()
        await listener.until_back()
        await until(lambda: listener.says(True))
        for number in range(10):
            await listener.dice.keys.set("a", number)
            assert await listener.dice.keys.get("a") == number
        secrets_are_kept(process, listener)


async def test_a_postgresql_that_hangs(
    server: PostgresServer, nats: NatsServer, listener: Listener, tmp_path: Path
) -> None:
    with database_process(nats.url, tmp_path / "data", server.url()):
        await listener.until_back()
        with stopped(server):
            both = await asyncio.gather(*(listener.away() for _ in range(50)))
            assert "The database does not answer." in both
            await until(lambda: listener.says(False, "does not answer"))
            assert await listener.away() == "The database does not answer."
        await listener.until_back()
        await until(lambda: listener.says(True))


async def test_a_wrong_password_is_no_secret_told(
    server: PostgresServer, nats: NatsServer, listener: Listener, tmp_path: Path
) -> None:
    wrong = server.url().replace(PASSWORD.replace(" ", "%20"), "geheim-4711")
    with database_process(nats.url, tmp_path / "data", wrong) as process:
        await until(lambda: listener.says(False, "does not take our user name or password"))
        assert "password" in await listener.away()
        secrets_are_kept(process, listener)


def secrets_are_kept(process: DatabaseProcess, listener: Listener) -> None:
    words = Path(f"/proc/{process.pid}/cmdline").read_text()
    said = [process.log.read_text(), words, *(each.what for each in listener.heard)]
    for secret in (PASSWORD, PASSWORD.replace(" ", "%20"), "geheim-4711"):
        assert secret not in "".join(said)


async def test_its_rights_are_enough(tmp_path: Path) -> None:
    data = tmp_path / "data"
    dice = Rights("plugin-dice", ("db.kv.dice.*",), ("_INBOX.plugin-dice.>",))
    data.mkdir()
    with (
        guarded(data, rules(Keys(data), [*all_rights({}, {}), dice])) as server,
        database_process(server.url, data) as process,
    ):
        host = await Bus.connect(server.url, "host", login(data, NatsConfig(), HOST))
        plugin = await Bus.connect(server.url, "dice", login(data, NatsConfig(), dice.name))
        listener = Listener(plugin)
        await host.subscribe(subjects.HEALTH, listener.hear)
        await listener.dice.keys.set("a", 1)
        assert await listener.dice.keys.get("a") == 1
        with pytest.raises(Unavailable):
            await Database.on(plugin, "quote").keys.get("a")
        other = sqlite3.connect(data / "rosey.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await listener.away()
        await until(lambda: listener.says(False, "locked"))
        other.close()
        assert (host.refusals, plugin.refusals) == (0, 1)
        assert "does not let us" not in process.log.read_text()
        await host.drain()
        await plugin.drain()


async def test_the_same_within_this_process(
    nats: NatsServer, listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROSEY_NATS_URL", nats.url)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    for _ in range(2):
        listener.heard.clear()
        running = asyncio.create_task(service.run(tmp_path / "data", None))
        await until(lambda: listener.says(True))
        assert await listener.dice.keys.incr("n", once="c-1") == 1
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        with pytest.raises(Unavailable, match="is not there"):
            await listener.dice.keys.get("n")


async def test_an_address_that_makes_no_sense_is_one_sentence(
    nats: NatsServer, tmp_path: Path
) -> None:
    for address in ("postgresql://rosey:geheim@host:port/x", "mysql://rosey:geheim@host/x"):
        started = DatabaseProcess(nats.url, tmp_path / "data", address)
        with pytest.raises(AssertionError):
            started.start()
        assert started.process
        assert started.process.wait(10) == 1
        [line] = started.log.read_text().splitlines()
        assert line.startswith("ROSEY_DATABASE_URL ")
        assert "geheim" not in line
        started.log.unlink()


async def test_a_database_from_the_future_is_left_alone(nats: NatsServer, tmp_path: Path) -> None:
    with database_process(nats.url, tmp_path / "data") as process:
        assert process.terminate() == 0
        with closing(sqlite3.connect(process.data / "rosey.db")) as file:
            file.execute("INSERT INTO db_revisions VALUES ('core_999')")
            file.commit()
        before = (process.data / "rosey.db").read_bytes()
        process.log.unlink()
        with pytest.raises(AssertionError):
            process.start()
        assert process.process
        assert process.process.wait(10) == 1
        process.process = None
        last = process.log.read_text().splitlines()[-1]
        assert "core_999" in last
        assert (process.data / "rosey.db").read_bytes() == before
