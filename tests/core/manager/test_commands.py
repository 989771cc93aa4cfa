"""!plugin and !set between a router and the bus, beside the recorder's commands."""

from collections.abc import AsyncIterator

import pytest

from core.manager.commands import commands
from core.manager.keeper import Keeper
from core.manager.manager import Host, Manager
from core.manager.service import MANIFEST
from core.plugin_host.host import PluginHost
from core.plugin_host.settings_desk import SettingsDesk
from core.recorder import commands as recorded
from core.recorder.mydata import MyData
from core.runtime import ProcessState
from rosey import Context, Plugin, room_commands, streams
from rosey.bus import Bus
from rosey.room_commands import MANAGER_KEY
from tests.core.manager.desk import PLUGINS, Settings
from tests.core.stage import ROOM, Stage, settled, stored
from tests.servers import until

SPEC = streams.manager_consumer()


@pytest.fixture
async def stage(bus: Bus) -> AsyncIterator[Stage]:
    """A room with dice, the memory and the manager in it."""
    stage = Stage(bus)
    async with stage.stack:
        await stage.open()
        router = await stage.router()
        await stage.plugin("dice")
        await SettingsDesk(bus, "trivia", Settings).start()

        async def restart(name: str) -> dict[str, str]:
            return {name: "ready"}

        host = Host(lambda: PLUGINS, lambda: {"dice": ProcessState(state="ready")}, restart)
        keeper = Keeper(bus, lambda: stage.config, lambda: PLUGINS)
        plugin = commands(Manager(bus, lambda: stage.config, host, keeper))
        memory = Plugin("core")

        @memory.command("stats")
        async def stats(ctx: Context) -> str:
            return "I remember"

        hosts = [
            PluginHost(bus, MANIFEST, plugin, consumer=SPEC, key=MANAGER_KEY),
            PluginHost(bus, MANIFEST, memory),
        ]
        for each in hosts:
            await each.start()
            stage.stack.push_async_callback(each.stop)
        await until(lambda: {"roll", "stats", "set"} <= set(router._words))
        yield stage


async def asked(stage: Stage, text: str, rank: float = 3.0) -> str:
    """What is said to it first."""
    before = len(stage.actions)
    await stage.say(text, rank=rank)
    await until(lambda: len(stage.actions) > before, what=f"an answer to {text}")
    return stage.actions[before].text


async def test_the_next_line_obeys(stage: Stage) -> None:
    for _ in range(5):
        assert await asked(stage, "!plugin disable dice") == "dice is off here now."
        await stage.say("!roll d6")
        assert await asked(stage, "!plugin enable dice") == "dice is on here now."
        assert (await asked(stage, "!roll d6")).startswith("🎲")


@pytest.mark.parametrize(
    ("text", "rank", "answer"),
    [
        ("!plugin list", 2, "Plugins: dice 1.2.0, trivia 1.2.0."),
        ("!plugin list", 1.5, "!plugin list is for moderators and up."),
        ("!plugin show dice", 2, "dice 1.2.0: Something. untrusted, on here, runs."),
        ("!plugin show", 2, "<name> is missing. Usage: !plugin show <name>"),
        ("!plugin status", 3, "dice runs, trivia is not started. bin/rosey status has more."),
        ("!plugin status", 2, "!plugin status is for admins and up."),
        ("!plugin reload dice", 3, "dice was loaded anew and answers."),
        ("!plugin reload dice", 2, "!plugin reload is for admins and up."),
        ("!plugin disable dice", 2, "!plugin disable is for admins and up."),
        ("!plugin enable weather", 3, "There is no plugin 'weather'; allowed: dice, trivia."),
        ("!plugin", 3, "!plugin takes: list · show <name> · status · enable <name> · "),
        ("!set trivia.seconds 20", 2, "!set is for admins and up."),
        ("!set trivia.seconds 20", 3, "trivia.seconds is 20 here now."),
        ("!set trivia.seconds = 20", 3, "trivia.seconds is 20 here now."),
        (
            "!set trivia seconds 20",
            3,
            "Put a dot between plugin and option: !set trivia.seconds 20",
        ),
        ("!set trivia.seconds x", 3, "trivia.seconds: a number from 5 to 300, not 'x'."),
        ("!set trivia.seconds", 3, "trivia.seconds is 30 (default), to answer. Allowed: "),
        ("!set trivia", 3, "trivia here: seconds 30 (default), "),
        ("!set trivia.", 3, "trivia here: seconds 30 (default), "),
        ("!set", 3, "<what> is missing. Usage: !set <plugin>[.<option> [value | default]]"),
        ("!stats", 0, "I remember"),
        ("!help set", 0, "!set <plugin>[.<option> [value | default]] — See and "),
        ("!help core", 0, "core has !help [command] · !info · !status · !"),
    ],
)
async def test_answers(stage: Stage, text: str, rank: float, answer: str) -> None:
    assert (await asked(stage, text, rank)).startswith(answer)


async def test_every_command_reaches_one_of_the_two_and_ends_once(stage: Stage) -> None:
    lines = ("!stats", "!plugin list", "!set trivia.seconds x", "!set trivia.level hard", "!stats")
    for line in lines:
        await asked(stage, line)
    for spec in (SPEC, streams.commands_consumer("core")):
        await settled(stage.bus, spec.stream, spec.durable)
    ends = [subject for subject, _ in await stored(stage.bus, streams.events_of("core"), 5)]
    assert sorted(ends) == ["core.command_failed"] + ["core.command_succeeded"] * 4
    assert len(await stored(stage.bus, streams.replies_of("core"))) == 5


async def test_the_other_room_has_its_own(stage: Stage) -> None:
    await asked(stage, "!set trivia.seconds 20")
    await asked(stage, "!set trivia.seconds default")
    assert (await asked(stage, "!set trivia")).startswith("trivia here: seconds 30 (default)")
    assert stage.actions[-1].channel == ROOM


def test_each_action_of_the_room_has_its_consumer() -> None:
    """One that is in neither list would never be answered."""
    manager = Manager.__new__(Manager)
    assert set(commands(manager).handlers) == set(room_commands.MANAGER_ACTIONS)
    told = MyData.__new__(MyData).beside(recorded.plugin)
    assert set(told.handlers) == set(room_commands.RECORDER_ACTIONS)


async def test_a_consumer_of_before_is_changed(bus: Bus) -> None:
    """Until now the recorder's consumer had all of the room's commands."""
    await bus.declare(["core"], ["lounge"])
    await bus.js.delete_consumer(streams.commands_of("core"), "core")
    old = streams.ConsumerSpec(
        streams.commands_of("core"), "core", ("rosey.command.core.*",), streams.COMMANDS_ACK_WAIT
    )
    await bus.make(old)
    await bus.declare(["core"], ["lounge"])
    found = (await bus.js.consumer_info(streams.commands_of("core"), "core")).config
    assert sorted(found.filter_subjects or []) == sorted(streams.commands_consumer("core").subjects)
