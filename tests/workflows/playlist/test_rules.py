from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosey.durable import Order
from tests.vectors import ids, load
from tests.workflows.playlist.platform import START
from tests.workflows.playlist.room import Desk
from workflows.playlist import moves
from workflows.playlist.models import Settings
from workflows.playlist.rules import Standing, length, over_limit, over_rate, votes_needed

LENGTHS = load("playlist_rules", "seconds")
LIMITS = load("playlist_rules", "user_items")
VOTES = load("playlist_rules", "threshold")
VOTING = load("playlist_rules", "vote_sequence")
FULL = load("playlist_rules", "queue_max")
SHUFFLE = load("playlist_rules", "shuffle_with_items")

SECONDS = st.floats(0, 10_000)


@pytest.mark.parametrize("vector", LENGTHS, ids=ids(LENGTHS))
def test_length_vectors(vector: dict[str, Any]) -> None:
    assert {"text": length(vector["in"]["seconds"])} == vector["out"]


@pytest.mark.parametrize("vector", LIMITS, ids=ids(LIMITS))
def test_limit_vectors(vector: dict[str, Any]) -> None:
    asked = vector["in"]
    standing = Standing(
        items=asked["user_items"],
        seconds=asked["user_seconds"],
        added=[START - timedelta(seconds=1)] * asked["adds_in_last_10s"],
    )
    over = over_limit(standing, asked["new_seconds"], Settings(), START)
    assert {"allowed": over is None, "reason": over and over.limit} == vector["out"]


@pytest.mark.parametrize("vector", VOTES, ids=ids(VOTES))
def test_votes_vectors(vector: dict[str, Any]) -> None:
    asked = vector["in"]
    needed = votes_needed(asked["active_users"], asked["threshold"], asked["min_votes"])
    assert {"votes_needed": needed} == vector["out"]


@pytest.mark.parametrize("vector", VOTING, ids=ids(VOTING))
def test_voting_vectors(vector: dict[str, Any]) -> None:
    watching = tuple(f"watcher{number}" for number in range(vector["in"]["active_users"]))
    desk = Desk(users=watching)
    desk.add("dave", "d")
    desk.start()
    results = []
    for voter in vector["in"]["vote_sequence"]:
        desk.ask("vote", voter)
        assert desk.room.playing
        passed = bool(desk.room.playing.skipped_by)
        results.append({"votes": len(desk.room.votes.cast), "passed": passed})
    assert {"results": results} == vector["out"]


@pytest.mark.parametrize("vector", FULL, ids=ids(FULL))
def test_queue_max_vectors(vector: dict[str, Any]) -> None:
    desk = Desk(max_queue=vector["in"]["queue_max"])
    answers = [desk.add(f"person{n}", f"m{n}") for n in range(vector["in"]["adds"])]
    assert len(desk.queue) == vector["out"]["accepted"]
    assert vector["out"]["last_error"] in answers[-1].replace("The queue is full", "queue full")


@pytest.mark.parametrize("vector", SHUFFLE, ids=ids(SHUFFLE))
def test_shuffle_vectors(vector: dict[str, Any]) -> None:
    desk = Desk()
    for number in range(vector["in"]["shuffle_with_items"]):
        desk.add(f"person{number}", f"m{number}")
    outcome = moves.shuffle(desk.room, Order(rank=2), Random(1))
    assert {"error": not outcome.events} == vector["out"]


@given(SECONDS)
def test_a_length_can_be_read_back(seconds: float) -> None:
    whole = 0
    for part in length(seconds).replace("??:??", "0").split(":"):
        whole = whole * 60 + int(part)
    assert whole == int(seconds)


@given(st.integers(0, 1000), st.floats(0, 1), st.integers(1, 20))
def test_more_than_the_share_is_needed(watching: int, share: float, least: int) -> None:
    needed = votes_needed(watching, share, least)
    assert needed >= least
    assert needed > watching * share
    assert votes_needed(watching + 1, share, least) >= needed


@given(st.integers(0, 8), SECONDS, SECONDS)
def test_items_are_counted_before_minutes(items: int, seconds: float, new: float) -> None:
    over = over_limit(Standing(items=items, seconds=seconds), new, Settings(), START)
    if items >= 5:
        assert over
        assert over.limit == "max_items"
    elif seconds + new > 1800:
        assert over
        assert over.limit == "max_duration"
    else:
        assert over is None


@given(st.integers(0, 8))
def test_without_a_limit_of_minutes_all_lengths_are_allowed(items: int) -> None:
    settings = Settings(max_duration_per_user=0, max_items_per_user=9)
    assert over_limit(Standing(items=items, seconds=1e6), 1e6, settings, START) is None


@given(st.lists(st.floats(0, 30), max_size=12))
def test_the_rate_passes_when_it_says(ages: list[float]) -> None:
    added = [START - timedelta(seconds=age) for age in ages]
    over = over_rate(added, Settings(), START)
    assert (over is not None) == (sum(START - at < timedelta(seconds=10) for at in added) >= 3)
    if over:
        assert over.until
        assert over.until > START
        assert over_rate(added, Settings(), over.until) is None
        assert over_rate(added, Settings(), over.until - timedelta(microseconds=1)) is not None
