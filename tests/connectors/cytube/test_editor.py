"""Changing the list of a session: permissions, silence, pace, and the end of the session."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from connectors.cytube import editor, edits
from tests.connectors.cytube.listed import ListSite
from tests.connectors.cytube.scripted import END
from tests.connectors.cytube.test_playlist import ScriptedStage
from tests.connectors.playlist_contract import Room, film
from tests.servers import until


@pytest.fixture
async def site() -> AsyncIterator[ListSite]:
    site = ListSite()
    await site.start()
    yield site
    await site.stop()


@pytest.fixture
async def room(site: ListSite) -> AsyncIterator[Room]:
    room = Room(ScriptedStage(site))
    yield room
    await room.leave()


async def test_what_is_sent_for_an_addition(site: ListSite, room: Room) -> None:
    await room.join()
    await room.add("alpha")
    item = await room.add("Mine", type="cu", media_id="<iframe src='https://x'></iframe>")
    assert (item.media.id, item.media.title) == ("cu:aGFzaA==", "Mine")
    assert site.requests == [
        (
            "queue",
            {
                "id": "alpha______",
                "type": "yt",
                "pos": "end",
                "temp": True,
                "title": "alpha",
                "duration": 60.0,
            },
        ),
        (
            "queue",
            {
                "id": "<iframe src='https://x'></iframe>",
                "type": "cu",
                "pos": "end",
                "temp": True,
                "title": "Mine",
                "duration": 60,
            },
        ),
    ]


async def test_what_is_sent_for_other_changes(site: ListSite, room: Room) -> None:
    await room.join()
    await room.add("alpha")
    await room.add("bravo")
    await room.edit("move", uid=1)
    await room.edit("move", uid=1, after=0)
    await room.edit("jump", uid=1)
    await room.edit("shuffle")
    await room.edit("lock")
    await room.edit("remove", uid=2)
    await room.edit("clear")
    assert site.requests[2:] == [
        ("moveMedia", {"from": 1, "after": "prepend"}),
        ("moveMedia", {"from": 1, "after": 0}),
        ("jumpTo", 1),
        ("shufflePlaylist", None),
        ("togglePlaylistLock", None),
        ("delete", 2),
        ("clearPlaylist", None),
    ]


async def test_a_missing_permission_is_named_and_nothing_is_sent(
    site: ListSite, room: Room
) -> None:
    site.allowed["playlistadd"] = 1.5
    del site.allowed["playlistlock"]
    await room.join()
    with pytest.raises(
        PermissionError,
        match=r"Rosey \(rank 1\) has not the permission playlistadd in this room; it takes rank 1",
    ):
        await room.add("alpha")
    with pytest.raises(PermissionError, match="playlistlock in this room; nobody has it"):
        await room.edit("lock")
    assert site.requests == []


async def test_silence_is_a_refusal(
    site: ListSite, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edits, "LOOK_UP_SECONDS", 0.2)
    await room.join()
    site.deaf = True
    with pytest.raises(PermissionError, match=r"did not answer within 0\.2 s"):
        await room.add("alpha")
    site.deaf = False
    monkeypatch.undo()
    assert (await room.add("bravo")).uid == 0


async def test_too_quick_additions_are_tried_again(
    site: ListSite, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editor, "BREATH", 0.01)
    monkeypatch.setattr(editor, "Pace", lambda rate, burst, quiet: Unhurried())
    await room.join()
    site.quick = 2
    assert (await room.add("alpha")).uid == 0
    assert len(site.requests) == 3
    site.quick = 4
    with pytest.raises(PermissionError, match="too quickly"):
        await room.add("bravo")
    assert len(site.requests) == 6


class Unhurried:
    def reserve(self) -> float:
        return 0.0


@pytest.mark.parametrize(("rank", "wanted"), [(1.5, (1.0, 3, 3.0)), (2, (2.0, 10, 5.0))])
async def test_additions_keep_to_the_pace_of_the_rank(
    site: ListSite,
    room: Room,
    monkeypatch: pytest.MonkeyPatch,
    rank: float,
    wanted: tuple[float, int, float],
) -> None:
    turns: list[tuple[float, int, float]] = []

    class Counted(Unhurried):
        def __init__(self, rate: float, burst: int, quiet: float) -> None:
            self._self = rate, burst, quiet

        def reserve(self) -> float:
            turns.append(self._self)
            return 0.0

    monkeypatch.setattr(editor, "Pace", Counted)
    await room.join()
    await site.say(("rank", rank))
    await until(lambda: room.connector.state.rank == rank)
    await room.add("alpha")
    await room.edit("lock")
    assert turns == [wanted]


async def test_what_is_under_way_when_the_session_is_lost_is_not_known(
    site: ListSite, room: Room
) -> None:
    await room.join()
    site.deaf = True
    waiting = [asyncio.create_task(room.edit(film(title))) for title in ("alpha", "bravo")]
    await until(lambda: len(site.requests) == 1)
    await site.say(END)
    for edit in waiting:
        with pytest.raises(ConnectionError, match="was lost"):
            await edit
    assert len(site.requests) == 1


async def test_leaving_ends_what_is_under_way_and_nothing_goes_into_the_next_session(
    site: ListSite, room: Room
) -> None:
    await room.join()
    site.deaf = True
    waiting = [asyncio.create_task(room.edit(film(title))) for title in ("alpha", "bravo")]
    await until(lambda: len(site.requests) == 1)
    await room.connector.connect()
    for edit in waiting:
        with pytest.raises(ConnectionError, match="was lost"):
            await edit
    assert len(site.requests) == 1


async def test_an_addition_that_waits_for_its_turn_is_judged_by_the_list_of_then(
    site: ListSite, room: Room
) -> None:
    await room.join()
    await room.add("alpha")
    await room.add("bravo")
    slow = asyncio.create_task(room.edit("remove", uid=1))
    late = asyncio.create_task(room.edit("remove", uid=1))
    await slow
    with pytest.raises(LookupError):
        await late
    assert [event for event, _ in site.requests].count("delete") == 1
