"""The connection to a server: who is let in, what is refused, what an outage leaves."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from nats.js.errors import BadRequestError

from core.host.ports import free_port
from rosey import streams, subjects
from rosey.bus import Bus, BusError, Login
from rosey.streams import ConsumerSpec
from tests.consuming import consume
from tests.rosey.bus.ear import Ear
from tests.servers import NatsServer, binary, until, wait_for_port

CONFIG = """
host: 127.0.0.1
port: PORT
authorization { users: [
  { user: free, password: secret }
  { user: bound, password: secret, permissions: {
      publish: { deny: ["rosey.>"] }, subscribe: { deny: ["rosey.>"] } } }
] }
"""


class Guarded(NatsServer):
    """Lets in two users, and has no JetStream."""

    def start(self) -> NatsServer:
        import subprocess

        config = self.folder / "nats.conf"
        self.folder.mkdir(parents=True)
        config.write_text(CONFIG.replace("PORT", str(self.port)))
        with (self.folder / "nats.log").open("ab") as log:
            self.process = subprocess.Popen(
                [binary("nats-server"), "-c", str(config)], stdout=log, stderr=log
            )
        wait_for_port(self.port, self.process)
        return self


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[NatsServer]:
    server = Guarded(tmp_path / "guarded")
    server.start()
    yield server
    server.kill()


async def test_who_has_the_wrong_password_is_told_so(guarded: NatsServer) -> None:
    with pytest.raises(BusError, match="does not let test in with the user free, as") as refusal:
        await Bus.connect(guarded.url, "test", Login(user="free", password="wrong"))
    assert "wrong" not in str(refusal.value)
    with pytest.raises(BusError, match="does not let test in with a token, as") as refusal:
        await Bus.connect(guarded.url, "test", Login(token="wrong"))
    assert "wrong" not in str(refusal.value)


async def test_one_of_several_addresses_is_enough(nats: NatsServer) -> None:
    dead = f"nats://127.0.0.1:{free_port()}"
    bus = await Bus.connect(f"{dead}, 127.0.0.1:{nats.port}", "test")
    assert bus.is_connected
    await bus.drain()


async def test_what_is_refused_is_counted_told_and_explained(
    guarded: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = await Bus.connect(guarded.url, "test", Login(user="bound", password="secret"))
    refused: list[tuple[str, str]] = []

    async def note(what: str, subject: str) -> None:
        refused.append((what, subject))

    bus.on_refusal(note)
    await bus.subscribe("rosey.events.>", Ear())
    await bus.publish("rosey.Command.dice", b"")
    await until(lambda: len(refused) == 2)
    assert refused == [("subscribe", "rosey.events.>"), ("publish", "rosey.command.dice")]
    assert bus.refusals == 2
    monkeypatch.setattr("rosey.bus.client.ACK_PATIENCE", 0.2)
    with pytest.raises(BusError, match=r"does not let us publish rosey\.Command\.dice"):
        await bus.store("rosey.Command.dice", b"", "c-1")
    with pytest.raises(BusError, match=r"does not let us publish rosey\.Command\.dice"):
        await bus.request("rosey.Command.dice", b"", 0.2)
    await bus.drain()


async def test_a_server_without_jetstream(
    guarded: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rosey.bus.client.STORE_PATIENCE", 0.15)
    bus = await Bus.connect(guarded.url, "test", Login(user="free", password="secret"))
    with pytest.raises(BusError, match="NATS has no working JetStream"):
        await bus.declare()
    await bus.drain()


async def test_a_server_that_is_away_holds_nobody_up(bus: Bus, nats: NatsServer) -> None:
    await bus.subscribe("rosey.test.one", Ear())
    nats.kill()
    await until(lambda: not bus.is_connected)
    async with asyncio.timeout(1.5):
        await bus.drain()
    assert bus.client.is_closed


async def test_what_waits_and_is_not_taken_is_reported(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bus = await Bus.connect(nats.url, "test")

    async def flush() -> None:
        raise TimeoutError

    monkeypatch.setattr(bus.client, "flush", flush)
    await bus.drain()
    assert "did not take the last messages" in caplog.text
    assert bus.client.is_closed


async def test_after_each_reconnect_everything_is_read_afresh(bus: Bus, nats: NatsServer) -> None:
    """An action that finds the server not ready is tried again; a new reconnect starts anew."""
    done: list[str] = []
    hang = asyncio.Event()

    async def first() -> None:
        done.append("first")
        if len(done) == 1:
            raise TimeoutError("not quite back")

    async def second() -> None:
        done.append("second")
        await hang.wait()

    bus.on_reconnect(first)
    bus.on_reconnect(second)
    for expected in (["first", "first", "second"], ["first", "first", "second", "first"]):
        nats.kill()
        await until(lambda: not bus.is_connected)
        nats.start()
        await until(lambda expected=expected: done[: len(expected)] == expected, 20)
    await until(lambda: done[-1] == "second")


async def test_a_consumer_that_was_deleted_and_made_again_is_found(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rosey.bus.pull.HEARTBEAT", 0.1)
    ear = Ear()
    spec = ConsumerSpec(streams.EVENTS, "reader", (subjects.MESSAGE,), ack_wait=0.15)
    await bus.make(spec)
    await bus.consume(spec, ear)
    await bus.store(subjects.MESSAGE, b"1", "m-1")
    await ear.until(b"1")
    await bus.js.delete_consumer(streams.EVENTS, "reader")
    await asyncio.sleep(0.4)  # quiet for longer than three heartbeats
    await bus.make(spec)
    await until(lambda: ear.data == [b"1", b"1"])


async def test_a_complaint_that_is_no_refusal_is_only_noted(
    nats: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "rosey.bus")
    bus = await Bus.connect(nats.url, "test")

    async def fail(message: object) -> None:
        raise RuntimeError("a bug")

    await bus.subscribe("rosey.test.one", fail)
    await bus.publish("rosey.test.one", b"")
    await until(lambda: "NATS: a bug" in caplog.text)
    assert bus.refusals == 0
    await bus.drain()


async def test_a_consumer_stops_after_its_bus(nats: NatsServer) -> None:
    bus = await Bus.connect(nats.url, "test")
    await bus.declare()
    consumer = await consume(bus, streams.EVENTS, "reader", [subjects.MESSAGE], Ear())
    await bus.client.close()
    await consumer.stop()
    await bus.drain()


async def test_nothing_goes_on_when_we_leave_a_server_that_is_away(nats: NatsServer) -> None:
    before = asyncio.all_tasks()
    connected = [await Bus.connect(nats.url, f"test {number}") for number in range(10)]
    nats.kill()
    await until(lambda: not any(bus.is_connected for bus in connected))
    await asyncio.wait_for(asyncio.gather(*(bus.drain() for bus in connected)), 10)
    await until(lambda: asyncio.all_tasks() <= before, what="the library's tasks end")


async def test_what_the_server_does_not_make_is_told(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise BadRequestError(description="no such setting")

    monkeypatch.setattr(streams, "declare", refuse)
    with pytest.raises(BusError, match="NATS does not make what Rosey needs"):
        await bus.declare()


async def test_only_the_latest_messages_are_known_as_our_own_work(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rosey.bus.consumer.REMEMBERED", 2)
    ear = Ear()
    consumer = await consume(bus, streams.EVENTS, "reader", [subjects.MESSAGE], ear)
    for number in range(5):
        await bus.store(subjects.MESSAGE, b"%d" % number, f"m-{number}")
    await ear.until(*(b"%d" % number for number in range(5)))
    assert list(consumer._begun) == [4, 5]
