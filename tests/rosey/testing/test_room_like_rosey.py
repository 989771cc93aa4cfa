"""The room in memory answers what the router and the plugin's process do, to the same lines."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import wraps
from typing import NamedTuple

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.plugins import PLUGINS
from plugins.dice.commands import flip, roll_in_the_room
from rosey import Context, Plugin, ids, streams
from rosey.events import Action, Happening, Message, PluginEvent, User
from rosey.manifest import load_plugin
from rosey.plugin import Answer, Handler
from rosey.testing import MemoryBus, Room
from rosey.testing.real import CHANNEL
from tests.core.stage import Stage
from tests.servers import until

MANIFEST = load_plugin(PLUGINS / "dice")


class Typed(NamedTuple):
    """A line as somebody types it, some seconds after the one before."""

    text: str
    user: str = "alice"
    rank: float = 0.0
    pm: bool = False
    pause: float = 1.0


class Heard(NamedTuple):
    """What a line led to: what was said and to whom, and what was published."""

    lines: list[tuple[str, str]]
    events: list[Happening]


def dice() -> Plugin:
    """Dice with all that can be refused, and that fall by the command's id."""
    plugin = Plugin("dice")
    plugin.command("roll", "dice", cooldown=3, room_cooldown=1)(roll_in_the_room)
    plugin.command("flip", "coin", rank=2)(flip)

    @plugin.command("bag add", "bag put", cooldown=2)
    async def add(ctx: Context, sides: int, times: int = 1) -> str:
        """Put a die into the bag."""
        ctx.pm(ctx.user, f"{times} of {sides}")
        ctx.event("roll_performed", sides=sides)
        return "in the bag"

    @plugin.command("bag shake", hidden=True)
    async def shake(ctx: Context) -> str:
        ctx.event("nobody_knows_this_one")
        return "shaken"

    @plugin.command("spill")
    async def spill(ctx: Context) -> None:
        for number in range(25):
            ctx.say(f"{number}\x1b")

    for name, handler in plugin.handlers.items():
        plugin.handlers[name] = _by_id(handler)
    return plugin


def _by_id(handler: Handler) -> Handler:
    @wraps(handler)  # its texts are those beside dice's own code
    async def run(ctx: Context) -> Answer:
        ctx.random = random.Random(ctx.command.id)
        return await handler(ctx)

    return run


WORDS = ["roll", "dice", "flip", "coin", "bag add", "bag put", "bag shake", "spill"]
OTHERS = ["bag", "rol", "cion", "xyzzy", "help", "info", "status", "help roll", "help bag", " roll"]
REST = ["", "d6", "2d6+3", "9999d6", "a cat", "6", "6 two", "x", "6 2 3", "\t7", "７"]

commands = st.builds(
    "{}{} {}".format,
    st.sampled_from(["!", "!", "!", "", "?", "!!"]),
    st.sampled_from(WORDS * 3 + OTHERS),
    st.sampled_from(REST) | st.text(max_size=8),
)
lines = st.builds(
    Typed,
    text=commands | st.text(max_size=12).map("!{}".format),
    user=st.sampled_from(["alice", "Alice", "bob"]),
    rank=st.sampled_from([-1.0, 0.0, 1.9, 2.0]),
    pm=st.booleans(),
    pause=st.sampled_from([0.0, 0.4, 1.0, 2.6, 3.0]),
)


async def in_memory(typed: list[Typed]) -> tuple[list[Heard], list[Message]]:
    """What the room answers, and the lines as messages of their moments."""
    heard: list[Heard] = []
    messages: list[Message] = []
    async with Room(dice(), MANIFEST) as room:
        for one in typed:
            room.clock.advance(one.pause)
            events = len(room.events)
            say = room.whispers if one.pm else room.says
            lines = await say(one.user, one.text, one.rank)
            heard.append(Heard([(str(line), line.to) for line in lines], room.events[events:]))
            messages.append(message(one, room))
    return heard, messages


