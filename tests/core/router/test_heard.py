"""What happens in rooms reaches the plugins that hear it, once, and nobody else."""

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.config import Config
from core.router.heard import LASTING
from rosey import Message, UserEvent, ids, streams, subjects
from rosey.events import (
    ActionRefused,
    ConnectionEvent,
    Media,
    MediaEvent,
    PlaylistChange,
    PlaylistItem,
    PluginPresence,
    Sent,
    User,
    Wire,
)
from rosey.heard import EVENTS, PREFIX, id_of
from rosey.manifest import PluginManifest
from rosey.plugin import Context, Plugin, Refused
from tests.core.stage import ROOM, Stage, settled, stored
from tests.servers import until

AT = datetime.now(UTC)


def manifest(*hears: str, **more: Any) -> PluginManifest:
    return PluginManifest(
        name="dice",
        version="1.0.0",
        summary="Ears",
        entry="a:b",
        actions=["say", "pm"],
        hears=[PREFIX + name for name in hears],
        **more,
    )


ALL = manifest(*EVENTS)


def listener(*events: str) -> Plugin:
    """One that says what it hears."""
    plugin = Plugin("dice")

    async def tell(ctx: Context, event: Any) -> str:
        return f"heard {ctx.command.action} {id_of(event)} of {ctx.user.name or 'nobody'}"

    for name in events:
        plugin.on(name)(tell)
    return plugin


async def listen(stage: Stage, plugin: Plugin, rights: PluginManifest = ALL) -> None:
    """A router and the plugin, which the router knows."""
    router = await stage.router({"dice": rights})
    await stage.plugin("dice", plugin, ALL)
    await until(lambda: "dice" in router._presences.states())


async def join(stage: Stage, id: str, name: str = "eve", **fields: Any) -> UserEvent:
    sound: dict[str, Any] = {"channel": ROOM, "at": datetime.now(UTC)}
    event = UserEvent(id=id, user=User(name=name), **(sound | fields))
    await stage.bus.store(subjects.USER_JOIN, event.wire(), f"{event.id}-{event.at}")
    return event


async def heard(stage: Stage) -> list[dict[str, Any]]:
    """The commands that came of it, when the router is done."""
    for durable in ("heard", "router"):
        await settled(stage.bus, streams.EVENTS, durable)
    return [json.loads(data) for _, data in await stored(stage.bus, streams.commands_of("dice"))]


def happened() -> list[tuple[str, Wire]]:
    """One event of each kind that is no line."""
    media = Media(type="yt", id="x", title="A film", seconds=60)
    common: dict[str, Any] = {"channel": ROOM, "at": datetime.now(UTC)}
    eve = User(name="eve", rank=2.0)
    item = PlaylistItem(uid=1, media=media)
    return [
        ("user.join", UserEvent(id="u-1", user=eve, **common)),
        ("user.leave", UserEvent(id="u-2", user=eve, **common)),
        ("user.update", UserEvent(id="u-3", user=eve, **common)),
        ("media.change", MediaEvent(id="u-4", media=media, **common)),
        ("media.end", MediaEvent(id="u-5", **common)),
        ("playlist.change", PlaylistChange(id="u-6", kind="added", items=[item], **common)),
        ("connection.up", ConnectionEvent(id="u-7", name="Rosey", **common)),
        ("connection.down", ConnectionEvent(id="u-8", reason="left", **common)),
        ("sent", done("a-1-1", media=media)),
        ("refused", refused("a-1-2")),
    ]


def done(action_id: str, kind: str = "media_add", **fields: Any) -> Sent:
    at = datetime.now(UTC)
    return Sent(action_id=action_id, channel=ROOM, sent_at=at, kind=kind, **fields)


def refused(action_id: str, kind: str = "media_add") -> ActionRefused:
    at = datetime.now(UTC)
    return ActionRefused(
        action_id=action_id, channel=ROOM, kind=kind, code="refused", reason="Full.", at=at
    )


async def test_each_event_is_told_as_its_model_and_the_answer_is_said(stage: Stage) -> None:
    plugin = Plugin("dice")
    got: list[Wire] = []

    async def tell(ctx: Context, event: Wire) -> str:
        got.append(event)
        return f"{ctx.command.action} {ctx.user.name}"

    for name in EVENTS:
        plugin.on(name)(tell)
    await listen(stage, plugin)
    told = happened()
    for number, (name, event) in enumerate(told):
        await stage.bus.store(PREFIX + name, event.wire(), f"u-{number + 1}")
        await until(lambda: len(got) == number + 1, what=name)  # noqa: B023
    line = await stage.say("hello", user="bob")
    await stage.until_line("on_message bob")
    whisper = await stage.say("psst", user="bob", pm=True)
    action = await stage.until_line("on_pm bob")
    assert got == [*(event for _, event in told), line, whisper]
    assert (action.kind, action.to) == ("pm", "bob")
    for line_said in ("on_user_join eve", "on_media_end ", "on_connection_down "):
        assert (await stage.until_line(line_said)).kind == "say"
    commands = await heard(stage)
    assert {one["action"] for one in commands} == {f"on_{n.replace('.', '_')}" for n in EVENTS}
    ends = await stored(stage.bus, streams.events_of("dice"), len(got))
    assert {subject for subject, _ in ends} == {"dice.command_succeeded"}
    assert len(ends) == len(got)


