"""One Rosey, and everything a person in the room or at the controls may try."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from connectors.lounge.guest import Guest
from tests.end_to_end.players import AnswerBook, said_by_rosey, until_line
from tests.rosey_process import QUICK_ROOM, RoseyProcess, rosey
from tests.servers import binary, environment, until


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoseyProcess]:
    with rosey(tmp_path_factory.mktemp("room")) as process:
        yield process


@pytest.fixture
async def alice(running: RoseyProcess) -> AsyncIterator[Guest]:
    async with Guest(running.room, name="alice") as guest:
        yield guest


async def test_every_command_is_answered(running: RoseyProcess, alice: Guest) -> None:
    for typed, answered in (
        ("!roll 2d6+3", "🎲 ["),
        ("!roll 4d6kh3", "("),
        ("!roll adv", "🎲"),
        ("!dice d20", "🎲"),
        ("!roll 21d6", "20"),
        ("!roll apple", "apple"),
        ("!flip", "🪙"),
        ("!help", "I know !"),
        ("!help roll", "!roll [notation]"),
        ("!info", "I am Rosey"),
        ("!status", "trivia ✓"),
        ("!trivia", "!trivia takes: start"),
        ("!trivia scores", "No game yet"),
        ("!trivia hint", "nothing to hint at"),
        ("!trivia skip", "no open question"),
        ("!trivia stop", "no game to stop"),
        ("!a paris", "No question is open"),
        ("!trivia start opera", "opera"),
        ("!triva", "Did you mean !trivia?"),
    ):
        before = len(said_by_rosey(alice.lines))
        await alice.say(typed)
        await until(
            lambda before=before, answered=answered: any(
                answered in line for line in said_by_rosey(alice.lines)[before:]
            ),
            20,
            f"{typed} got {said_by_rosey(alice.lines)[before:]}",
        )


async def test_a_private_message_is_answered_in_private(alice: Guest) -> None:
    await alice.pm("Rosey", "!roll d6")
    await until(lambda: any(line.pm and "🎲" in line.text for line in alice.lines))
    assert not any("🎲" in line for line in said_by_rosey(alice.lines))


async def test_rosey_never_carries_out_what_somebody_makes_her_say(alice: Guest) -> None:
    await alice.say("!roll /kick alice")
    await until_line(alice, "kick")
    assert alice.inside
    await alice.say("!help /clear")
    await until_line(alice, "clear")
    assert not any(frame.event == "clearchat" for frame in alice.frames)


async def test_say_from_the_command_line(running: RoseyProcess, alice: Guest) -> None:
    said = running.command("say", "!roll d20", "--as", "shell", "--wait", "10")
    assert said.returncode == 0, said.stderr
    assert "🎲" in said.stdout
    await until_line(alice, "🎲")


async def test_people_at_the_controls_of_a_running_room(
    running: RoseyProcess, alice: Guest
) -> None:
    async def temporal(*words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *(binary("temporal"), "workflow", *words),
            *("--address", running.runtime["addresses"]["temporal"]),
            env=environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return output.decode()

    game = ("-w", "trivia:lounge/lobby")
    order = json.dumps({"user": "zoe", "text": "2 film"})
    await temporal(
        *("signal-with-start", "--workflow-id", "trivia:lounge/lobby", "--type", "Trivia"),
        *("--task-queue", "trivia", "--signal-name", "start", "--signal-input", order),
    )
    line = await until_line(alice, "❓ 1/2")
    answer = json.dumps({"user": "zoe", "text": AnswerBook().find(line).answer})
    updated = await temporal("update", "execute", *game, "--name", "answer", "--input", answer)
    assert "zoe +" in updated
    await until_line(alice, "✅ zoe +")
    assert "zoe" in await temporal("query", *game, "--type", "scores")
    state = await temporal("query", "-w", "connection:lounge", "--type", "state")
    assert '"connected":true' in state.replace(" ", "")
    assert "alice" in state
    await temporal("signal", *game, "--name", "stop")
    await until_line(alice, "🛑 operator stopped the game.")


@pytest.mark.timeout(120)
async def test_ctrl_c_keeps_the_open_game(tmp_path: Path) -> None:
    book = AnswerBook()
    quick = QUICK_ROOM.replace("grace = 30", "grace = 1")
    with rosey(tmp_path, quick) as first:
        async with Guest(first.room, name="alice") as alice:
            await alice.say("!trivia start 2 film")
            line = await until_line(alice, "❓ 1/2")
            began = time.monotonic()
            first.process.send_signal(signal.SIGINT)
            first.process.wait(10)
            assert time.monotonic() - began < 3.0
    with rosey(tmp_path, quick) as second:
        async with Guest(second.room, name="alice") as alice:
            await alice.say(book.find(line).answer)
            await until_line(alice, "✅ alice +")
            await alice.say(book.find(await until_line(alice, "❓ 2/2")).answer)
            await until_line(alice, "🏁")
