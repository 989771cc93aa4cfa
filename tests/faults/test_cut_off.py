"""One process loses its connection to NATS, again and again; the others do not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rosey import streams
from rosey.bus import Bus
from tests.connectors.proxy import Proxy
from tests.faults.chain import Chain
from tests.servers import NatsServer, until

CUTS = 5


@pytest.fixture(autouse=True)
def short_ack_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was on its way when the line was cut comes again soon."""
    monkeypatch.setattr(streams, "ROUTER_ACK_WAIT", 1.0)


@pytest.fixture
async def proxy(nats: NatsServer) -> AsyncIterator[Proxy]:
    proxy = Proxy(nats.port)
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.mark.parametrize("part", ["connector", "router", "dice"])
async def test_it_goes_on_unaided(
    nats: NatsServer, probe: Bus, proxy: Proxy, tmp_path: Path, part: str
) -> None:
    chain = Chain(nats.url, probe, tmp_path / "spool")
    async with chain.stack:
        await chain.open({part: f"nats://127.0.0.1:{proxy.port}"})
        buses = {"connector": chain.session.bus, "router": chain.router.bus, "dice": chain.dice.bus}
        asked = []
        for _ in range(CUTS):
            asked += [chain.roll() for _ in range(10)]
            reconnects = buses[part].client.stats["reconnects"]
            proxy.cut()
            asked += [chain.roll() for _ in range(5)]
            await until(lambda r=reconnects: buses[part].client.stats["reconnects"] > r)
        await chain.until_rolled(*asked)
        await chain.room.until_done()
        assert sorted(chain.rolled) == asked
        await chain.check_once()
        others = [bus for name, bus in buses.items() if name != part]
        assert [bus.client.stats["reconnects"] for bus in others] == [0, 0]
