"""What `edit_playlist` promises, as tests that every connector with a playlist runs."""

import asyncio
from typing import Protocol

import pytest

from rosey import subjects, tasks
from rosey.contracts.playlist import Edit
from rosey.events import MediaEvent, PlaylistChange, PlaylistItem, Wire
from rosey.platform import Connector, Occurrence, PlatformError
from tests.connectors.contract import OWN
from tests.servers import until

SECONDS = 30.0


class PlaylistStage(Protocol):
    """A room whose list is empty and may be changed by `connector`, which joins as Rosey."""

    connector: Connector

    async def drop(self) -> None:
        """The line between the connector and its platform breaks; it can be made again."""


def film(title: str, **fields: object) -> Edit:
    """An addition of a video of a minute, whose id comes from its title."""
    sound = {"kind": "add", "type": "yt", "media_id": f"{title:_<11}", "title": title}
    return Edit.model_validate(sound | {"seconds": 60} | fields)


class Room:
    """The connector in its room, with somebody who reads all that comes."""

    def __init__(self, stage: PlaylistStage) -> None:
        self.stage = stage
        self.connector = stage.connector
        self.events: list[tuple[str, Wire]] = []
        self._reading: asyncio.Task[None] | None = None

    async def join(self) -> None:
        await self.connector.connect()
        self._reading = asyncio.create_task(self._read())
        await until(lambda: bool(self.changes("replaced")), SECONDS, "the list")

    async def lose(self) -> None:
        await self.stage.drop()
        assert self._reading
        await asyncio.wait_for(self._reading, SECONDS)
        self.events.clear()

    async def leave(self) -> None:
        await self.connector.disconnect()
        if self._reading:
            await tasks.end(self._reading)

    async def edit(self, edit: Edit | str, **fields: object) -> PlaylistItem | None:
        if isinstance(edit, str):
            edit = Edit.model_validate({"kind": edit, **fields})
        async with asyncio.timeout(SECONDS):
            return await self.connector.edit_playlist(edit)

    async def add(self, title: str, **fields: object) -> PlaylistItem:
        item = await self.edit(film(title, **fields))
        assert item
        return item

    def changes(self, kind: str) -> list[PlaylistChange]:
        found = [event for _, event in self.events if isinstance(event, PlaylistChange)]
        return [each for each in found if each.kind == kind]

    def played(self, subject: str = subjects.MEDIA_CHANGE) -> list[int | None]:
        """The uids of which the media began, or ended."""
        found = [event for given, event in self.events if given == subject]
        return [each.uid for each in found if isinstance(each, MediaEvent)]

    @property
    def ids(self) -> list[str]:
        """The media that the connector knows to be on the list."""
        return [item.media.id.strip("_") for item in self.connector.state.playlist]

    async def until_plays(self, uid: int | None) -> None:
        """The connector knows it, and has told so."""
        await until(lambda: self.connector.state.current == uid, SECONDS, f"{uid} plays")
        await until(lambda: self.played()[-1:] == [uid], SECONDS, f"{uid} is told to play")

    async def _read(self) -> None:
        try:
            async for arrival in self.connector.recv_events():
                if isinstance(arrival, Occurrence):
                    self.events += arrival.events
        except PlatformError:
            pass


