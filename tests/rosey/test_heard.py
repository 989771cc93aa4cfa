"""What a plugin author writes besides commands: handlers of events, triggers, timers."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from rosey import Context, Message, Outcome, Plugin, Refused, User, UserEvent
from rosey.events import Command, Happening
from rosey.heard import EVENTS, PREFIX, action_of
from rosey.manifest import HEARD
from tests.rosey.orders import SOME_TIME, command

JOIN = UserEvent(id="u-1", channel="lounge/lobby", user=User(name="eve"), at=SOME_TIME)


def line(text: str, seconds: float = 0, user: str = "bob") -> Command:
    at = SOME_TIME + timedelta(seconds=seconds)
    sent = Message(id="m-1", channel="lounge/lobby", user=User(name=user), text=text, sent_at=at)
    return command(
        1,
        text=text,
        user=sent.user,
        sent_at=at,
        action="on_message",
        event=sent.model_dump(mode="json"),
    )


def test_everything_that_a_manifest_can_list_can_be_heard() -> None:
    assert [PREFIX + name for name in EVENTS] == [
        each for each in HEARD if each != "rosey.events.>"
    ]


@pytest.mark.parametrize("name", EVENTS)
def test_an_action_is_one_token(name: str) -> None:
    assert action_of(name) == "on_" + "_".join(name.split("."))


async def test_a_handler_is_given_the_event_as_its_model() -> None:
    plugin = Plugin("hello")

    @plugin.on("user.join")
    async def greet(ctx: Context, event: UserEvent) -> str:
        assert ctx.user == User(name="bob", rank=1.0)
        return f"hello {event.user.name}, {event.at.year}"

    assert list(plugin.heard) == ["user.join"]
    assert plugin.commands == []
    told = Context(command(1, event=JOIN.model_dump(mode="json")))
    answer = await plugin.handlers["on_user_join"](told)
    assert answer == Outcome()
    assert [said.text for said in told.lines] == ["hello eve, 2026"]


async def test_what_is_no_such_event_never_reaches_the_handler() -> None:
    plugin = Plugin("hello")

    @plugin.on("user.join")
    async def greet(ctx: Context, event: UserEvent) -> str:
        raise AssertionError("it was called")

    for event in (None, {"id": "u-1"}):
        with pytest.raises(ValidationError):
            await plugin.handlers["on_user_join"](Context(command(1, event=event)))


@pytest.mark.parametrize("name", ["send", ">", "user", "user.*", "rosey.events.user.join", ""])
def test_an_event_that_there_is_not(name: str) -> None:
    async def handler(ctx: Context, event: Any) -> None: ...

    with pytest.raises(ValueError, match=r"is no event; there are: message, pm, user\.join"):
        Plugin("hello").on(name)(handler)


def test_a_command_and_an_event_cannot_have_one_action() -> None:
    async def handler(ctx: Context) -> None: ...

    async def listener(ctx: Context, event: Any) -> None: ...

    plugin = Plugin("hello")
    plugin.command("hi", action="on_pm")(handler)
    with pytest.raises(ValueError, match="hello has two handlers for 'on_pm'"):
        plugin.on("pm")(listener)
    plugin.on("message")(listener)
    with pytest.raises(ValueError, match="hello has two handlers for 'on_message'"):
        plugin.command("ho", action="on_message")(handler)


async def test_several_handlers_of_one_event_all_speak_in_order() -> None:
    plugin = Plugin("hello")

    @plugin.on("message")
    async def first(ctx: Context, event: Message) -> Outcome:
        ctx.say("one")
        return Outcome(say=["two"], events=[Happening(name="heard")])

    @plugin.trigger("paris")
    async def second(ctx: Context, match: Any) -> str:
        return f"three {match[0]}"

    @plugin.trigger("never")
    async def third(ctx: Context, match: Any) -> str:
        raise AssertionError("it was called")

    ctx = Context(line("to Paris, please"))
    assert await plugin.handlers["on_message"](ctx) == Outcome()
    assert [said.text for said in ctx.lines] == ["one", "two", "three Paris"]
    assert [event.name for event in ctx.events] == ["heard"]


async def test_an_error_of_one_is_the_error_of_all() -> None:
    plugin = Plugin("hello")

    @plugin.on("message")
    async def first(ctx: Context, event: Message) -> Outcome:
        return Outcome(error="that went wrong")

    @plugin.on("message")
    async def second(ctx: Context, event: Message) -> str:
        if ctx.text == "no":
            raise Refused("no")
        return "fine"

    ctx = Context(line("yes"))
    assert await plugin.handlers["on_message"](ctx) == Outcome(error="that went wrong")
    assert [said.text for said in ctx.lines] == ["fine"]
    with pytest.raises(Refused):
        await plugin.handlers["on_message"](Context(line("no")))


async def said(plugin: Plugin, given: Command) -> list[str]:
    ctx = Context(given)
    await plugin.handlers["on_message"](ctx)
    return [line.text for line in ctx.lines]


async def test_a_trigger_finds_its_pattern_anywhere_and_in_any_case() -> None:
    plugin = Plugin("hello")

    @plugin.trigger(r"good (morning|night)")
    async def answer(ctx: Context, match: Any) -> str:
        return f"good {match[1]} {ctx.user.name}"

    assert await said(plugin, line("well, GOOD night all")) == ["good night bob"]
    assert await said(plugin, line("good grief")) == []


async def test_triggers_rest_for_a_person_and_for_a_room() -> None:
    plugin = Plugin("hello")

    @plugin.trigger("own", cooldown=10)
    async def own(ctx: Context, match: Any) -> str:
        return "own"

    @plugin.trigger("room", room_cooldown=10)
    async def room(ctx: Context, match: Any) -> str:
        return "room"

    assert await said(plugin, line("own room")) == ["own", "room"]
    assert await said(plugin, line("own room")) == ["own", "room"], "delivered again"
    assert await said(plugin, line("own room", 5)) == []
    assert await said(plugin, line("own room", 6, user="eve")) == ["own"]
    assert await said(plugin, line("own room", 10)) == ["own", "room"]


def test_a_pattern_that_cannot_be_read() -> None:
    async def handler(ctx: Context, match: Any) -> None: ...

    with pytest.raises(ValueError, match=r"the trigger '\(' is no pattern: .*unterminated"):
        Plugin("hello").trigger("(")(handler)


def test_timers_are_known_by_their_handlers() -> None:
    plugin = Plugin("hello")

    @plugin.every(seconds=60)
    async def remind(ctx: Context) -> str:
        return "drink water"

    (timer,) = plugin.timers
    assert (timer.action, timer.seconds) == ("every_remind", 60)
    assert plugin.handlers == {"every_remind": remind}
    with pytest.raises(ValueError, match="hello has two handlers for 'every_remind'"):
        plugin.every(seconds=30)(remind)


def test_a_timer_has_a_shortest_interval() -> None:
    async def often(ctx: Context) -> None: ...

    with pytest.raises(ValueError, match=r"a timer takes at least 1 second, not 0\.5"):
        Plugin("hello").every(seconds=0.5)(often)


@pytest.mark.parametrize(("now", "number"), [(0, 1), (59.9, 1), (60, 2), (119.99, 2), (120, 3)])
def test_intervals_are_counted_from_the_same_moment_everywhere(now: float, number: int) -> None:
    plugin = Plugin("hello")

    @plugin.every(seconds=60)
    async def remind(ctx: Context) -> None: ...

    assert plugin.timers[0].next(now) == number
