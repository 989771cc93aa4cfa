"""The process for floors, here without a process of its own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.bench import peer
from core.bench.sender import Sender, frame
from rosey.bus import Bus, Incoming
from tests.servers import nats_server, until


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Bus]:
    with nats_server(tmp_path) as server:
        bus = await Bus.connect(server.url, "test")
        yield bus
        await bus.drain()


async def test_it_answers_counts_and_passes_on(bus: Bus) -> None:
    sender = Sender()
    await sender.start()
    here = peer.Peer(bus)
    await here.start()
    heard: list[tuple[str, bytes]] = []

    async def hear(incoming: Incoming) -> None:
        heard.append((incoming.subject, incoming.data))

    for subject in (peer.COUNTED, peer.FRAMES):
        await bus.subscribe(subject, hear)
    assert await bus.request(peer.ECHO, b"there and back") == b"there and back"
    for count in (3, 0):
        sender.forget(peer.NAME)
        asked = peer.Join(url=sender.url, count=count)
        await bus.request(peer.JOIN, asked.model_dump_json().encode())
        await sender.joined(peer.NAME)
        sender.send(peer.NAME, b"".join(frame(f"line {n}", 1_700_000_000_000) for n in range(3)))
        await until(lambda count=count: len(heard) == (1 if count else 4))
    assert heard[0] == (peer.COUNTED, b"")
    assert heard[1:] == [(peer.FRAMES, f"line {n}".encode()) for n in range(3)]
    await here.stop()
    await sender.stop()


async def test_it_runs_until_it_is_ended(bus: Bus, tmp_path: Path) -> None:
    url = bus.client.connected_url
    assert url is not None
    running = asyncio.create_task(peer.main(url.geturl(), tmp_path))

    async def answers() -> bool:
        try:
            return await bus.request(peer.ECHO, b"", 0.2) == b""
        except Exception:
            return False

    async with asyncio.timeout(10):
        while not await answers():
            await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
