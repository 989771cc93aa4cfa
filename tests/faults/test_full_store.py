"""nats-server can write no more: what was said waits, and is answered when there is space.

A server whose write failed refuses that stream until it is started again, even when there is space;
its health check and its log say why.
"""

import logging
import resource
from pathlib import Path

import pytest

from rosey.bus import Bus, BusError
from tests.faults.chain import Chain
from tests.servers import NatsServer, until


def limit_files(server: NatsServer, size: int) -> None:
    """No file of the server may grow beyond `size` bytes from now on."""
    assert server.process
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.parametrize("size", [60_000, 0], ids=["the largest stream", "every stream"])
async def test_what_is_said_while_the_store_is_full_is_answered_later(
    chain: Chain, nats: NatsServer, caplog: pytest.LogCaptureFixture, size: int
) -> None:
    caplog.set_level(logging.INFO)
    before = [chain.roll() for _ in range(5)]
    await chain.until_rolled(*before)
    under_way = [chain.roll() for _ in range(5)]
    limit_files(nats, size)
    for number in range(100):
        chain.say(f"chatter {number} {'x' * 500}")
    meanwhile = [chain.roll() for _ in range(5)]
    # The connector says what it waits for, and holds it.
    await until(lambda: "events wait for NATS: the stream does not acknowledge" in caplog.text)
    if size == 0:
        await until(lambda: "dice could not say it is alive" in caplog.text)
    assert chain.session.outbox.unstored >= len(meanwhile)
    assert not set(meanwhile) & set(chain.rolled)
    assert chain.session.connected_since
    assert not chain.room.losses

    nats.kill()
    nats.start()
    await chain.until_rolled(*under_way, *meanwhile)
    await chain.room.until_done()
    assert sorted(chain.rolled) == [*before, *under_way, *meanwhile]
    assert chain.session.outbox.unstored == 0
    assert chain.session.outbox.events_lost == 0
    await chain.check_once()


class SmallServer(NatsServer):
    """One whose configuration gives JetStream less than the streams ask for."""

    @property
    def arguments(self) -> list[str]:
        file = self.folder / "small.conf"
        file.write_text(f'jetstream {{ store_dir: "{self.folder}", max_file_store: 100MB }}')
        return ["-c", str(file)]


async def test_a_store_too_small_for_the_streams_is_told_of(tmp_path: Path) -> None:
    server = SmallServer(tmp_path).start()
    try:
        bus = await Bus.connect(server.url, "small")
        with pytest.raises(BusError, match=r"insufficient storage resources .* about a gigabyte"):
            await bus.declare(["dice"], ["fake"])
        await bus.drain()
    finally:
        server.kill()