def message(typed: Typed, room: Room) -> Message:
    at = room.clock.now()
    return Message(
        id=ids.message_id(CHANNEL, at, typed.user, typed.text),
        channel=CHANNEL,
        user=User(name=typed.user, rank=typed.rank),
        text=typed.text,
        sent_at=at,
        pm=typed.pm,
    )


@asynccontextmanager
async def rosey() -> AsyncIterator[tuple[Stage, MemoryBus]]:
    bus = MemoryBus()
    await bus.declare(["dice"], ["lounge"])
    stage = Stage(bus)
    stage.confirming = False
    async with stage.stack:
        await stage.open()
        router = await stage.router({"dice": MANIFEST})
        await stage.plugin("dice", dice(), MANIFEST)
        await until(lambda: "roll" in router._words)
        yield stage, bus
    await bus.drain()


async def on_the_bus(messages: list[Message]) -> list[Heard]:
    """What the router and the plugin's host make of the same messages."""
    heard: list[Heard] = []
    async with rosey() as (stage, bus):
        streams_here = bus.memory.streams.values()
        durables = [each for one in streams_here for each in one.durables.values() if each.takers]
        for each in messages:
            actions, events = len(stage.actions), len(published(bus))
            await stage.hear(each)
            await until(lambda: all(durable.is_settled for durable in durables))
            heard.append(Heard(said(stage.actions[actions:]), published(bus)[events:]))
    return heard


def said(actions: list[Action]) -> list[tuple[str, str]]:
    """As they are numbered: they are sent at once, and a connection has them in any order."""
    ordered = sorted(actions, key=lambda action: int(action.id.rpartition("-")[2]))
    return [(action.text, action.to) for action in ordered]


def published(bus: MemoryBus) -> list[Happening]:
    """The plugin's own events; how its commands ended is the host's."""
    kept = bus.stored(streams.events_of("dice"))
    own = [one for one in kept if one.subject.partition(".")[2] in MANIFEST.events]
    events = [PluginEvent.read(one.data) for one in own]
    return [Happening(name=event.event, data=event.data) for event in events]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example([Typed("!roll 2d6"), Typed("!roll d6"), Typed("!ROLL x", pause=3.0)])
@example([Typed("!flip"), Typed("!flip", rank=2.0), Typed("!flip d6", rank=2.0, pm=True)])
@example([Typed("!bag add 6 2"), Typed("!bag put six"), Typed("!bag"), Typed("!bag x y")])
@example([Typed("!spill"), Typed("!bag shake"), Typed("!rol", pm=True), Typed("!help", pm=True)])
@given(st.lists(lines, max_size=8))
async def test_the_same_lines_lead_to_the_same(typed: list[Typed]) -> None:
    heard, messages = await in_memory(typed)
    assert heard == await on_the_bus(messages)


async def test_what_is_compared_is_not_nothing() -> None:
    """Each way a line can go is gone by the examples above, on the bus."""
    typed = [
        Typed("!roll 2d6"),
        Typed("!roll"),
        Typed("!flip"),
        Typed("!bag add 6", pm=True),
        Typed("!bag shake"),
        Typed("!rol"),
        Typed("good evening"),
    ]
    _, messages = await in_memory(typed)
    rolled, cooling, ranked, put, failed, near, nothing = await on_the_bus(messages)
    assert rolled.lines[0][0].startswith("🎲 [")
    assert [event.name for event in rolled.events] == ["roll_performed"]
    assert cooling.lines == [("!roll again in 2 s, please.", "")]
    assert ranked.lines == [("!flip is for moderators and up.", "")]
    assert put.lines == [("1 of 6", "alice"), ("in the bag", "alice")]
    assert failed.lines[0][0].startswith("dice failed at 'shake' (id ")
    assert near.lines == [("I know no !rol. Did you mean !roll?", "")]
    assert nothing == Heard([], [])
