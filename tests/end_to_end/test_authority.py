"""A running Rosey whose bus lets nobody do what he may not."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from connectors.lounge.guest import Guest
from core.authority.keys import Keys
from core.authority.login import login
from core.authority.rights import OPERATOR
from core.authority.violations import TOO_MANY
from core.config import NatsConfig
from rosey import subjects
from rosey.bus import Bus, BusError, Incoming
from rosey.events import Restricted, Violation
from tests.rosey_process import RoseyProcess, rosey
from tests.servers import until


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoseyProcess]:
    with rosey(tmp_path_factory.mktemp("authority")) as running:
        yield running


async def come_in(running: RoseyProcess, name: str) -> Bus:
    us = login(running.data, NatsConfig(), name)
    return await Bus.connect(running.runtime["addresses"]["nats"], name, us)


@pytest.fixture
async def operator(running: RoseyProcess) -> AsyncIterator[Bus]:
    bus = await come_in(running, OPERATOR)
    yield bus
    await bus.drain()


async def test_a_program_without_a_key_can_do_nothing(running: RoseyProcess) -> None:
    with pytest.raises(BusError, match="does not let stranger in"):
        await Bus.connect(running.runtime["addresses"]["nats"], "stranger")
    await until(lambda: "127.0.0.1" in running.runtime["violations"], what="the violation")


async def test_rosey_herself_tries_nothing_that_she_may_not(running: RoseyProcess) -> None:
    """A game, a roll and a status go through with the rights of the manifests."""
    async with Guest(running.room, name="alice") as alice:
        await alice.say("!roll 2d6")
        await alice.wait_line(lambda line: line.user == "Rosey" and "🎲" in line.text, 15)
        await alice.say("!trivia start 1")
        await alice.wait_line(lambda line: line.user == "Rosey" and "1/1" in line.text, 20)
        await alice.say("!trivia stop")
        await alice.wait_line(lambda line: line.user == "Rosey" and "stop" in line.text.lower(), 15)
    ours = {key: count for key, count in running.runtime["violations"].items() if "-" in key}
    assert ours == {}
    for log in ("router", "dice", "trivia", "connector-lounge"):
        assert "does not let us" not in running.log(log)


async def test_what_goes_over_the_bus_is_counted_and_shown(running: RoseyProcess) -> None:
    async with Guest(running.room, name="carol") as carol:
        await carol.say("!roll 2d6")
        await carol.wait_line(lambda line: line.user == "Rosey" and "🎲" in line.text, 15)

    def counted() -> set[tuple[str, str, str]]:
        told = json.loads(running.command("bus", "traffic", "--json").stdout)
        return {(one["process"], one["way"], one["family"]) for one in told if one["count"]}

    wanted = {
        ("connection-lounge", "sent", "rosey.events.message"),
        ("core-router", "handled", "rosey.events.message"),
        ("plugin-dice", "handled", "rosey.command.dice.*"),
        ("connection-lounge", "handled", "rosey.platform.*.send"),
    }
    await until(lambda: wanted <= counted(), 30, "the traffic of all that a roll passes")
    table = running.command("bus", "traffic").stdout
    assert "plugin-dice" in table
    assert "rosey.command.dice.*" in table


async def test_who_keeps_trying_is_told_of_and_stopped(
    running: RoseyProcess, operator: Bus
) -> None:
    heard: list[Incoming] = []

    async def note(incoming: Incoming) -> None:
        heard.append(incoming)

    await operator.subscribe("rosey.security.>", note)
    await operator.client.flush()
    dice = await come_in(running, "plugin-dice")
    for number in range(TOO_MANY):
        await dice.publish(f"rosey.command.trivia.start{number}", b"")
    await dice.client.flush()
    await until(lambda: any(each.subject == subjects.RESTRICTED for each in heard), 15, "the stop")
    tries = [Violation.read(each.data) for each in heard if each.subject == subjects.VIOLATION]
    assert [each.count for each in tries if each.who == "plugin-dice"] == list(
        range(1, TOO_MANY + 1)
    )
    [stopped] = [each for each in heard if each.subject == subjects.RESTRICTED]
    assert Restricted.read(stopped.data).plugin == "dice"
    await until(
        lambda: running.runtime["processes"]["dice"]["state"] == "restricted", 10, "dice is down"
    )
    shown = running.command("status").stdout
    assert f"plugin-dice tried {TOO_MANY} times what it may not" in shown
    await dice.drain()
    assert running.command("restart", "dice").returncode == 0
    async with Guest(running.room, name="bob") as bob:
        await bob.say("!roll d6")
        await bob.wait_line(lambda line: line.user == "Rosey" and "🎲" in line.text, 15)


async def test_no_key_is_anywhere_but_in_its_file(running: RoseyProcess) -> None:
    folder = running.data / "keys"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    seeds = [Keys(running.data).seed(file.stem).encode() for file in folder.iterdir()]
    assert len(seeds) >= 5
    readable = [file for file in running.data.rglob("*") if file.is_file()]
    for file in readable:
        if file.parent != folder:
            found = await asyncio.to_thread(file.read_bytes)
            assert not any(seed in found for seed in seeds), file
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_bytes()
        except OSError:
            continue
        assert not any(seed in line for seed in seeds)


def test_what_each_may_do_can_be_read(running: RoseyProcess) -> None:
    shown = running.command("bus", "acl", "dice").stdout
    assert "may tell of its event roll_performed" in shown
    assert "trivia" not in shown
    refused = running.command("bus", "acl", "dic")
    assert refused.returncode == 2
    assert "did you mean dice?" in refused.stderr
