"""What `!trivia stats` and `!trivia leaderboard` answer."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.plugins import PLUGINS, load
from plugins.trivia.commands import leaderboard, plugin, stats
from plugins.trivia.texts import AWAY
from rosey.contracts.storage import Code, FieldDefinition, TableDefinition
from rosey.events import Command, PluginPresence, User
from rosey.manifest import load_plugin
from rosey.names import LONGEST_NAME
from rosey.plugin import Answer, Context, Handler, Refused
from rosey.routing.commands import Found, resolve, table
from rosey.storage import StorageError
from tests.activities.storage.shelf import Shelf

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOBODY = "Nobody has scored at trivia here yet. !trivia start begins a game."
ALICE = {
    "username": "Alice",
    "games": 12,
    "wins": 5,
    "score": 1830,
    "correct": 61,
    "answered": 100,
    "best_streak": 7,
    "best_score": 400,
    "fastest": 2.06,
    "last_played": NOW,
}


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


async def plays(shelf: Shelf, name: str, channel: str = "lounge/lobby", **fields: Any) -> None:
    person = ALICE | {"username": name, "name_key": name.lower(), "channel": channel} | fields
    await shelf.client.insert("players", person)


async def said(shelf: Shelf, handler: Handler, text: str = "", user: str = "bob") -> Answer:
    command = Command(
        id="c-1",
        plugin="trivia",
        action="stats",
        channel="lounge/lobby",
        user=User(name=user),
        text=text,
        sent_at=NOW,
    )
    return await handler(Context(command, database=shelf.client))


async def test_statistics_in_one_line(shelf: Shelf) -> None:
    await plays(shelf, "Alice")
    line = "📊 Alice: 12 games, 5 won, 1,830 points, 61% right, best streak 7, fastest 2.1 s"
    for text in ("Alice", "aLICE", " @alice "):
        assert await said(shelf, stats, text) == line
    assert await said(shelf, stats, user="ALICE") == line


async def test_statistics_of_a_beginner(shelf: Shelf) -> None:
    few: dict[str, Any] = dict.fromkeys(("wins", "correct", "answered", "best_streak"), 0)
    await plays(shelf, "Bob", **few, games=1, score=1, fastest=None)
    assert await said(shelf, stats) == "📊 Bob: 1 game, 0 won, 1 point, best streak 0"


async def test_who_has_not_played_is_told(shelf: Shelf) -> None:
    await plays(shelf, "carol", channel="lounge/other")
    assert await said(shelf, stats, "carol") == "carol has not played trivia here yet."
    told = "You have not played trivia here yet. !trivia start begins a game."
    assert await said(shelf, stats) == told
    assert await said(shelf, stats, "BOB") == told


async def test_a_very_long_name_is_looked_up_and_shown_as_far_as_it_is_kept(shelf: Shelf) -> None:
    await plays(shelf, "x" * LONGEST_NAME)
    assert "12 games" in str(await said(shelf, stats, "X" * 2000))
    shown = await said(shelf, stats, "y" * 2000)
    assert shown == f"{'y' * LONGEST_NAME} has not played trivia here yet."


async def test_the_leaderboard_has_the_first_five_of_the_room(shelf: Shelf) -> None:
    for number in range(12):
        await plays(shelf, f"p{number}", score=1200 - 100 * number)
    await plays(shelf, "elsewhere", channel="lounge/other", score=9999)
    assert await said(shelf, leaderboard) == (
        "🏆 🥇 p0 1,200, 🥈 p1 1,100, 🥉 p2 1,000, 4. p3 900, 5. p4 800"
    )


@pytest.mark.parametrize(
    ("text", "shown"), [("1", 1), (" 7 ", 7), ("0", 1), ("10", 10), ("11", 10), ("999999999", 10)]
)
async def test_as_many_as_wished_up_to_ten(shelf: Shelf, text: str, shown: int) -> None:
    for number in range(12):
        await plays(shelf, f"p{number}", score=100 + number)
    line = str(await said(shelf, leaderboard, text))
    assert line.count(", ") == shown - 1
    assert line.startswith("🏆 🥇 p11 111")


async def test_equals_share_a_place(shelf: Shelf) -> None:
    for name, score, correct in (
        ("dave", 10, 1),
        ("carol", 50, 3),
        ("alice", 50, 4),
        ("bob", 90, 5),
        ("zoe", 0, 0),
    ):
        await plays(shelf, name, score=score, correct=correct)
    line = await said(shelf, leaderboard)
    assert line == "🏆 🥇 bob 90, 🥈 alice 50, 🥈 carol 50, 4. dave 10"


async def test_a_room_in_which_nobody_scored(shelf: Shelf) -> None:
    assert await said(shelf, leaderboard) == NOBODY
    await plays(shelf, "zoe", score=0)
    assert await said(shelf, leaderboard) == NOBODY


@pytest.mark.parametrize("text", ["many", "-1", "3 4", "٣", "1.5", "9" * 5000])
async def test_what_is_no_number_is_explained(shelf: Shelf, text: str) -> None:
    with pytest.raises(Refused, match="A number from 1 to 10: !trivia lb 10"):
        await said(shelf, leaderboard, text)


@pytest.mark.parametrize("handler", [stats, leaderboard])
@pytest.mark.parametrize("how", ["away", "deaf"])
async def test_a_database_that_does_not_answer(shelf: Shelf, handler: Handler, how: str) -> None:
    setattr(shelf, how, True)
    with pytest.raises(Refused) as caught:
        await said(shelf, handler)
    assert str(caught.value) == AWAY
    assert "try again in a minute" in AWAY


async def test_a_mistake_of_ours_is_not_called_an_outage(shelf: Shelf) -> None:
    other = TableDefinition(fields=[FieldDefinition(name="other", type="text")])
    shelf.declare("players", other)
    with pytest.raises(StorageError) as caught:
        await said(shelf, stats)
    assert caught.value.code is Code.VALIDATION_ERROR


async def test_a_plugin_without_storage_is_told_so() -> None:
    command = Command(
        id="c-1", plugin="trivia", action="stats", channel="a/b", user=User(name="bob"), sent_at=NOW
    )
    with pytest.raises(RuntimeError, match=r"trivia asks for no storage in its plugin\.toml"):
        await stats(Context(command))


@pytest.mark.parametrize(
    ("line", "action", "rest"),
    [
        ("!trivia stats", "stats", ""),
        ("!trivia stats Alice", "stats", "Alice"),
        ("!trivia leaderboard", "leaderboard", ""),
        ("!trivia lb 10", "leaderboard", "10"),
    ],
)
def test_how_they_are_typed(line: str, action: str, rest: str) -> None:
    manifest = load_plugin(PLUGINS / "trivia")
    assert load(manifest.entry) is plugin
    words = table(
        [
            PluginPresence(
                plugin="trivia", version=manifest.version, alive_at=NOW, commands=plugin.commands
            )
        ]
    )
    found = resolve(line, "!", words)
    assert isinstance(found, Found)
    assert (found.plugin, found.command.action, found.rest) == ("trivia", action, rest)
