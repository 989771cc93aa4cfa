"""A plugin's process dies at every point of its work; the next one does the rest, once."""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest

from rosey import Context, streams
from rosey.bus import Bus, Delivery
from tests.core.plugin_host.desk import done, ends, events, give, host, replies
from tests.servers import NatsServer, until


class Died(Exception):
    """Stands for the end of the process: nothing of the handler runs after it."""


class Mortal(Bus):
    """A bus whose process dies at the n-th store: before it, or after it was done."""

    die_at = 0
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

    def unless_dead(method: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def call(delivery: Delivery, *args: Any) -> None:
            if not getattr(delivery.consumer.bus, "dead", False):
                await method(delivery, *args)

        return call

    for name in ("ack", "retry", "bury", "working"):
        monkeypatch.setattr(Delivery, name, unless_dead(getattr(Delivery, name)))


@pytest.mark.usefixtures("unheard")
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("die_at", [1, 2, 3], ids=["reply", "end", "event"])
async def test_a_command_has_one_reply_and_one_end_wherever_its_process_dies(
    bus: Bus, nats: NatsServer, monkeypatch: pytest.MonkeyPatch, die_at: int, before: bool
) -> None:
    """Dice that fall anew each time: the first stored reply wins."""
    monkeypatch.setattr(streams, "COMMANDS_ACK_WAIT", 0.3)
    rolls = count(1)

    async def roll(ctx: Context) -> str:
        number = next(rolls)
        ctx.event("roll_performed", total=number)
        return f"rolled {number}"

    mortal = await Mortal.connect(nats.url, "mortal")
    mortal.die_at, mortal.before = die_at, before
    first = host(mortal, roll)
    await first.start()
    await give(bus)
    await until(lambda: mortal.dead)
    await first.stop()
    await mortal.drain()
    kept = [reply.actions[0].text for reply in await replies(bus)]

    second = host(bus, roll)
    await second.start()
    await done(bus)
    said = [reply.actions[0].text for reply in await replies(bus)]
    assert said == (kept or ["rolled 2"])
    assert await ends(bus) == ["command_succeeded"]
    assert [event.event for event in await events(bus)].count("roll_performed") == 1
    assert next(rolls) == 3
    await second.stop()


@pytest.mark.usefixtures("unheard")
@pytest.mark.parametrize("fails_first", [True, False])
async def test_two_tries_that_end_differently_have_one_end(
    bus: Bus, nats: NatsServer, monkeypatch: pytest.MonkeyPatch, fails_first: bool
) -> None:
    monkeypatch.setattr(streams, "COMMANDS_ACK_WAIT", 0.3)
    tries = count()

    async def roll(ctx: Context) -> str:
        if (next(tries) == 0) == fails_first:
            raise ZeroDivisionError
        ctx.event("roll_performed", total=4)
        return "rolled 4"

    mortal = await Mortal.connect(nats.url, "mortal")
    mortal.die_at, mortal.before = 2, False
    first = host(mortal, roll)
    await first.start()
    await give(bus)
    await until(lambda: mortal.dead)
    await first.stop()
    await mortal.drain()
    second = host(bus, roll)
    await second.start()
    await done(bus)
    assert len(await ends(bus)) == 1
    assert len(await replies(bus)) == 1
    await second.stop()


@pytest.mark.usefixtures("unheard")
async def test_another_takes_over_after_a_second_and_a_half(bus: Bus, nats: NatsServer) -> None:
    """Dies with the command in hand, before anything was stored."""

    async def roll(ctx: Context) -> str:
        return "rolled"

    mortal = await Mortal.connect(nats.url, "mortal")
    mortal.die_at = 1
    first = host(mortal, roll)
    await first.start()
    command = await give(bus)
    await until(lambda: mortal.dead)
    await first.stop()
    second = host(bus, roll)
    await second.start()
    await done(bus)
    (end,) = await events(bus)
    waited = (end.at - command.sent_at).total_seconds()
    assert 1.0 < waited < 3.5
    await second.stop()
    await mortal.drain()
