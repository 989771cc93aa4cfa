"""A plugin at work: every command ends once, with one reply if there is anything to say."""

import asyncio
import logging
from typing import Any

import pytest

from core.plugin_host import host as hosting
from rosey import Context, Outcome, Refused, subjects
from rosey.bus import Bus
from rosey.events import Happening, PluginPresence
from tests.core.plugin_host.desk import done, ends, events, give, host, replies
from tests.servers import NatsServer, until


async def test_a_line_is_said_and_the_events_follow(bus: Bus) -> None:
    async def roll(ctx: Context) -> str:
        ctx.event("roll_performed", count=1, sides=6, total=4)
        return f"you rolled {ctx.text}"

    dice = host(bus, roll)
    await dice.start()
    command = await give(bus, text="4")
    await done(bus)
    (reply,) = await replies(bus)
    assert (reply.id, reply.command_id) == (f"r-{command.id}", command.id)
    assert [(one.id, one.kind, one.to, one.text) for one in reply.actions] == [
        (f"r-{command.id}-0", "say", "", "you rolled 4")
    ]
    assert reply.error is None
    found = {event.event: event for event in await events(bus)}
    assert set(found) == {"roll_performed", "command_succeeded"}
    assert found["roll_performed"].data == {"count": 1, "sides": 6, "total": 4}
    assert set(found["command_succeeded"].data) == {"action", "seconds"}
    assert {event.channel for event in found.values()} == {"lounge/lobby"}
    assert "alice" not in str(found)
    await dice.stop()


async def _nothing(ctx: Context) -> None: ...


async def _line(ctx: Context) -> str:
    return "4"


async def _lines(ctx: Context) -> Outcome:
    return Outcome(say=["4", "5"], events=[Happening(name="roll_performed")])


async def _own_error(ctx: Context) -> Outcome:
    ctx.event("roll_performed")
    return Outcome(say=["a line"], error="that went wrong")


async def _refuses(ctx: Context) -> str:
    ctx.event("roll_performed")
    raise Refused("At most 20 dice.")


async def _breaks(ctx: Context) -> str:
    raise ZeroDivisionError("secret")


async def _odd_answer(ctx: Context) -> Any:
    return 5


async def _unknown_event(ctx: Context) -> None:
    ctx.event("command_succeeded")


async def _unspeakable_event(ctx: Context) -> None:
    ctx.event("roll_performed", what=object())


async def _endless(ctx: Context) -> str:
    return "x" * 2_000_000


async def _speaks_then_refuses(ctx: Context) -> str:
    ctx.say("never heard")
    raise Refused("no")


ID = "(id 000001). Its log says why; other commands still work."
FAILED = f"dice failed at 'roll' {ID}"


@pytest.mark.parametrize(
    ("handler", "said", "error", "happened"),
    [
        (_nothing, [], None, []),
        (_line, ["4"], None, []),
        (_lines, ["4", "5"], None, ["roll_performed"]),
        (_own_error, ["a line"], "that went wrong", ["roll_performed"]),
        (_refuses, [], "At most 20 dice.", []),
        (_speaks_then_refuses, [], "no", []),
        (_breaks, [], FAILED, []),
        (_odd_answer, [], FAILED, []),
        (_unknown_event, [], FAILED, []),
        (_unspeakable_event, [], FAILED, []),
        (_endless, [], FAILED, []),
    ],
)
async def test_every_command_ends_exactly_once(
    bus: Bus, handler: Any, said: list[str], error: str | None, happened: list[str]
) -> None:
    dice = host(bus, handler)
    await dice.start()
    await give(bus)
    await done(bus)
    (reply,) = await replies(bus)
    assert [action.text for action in reply.actions] == said
    assert reply.error == error
    assert await ends(bus) == ["command_failed" if error else "command_succeeded"]
    names = [event.event for event in await events(bus)]
    assert sorted(set(names) - {"command_failed", "command_succeeded"}) == happened
    await dice.stop()


