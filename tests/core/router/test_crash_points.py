"""The router dies at every point of its work; the next one does the rest, once."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rosey import streams
from rosey.bus import Bus, BusError, Delivery
from tests.core.stage import Stage, settled, stored

SHORT = 0.3


class Died(Exception):
    """Stands for the end of the process: nothing of the handler runs after it."""


@pytest.fixture(autouse=True)
def short_ack_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "ROUTER_ACK_WAIT", SHORT)


class Mortal(Bus):
    """A bus whose process dies at the n-th store: before it, or after it was done."""

    die_at = 1
    before = True
    stores = 0
    dead = False

    async def store(self, subject: str, data: bytes, id: str, patience: float = 15.0) -> Any:
        self.stores += 1
        dying = self.stores == self.die_at
        if self.dead or (dying and self.before):
            self.dead = True
            raise Died
        result = await super().store(subject, data, id, patience)
        if dying:
            self.dead = True
            raise Died
        return result


@pytest.fixture
def unheard(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a dead process would not have said to the server is not said."""

    def unless_dead(
        method: Callable[..., Awaitable[None]],
    ) -> Callable[..., Awaitable[None]]:
        async def call(delivery: Delivery, *args: Any) -> None:
            if not getattr(delivery.consumer.bus, "dead", False):
                await method(delivery, *args)

        return call

    for name in ("ack", "retry", "bury", "working"):
        monkeypatch.setattr(Delivery, name, unless_dead(getattr(Delivery, name)))


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("die_at", [1, 2])
@pytest.mark.usefixtures("unheard")
async def test_a_command_is_said_once_wherever_the_router_dies(
    stage: Stage, nats: Any, die_at: int, before: bool
) -> None:
    """The first store is the command, the second the line to send."""
    mortal = await Mortal.connect(nats.url, "mortal")
    mortal.die_at, mortal.before = die_at, before
    stage.bus, kept = mortal, stage.bus
    first = await stage.router()
    stage.bus = kept
    await stage.plugin("dice")
    await stage.say("!flip")
    await _until_dead(mortal)
    await first.stop()
    await mortal.drain()

    await stage.router()
    await stage.until_line("🪙")
    await settled(stage.bus, streams.EVENTS, "router")
    await settled(stage.bus, streams.replies_of("dice"), "router")
    assert len(stage.actions) == 1
    assert len(await stored(stage.bus, streams.commands_of("dice"))) == 1


async def test_a_bus_that_refuses_is_tried_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.router()
    await stage.plugin("dice")
    refusals = iter([True, False])
    real = Bus.store

    async def store(self: Bus, subject: str, data: bytes, id: str, patience: float = 15.0) -> Any:
        if subject.startswith("rosey.command.") and next(refusals, False):
            raise BusError("full")
        return await real(self, subject, data, id, patience)

    monkeypatch.setattr(Bus, "store", store)
    await stage.say("!flip")
    await stage.until_line("🪙")
    assert len(stage.actions) == 1


async def _until_dead(bus: Mortal) -> None:
    from tests.servers import until

    await until(lambda: bus.dead)