async def test_an_event_that_comes_again_is_one_command(stage: Stage) -> None:
    await listen(stage, listener("user.join", "message"))
    event = await join(stage, "u-1")
    await stage.bus.store(subjects.USER_JOIN, event.wire(), "again")
    message = await stage.say("hello")
    await stage.bus.store(subjects.MESSAGE, message.wire(), "m-again")
    commands = await heard(stage)
    assert sorted(one["id"] for one in commands) == sorted(
        [
            ids.heard_id("u-1", "dice", "on_user_join"),
            ids.heard_id(message.id, "dice", "on_message"),
        ]
    )
    await stage.until_line("heard on_user_join u-1 of eve")
    await stage.until_line("heard on_message")
    assert len(stage.actions) == 2


async def test_only_talk_is_heard_not_commands_nor_her_own_lines(stage: Stage) -> None:
    plugin = listener("message", "pm")

    @plugin.command("roll")
    async def roll(ctx: Context) -> str:
        return "rolled"

    await listen(stage, plugin)
    for text in ("!roll", "!rol", "!xyzzy", "!help"):
        await stage.say(text)
        await stage.say(text, pm=True)
    await stage.say("I said so", own=True)
    await stage.say("I whispered so", own=True, pm=True)
    talk = await stage.say("hello")
    secret = await stage.say("hello you", pm=True)
    commands = [one for one in await heard(stage) if one["action"] != "roll"]
    assert [(one["action"], one["event"]["id"]) for one in commands] == [
        ("on_message", talk.id),
        ("on_pm", secret.id),
    ]
    assert [one["text"] for one in commands] == ["hello", "hello you"]


async def test_who_hears_only_private_lines_hears_no_public_ones(stage: Stage) -> None:
    await listen(stage, listener("pm"))
    await stage.say("hello")
    await stage.say("hello you", pm=True)
    assert [one["action"] for one in await heard(stage)] == ["on_pm"]


async def test_the_manifest_decides_what_is_told(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "core.router")
    await listen(stage, listener("user.join", "message"), rights=manifest("message"))
    await join(stage, "u-1")
    await stage.say("hello")
    assert [one["action"] for one in await heard(stage)] == ["on_message"]
    assert "dice may not hear user.join by its plugin.toml" in caplog.text


async def test_a_trusted_plugin_may_hear_everything_and_is_told_what_it_handles(
    stage: Stage,
) -> None:
    await listen(stage, listener("user.join"), rights=manifest(">", trust="trusted"))
    await join(stage, "u-1")
    await stage.say("hello")
    assert [one["action"] for one in await heard(stage)] == ["on_user_join"]


async def test_a_plugin_that_hears_nothing_is_told_nothing(stage: Stage) -> None:
    plugin = Plugin("dice")

    @plugin.command("roll")
    async def roll(ctx: Context) -> str:
        return "rolled"

    await listen(stage, plugin)
    await join(stage, "u-1")
    await stage.say("hello")
    assert await heard(stage) == []


async def test_rooms_where_the_plugin_is_off_are_not_told_of(stage: Stage) -> None:
    stage.config = Config.model_validate({"channels": {ROOM: {"plugins": {"dice": False}}}})
    await listen(stage, listener("user.join", "message"))
    await join(stage, "u-1")
    await stage.say("hello")
    await join(stage, "u-2", channel="lounge/attic")
    assert [one["event"]["id"] for one in await heard(stage)] == ["u-2"]


async def test_her_own_coming_and_going_is_told_to_nobody(stage: Stage) -> None:
    await listen(stage, listener("user.join"))
    await join(stage, "u-1", name="rosey")
    await join(stage, "u-2", name="Rosey", channel="lounge/attic")
    await join(stage, "u-3", name="Roseyna")
    told = [one["event"]["id"] for one in await heard(stage)]
    assert told == ["u-2", "u-3"], "somebody elsewhere may have that name"


async def test_what_is_old_is_no_news(stage: Stage) -> None:
    await listen(stage, listener("user.join"))
    await join(stage, "u-1", at=AT - timedelta(minutes=2))
    await join(stage, "u-2")
    assert [one["event"]["id"] for one in await heard(stage)] == ["u-2"]