async def test_the_log_has_what_the_room_is_not_told(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    dice = host(bus, _breaks)
    await dice.start()
    await give(bus, 7)
    await done(bus)
    (reply,) = await replies(bus)
    assert "secret" not in str(reply)
    (record,) = [one for one in caplog.records if one.name == "core.plugin_host"]
    assert record.getMessage() == "dice roll failed (id 000007)"
    assert record.exc_info
    assert str(record.exc_info[1]) == "secret"
    await dice.stop()


async def test_an_action_without_a_handler(bus: Bus) -> None:
    dice = host(bus, _line)
    await dice.start()
    await give(bus, action="fly")
    await done(bus)
    (reply,) = await replies(bus)
    assert reply.error == "dice has no command 'fly'."
    assert await ends(bus) == ["command_failed"]
    await dice.stop()


async def test_a_plain_line_that_led_to_nothing_gets_no_reply(bus: Bus) -> None:
    answers = iter([None, "✅", Refused("no")])

    async def answer(ctx: Context) -> str | None:
        given = next(answers)
        if isinstance(given, Exception):
            raise given
        return given

    dice = host(bus, answer)
    await dice.start()
    for number in (1, 2, 3):
        await give(bus, number, plain=True)
        await done(bus)
    assert [reply.command_id for reply in await replies(bus)] == ["c-000002", "c-000003"]
    assert await ends(bus) == ["command_succeeded", "command_succeeded", "command_failed"]
    await dice.stop()


async def test_who_asked_in_private_is_answered_in_private(bus: Bus) -> None:
    dice = host(bus, _line)
    await dice.start()
    await give(bus, pm=True)
    await give(bus, 2, pm=True, action="fly")
    await done(bus)
    first, second = await replies(bus)
    assert (first.to, first.actions[0].kind, first.actions[0].to) == ("alice", "pm", "alice")
    assert (second.to, second.actions) == ("alice", [])
    assert second.error
    await dice.stop()


async def test_lines_said_on_the_way_come_first_and_in_order(bus: Bus) -> None:
    async def roll(ctx: Context) -> str:
        ctx.say("rolling")
        ctx.pm("eve", "psst")
        ctx.say("still rolling")
        return "4"

    dice = host(bus, roll)
    await dice.start()
    await give(bus)
    await give(bus, 2, pm=True)
    await done(bus)
    in_room, in_private = await replies(bus)
    assert [(one.kind, one.to, one.text) for one in in_room.actions] == [
        ("say", "", "rolling"),
        ("pm", "eve", "psst"),
        ("say", "", "still rolling"),
        ("say", "", "4"),
    ]
    assert [one.id for one in in_room.actions] == [f"{in_room.id}-{n}" for n in range(4)]
    assert in_room.to == ""
    assert [(one.kind, one.to) for one in in_private.actions] == [
        ("pm", "alice"),
        ("pm", "eve"),
        ("pm", "alice"),
        ("pm", "alice"),
    ]
    await dice.stop()


async def test_a_plain_line_that_is_answered_on_the_way_gets_its_reply(bus: Bus) -> None:
    async def roll(ctx: Context) -> None:
        ctx.pm(ctx.user, "right!")

    dice = host(bus, roll)
    await dice.start()
    await give(bus, plain=True)
    await done(bus)
    (reply,) = await replies(bus)
    assert [(one.kind, one.to, one.text) for one in reply.actions] == [("pm", "alice", "right!")]
    await dice.stop()


async def test_what_is_no_command_is_set_aside(bus: Bus) -> None:
    dice = host(bus, _line)
    await dice.start()
    for number, data in enumerate([b"", b"{", b"[]", b'{"id": "c-1"}', b"\xff"]):
        await bus.store(subjects.command("dice", "roll"), data, f"c-bad-{number}")
    await give(bus)
    await done(bus)
    assert len(await replies(bus)) == 1
    assert dice._consumer
    assert dice._consumer.buried == 5
    await dice.stop()


async def test_two_workers_share_the_work(bus: Bus, nats: NatsServer) -> None:
    other = await Bus.connect(nats.url, "other")
    hands: dict[str, list[str]] = {"first": [], "second": []}

    def worker(name: str, bus: Bus) -> hosting.PluginHost:
        async def roll(ctx: Context) -> str:
            hands[name].append(ctx.command.id)
            return name

        return host(bus, roll)

    first, second = worker("first", bus), worker("second", other)
    await first.start()
    await second.start()
    for number in range(40):
        await give(bus, number)
    await done(bus)
    assert hands["first"]
    assert hands["second"]
    assert sorted(hands["first"] + hands["second"]) == [f"c-{n:06}" for n in range(40)]
    assert len(await replies(bus)) == 40
    assert len(await ends(bus)) == 40
    await first.stop()
    await second.stop()
    await other.drain()


async def test_what_is_in_hand_at_the_end_comes_again(bus: Bus, nats: NatsServer) -> None:
    tries: list[str] = []
    hang = asyncio.Event()

    async def roll(ctx: Context) -> str:
        tries.append(ctx.command.id)
        if len(tries) == 1:
            await hang.wait()
        return f"try {len(tries)}"

    leaving = await Bus.connect(nats.url, "leaving")
    first = host(leaving, roll)
    await first.start()
    await give(bus)
    await until(lambda: bool(tries))
    second = host(bus, roll)
    await second.start()
    await first.stop()
    await leaving.drain()
    await done(bus)
    assert [reply.actions[0].text for reply in await replies(bus)] == ["try 2"]
    assert await ends(bus) == ["command_succeeded"]
    await second.stop()


async def test_it_says_that_it_is_alive_and_goes_on_when_the_bus_was_away(
    bus: Bus, nats: NatsServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hosting, "ALIVE_EVERY", 0.05)
    caplog.set_level(logging.WARNING, "core.plugin_host")
    mirror = await bus.mirror(subjects.PLUGINS_BUCKET)
    dice = host(bus, _line)
    await dice.start()

    def presence() -> PluginPresence:
        return PluginPresence.read(mirror.values["dice"])

    await until(lambda: "dice" in mirror.values)
    first = presence()
    assert (first.version, first.actions) == ("1.0.0", ["say", "pm"])
    assert [command.words for command in first.commands] == [["roll"]]
    await until(lambda: presence().alive_at > first.alive_at)
    nats.kill()
    await until(lambda: "could not say it is alive" in caplog.text, 20)
    last = presence().alive_at
    nats.start()
    await until(lambda: presence().alive_at > last, 20)
    await give(bus)
    await done(bus)
    assert len(await replies(bus)) == 1
    await dice.stop()


async def test_one_that_was_never_started_can_be_stopped(bus: Bus) -> None:
    await host(bus, _line).stop()
    assert await replies(bus) == []