class PlaylistContract:
    """Inherited by each connector's tests, which give a fixture `stage`."""

    @pytest.fixture
    async def room(self, stage: PlaylistStage) -> Room:
        return Room(stage)

    async def test_without_a_connection_nothing_is_changed(self, room: Room) -> None:
        with pytest.raises(ConnectionError):
            await room.edit(film("alpha"))
        await room.join()
        await room.lose()
        with pytest.raises(ConnectionError):
            await room.edit(film("alpha"))

    async def test_an_empty_list_is_told_too(self, room: Room) -> None:
        await room.join()
        change = room.changes("replaced")[-1]
        assert (change.items, change.current) == ([], None)
        assert room.played() == []
        await room.leave()

    async def test_an_addition_gives_its_item_and_the_first_one_plays(self, room: Room) -> None:
        await room.join()
        item = await room.add("alpha")
        assert (item.media.type, item.media.id) == ("yt", "alpha______")
        assert (item.queued_by, item.temp) == (OWN, True)
        assert room.connector.state.playlist == [item]
        assert [change.items for change in room.changes("added")] == [[item]], "told before"
        await room.until_plays(item.uid)
        await room.leave()

    async def test_additions_go_to_the_end_or_behind_what_plays(self, room: Room) -> None:
        await room.join()
        first = await room.add("alpha")
        await room.until_plays(first.uid)
        await room.add("bravo")
        await room.add("charlie", at="next")
        await room.add("delta", at="end")
        assert room.ids == ["alpha", "charlie", "bravo", "delta"]
        assert room.changes("added")[2].after == first.uid
        assert room.played() == [first.uid]
        await room.leave()

    async def test_what_the_platform_refuses_is_refused_with_a_sentence(self, room: Room) -> None:
        await room.join()
        await room.add("alpha")
        await room.add("bravo")
        with pytest.raises(PermissionError, match="already on the playlist"):
            await room.add("bravo")
        assert room.ids == ["alpha", "bravo"]
        await room.add("charlie")
        await room.leave()

    async def test_removes_what_is_there_and_what_is_meant(self, room: Room) -> None:
        await room.join()
        await room.add("alpha")
        item = await room.add("bravo")
        await room.add("charlie")
        for wrong in ({"media_id": "charlie"}, {"type": "fi"}, {"uid": item.uid + 50}):
            with pytest.raises(LookupError, match="not on the playlist any more"):
                await room.edit("remove", **({"uid": item.uid} | wrong))
        await room.edit("remove", uid=item.uid, type="yt", media_id=item.media.id)
        assert room.ids == ["alpha", "charlie"]
        with pytest.raises(LookupError):
            await room.edit("remove", uid=item.uid)
        assert [change.uid for change in room.changes("removed")] == [item.uid]
        await room.leave()

    async def test_moves_behind_another_or_to_the_front(self, room: Room) -> None:
        await room.join()
        a, b, c = [await room.add(title) for title in ("alpha", "bravo", "charlie")]
        await room.edit("move", uid=a.uid, after=b.uid, type="yt", media_id=a.media.id)
        assert room.ids == ["bravo", "alpha", "charlie"]
        await room.edit("move", uid=c.uid, after=None)
        assert room.ids == ["charlie", "bravo", "alpha"]
        await room.edit("move", uid=b.uid, after=b.uid)
        for wrong in ({"uid": 99}, {"uid": a.uid, "after": 99}):
            with pytest.raises(LookupError, match="not on the playlist any more"):
                await room.edit("move", **wrong)
        assert room.ids == ["charlie", "bravo", "alpha"]
        assert [change.uid for change in room.changes("moved")] == [a.uid, c.uid]
        await room.leave()

    async def test_jumps_to_another_item(self, room: Room) -> None:
        await room.join()
        a, _, c = [await room.add(title) for title in ("alpha", "bravo", "charlie")]
        await room.until_plays(a.uid)
        await room.edit("jump", uid=c.uid)
        await room.until_plays(c.uid)
        assert room.ids == ["bravo", "charlie"], "a temporary item that has played is gone"
        await room.edit("jump", uid=c.uid)
        with pytest.raises(LookupError):
            await room.edit("jump", uid=a.uid)
        assert room.played() == [a.uid, c.uid]
        await room.leave()

    async def test_skips_what_plays_and_only_that(self, room: Room) -> None:
        await room.join()
        with pytest.raises(LookupError, match=r"Nothing is playing\."):
            await room.edit("skip")
        a, b = [await room.add(title) for title in ("alpha", "bravo")]
        await room.until_plays(a.uid)
        with pytest.raises(LookupError, match="Something else is playing"):
            await room.edit("skip", uid=b.uid)
        await room.edit("skip", uid=a.uid)
        await room.until_plays(b.uid)
        await room.edit("skip")
        await until(lambda: room.played(subjects.MEDIA_END) == [b.uid], SECONDS)
        assert (room.ids, room.connector.state.current) == ([], None)
        await room.leave()

    async def test_clears_the_list(self, room: Room) -> None:
        await room.join()
        a = await room.add("alpha")
        await room.add("bravo")
        await room.edit("clear")
        await until(lambda: room.played(subjects.MEDIA_END) == [a.uid], SECONDS)
        assert (room.ids, room.connector.state.current) == ([], None)
        assert room.changes("replaced")[-1].items == []
        await room.leave()

    async def test_a_shuffle_gives_new_uids_and_what_plays_plays_on(self, room: Room) -> None:
        await room.join()
        before = [await room.add(title) for title in ("alpha", "bravo", "charlie", "delta")]
        await room.until_plays(before[0].uid)
        told_before = len(room.changes("replaced"))
        await room.edit("shuffle")
        await until(lambda: len(room.changes("replaced")) > told_before, SECONDS)
        told = room.changes("replaced")[-1]
        assert sorted(room.ids) == ["alpha", "bravo", "charlie", "delta"]
        assert not {item.uid for item in told.items} & {item.uid for item in before}
        assert told.items[0].media == before[0].media
        assert told.current == told.items[0].uid == room.connector.state.current
        assert room.played() == [before[0].uid]
        await room.edit("remove", uid=told.items[1].uid, media_id=told.items[1].media.id)
        await room.leave()

    async def test_locks_and_unlocks(self, room: Room) -> None:
        await room.join()
        first = bool(room.connector.state.locked)
        await room.edit("lock")
        assert room.connector.state.locked is not first
        await room.edit("lock")
        assert room.connector.state.locked is first
        await until(lambda: len(room.changes("locked")) >= 2, SECONDS)
        assert [change.locked for change in room.changes("locked")][-2:] == [not first, first]
        await room.leave()

    async def test_after_every_join_the_list_and_what_plays_are_told(self, room: Room) -> None:
        await room.join()
        await room.add("alpha")
        await room.add("bravo")
        await room.lose()
        await room.join()
        change = room.changes("replaced")[-1]
        assert [item.media.title for item in change.items] == ["alpha", "bravo"]
        assert change.current == change.items[0].uid
        await room.until_plays(change.current)
        kinds = [
            event for event in room.events if isinstance(event[1], PlaylistChange | MediaEvent)
        ]
        told = [getattr(event, "kind", "media") for _, event in kinds]
        assert told.index("replaced") < told.index("media"), "its uid is known by then"
        await room.edit("remove", uid=change.items[1].uid, media_id=change.items[1].media.id)
        assert room.ids == ["alpha"]
        await room.leave()
