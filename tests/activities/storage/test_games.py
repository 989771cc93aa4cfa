"""What a finished game changes in the tables, whatever goes wrong on the way."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.storage import activities
from activities.storage.activity import StorageActivities
from rosey import clock
from rosey.bus import Bus
from rosey.contracts.storage import MOST_OPERATIONS, Batch, Code
from rosey.contracts.trivia import GameResult, PlayerResult
from rosey.durable.surroundings import Surroundings
from tests.activities.storage.shelf import Shelf

# What the library makes up for an activity without a server.
SCHEDULED = datetime(1970, 1, 1, tzinfo=UTC)
ENDED = datetime(2026, 1, 1, 12, tzinfo=UTC)
ALICE = PlayerResult(name="Alice", score=90, correct=4, answered=5, best_streak=3, fastest=2.5)
BOB = PlayerResult(name="bob", score=20, correct=1, answered=3, best_streak=1, fastest=7)
EVE = PlayerResult(name="eve", answered=2)


def game(number: int = 1, players: list[PlayerResult] | None = None, **fields: Any) -> GameResult:
    sound: dict[str, Any] = {
        "game": f"g-{number}",
        "channel": "lounge/lobby",
        "category": "film",
        "questions": 5,
        "stopped": False,
        "players": [ALICE, BOB, EVE] if players is None else players,
        "finished_at": ENDED,
    }
    return GameResult.model_validate(sound | fields)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


async def record(shelf: Shelf, result: GameResult) -> None:
    storage = StorageActivities(shelf.client)
    await ActivityEnvironment().run(storage.record_game, result)


async def test_a_game_is_a_row_and_one_for_each_player(shelf: Shelf) -> None:
    await record(shelf, game())
    assert shelf.rows("games") == [
        {
            "game": "g-1",
            "channel": "lounge/lobby",
            "category": "film",
            "questions": 5,
            "stopped": False,
            "players": 3,
            "winner": "Alice",
            "finished_at": ENDED,
        }
    ]
    alice, bob, eve = shelf.rows("results")
    assert alice == {
        "game": "g-1",
        "channel": "lounge/lobby",
        "username": "Alice",
        "name_key": "alice",
        "place": 1,
        "score": 90,
        "correct": 4,
        "answered": 5,
        "best_streak": 3,
        "fastest": 2.5,
    }
    assert [(row["place"], row["fastest"]) for row in (bob, eve)] == [(2, 7), (3, None)]


async def test_games_add_up_in_the_statistics(shelf: Shelf) -> None:
    await record(shelf, game(1))
    again = PlayerResult(
        name="ALICE", score=10, correct=1, answered=4, best_streak=5, fastest=4, streak=1
    )
    await record(shelf, game(2, [BOB, again], finished_at=ENDED.replace(hour=13)))
    assert shelf.person("alice") == {
        "channel": "lounge/lobby",
        "username": "ALICE",
        "name_key": "alice",
        "games": 2,
        "wins": 1,
        "score": 100,
        "correct": 5,
        "answered": 9,
        "best_streak": 5,
        "best_score": 90,
        "fastest": 2.5,
        "last_played": ENDED.replace(hour=13),
    }
    assert (shelf.person("bob")["games"], shelf.person("bob")["wins"]) == (2, 1)
    assert shelf.person("eve")["games"] == 1


async def test_the_quickest_answer_of_all_games_is_kept(shelf: Shelf) -> None:
    kept = []
    for number, seconds in enumerate([None, 5.0, 8.0, None, 0.0, 3.0]):
        await record(shelf, game(number, [EVE.model_copy(update={"fastest": seconds})]))
        kept.append(shelf.person("eve")["fastest"])
    assert kept == [None, 5.0, 5.0, 5.0, 0.0, 0.0]


async def test_rooms_are_apart(shelf: Shelf) -> None:
    await record(shelf, game(1))
    await record(shelf, game(2, channel="lounge/other"))
    alices = [row for row in shelf.rows("players") if row["name_key"] == "alice"]
    assert [(row["channel"], row["games"]) for row in alices] == [
        ("lounge/lobby", 1),
        ("lounge/other", 1),
    ]


async def test_equals_share_a_place_and_nobody_wins_without_points(shelf: Shelf) -> None:
    twin = ALICE.model_copy(update={"name": "zoe"})
    less = ALICE.model_copy(update={"name": "max", "correct": 3})
    await record(shelf, game(1, [BOB, less, twin, ALICE]))
    assert [(row["username"], row["place"]) for row in shelf.rows("results")] == [
        ("zoe", 1),
        ("Alice", 1),
        ("max", 3),
        ("bob", 4),
    ]
    assert shelf.rows("games")[0]["winner"] is None
    assert [shelf.person(name)["wins"] for name in ("alice", "zoe", "max")] == [1, 1, 0]
    await record(shelf, game(2, [EVE]))
    assert shelf.rows("games")[1]["winner"] is None
    assert shelf.person("eve")["wins"] == 0


@pytest.mark.parametrize("players", [[], [PlayerResult(name="eve")]], ids=["none", "silent"])
async def test_a_game_nobody_answered_in_counts_for_nobody(
    shelf: Shelf, players: list[PlayerResult]
) -> None:
    await record(shelf, game(1, players, stopped=True, questions=0))
    (row,) = shelf.rows("games")
    assert (row["stopped"], row["questions"], row["players"]) == (True, 0, 0)
    assert shelf.rows("results") == shelf.rows("players") == []


async def test_a_game_is_one_batch_that_the_service_takes(shelf: Shelf) -> None:
    crowd = [ALICE.model_copy(update={"name": f"guest {n}", "score": n}) for n in range(600)]
    await record(shelf, game(1, crowd, category="x" * 2000))
    (request,) = shelf.asked
    assert Batch.model_validate(request).idempotency_key == "g-1"
    assert len(request["operations"]) <= MOST_OPERATIONS
    (row,) = shelf.rows("games")
    assert (row["players"], row["winner"], len(row["category"])) == (600, "guest 599", 255)
    assert [row["score"] for row in shelf.rows("results")] == list(range(599, 199, -1))


async def test_however_often_it_is_tried_it_counts_once(shelf: Shelf) -> None:
    await record(shelf, game())
    before = shelf.rows("players")
    for _ in range(3):
        await record(shelf, game())
    assert shelf.rows("players") == before
    assert [len(shelf.rows(name)) for name in ("games", "results")] == [1, 3]


async def test_a_lost_answer_is_asked_for_again(shelf: Shelf) -> None:
    shelf.deaf = True
    with pytest.raises(ApplicationError, match="not written yet: The database"):
        await record(shelf, game())
    shelf.deaf = False
    await record(shelf, game())
    assert shelf.person("alice")["games"] == 1


async def test_a_repeat_after_the_key_is_forgotten_changes_nothing(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(shelf, game())
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=2))
    await record(shelf, game())
    assert shelf.person("alice")["games"] == 1


async def test_a_database_that_is_away_is_waited_for(shelf: Shelf) -> None:
    shelf.away = True
    with pytest.raises(ApplicationError, match="not written yet: The database"):
        await record(shelf, game())
    shelf.away = False
    await record(shelf, game())
    assert shelf.person("alice")["games"] == 1


@pytest.mark.parametrize("number", [0, 1, 2, 5, 6])
@pytest.mark.parametrize("code", [Code.INTERNAL_ERROR, Code.RATE_LIMITED, Code.UNAVAILABLE])
async def test_what_breaks_on_the_way_leaves_nothing_and_is_tried_again(
    shelf: Shelf, number: int, code: Code
) -> None:
    shelf.break_at, shelf.breaks = number, code
    with pytest.raises(ApplicationError) as caught:
        await record(shelf, game())
    assert (caught.value.type, caught.value.non_retryable) == (code, False)
    assert shelf.is_empty
    shelf.break_at = None
    await record(shelf, game())
    assert shelf.person("alice")["games"] == 1


@pytest.mark.parametrize("code", [Code.VALIDATION_ERROR, Code.PERMISSION_DENIED, Code.CONFLICT])
async def test_a_refusal_is_final_and_the_log_has_the_game(
    shelf: Shelf, code: Code, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.break_at, shelf.breaks = 1, code
    with pytest.raises(ApplicationError) as caught:
        await record(shelf, game(7))
    assert caught.value.non_retryable
    assert caught.value.type == code
    assert shelf.is_empty
    (line,) = [entry.getMessage() for entry in caplog.records if entry.levelno == logging.ERROR]
    assert f"refused game g-7: It broke. ({code})" in line
    assert '"name":"Alice"' in line


async def test_a_result_of_the_first_release_is_taken(shelf: Shelf) -> None:
    """It lies on the task queue of a room that was open when the code changed."""
    old = {
        "game": "g-1",
        "channel": "lounge/lobby",
        "category": "",
        "questions": 1,
        "stopped": False,
        "players": [ALICE.model_dump() | {"streak": 2}],
    }
    await record(shelf, GameResult.model_validate(old))
    assert shelf.rows("games")[0]["finished_at"] == SCHEDULED
    assert shelf.person("alice")["games"] == 1


class Wire:
    """A bus on which somebody answers requests."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def request(self, subject: str, data: bytes, timeout: float) -> bytes:
        self.asked.append(subject)
        return b'{"success": true, "results": []}'


async def test_a_plugin_writes_with_its_own_rights(tmp_path: Path) -> None:
    wire = Wire()
    (record_game,) = activities(Surroundings(cast(Bus, wire), "trivia", tmp_path, tmp_path))
    await ActivityEnvironment().run(record_game, game())
    assert wire.asked == ["db.row.trivia.batch"]
