"""Programs that give commands, and what the router does with entries that make no sense."""

import asyncio
from datetime import UTC, datetime

import pytest

from core.config import Config
from core.router import execute, router
from rosey import streams, subjects
from rosey.bus import Bus
from rosey.channels import token
from rosey.events import Action, Execute, Executed, Listening, PluginPresence, Reply
from rosey.plugin import Context, Plugin
from tests.core.stage import ROOM, Stage, settled, stored
from tests.servers import NatsServer, until


def counting(calls: list[str]) -> Plugin:
    plugin = Plugin("dice")

    @plugin.command("roll")
    async def roll(ctx: Context) -> str:
        calls.append(ctx.command.id)
        return f"rolled {len(calls)}"

    return plugin


async def ask(stage: Stage, plugin: str = "dice", **fields: object) -> Executed:
    asked = Execute.model_validate({"action": "roll", "channel": ROOM} | fields)
    return Executed.read(await stage.bus.request(subjects.execute(plugin), asked.wire()))


async def test_a_repeated_request_is_one_command_with_one_answer(stage: Stage) -> None:
    calls: list[str] = []
    await stage.router()
    await stage.plugin("dice", counting(calls))
    first = await ask(stage, id="mine-1")
    assert first.say == ["rolled 1"]
    assert await ask(stage, id="mine-1") == first
    both = await asyncio.gather(ask(stage, id="mine-2"), ask(stage, id="mine-2"))
    assert [answer.say for answer in both] == [["rolled 2"]] * 2
    assert len(calls) == 2
    assert (await ask(stage)).say == ["rolled 3"]
    assert (await ask(stage)).say == ["rolled 4"]
    await settled(stage.bus, streams.replies_of("dice"), "router")
    assert stage.lines == ["rolled 1", "rolled 2", "rolled 3", "rolled 4"]


async def test_whichever_router_hears_the_reply_the_asker_gets_it(
    stage: Stage, nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two routers share the replies; nobody is told that the plugin is slow."""
    monkeypatch.setattr(router, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(router, "SLOW_AFTER", 0.2)
    own, stage.bus = stage.bus, await Bus.connect(nats.url, "other router")
    await stage.router()
    other, stage.bus = stage.bus, own
    await stage.router()
    await stage.plugin("dice", counting([]))
    for number in range(1, 7):
        assert (await ask(stage, id=f"mine-{number}")).say == [f"rolled {number}"]
    for number in range(6):
        await stage.say("!roll", user=f"guest{number}")
    await stage.until_line("rolled 12")
    tasks = [task for task in asyncio.all_tasks() if task.get_name().startswith("watch ")]
    await asyncio.gather(*tasks)
    assert not any("restarting" in line for line in stage.lines)
    await other.drain()


async def test_what_goes_to_somebody_in_private_is_not_for_the_asker(stage: Stage) -> None:
    plugin = Plugin("dice")

    @plugin.command("roll")
    async def roll(ctx: Context) -> str:
        ctx.pm("eve", "your card: ace")
        return "dealt"

    await stage.router()
    await stage.plugin("dice", plugin)
    assert (await ask(stage)).say == ["dealt"]
    assert (await stage.until_line("your card")).to == "eve"


@pytest.mark.parametrize(
    ("channel", "told"),
    [
        ("lobby", "'lobby' is no channel key; it looks like lounge/lobby."),
        ("*/x", "'*/x' is no channel key; it looks like lounge/lobby."),
        ("a.b/x", "'a.b/x' is no channel key; it looks like lounge/lobby."),
    ],
)
async def test_a_channel_that_cannot_be_is_refused(stage: Stage, channel: str, told: str) -> None:
    await stage.router()
    await stage.plugin("dice")
    assert (await ask(stage, channel=channel)).error == told
    assert await stored(stage.bus, streams.commands_of("dice")) == []


async def test_a_plugin_that_does_not_answer(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "PATIENCE", 0.3)
    await stage.router()
    host = await stage.plugin("dice")
    assert host._consumer
    await host._consumer.stop()
    answer = await ask(stage)
    assert answer.error == "dice did not answer in time."
    assert answer.command_id.startswith("c-")


async def test_a_plugin_that_is_switched_off_there(stage: Stage) -> None:
    stage.config = Config.model_validate({"channels": {ROOM: {"plugins": {"dice": False}}}})
    await stage.router()
    await stage.plugin("dice")
    assert (await ask(stage)).error == f"dice is switched off in {ROOM}."
    reply = Reply(id="a-1", channel=ROOM, actions=[Action(id="a-1-0", channel=ROOM, text="psst")])
    await stage.bus.store(subjects.reply("dice", "a-1"), reply.wire(), "a-1")
    await settled(stage.bus, streams.replies_of("dice"), "router")
    assert stage.actions == []


async def test_nobody_waits_for_an_answer(stage: Stage) -> None:
    await stage.router()
    await stage.plugin("dice")
    asked = Execute(action="roll", channel=ROOM).wire()
    await stage.bus.publish(subjects.execute("dice"), asked)
    await stage.until_line("🎲")


async def test_entries_that_make_no_sense_are_left_out(stage: Stage) -> None:
    known = await stage.router()
    plugins = stage.bus.bucket(subjects.PLUGINS_BUCKET)
    open_questions = stage.bus.bucket(subjects.LISTENING_BUCKET)
    await stage.plugin("dice")
    await plugins.put("dice", b"nonsense")
    await plugins.put("broken", b"{}")
    await open_questions.put("trivia.=ZZ", Listening(action_id="a-0").wire())
    await open_questions.put("trivia", Listening(action_id="a-0").wire())
    await open_questions.put(f"trivia.{token(ROOM)}", b"nonsense")
    last = PluginPresence(plugin="late", version="1.0.0", alive_at=datetime.now(UTC))
    await plugins.put("late", last.wire())
    await until(lambda: "late" in known._presences.states())
    await stage.say("!roll d6")
    await stage.until_line("🎲")
    await stage.say("just talk")
    await settled(stage.bus, streams.EVENTS, "router")
    assert await stored(stage.bus, streams.commands_of("trivia")) == []
    assert "broken" not in known._presences.states()


async def test_a_plugin_that_left_is_forgotten(stage: Stage) -> None:
    known = await stage.router()
    host = await stage.plugin("dice")
    await until(lambda: "roll" in known._words)
    await host.stop()
    await (stage.bus.bucket(subjects.PLUGINS_BUCKET)).delete("dice")
    await until(lambda: "roll" not in known._words)
    await stage.say("!roll")
    await settled(stage.bus, streams.EVENTS, "router")
    assert stage.actions == []


async def test_what_was_shown_elsewhere_is_nothing_here(stage: Stage) -> None:
    known = await stage.router()
    bucket = stage.bus.bucket(subjects.LISTENING_BUCKET)
    await bucket.put(f"trivia.{token(ROOM)}", Listening(action_id="a-1-0").wire())
    await until(lambda: bool(known._listening))
    for action_id in ("a-2-0", "a-1-0", "a-1-0"):
        await stage.bus.store(
            subjects.send("lounge"),
            Action(id=f"{action_id}", channel=ROOM, text=action_id).wire(),
            action_id,
        )
    await until(lambda: known._listening[ROOM]["trivia"].shown_at is not None)
    await until(lambda: len(stage.actions) == 2)
