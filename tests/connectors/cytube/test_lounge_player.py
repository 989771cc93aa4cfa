"""What the connector makes of the lounge's player, over real sockets."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.cytube.connector import CyTubeConnector
from connectors.cytube.settings import CyTubeSettings
from connectors.lounge.guest import Guest
from connectors.lounge.server import Lounge
from connectors.lounge.settings import Account, LoungeSettings, RoomSettings
from rosey import subjects
from rosey.events import MediaEvent, PlaylistChange
from tests.connectors.contract import Reader, entered
from tests.connectors.lounge.hand_clock import HandClock

ROOM = RoomSettings(name="lobby", ranks={"mod": 3})
MOD = Account(name="mod", password="opensesame")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def lounge(clock: HandClock) -> AsyncIterator[Lounge]:
    running = Lounge(LoungeSettings(port=0, rooms=[ROOM], accounts=[MOD]), clock)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def moderator(lounge: Lounge) -> AsyncIterator[Guest]:
    async with Guest(lounge.url, name="mod", password="opensesame") as guest:
        yield guest


@pytest.fixture
async def connector(lounge: Lounge) -> AsyncIterator[CyTubeConnector]:
    settings = CyTubeSettings(connection="lounge", site=lounge.url, room="lobby", user="Rosey")
    joined = CyTubeConnector(settings)
    yield joined
    await joined.disconnect()


async def add(moderator: Guest, title: str, *, temp: bool = True) -> None:
    asked = {"id": f"https://x.org/{title}", "type": "fi", "pos": "end", "duration": 30}
    await moderator.emit("queue", asked | {"title": title, "temp": temp})


async def change(reader: Reader, kind: str) -> PlaylistChange:
    found = await reader.until(
        lambda _, event: isinstance(event, PlaylistChange) and event.kind == kind
    )
    assert isinstance(found, PlaylistChange)
    return found


async def media(reader: Reader, wanted: str) -> MediaEvent:
    found = await reader.until(lambda subject, _: subject == wanted)
    assert isinstance(found, MediaEvent)
    return found


def film(event: MediaEvent) -> Any:
    assert event.media
    return event.media.title, event.media.type, event.media.seconds


async def test_the_list_and_what_plays_become_events(
    connector: CyTubeConnector, moderator: Guest, clock: HandClock
) -> None:
    _, reader = await entered(connector)
    await add(moderator, "one")
    added = await change(reader, "added")
    [item] = added.items
    assert (item.uid, item.media.title, item.queued_by, item.temp) == (0, "one", "mod", True)
    assert added.after == "prepend"
    assert film(await media(reader, subjects.MEDIA_CHANGE)) == ("one", "fi", 30)

    await add(moderator, "two")
    await add(moderator, "three", temp=False)
    assert [(await change(reader, "added")).uid for _ in range(2)] == [1, 2]
    await moderator.emit("moveMedia", {"from": 2, "after": 0})
    moved = await change(reader, "moved")
    assert (moved.uid, moved.after) == (2, 0)
    await moderator.emit("setTemp", {"uid": 2, "temp": True})
    assert (await change(reader, "changed")).items[0].temp is True
    await moderator.emit("togglePlaylistLock")
    assert (await change(reader, "locked")).locked is False
    await moderator.emit("delete", 1)
    assert (await change(reader, "removed")).uid == 1

    clock.advance(35)
    assert (await change(reader, "removed")).uid == 0
    assert film(await media(reader, subjects.MEDIA_CHANGE)) == ("three", "fi", 30)
    clock.advance(35)
    assert (await change(reader, "removed")).uid == 2
    assert film(await media(reader, subjects.MEDIA_END)) == ("three", "fi", 30)


async def test_who_joins_later_knows_the_list_and_the_position(
    connector: CyTubeConnector, moderator: Guest, clock: HandClock
) -> None:
    await add(moderator, "one")
    await add(moderator, "two")
    await moderator.wait_for(lambda f: f.event == "setPlaylistMeta" and f.data["count"] == 2)
    clock.advance(13)
    _, reader = await entered(connector)
    playing = await media(reader, subjects.MEDIA_CHANGE)
    assert (film(playing), playing.position) == (("one", "fi", 30), 10)
    await moderator.emit("shufflePlaylist")
    replaced = await change(reader, "replaced")
    assert [item.media.title for item in replaced.items] == ["one", "two"]
    assert [item.uid for item in replaced.items] == [2, 3]
    await moderator.emit("clearPlaylist")
    assert film(await media(reader, subjects.MEDIA_END)) == ("one", "fi", 30)
    _, cleared = reader.occurrences[-1].events[0]
    assert isinstance(cleared, PlaylistChange)
    assert (cleared.kind, cleared.items) == ("replaced", [])
