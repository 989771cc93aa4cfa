"""Who is not trusted says no more in a second than his manifest allows; the rest waits."""

import asyncio
import time

import pytest

from core.router import turns
from core.router.turns import Turns
from rosey import ids, streams, subjects
from rosey.bus import Incoming
from rosey.events import Action, Health, Reply
from rosey.manifest import Limits, PluginManifest
from rosey.testing import MemoryBus
from tests.core.stage import ROOM, Stage, settled
from tests.servers import until

# One at once, and the next an hour later.
HARDLY = 1 / 3600


def manifest(name: str, messages: float = 20, trust: str = "untrusted") -> PluginManifest:
    return PluginManifest.model_validate(
        {"name": name, "version": "1.0.0", "summary": "Talks.", "entry": "a.b:c"}
        | {"trust": trust, "actions": ["say", "pm"], "limits": Limits(messages=messages)}
    )


async def reply(stage: Stage, plugin: str, number: int, lines: int = 1) -> None:
    """One that a plugin has stored, with so many lines."""
    command = f"c-{plugin}-{number}"
    id = ids.reply_id(command)
    said = [
        Action(id=ids.numbered(id, line), channel=ROOM, text=f"{plugin} {number}.{line}")
        for line in range(lines)
    ]
    body = Reply(id=id, channel=ROOM, command_id=command, actions=said)
    await stage.bus.store(subjects.reply(plugin, id), body.wire(), id)


def of(stage: Stage, plugin: str) -> list[str]:
    return [line for line in stage.lines if line.startswith(f"{plugin} ")]


async def test_its_replies_come_at_its_rate_in_order_and_none_is_lost(stage: Stage) -> None:
    await stage.router({"chatty": manifest("chatty", 10)})
    began = time.monotonic()
    for number in range(25):
        await reply(stage, "chatty", number)
    await until(lambda: len(of(stage, "chatty")) == 25, 30)
    # Ten at once, and a second for each ten more.
    assert time.monotonic() - began > 1.4
    assert of(stage, "chatty") == [f"chatty {number}.0" for number in range(25)]
    await settled(stage.bus, streams.replies_of("chatty"), "router")


async def test_every_line_of_a_reply_counts(stage: Stage) -> None:
    await stage.router({"chatty": manifest("chatty", 5)})
    began = time.monotonic()
    for number in range(4):
        await reply(stage, "chatty", number, lines=3)
    await until(lambda: len(of(stage, "chatty")) == 12, 30)
    assert time.monotonic() - began > 1.3


async def test_nobody_else_is_slowed_and_a_new_limit_counts_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LOOK_EVERY", 0.05)
    known = {
        "chatty": manifest("chatty", HARDLY),
        "other": manifest("other", 1000),
        "trusted": manifest("trusted", HARDLY, "trusted"),
    }
    router = await stage.router(known)
    for number in range(300):  # more than a router takes in hand at once
        await reply(stage, "chatty", number)
    for number in range(5):
        await reply(stage, "other", number)
        await reply(stage, "trusted", number)
    await until(lambda: len(of(stage, "other")) == len(of(stage, "trusted")) == 5)
    await stage.until_line("chatty 0.0")
    assert of(stage, "chatty") == ["chatty 0.0"]
    await router.learn({**known, "chatty": manifest("chatty", 1000)})
    await until(lambda: len(of(stage, "chatty")) == 300, 60)
    assert of(stage, "chatty") == [f"chatty {number}.0" for number in range(300)]


async def test_one_that_becomes_trusted_waits_no_longer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LOOK_EVERY", 0.05)
    router = await stage.router({"chatty": manifest("chatty", HARDLY)})
    for number in range(3):
        await reply(stage, "chatty", number)
    await stage.until_line("chatty 0.0")
    await until(lambda: router._turns._queues["chatty"].waiting == 2)
    await router.learn({"chatty": manifest("chatty", HARDLY, "trusted")})
    await reply(stage, "chatty", 3)
    await until(lambda: len(of(stage, "chatty")) == 4)
    assert of(stage, "chatty") == [f"chatty {number}.0" for number in range(4)]


