"""The made-up year is one that a room could have."""

from core.bench.rows import years
from workflows.playlist.models import Room


def test_a_year_is_all_that_is_ever_remembered() -> None:
    room = Room.model_validate(years.room("bench/year", years.WAITING, year=True))
    assert len(room.queue) == years.WAITING == Room().settings.max_queue
    assert len({entry.id for entry in room.queue}) == years.WAITING
    assert len(room.played) == years.PLAYED
    assert len(room.kept.turns) == years.ORDERS
    assert len(room.people) == years.GONE
    assert sum(turn.outcome is not None for turn in room.kept.turns.values()) == 100


def test_a_new_room_has_only_its_queue() -> None:
    room = Room.model_validate(years.room("bench/full", 200, year=False))
    assert len(room.queue) == 200
    assert (room.played, room.kept.turns, room.people) == ({}, {}, {})
