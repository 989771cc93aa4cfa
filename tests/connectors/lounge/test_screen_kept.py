"""An empty room, and a new start: what goes on from where it was."""

from pathlib import Path

import pytest

from connectors.lounge.house import House
from connectors.lounge.settings import RoomSettings
from tests.connectors.lounge.films import CHANGE, add, names, playing, since
from tests.connectors.lounge.hand_clock import HandClock
from tests.connectors.lounge.people import RANKS, enter, house


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def home(clock: HandClock) -> House:
    return house(clock)


async def test_the_film_stands_still_in_an_empty_room(home: House, clock: HandClock) -> None:
    owner = enter(home, "owner")
    for name in ("one", "two"):
        add(owner, name)
    owner.emit("delete", 0)
    clock.advance(23)
    home.leave(owner.session)
    clock.advance(9999)
    back = enter(home, "moderator")
    assert [item["uid"] for item in back.got("playlist")[-1]] == [0]
    shown = back.got("changeMedia")[-1]
    assert (shown["title"], shown["currentTime"], shown["paused"]) == ("two", 20, False)
    assert names(since(back, lambda: clock.advance(42))) == [*["mediaUpdate"] * 8, *CHANGE]
    owner = enter(home, "owner")
    add(owner, "three")
    assert owner.got("queue")[-1]["item"]["uid"] == 1


async def test_a_lead_in_is_not_kept(home: House, clock: HandClock) -> None:
    owner = enter(home, "owner")
    add(owner, "one")
    clock.advance(2)
    home.leave(owner.session)
    assert enter(home, "owner").got("changeMedia")[-1]["currentTime"] == -3


def kept_house(path: Path, clock: HandClock) -> House:
    return house(clock, history_file=path / "history.jsonl")


async def test_list_position_and_lock_survive_a_restart(tmp_path: Path, clock: HandClock) -> None:
    home = kept_house(tmp_path, clock)
    owner = enter(home, "owner")
    add(owner, "one")
    add(owner, "two", temp=True)
    owner.emit("togglePlaylistLock")
    owner.emit("jumpTo", 1)
    clock.advance(13)
    home.close()
    again = enter(kept_house(tmp_path, HandClock()), "alice")
    assert again.got("setPlaylistLocked") == [False]
    items = again.got("playlist")[-1]
    shown = [(item["media"]["title"], item["uid"], item["temp"]) for item in items]
    assert shown == [("one", 0, False), ("two", 1, True)]
    assert items[0]["queueby"] == "owner"
    current = again.got("changeMedia")[-1]
    assert (current["title"], current["currentTime"]) == ("two", 10)


async def test_after_a_kill_the_state_is_that_of_the_last_save(
    tmp_path: Path, clock: HandClock
) -> None:
    owner = enter(kept_house(tmp_path, clock), "owner")
    add(owner, "one", 3000)
    assert enter(kept_house(tmp_path, HandClock()), "alice").got("playlist")[-1] == []
    clock.advance(1)
    kept = enter(kept_house(tmp_path, HandClock()), "alice")
    assert [item["media"]["title"] for item in kept.got("playlist")[-1]] == ["one"]
    clock.advance(500)
    later = enter(kept_house(tmp_path, HandClock()), "alice").got("changeMedia")[-1]
    assert later["currentTime"] == 298


async def test_changes_in_quick_succession_are_saved_all_the_same(
    tmp_path: Path, clock: HandClock
) -> None:
    owner = enter(kept_house(tmp_path, clock), "owner")
    for number in range(4):
        add(owner, f"film{number}")
        clock.advance(0.4)
    kept = enter(kept_house(tmp_path, HandClock()), "alice")
    assert len(kept.got("playlist")[-1]) == 3


async def test_a_room_that_nobody_registered_keeps_nothing(
    tmp_path: Path, clock: HandClock
) -> None:
    home = kept_house(tmp_path, clock)
    alice = enter(home, "alice", room="den")
    assert alice.got("setPlaylistLocked") == [False]
    alice.emit("queue", {"id": "dQw4w9WgXcQ", "type": "yt", "pos": "end", "duration": 50})
    assert playing(alice) == "dQw4w9WgXcQ"
    assert names(add(alice, "raw")) == ["queueFail"]
    home.leave(alice.session)
    assert clock.waiting() == 0
    assert enter(home, "alice", room="den").got("playlist")[-1] == []


async def test_a_closed_house_has_no_timers_left(clock: HandClock) -> None:
    home = house(clock, rooms=[RoomSettings(name="lobby", ranks=dict(RANKS))])
    owner = enter(home, "owner")
    add(owner, "one")
    home.close()
    assert clock.waiting() == 0