async def test_what_waits_when_the_router_ends_is_said_by_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LOOK_EVERY", 0.05)
    bus, stage.bus = stage.bus, await stage.bus.another("first router")
    first = await stage.router({"chatty": manifest("chatty", HARDLY)})
    first_bus, stage.bus = stage.bus, bus
    for number in range(4):
        await reply(stage, "chatty", number)
    await until(lambda: first._turns._queues["chatty"].waiting == 3)
    await first.stop()
    assert first._turns._queues["chatty"].waiting == 0
    await first_bus.drain()
    await stage.router({"chatty": manifest("chatty", 1000)})
    await until(lambda: len(of(stage, "chatty")) == 4, 30)
    assert sorted(of(stage, "chatty")) == [f"chatty {number}.0" for number in range(4)]


async def test_what_waited_while_the_plugin_was_switched_off_is_not_said(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LOOK_EVERY", 0.05)
    router = await stage.router({"chatty": manifest("chatty", HARDLY)})
    for number in range(3):
        await reply(stage, "chatty", number)
    await stage.until_line("chatty 0.0")
    await until(lambda: router._turns._queues["chatty"].waiting == 2)
    stage.config = type(stage.config).model_validate(
        {"channels": {ROOM: {"plugins": {"chatty": False}}}}
    )
    await router.learn({"chatty": manifest("chatty", 1000)})
    await settled(stage.bus, streams.replies_of("chatty"), "router")
    assert of(stage, "chatty") == ["chatty 0.0"]


async def test_what_waited_when_the_plugin_was_removed_is_not_said(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LOOK_EVERY", 0.05)
    other = manifest("other")
    router = await stage.router({"chatty": manifest("chatty", HARDLY), "other": other})
    for number in range(3):
        await reply(stage, "chatty", number)
    await stage.until_line("chatty 0.0")
    await until(lambda: router._turns._queues["chatty"].waiting == 2)
    await router.learn({"other": other})
    await settled(stage.bus, streams.replies_of("chatty"), "router")
    await reply(stage, "other", 0)
    await stage.until_line("other 0.0")
    assert of(stage, "chatty") == ["chatty 0.0"]


async def test_who_is_over_for_long_is_told_of_until_it_ends(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, seconds in (("LOOK_EVERY", 0.02), ("LONG", 0.1), ("TELL_EVERY", 0.05)):
        monkeypatch.setattr(turns, name, seconds)
    bus = MemoryBus()
    told: list[Health] = []

    async def hear(incoming: Incoming) -> None:
        told.append(Health.read(incoming.data))

    await bus.subscribe(subjects.HEALTH, hear)
    known = {"chatty": manifest("chatty", HARDLY)}
    waiting = Turns(bus, lambda: known)
    await waiting.take("chatty", 1)
    more = [asyncio.create_task(waiting.take("chatty", 1)) for _ in range(3)]
    await until(lambda: len(told) >= 3)
    assert {(one.ok, one.about) for one in told} == {(False, "messages of chatty")}
    assert told[0].what.startswith("chatty has wanted to say more than its 0.0002")
    assert caplog.text.count("chatty has wanted") == 1
    known["chatty"] = manifest("chatty", 1000)
    await asyncio.gather(*more)
    await until(lambda: told[-1].ok)
    assert told[-1].what == "chatty stays within its messages a second again."
    # And anew the next time, not before it lasts.
    known["chatty"] = manifest("chatty", HARDLY)
    count = len(told)
    more = [asyncio.create_task(waiting.take("chatty", 1000)) for _ in range(3)]
    await until(lambda: len(told) > count)
    assert caplog.text.count("chatty has wanted") == 2
    await waiting.end()
    assert more[2].cancelled()
    await bus.drain()


async def test_short_bursts_are_nothing_to_tell_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many, when all is said in between."""
    monkeypatch.setattr(turns, "LONG", 1.0)
    bus = MemoryBus()
    told: list[bytes] = []

    async def hear(incoming: Incoming) -> None:
        told.append(incoming.data)

    await bus.subscribe(subjects.HEALTH, hear)
    known = {"chatty": manifest("chatty", 50)}
    waiting = Turns(bus, lambda: known)
    await waiting.take("chatty", 50)
    began = time.monotonic()
    while time.monotonic() - began < 1.5:
        await asyncio.gather(*(waiting.take("chatty", 1) for _ in range(5)))
    await waiting.take("nobody", 5)
    await waiting.take("chatty", 0)
    assert told == []
    await bus.drain()
