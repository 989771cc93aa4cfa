"""A game that cannot be killed: three people play while everything dies in turn."""

from collections import Counter
from pathlib import Path

import pytest

from connectors.lounge.guest import Guest
from tests.end_to_end.players import (
    ASKED,
    AnswerBook,
    points,
    question_lines,
    said_by_rosey,
    until_line,
)
from tests.rosey_process import RoseyProcess, rosey

VICTIMS = ["trivia", "connector-lounge", "router", "nats", "temporal"]
PLAYERS = ["alice", "bob", "carol"]


@pytest.mark.timeout(240)
async def test_a_whole_game_while_every_process_is_killed(tmp_path: Path) -> None:
    book = AnswerBook()
    with rosey(tmp_path) as running:
        async with (
            Guest(running.room, name="alice", reconnect=True) as alice,
            Guest(running.room, name="bob", reconnect=True) as bob,
            Guest(running.room, name="carol", reconnect=True) as carol,
        ):
            guests = [alice, bob, carol]
            await alice.say(f"!trivia start {len(VICTIMS) + 1}")
            for number, victim in enumerate([*VICTIMS, None], 1):
                line = await until_line(alice, f"❓ {number}/", 1)
                answer = book.find(line).answer
                await _answer_while_it_dies(running, guests, answer, victim)
                for player in PLAYERS:
                    await until_line(alice, f"✅ {player} +", number)
            await until_line(alice, "🏁")
            _check(said_by_rosey(alice.lines))


async def _answer_while_it_dies(
    running: RoseyProcess, guests: list[Guest], answer: str, victim: str | None
) -> None:
    """One answers before, one in the middle of and one right after the crash."""
    await guests[0].say(answer)
    dead = running.kill(victim) if victim else 0
    await guests[1].say(answer)
    await guests[2].say(answer)
    if victim:
        running.wait_ready(victim, not_pid=dead)


def _check(lines: list[str]) -> None:
    """Every line once, every right answer once, and the table is their sum."""
    questions = question_lines(lines)
    assert [ASKED.match(line)[1] for line in questions] == [  # type: ignore[index]
        str(number + 1) for number in range(len(VICTIMS) + 1)
    ]
    assert len([line for line in lines if line.startswith("⏱️")]) == len(questions)
    assert len([line for line in lines if line.startswith("🏁")]) == 1
    assert len([line for line in lines if line.startswith("🧠")]) == 1
    rights = Counter(line.split()[1] for line in lines if line.startswith("✅"))
    assert rights == dict.fromkeys(PLAYERS, len(questions))
    final = next(line for line in lines if line.startswith("🏁"))
    for player, total in points(lines).items():
        assert f"{player} {total} ({len(questions)} right)" in final
