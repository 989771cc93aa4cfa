"""New code in a running Rosey: what works takes over without a gap, what does not is refused."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.lounge.guest import Guest
from core.authority.login import login
from core.authority.rights import OPERATOR
from core.config import NatsConfig
from rosey import streams, subjects
from rosey.bus import Bus
from rosey.events import Command, Health, PluginChange, PluginEvent
from tests.core.stage import stored
from tests.end_to_end.changeable import changed, copied
from tests.end_to_end.players import AnswerBook, question_lines, said_by_rosey, until_line
from tests.rosey_process import QUICK_ROOM, RoseyProcess, rosey
from tests.servers import environment, until

CONFIG = QUICK_ROOM.replace("[lounge]\n", "[lounge]\nchat_burst = 0\n").replace(
    "seconds = 60, grace = 30", "seconds = 120, grace = 0.2"
)
LIVE = re.compile(r"(\w+) [\d.]+ is live after [\d.]+ s in process (\d+)\n")

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoseyProcess]:
    folder = tmp_path_factory.mktemp("rosey")
    with rosey(folder, CONFIG, copied(folder / "checkout")) as process:
        yield process


@pytest.fixture
async def alice(running: RoseyProcess) -> AsyncIterator[Guest]:
    async with Guest(running.room, name="alice") as guest:
        yield guest


@asynccontextmanager
async def operator(running: RoseyProcess) -> AsyncIterator[Bus]:
    us = login(running.data, NatsConfig(), OPERATOR)
    bus = await Bus.connect(running.runtime["addresses"]["nats"], "test", us)
    try:
        yield bus
    finally:
        await bus.drain()


async def reload(running: RoseyProcess, *words: str) -> "subprocess.CompletedProcess[str]":
    return await asyncio.to_thread(running.command, "reload", *words)


async def stop_game(alice: Guest) -> None:
    await alice.say("!trivia stop")
    await until_line(alice, "🛑")


async def test_a_game_under_answers_loses_nothing_and_answers_nothing_twice(
    running: RoseyProcess, alice: Guest
) -> None:
    book = AnswerBook()
    before = {name: each["pid"] for name, each in running.runtime["processes"].items()}
    sent = 0
    over = asyncio.Event()

    async def guess(bob: Guest) -> None:
        nonlocal sent
        while not over.is_set():
            await bob.say(f"xyzzy {sent}")
            sent += 1
            await asyncio.sleep(0.05)  # a room full of people who guess

    async with operator(running) as bus, Guest(running.room, name="bob") as bob:
        await alice.say("!trivia start 2")
        line = await until_line(alice, "❓ 1/")
        guessing = asyncio.create_task(guess(bob))
        for _ in range(3):
            told = await reload(running, "trivia")
            assert LIVE.fullmatch(told.stdout), told.stderr
            assert f"process {running.pid('trivia')}\n" in told.stdout
        over.set()
        await guessing
        await alice.say(book.find(line).answer)
        line = await until_line(alice, "❓ 2/")
        await alice.say(book.find(line).answer)
        await until_line(alice, "🏁")
        # The ledger: each command was given once, and each ended once.
        given = [
            Command.read(data)
            for _, data in await stored(bus, streams.commands_of("trivia"), sent + 3)
        ]
        assert len([each for each in given if each.text.startswith("xyzzy")]) == sent > 20
        ends: list[PluginEvent] = []

        async def all_ended() -> int:
            ends.clear()
            found = await stored(bus, streams.events_of("trivia"))
            events = [PluginEvent.read(data) for _, data in found]
            ends.extend(each for each in events if each.event.startswith("command_"))
            return len(ends)

        # Nobody is told when the last of them is stored, so the stream is read again.
        while await all_ended() < len(given):
            await asyncio.sleep(0.1)
        assert len(ends) == len(given)
        assert {each.event for each in ends} == {"command_succeeded"}
        found = await stored(bus, streams.LIFECYCLE)
        changes = [PluginChange.read(data) for _, data in found]
    trivia = [each for each in changes if each.plugin == "trivia"]
    assert [each.event for each in trivia] == ["started", *["reloaded"] * 3]
    assert len({each.pid for each in trivia}) == 4
    assert trivia[-1].pid == running.pid("trivia")
    lines = said_by_rosey(alice.lines)
    assert len(question_lines(lines)) == 2
    assert len([line for line in lines if line.startswith("✅")]) == 2
    assert [line for line, times in Counter(lines).items() if times > 1] == []
    after = running.runtime["processes"]
    assert [name for name in before if before[name] != after[name]["pid"]] == ["trivia"]
    assert (after["trivia"]["state"], after["trivia"]["restarts"]) == ("ready", 0)


async def test_broken_code_leaves_the_old_one_answering(
    running: RoseyProcess, alice: Guest
) -> None:
    file = running.checkout / "plugins" / "dice" / "commands.py"
    pid = running.pid("dice")
    with changed(
        file,
        "    return rules.flip(ctx.random, ctx.phrase)\n",
        "    return rules.flip(ctx.random\n",
    ):
        told = await reload(running, "dice")
        assert told.returncode == 1
        assert told.stderr.startswith("dice was not reloaded and runs on as it was: ")
        assert f"{file}, line 40: '(' was never closed\n" in told.stderr
        await alice.say("!flip")
        await until_line(alice, "🪙")
        assert running.pid("dice") == pid
    with changed(
        file, "return rules.flip(ctx.random, ctx.phrase)", 'return "on its edge, of all things"'
    ):
        told = await reload(running, "dice")
        assert LIVE.fullmatch(told.stdout), told.stderr
        await alice.say("!flip")
        await until_line(alice, "on its edge, of all things")
    assert running.pid("dice") != pid


async def test_a_change_that_an_open_game_would_not_survive_is_refused(
    running: RoseyProcess, alice: Guest
) -> None:
    file = running.checkout / "workflows" / "trivia" / "workflow.py"
    line = "        while True:\n            self._show()\n"
    pid = running.pid("trivia")
    await alice.say("!trivia start 2")
    asked = await until_line(alice, "❓ 1/")
    with changed(file, line, f'        workflow.upsert_memo({{"a": 1}})\n{line}'):
        told = await reload(running, "trivia")
        assert told.returncode == 1
        refusal = r"trivia:lounge/lobby: Trivia cannot repeat event \d+: Nondeterminism error"
        assert re.search(refusal, told.stderr), told.stderr
        assert told.stderr.endswith("with workflow.patched, or wait until they are over.\n")
    assert running.pid("trivia") == pid
    await alice.say(AnswerBook().find(asked).answer)
    await until_line(alice, "❓ 2/")
    # What changes nothing of its way is taken.
    with changed(file, line, f"        # Round and round.\n{line}"):
        told = await reload(running, "trivia")
        assert LIVE.fullmatch(told.stdout), told.stderr
    assert running.pid("trivia") != pid
    await stop_game(alice)


@contextmanager
def watching(running: RoseyProcess, plugin: str) -> Iterator[Path]:
    """`reload --watch`; gives the file with what it says."""
    output = running.data.parent / "watch.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-u", "-m", "core", "reload", plugin, "--watch"),
                *("--data", str(running.data)),
            ],
            cwd=running.checkout,
            env=environment(),
            stdout=log,
            stderr=log,
        )
    try:
        yield output
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


async def test_what_is_saved_is_live(running: RoseyProcess, alice: Guest) -> None:
    file = running.checkout / "plugins" / "dice" / "commands.py"
    with watching(running, "dice") as output:
        await until(lambda: "watching" in output.read_text(), 30.0)
        with changed(file, '@plugin.command("flip", "coin")', '@plugin.command("flip" "coin"'):
            await until(lambda: "commands.py, line " in output.read_text(), 30.0)
            assert "dice was not reloaded and runs on as it was" in output.read_text()
        await until(lambda: len(LIVE.findall(output.read_text())) == 2, 30.0)
        with changed(file, '"flip", "coin")', '"toss", "coin")'):
            saved = time.monotonic()
            await until(lambda: len(LIVE.findall(output.read_text())) == 3, 30.0)
            seconds = time.monotonic() - saved
            await alice.say("!toss")
            await until_line(alice, "🪙")
        await until(lambda: len(LIVE.findall(output.read_text())) == 4, 30.0)
    # A second on a quiet machine; here others may want the processor too.
    assert seconds < 3.0
    status: dict[str, Any] = json.loads(running.command("status", "--json").stdout)
    dice = status["processes"]["dice"]
    assert (dice["state"], dice["restarts"]) == ("ready", 0)
    assert str(dice["pid"]) == LIVE.findall(output.read_text())[-1][1]


async def test_a_plugin_that_hangs_is_shown_and_told(running: RoseyProcess) -> None:
    os.kill(running.pid("dice"), signal.SIGSTOP)
    try:
        await until(
            lambda: running.runtime["processes"]["dice"]["state"] == "unhealthy", 30.0, "doubt"
        )
        assert "dice: it runs and does not say that it is alive" in str(running.runtime["warnings"])
    finally:
        os.kill(running.pid("dice"), signal.SIGCONT)
    await until(lambda: running.runtime["processes"]["dice"]["state"] == "ready", 30.0, "trust")
    async with operator(running) as bus:
        told: list[bool] = []
        while told != [False, True]:  # nobody is told when the second is stored
            found = await stored(bus, streams.MONITORING)
            words = [Health.read(data) for subject, data in found if subject == subjects.HEALTH]
            told = [each.ok for each in words if each.about == "plugin dice"]
