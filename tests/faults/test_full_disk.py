"""The disk is full under a whole Rosey: it is said, and she goes on by herself when there is room.

A limit on the size of files stands for the disk: no process of Rosey can write, nor can what the
host starts meanwhile.
"""

import resource
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from connectors.lounge.guest import Guest
from core.host import control
from core.runtime import Runtime
from rosey import streams, subjects
from rosey.bus import Bus, Incoming
from rosey.events import Health
from tests.core.stage import stored as stored_in
from tests.end_to_end.players import AnswerBook, until_line
from tests.faults.conftest import CONFIG
from tests.faults.signs import answered, said, stored
from tests.rosey_process import RoseyProcess, rosey
from tests.servers import until

# The host looks at NATS every five seconds, and at the bus too.
PATIENCE = 20.0
FULL = "NATS can store nothing: its disk is full"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RoseyProcess]:
    """Its own Rosey, since every part of it is hurt."""
    with rosey(tmp_path, CONFIG) as process:
        yield process


@pytest.fixture
async def health(bus: Bus) -> list[Health]:
    """What is told of NATS to those who listen, once each."""
    heard: dict[str, Health] = {}
    told: list[Health] = []

    async def hear(incoming: Incoming) -> None:
        event = Health.read(incoming.data)
        if event.about == "nats" and event.id not in heard:
            heard[event.id] = event
            told.append(event)

    await bus.subscribe(subjects.HEALTH, hear)
    await bus.client.flush()
    return told


def limit_files(running: RoseyProcess, size: int) -> None:
    host = psutil.Process(running.process.pid)
    # The host first: what it starts has its limit.
    for each in (host, *host.children(recursive=True)):
        resource.prlimit(each.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def status(running: RoseyProcess) -> Runtime:
    """As the host tells it; its file may be old."""
    return Runtime.from_dict(control.ask(running.data, {"command": "status"}, 5)["runtime"])


def is_full(running: RoseyProcess) -> bool:
    return any(line.startswith(FULL) for line in status(running).warnings)


def illness(running: RoseyProcess) -> str:
    """What NATS itself says of its store; empty when nothing is wrong or it does not answer."""
    try:
        urllib.request.urlopen(f"{running.runtime['addresses']['nats_monitoring']}/healthz").close()
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.read().decode()
    except OSError:
        pass
    return ""


def pids(running: RoseyProcess) -> dict[str, int | None]:
    return {name: each.pid for name, each in status(running).processes.items()}


async def say(alice: Guest, start: int, end: int) -> None:
    for number in range(start, end):
        await alice.say(f"chatter {number}")


def rolls(alice: Guest) -> list[int]:
    """What was added to each roll."""
    return sorted(int(line.split("+ ")[1].split()[0]) for line in said(alice, "🎲"))


@pytest.mark.timeout(120)
async def test_a_full_disk_is_told_of_and_nothing_is_lost(
    running: RoseyProcess, alice: Guest, bus: Bus, health: list[Health]
) -> None:
    await alice.say("!trivia start 2 film")
    question = await until_line(alice, "❓ 1/2")
    await answered(alice, "!roll d2+10", "🎲")
    await say(alice, 0, 5)
    await stored(bus, 5, "chatter")
    before = pids(running)

    limit_files(running, 0)
    await alice.say("!roll d2+20")
    await say(alice, 5, 10)
    await until(lambda: is_full(running), PATIENCE, "a line in status")
    await until(lambda: bool(health), PATIENCE, "an event")
    assert not health[0].ok
    assert health[0].what.startswith(FULL)
    # Nothing is ended by it, or started again and again.
    assert pids(running) == before

    # A process that dies now is started again, and the host lives.
    running.kill("nats")
    await until(lambda: pids(running)["nats"] not in (None, before["nats"]))
    await until(lambda: "write error" in illness(running), what="it has tried to write")
    await alice.say("!roll d2+30")
    await say(alice, 10, 15)
    shown = " ".join(running.command("status").stdout.split())
    assert f"! {FULL} ({running.data}/nats: File too large)." in shown
    assert f"! The host cannot write to {running.data}: File too large." in shown
    assert rolls(alice) == [10]
    second = pids(running)
    assert {name for name in before if before[name] != second[name]} == {"nats"}

    limit_files(running, resource.RLIM_INFINITY)
    await until(lambda: rolls(alice) == [10, 20, 30], PATIENCE, "the answers that waited")
    await answered(alice, "!roll d2+40", "🎲")
    assert rolls(alice) == [10, 20, 30, 40]
    assert pids(running)["nats"] != second["nats"]
    await until(lambda: not status(running).warnings, PATIENCE, "a clean status")
    assert {each.state for each in status(running).processes.values()} == {"ready"}
    assert running.runtime["warnings"] == []
    assert pids(running) == {name: running.pid(name) for name in before}
    assert status(running).processes["nats"].restarts == 1

    assert not said(alice, "not running")
    await check_kept(running, alice, bus, question)
    await until(lambda: health[-1].ok, PATIENCE, "the event of the end")
    told = [
        Health.read(data)
        for subject, data in await stored_in(bus, streams.MONITORING)
        if subject == subjects.HEALTH
    ]
    assert [each for each in told if each.about == "nats"] == health
    assert [each.ok for each in health] == [False, False, True]


async def check_kept(running: RoseyProcess, alice: Guest, bus: Bus, question: str) -> None:
    """What was said before, meanwhile and after is there in order, and the game goes on."""
    await alice.say("chatter 15")
    texts = [message.text for message in await stored(bus, 16, "chatter")]
    assert texts == [f"chatter {number}" for number in range(16)]
    # Somebody whose guesses are not used up by talk.
    async with Guest(running.room, name="bob") as bob:
        await bob.say(AnswerBook().find(question).answer)
        await until_line(alice, "✅ bob +")
        await alice.say("!trivia stop")
        await until_line(alice, "🛑")
