"""Lines in, actions out, on a real bus."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from nats.errors import TimeoutError as NatsTimeout

from core.config import Config
from core.plugins import PLUGINS
from rosey import ids, streams, subjects
from rosey.bus import Incoming
from rosey.channels import token
from rosey.events import (
    Action,
    ChatCommand,
    Execute,
    Executed,
    Listening,
    Outcome,
    PluginPresence,
    Reply,
)
from rosey.manifest import PluginManifest, load_plugin
from rosey.plugin import Context, Plugin, Refused
from rosey.room_commands import MANAGER_KEY
from rosey.settings import InForce
from tests.core.stage import ROOM, Stage, settled, stored
from tests.servers import until


async def test_dice_from_line_to_line(stage: Stage) -> None:
    await stage.router()
    await stage.plugin("dice")
    await stage.say("!roll 2d6+3", user="Alice")
    action = await stage.until_line("🎲")
    assert action.channel == ROOM
    assert action.kind == "say"
    assert action.id.startswith("r-c-")
    events = dict(await stored(stage.bus, streams.events_of("dice"), 2))
    assert set(events) == {"dice.roll_performed", "dice.command_succeeded"}
    data = events["dice.roll_performed"]
    event = json.loads(data)
    assert set(event["data"]) == {"count", "sides", "total"}
    assert b"alice" not in data.lower()


async def test_own_lines_and_talk_lead_to_nothing(stage: Stage) -> None:
    await stage.router()
    await stage.plugin("dice")
    await stage.say("!roll", own=True)
    await stage.say("good evening")
    await stage.say("! roll")
    await stage.say("!")
    await stage.say("!xyzzy")
    await stage.say("!flip")
    await until(lambda: stage.actions)
    await settled(stage.bus, streams.EVENTS, "router")
    assert len(stage.actions) == 1


async def test_bad_notation_is_explained(stage: Stage) -> None:
    await stage.router()
    await stage.plugin("dice")
    await stage.say("!roll 99999999d6")
    action = await stage.until_line("20")
    assert "🎲" not in action.text
    events = [subject for subject, _ in await stored(stage.bus, streams.events_of("dice"), 1)]
    assert events == ["dice.command_failed"]


async def test_an_error_is_made_fit_for_a_room_as_what_is_said_is(stage: Stage) -> None:
    async def roll(ctx: Context) -> str:
        raise Refused("\x1b[2J\u202ewrong " + "x" * 5_000)

    plugin = Plugin("dice")
    plugin.command("roll")(roll)
    await stage.router()
    await stage.plugin("dice", plugin)
    await stage.say("!roll")
    text = (await stage.until_line("wrong")).text
    assert text.startswith(" [2J wrong xxx")
    assert len(text) == 2_000


async def test_help_info_status_and_near_misses(stage: Stage) -> None:
    await stage.router()
    await stage.plugin("dice")
    await stage.plugin("trivia")
    await stage.say("!help")
    assert "!roll" in (await stage.until_line("I know !")).text
    await stage.say("!help roll")
    await stage.until_line("!roll [notation] — Roll dice")
    await stage.say("!help trivia")
    await stage.until_line("!trivia takes: start [questions] [category]")
    await stage.say("!help nonsense")
    await stage.until_line("I know no command 'nonsense'")
    await stage.say("!trivia")
    await until(lambda: sum("!trivia takes" in line for line in stage.lines) == 2)
    await stage.say("!rol d6")
    await stage.until_line("Did you mean !roll?")
    await stage.say("!info")
    await stage.until_line("I am Rosey")
    await stage.say("!status")
    await stage.until_line("dice ✓, trivia ✓")


async def test_a_plugin_that_is_gone_is_said_to_be_and_nothing_is_queued(stage: Stage) -> None:
    router = await stage.router()
    past = datetime.now(UTC) - timedelta(seconds=6)
    presence = PluginPresence(
        plugin="dice",
        version="1.0.0",
        alive_at=past,
        commands=[ChatCommand(action="roll", words=["roll"])],
    )
    bucket = stage.bus.bucket(subjects.PLUGINS_BUCKET)
    await bucket.put("dice", presence.wire())
    await until(lambda: "roll" in router._words)
    await stage.say("!roll")
    await stage.until_line("dice is not running right now")
    assert await stored(stage.bus, streams.commands_of("dice")) == []


async def test_who_answers_for_the_room_may_be_there_while_the_other_is_gone(stage: Stage) -> None:
    router = await stage.router()
    bucket = stage.bus.bucket(subjects.PLUGINS_BUCKET)
    ages = {"core": 6, MANAGER_KEY: 0}
    words = {"core": "stats", MANAGER_KEY: "set"}
    for key, age in ages.items():
        presence = PluginPresence(
            plugin="core",
            version="1.0.0",
            alive_at=datetime.now(UTC) - timedelta(seconds=age),
            commands=[ChatCommand(action=words[key], words=[words[key]])],
        )
        await bucket.put(key, presence.wire())
    await until(lambda: {"stats", "set"} <= router._words.keys())
    await stage.say("!stats")
    await stage.until_line("My memory is not running right now")
    await stage.say("!set")
    async with asyncio.timeout(10):
        while not (taken := await stored(stage.bus, streams.commands_of("core"))):
            await asyncio.sleep(0.01)
    assert [subject for subject, _ in taken] == [subjects.command("core", "set")]


async def test_an_alive_but_slow_plugin_gets_a_notice_once(stage: Stage) -> None:
    await stage.router()
    host = await stage.plugin("dice")
    assert host._consumer
    await host._consumer.stop()
    message = await stage.say("!roll")
    await stage.until_line("dice is restarting; your command waits.")
    await stage.plugin("dice")
    await stage.until_line("🎲")
    assert len(stage.actions) == 2
    await stage.hear(message)
    await settled(stage.bus, streams.EVENTS, "router")
    assert len(stage.actions) == 2


async def test_ranks_cooldowns_and_switches(stage: Stage) -> None:
    plugin = Plugin("dice")

    @plugin.command("roll", cooldown=30)
    async def roll(ctx: Context) -> str:
        """Roll."""
        return f"rolled for {ctx.user.name}"

    @plugin.command("rig", rank=2)
    async def rig(ctx: Context) -> str:
        """Rig."""
        return "rigged"

    stage.config = Config.model_validate({"channels": {ROOM: {"plugins": {"trivia": False}}}})
    await stage.router()
    await stage.plugin("dice", plugin)
    await stage.plugin("trivia")
    await stage.say("!roll")
    await stage.until_line("rolled for alice")
    await stage.say("!roll")
    await stage.until_line("!roll again in 30 s")
    await stage.say("!roll", user="bob")
    await stage.until_line("rolled for bob")
    await stage.say("!rig")
    await stage.until_line("!rig is for moderators and up")
    await stage.say("!rig", rank=2)
    await stage.until_line("rigged")
    await stage.say("!trivia start")
    await settled(stage.bus, streams.EVENTS, "router")
    assert await stored(stage.bus, streams.commands_of("trivia")) == []


async def test_a_plugin_with_typed_arguments_from_line_to_line(stage: Stage) -> None:
    plugin = Plugin("dice")

    @plugin.command("flip", aliases=["toss"])
    async def flip(ctx: Context, times: int = 1) -> str:
        """Flip a coin, or several."""
        ctx.pm("bob", f"{ctx.user.name} flips")
        return f"flipped {times}"

    @plugin.command("race", room_cooldown=30)
    async def race(ctx: Context) -> str:
        """Race."""
        return f"{ctx.user.name} races"

    stage.config = Config.model_validate({"channels": {ROOM: {"prefix": "$"}}})
    await stage.router()
    await stage.plugin("dice", plugin)
    await stage.say("$toss 3")
    await stage.until_line("flipped 3")
    whispered = await stage.until_line("alice flips")
    assert (whispered.kind, whispered.to) == ("pm", "bob")
    await stage.say("$flip many")
    await stage.until_line('times: "many" is not a whole number. Usage: $flip [times]')
    await stage.say("$help flip")
    await stage.until_line("$flip [times] — Flip a coin, or several. (also $toss)")
    await stage.say("$help dice")
    await stage.until_line("dice has $flip [times] · $race. More: $help <one>")
    await stage.say("$race")
    await stage.until_line("alice races")
    await stage.say("$race", user="bob")
    await stage.until_line("$race again in 30 s")


async def test_a_private_message_needs_the_manifest(stage: Stage) -> None:
    plugin = Plugin("dice")

    @plugin.command("roll")
    async def roll(ctx: Context) -> str:
        ctx.pm("bob", "psst")
        return "rolled"

    loud = PluginManifest(
        name="dice", version="1.0.0", summary="Loud", entry="a:b", actions=["say"]
    )
    await stage.router({"dice": loud})
    await stage.plugin("dice", plugin)
    await stage.say("!roll")
    await stage.until_line("rolled")
    await settled(stage.bus, streams.replies_of("dice"), "router")
    assert stage.lines == ["rolled"]


async def test_private_messages_are_answered_in_private(stage: Stage) -> None:
    await stage.router()
    await stage.plugin("dice")
    await stage.say("!roll d6", pm=True)
    action = await stage.until_line("🎲")
    assert (action.kind, action.to) == ("pm", "alice")
    await stage.say("!info", pm=True)
    assert (await stage.until_line("I am Rosey")).to == "alice"
    await stage.say("hello you", pm=True)
    await settled(stage.bus, streams.EVENTS, "router")
    assert len(stage.actions) == 2


async def test_plain_lines_go_to_an_open_question_with_its_time(stage: Stage) -> None:
    router = await stage.router()
    bucket = stage.bus.bucket(subjects.LISTENING_BUCKET)
    key = f"trivia.{token(ROOM)}"
    question = ids.numbered("a-question", 0)
    await bucket.put(key, Listening(action_id=question).wire())
    await until(lambda: router._listening)
    action = Action(id=question, channel=ROOM, text="Capital of France?")
    await stage.bus.store(subjects.send("lounge"), action.wire(), question)
    await stage.until_line("Capital of France?")
    answer = await stage.say("Paris")
    await until(lambda: router._listening[ROOM]["trivia"].shown_at)
    await settled(stage.bus, streams.EVENTS, "router")
    (subject, data), *more = await stored(stage.bus, streams.commands_of("trivia"))
    assert not more
    command = json.loads(data)
    assert subject == "rosey.command.trivia.answer"
    assert command["plain"] is True
    assert command["text"] == "Paris"
    assert command["id"] == ids.command_id(answer.id, "trivia")
    entry = await bucket.get(key)
    assert entry is not None
    assert command["shown_at"] == json.loads(entry)["shown_at"]
    await bucket.delete(key)
    await until(lambda: not router._listening)
    await stage.say("Rome")
    await settled(stage.bus, streams.EVENTS, "router")
    assert len(await stored(stage.bus, streams.commands_of("trivia"))) == 1


async def test_a_reply_may_only_do_what_the_manifest_says(stage: Stage) -> None:
    await stage.router()
    reply = Reply(
        id="a-1",
        channel=ROOM,
        actions=[
            Action(id="a-1-0", channel=ROOM, kind="media_add", text="no"),
            Action(id="a-1-1", channel="other/room", text="elsewhere"),
            Action(id="a-1-2", channel=ROOM, text="fine\x00\x1b[31m"),
        ],
    )
    await stage.bus.store(subjects.reply("dice", "a-1"), reply.wire(), "a-1")
    await stage.until_line("fine")
    assert stage.lines == ["fine  [31m"]


async def test_changes_of_the_playlist_go_out_with_their_fields(stage: Stage) -> None:
    rights = load_plugin(PLUGINS / "dice").model_copy(update={"actions": ["media_add"]})
    await stage.router({"dice": rights})
    edit = {"type": "yt", "media_id": "x", "title": "A film", "seconds": 60.5, "at": "next"}
    added = Action(id="a-1-1", channel=ROOM, kind="media_add", args=edit)
    moved = Action(id="a-1-2", channel=ROOM, kind="media_move", args={"uid": 0})
    reply = Reply(id="a-1", channel=ROOM, actions=[added, moved])
    await stage.bus.store(subjects.reply("dice", "a-1"), reply.wire(), "a-1")
    await until(lambda: bool(stage.actions))
    await settled(stage.bus, streams.replies_of("dice"), "router")
    await settled(stage.bus, streams.SENDS, "stage")
    assert stage.actions == [added]


async def test_broken_messages_are_set_aside(stage: Stage) -> None:
    await stage.router()
    await stage.plugin("dice")
    for number, data in enumerate((b"", b"{", b"[]", b'{"id": 5}', b"\xff\xfe", b"null")):
        await stage.bus.store(subjects.MESSAGE, data, f"m-bad-{number}")
    await stage.say("!roll")
    await stage.until_line("🎲")
    dead = await stored(stage.bus, streams.DEAD, 6)
    assert len(dead) == 6


async def test_a_program_gives_a_command(stage: Stage) -> None:
    await stage.router()
    await stage.plugin("dice")
    results: list[Executed] = []

    async def note(incoming: Incoming) -> None:
        results.append(Executed.read(incoming.data))

    await stage.bus.subscribe(subjects.result("dice"), note)
    asked = Execute(action="roll", channel=ROOM, text="d6").wire()
    answer = Executed.read(await stage.bus.request(subjects.execute("dice"), asked))
    assert answer.say[0].startswith("🎲")
    await until(lambda: results)
    assert results[0] == answer
    await stage.until_line("🎲")
    for bad, told in (
        (b"nonsense", "Not understood"),
        (Execute(action="fly", channel=ROOM).wire(), "dice takes: flip, roll"),
    ):
        refused = Executed.read(await stage.bus.request(subjects.execute("dice"), bad))
        assert told in (refused.error or "")
    away = await stage.bus.request(subjects.execute("weather"), asked)
    assert "not running" in (Executed.read(away).error or "")


async def test_a_failing_handler_says_one_sentence_with_an_id(stage: Stage) -> None:
    plugin = Plugin("dice")

    @plugin.command("roll")
    async def roll(ctx: Context) -> Outcome:
        """Roll."""
        raise ZeroDivisionError("secret detail")

    await stage.router()
    await stage.plugin("dice", plugin)
    message = await stage.say("!roll")
    action = await stage.until_line("dice failed at 'roll'")
    assert ids.command_id(message.id, "dice")[-6:] in action.text
    assert "secret" not in action.text


async def test_manifest_decides_not_presence(stage: Stage) -> None:
    mute = PluginManifest(
        name="dice", version="1.0.0", summary="Mute", entry="plugins.dice.commands:plugin"
    )
    await stage.router({"dice": mute})
    await stage.plugin("dice")
    await stage.say("!roll")
    await settled(stage.bus, streams.EVENTS, "router")
    await stored(stage.bus, streams.replies_of("dice"), 1)
    await settled(stage.bus, streams.replies_of("dice"), "router")
    assert stage.actions == []


async def test_the_bus_s_word_on_a_switch_counts_from_the_next_line(stage: Stage) -> None:
    await stage.router()
    await stage.plugin("dice")
    bucket = stage.bus.bucket(subjects.SETTINGS_BUCKET)
    for rolls in range(1, 4):
        await bucket.put("now.dice", InForce(rooms={ROOM: False}).wire())
        await stage.say("!roll d6")
        await stage.say("!info")
        await until(lambda count=rolls: len(_with(stage, "I am Rosey")) == count)
        assert len(_with(stage, "🎲")) == rolls - 1
        await bucket.put("now.dice", InForce(rooms={"*": {}}).wire())
        await stage.say("!roll d6")
        await until(lambda count=rolls: len(_with(stage, "🎲")) == count)


def _with(stage: Stage, part: str) -> list[str]:
    return [line for line in stage.lines if part in line]


async def test_that_a_question_was_shown_is_noted_though_the_bus_fails_at_first(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when NATS dies in that moment: whoever asked waits for it."""
    monkeypatch.setattr("rosey.bus.consumer.RETRY_AFTER", 0.05)
    router = await stage.router()
    bucket = stage.bus.bucket(subjects.LISTENING_BUCKET)
    key, question = f"trivia.{token(ROOM)}", ids.numbered("a-question", 0)
    await bucket.put(key, Listening(action_id=question).wire())
    await until(lambda: router._listening)
    assert router._open
    failures = iter([True])
    real = router._open.put

    async def put(key: str, value: bytes) -> None:
        if next(failures, False):
            raise NatsTimeout
        await real(key, value)

    monkeypatch.setattr(router._open, "put", put)
    action = Action(id=question, channel=ROOM, text="Capital of France?")
    await stage.bus.store(subjects.send("lounge"), action.wire(), question)

    async def noted() -> bool:
        entry = await bucket.get(key)
        return entry is not None and Listening.read(entry).shown_at is not None

    async with asyncio.timeout(10):
        while not await noted():
            await asyncio.sleep(0.01)