async def test_a_plugin_that_is_away_misses_it(stage: Stage) -> None:
    router = await stage.router({"dice": ALL})
    presence = PluginPresence(
        plugin="dice", version="1.0.0", alive_at=AT - timedelta(minutes=1), hears=["user.join"]
    )
    await stage.bus.bucket(subjects.PLUGINS_BUCKET).put("dice", presence.wire())
    await until(lambda: router._heard._hearers)
    await join(stage, "u-1")
    assert await heard(stage) == []


async def test_who_begins_or_ceases_to_hear_is_followed(stage: Stage) -> None:
    router = await stage.router({"dice": ALL})
    bucket = stage.bus.bucket(subjects.PLUGINS_BUCKET)
    for number, hears in enumerate((["user.join"], ["message"], [])):
        presence = PluginPresence(
            plugin="dice", version="1.0.0", alive_at=datetime.now(UTC), hears=hears
        )
        await bucket.put("dice", presence.wire())
        await until(lambda: router._heard._hearers.keys() - LASTING == set(hears))  # noqa: B023
        assert router._heard.in_lines is ("message" in hears)
        await join(stage, f"u-{number}")
        await stage.say("hello")
        assert len(await heard(stage)) == min(number + 1, 2)
    assert [one["action"] for one in await heard(stage)] == ["on_user_join", "on_message"]


async def test_what_does_not_parse_is_set_aside(stage: Stage) -> None:
    await listen(stage, listener("user.join"))
    await stage.bus.store(subjects.USER_JOIN, b'{"id": "u-1"}', "u-1")
    await join(stage, "u-2")
    assert [one["event"]["id"] for one in await heard(stage)] == ["u-2"]
    assert len(await stored(stage.bus, streams.DEAD, 1)) == 1


async def test_a_handler_that_fails_says_nothing_and_is_counted(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = Plugin("dice")

    @plugin.on("user.join")
    async def greet(ctx: Context, event: UserEvent) -> str:
        ctx.say("never heard")
        raise ZeroDivisionError("secret")

    @plugin.on("user.leave")
    async def bid_farewell(ctx: Context, event: UserEvent) -> str:
        raise Refused("not today")

    @plugin.on("message")
    async def chat(ctx: Context, event: Message) -> str:
        return "still there"

    caplog.set_level(logging.INFO, "core.plugin_host")
    await listen(stage, plugin)
    event = await join(stage, "u-1")
    await stage.bus.store(subjects.USER_LEAVE, event.model_copy(update={"id": "u-9"}).wire(), "u-9")
    ends = await stored(stage.bus, streams.events_of("dice"), 2)
    assert [subject for subject, _ in ends] == ["dice.command_failed"] * 2
    await stage.say("hello")
    await stage.until_line("still there")
    assert stage.lines == ["still there"]
    assert [one for one in caplog.records if one.exc_info and "secret" in str(one.exc_info[1])]
    assert "dice on_user_leave: not today" in caplog.text


async def test_a_full_stream_is_told_in_the_log_and_not_in_the_room(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await listen(stage, listener("user.join"))
    known = (await stage.bus.js.stream_info(streams.commands_of("dice"))).config
    await stage.bus.js.update_stream(known.evolve(max_bytes=10))
    await join(stage, "u-1")
    await settled(stage.bus, streams.EVENTS, "heard")
    assert "dice does not hear of c-" in caplog.text
    assert stage.actions == []


async def test_triggers_answer_talk(stage: Stage) -> None:
    plugin = Plugin("dice")

    @plugin.trigger(r"\bgood (morning|night)\b", cooldown=30)
    async def greet(ctx: Context, match: Any) -> str:
        return f"good {match[1]}, {ctx.user.name}"

    await listen(stage, plugin, rights=manifest("message"))
    await stage.say("well, GOOD Morning everybody")
    await stage.until_line("good Morning, alice")
    await stage.say("good morning again")
    await stage.say("goodmorning", user="bob")
    await stage.say("good night", user="eve")
    await stage.until_line("good night, eve")
    assert len(stage.actions) == 2


async def test_a_group_alone_and_its_help_list_its_commands(stage: Stage) -> None:
    plugin = Plugin("dice")

    @plugin.command("quote add", "quote new")
    async def add(ctx: Context, text: str) -> str:
        """Keep a quote."""
        return f"kept {text}"

    @plugin.command("quote random", aliases=["rq"])
    async def random(ctx: Context) -> str:
        """Any quote."""
        return "any"

    @plugin.command("quote purge", hidden=True)
    async def purge(ctx: Context) -> str:
        """Forget all quotes."""
        return "gone"

    await listen(stage, plugin)
    for asked in ("!quote", "!help quote", "!quote nonsense"):
        before = len(stage.actions)
        await stage.say(asked)
        await until(lambda: len(stage.actions) > before)  # noqa: B023
        assert stage.lines[-1] == "!quote takes: add <text> · random"
    await stage.say("!rq")
    await stage.until_line("any")
    await stage.say("!quote new hello")
    await stage.until_line("kept hello")
