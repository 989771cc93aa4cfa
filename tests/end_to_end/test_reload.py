"""New code and new settings in the middle of a game: only the plugin's process starts anew."""

from pathlib import Path

import pytest

from connectors.lounge.guest import Guest
from tests.end_to_end.players import (
    AnswerBook,
    points,
    question_lines,
    said_by_rosey,
    until_line,
)
from tests.rosey_process import QUICK_ROOM, rosey


@pytest.mark.timeout(120)
async def test_a_game_goes_on_while_its_plugin_is_loaded_anew(tmp_path: Path) -> None:
    book = AnswerBook()
    config = QUICK_ROOM.replace("grace = 30", "grace = 0.2")
    with rosey(tmp_path, config) as running:
        before = {name: each["pid"] for name, each in running.runtime["processes"].items()}
        async with Guest(running.room, name="alice", reconnect=True) as alice:
            await alice.say("!trivia start 3")
            line = await until_line(alice, "❓ 1/")
            await alice.say(book.find(line).answer)
            line = await until_line(alice, "❓ 2/")
            # An open question, and its plugin's process ends in good order and begins anew.
            told = running.command("restart", "trivia")
            assert told.stdout.strip() == "trivia: ready", told.stderr
            await alice.say(book.find(line).answer)
            line = await until_line(alice, "❓ 3/")
            # And once more with other settings, which hold for the commands that follow.
            running.config.write_text(
                config.replace("plugins.trivia", 'prefix = "?"\nplugins.trivia')
            )
            assert running.command("restart", "trivia").returncode == 0
            await alice.say(book.find(line).answer)
            final = await until_line(alice, "🏁")
            await alice.say("?roll d6")
            await until_line(alice, "🎲")
            lines = said_by_rosey(alice.lines)
        after = {name: each["pid"] for name, each in running.runtime["processes"].items()}
    assert len(question_lines(lines)) == 3
    assert len([line for line in lines if line.startswith("✅")]) == 3
    assert f"alice {points(lines)['alice']} (3 right)" in final
    assert [name for name in before if before[name] != after[name]] == ["trivia"]
