"""A command that was set aside is found by an operator, sent again, and answered in the room."""

import json
from datetime import UTC, datetime
from pathlib import Path

from connectors.lounge.guest import Guest
from core.authority.login import login
from core.authority.rights import OPERATOR
from core.config import NatsConfig
from rosey import streams, subjects
from rosey.bus import Bus, Delivery
from rosey.events import Command, Metrics, User
from tests.consuming import consume
from tests.end_to_end.players import until_line
from tests.rosey_process import RoseyProcess, rosey
from tests.servers import until

ROLL = subjects.command("dice", "roll")
COMMANDS = streams.commands_of("dice")


def dead(running: RoseyProcess, *words: str) -> str:
    ran = running.command("bus", "dead", *words)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


async def test_a_dead_letter_comes_back_to_life(tmp_path: Path) -> None:
    with rosey(tmp_path) as running:
        url = running.runtime["addresses"]["nats"]
        bus = await Bus.connect(url, "test", login(running.data, NatsConfig(), OPERATOR))
        command = Command(
            id="c-dead",
            plugin="dice",
            action="roll",
            channel="lounge/lobby",
            user=User(name="alice"),
            text="2d6+40",
            args=["2d6+40"],
            sent_at=datetime.now(UTC),
        )
        headers = {"Rosey-Reason": "failed 5 times", "Rosey-Subject": ROLL}
        await bus.js.publish(subjects.dead(COMMANDS), command.wire(), headers=headers)

        [letter] = json.loads(dead(running, "list", "--json"))
        assert (letter["stream"], letter["subject"]) == (COMMANDS, ROLL)
        number = str(letter["number"])
        assert '"text": "2d6+40"' in dead(running, "show", number)
        async with Guest(running.room, name="alice") as alice:
            assert dead(running, "retry", number) == f"Dead letter {number} is on {ROLL} again.\n"
            await until_line(alice, "🎲", patience=10)
        assert dead(running, "list") == "There are no dead letters.\n"
        await _watched(bus)
        await bus.drain()


async def _watched(bus: Bus) -> None:
    """The host measures what waits for whom."""
    seen: list[Metrics] = []

    async def see(delivery: Delivery) -> None:
        seen.append(Metrics.read(delivery.data))

    await consume(bus, streams.MONITORING, "test", [subjects.METRICS], see)
    await until(lambda: seen)
    assert "dice" in [each.consumer for each in seen[-1].backlogs]
