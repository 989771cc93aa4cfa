"""A command's handler never comes to an end."""

import asyncio

import pytest

from core.plugin_host.host import PluginHost
from rosey import Context, streams
from rosey.events import Command
from rosey.plugin import Plugin
from tests.core.stage import settled
from tests.faults.chain import Chain, dead_letters
from tests.servers import until

COMMANDS = streams.commands_of("dice")
NOTICE = "dice is restarting; your command waits."


@pytest.fixture(autouse=True)
def short_ack_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "COMMANDS_ACK_WAIT", 0.3)


class Hanging:
    """Dice whose rolls never end; `taken` counts them."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.plugin = Plugin("dice")
        self.plugin.command("roll")(self.roll)
        self.plugin.command("flip")(self.flip)

    async def roll(self, ctx: Context) -> str:
        """Hangs."""
        self.taken.append(ctx.command.id)
        await asyncio.Event().wait()
        return "never"

    async def flip(self, ctx: Context) -> str:
        """Works."""
        return "heads"


async def quiz(ctx: Context) -> str:
    """Works."""
    return "a question"


async def crash(host: PluginHost) -> None:
    """The end of its process: it says nothing to anybody any more."""
    consumer = host._consumer
    assert consumer
    assert consumer._watch
    assert host._presence
    tasks = [host._presence, consumer._watch, *consumer._in_hand]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await host.bus.client.close()


async def test_others_answer_and_the_command_is_taken_again_after_the_restart(
    chain: Chain,
) -> None:
    await chain.dice.stop()
    hanging = Hanging()
    host = await chain.plugin("dice", hanging.plugin)
    trivia = Plugin("trivia")
    trivia.command("quiz")(quiz)
    await chain.plugin("trivia", trivia)
    number = chain.roll()
    await until(lambda: hanging.taken)
    await until(lambda: "quiz" in chain.router._words)
    chain.say("!quiz")
    chain.say("!flip")
    await until(lambda: {"a question", "heads"} <= set(chain.room.said))
    # Longer than the time for its acknowledgement: it is not handed out while it is worked on.
    await until(lambda: NOTICE in chain.room.said)
    assert len(hanging.taken) == 1
    await crash(host)
    await chain.plugin("dice")
    await chain.until_rolled(number)
    await settled(chain.bus, COMMANDS, "dice")
    assert chain.room.said.count(NOTICE) == 1
    assert chain.rolled == [number]
    assert await dead_letters(chain.bus, COMMANDS) == []


async def test_a_command_that_always_hangs_is_set_aside_with_its_reason(chain: Chain) -> None:
    await chain.dice.stop()
    hanging = Hanging()
    host = await chain.plugin("dice", hanging.plugin)
    chain.roll()
    for times in range(1, streams.MOST_TRIES + 1):
        await until(lambda times=times: len(hanging.taken) == times)
        await crash(host)
        host = await chain.plugin("dice", hanging.plugin)
    await settled(chain.bus, COMMANDS, "dice")
    ((data, reason),) = await dead_letters(chain.bus, COMMANDS)
    assert {Command.read(data).id} == set(hanging.taken)
    assert len(hanging.taken) == streams.MOST_TRIES
    assert reason == "handed out 5 times and never finished"
    # The others go on as if nothing had been.
    chain.say("!flip")
    await until(lambda: "heads" in chain.room.said)
    assert chain.room.said.count(NOTICE) <= 1
