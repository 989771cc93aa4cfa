"""Changes of the playlist: in order, each once, with a word of each, and nobody waits for them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from activities.connection.activity import _seen
from activities.connection.edits import FULL, LOST, MOST, NO_LIST, Edits
from activities.connection.record import Record
from connectors.fake.connector import FakeConnector
from connectors.fake.settings import FakeSettings
from rosey import subjects, tasks
from rosey.contracts.connection import Progress
from rosey.contracts.playlist import Edit
from rosey.events import Action, ActionRefused, Media, PlaylistChange, PlaylistItem, Sent, Wire
from rosey.platform import Capabilities
from tests.activities.connection.stage import Stage
from tests.servers import until

ROOM = "fake/den"


# -- in a session --------------------------------------------------------------------------


async def test_an_addition_is_told_with_the_item_it_became(stage: Stage) -> None:
    await stage.join()
    before = datetime.now(UTC)
    action = await stage.add("alpha")
    await stage.until_events(subjects.SENT, 1)
    [sent] = await stage.sent()
    assert (sent.action_id, sent.channel, sent.kind) == (action.id, stage.channel, "media_add")
    assert (sent.uid, sent.media) == (0, Media(type="yt", id="alpha", title="alpha"))
    assert before <= sent.sent_at <= datetime.now(UTC)
    assert stage.listed == ["alpha"]
    assert await stage.refused() == []
    kinds = [data.get("kind") for _, data in await stage.events()]
    assert kinds.index("added") < kinds.index("media_add"), "who hears of it knows the item"


async def test_changes_are_made_in_their_order(stage: Stage) -> None:
    await stage.join()
    ids = [(await stage.add(name)).id for name in "abcd"]
    ids.append((await stage.edit("media_move", uid=3, type="yt", media_id="d")).id)
    ids.append((await stage.edit("media_remove", uid=1, type="yt", media_id="b")).id)
    ids.append((await stage.edit("media_lock")).id)
    await stage.until_events(subjects.SENT, len(ids))
    assert stage.listed == ["d", "a", "c"]
    sent = await stage.sent()
    assert [each.action_id for each in sent] == ids
    assert [each.uid for each in sent] == [0, 1, 2, 3, None, None, None]
    assert stage.room.playlist.locked


async def test_a_slow_look_up_holds_back_no_line(stage: Stage) -> None:
    await stage.join()
    stage.room.stall()
    slow = await stage.add("alpha")
    line = await stage.act("hello")
    await stage.until_events(subjects.SENT, 1)
    assert (stage.said, stage.listed) == (["hello"], [])
    await stage.until_done()
    stage.room.resume()
    await stage.until_events(subjects.SENT, 2)
    assert [sent.action_id for sent in await stage.sent()] == [line.id, slow.id]


async def test_what_the_platform_refuses_is_told_with_its_reason(stage: Stage) -> None:
    await stage.join()
    stage.room.playlist.fail("Video exceeds the maximum length")
    no = await stage.add("alpha")
    gone = await stage.edit("media_remove", uid=7)
    yes = await stage.add("bravo")
    await stage.until_events(subjects.SENT, 1)
    assert [sent.action_id for sent in await stage.sent()] == [yes.id]
    assert [(each.action_id, each.kind, each.reason) for each in await stage.refused()] == [
        (no.id, "media_add", "Video exceeds the maximum length"),
        (gone.id, "media_remove", "It is not on the playlist any more."),
    ]
    assert await stage.dead_letters() == []


async def test_what_is_not_finished_when_the_connection_is_lost_is_refused(stage: Stage) -> None:
    session = await stage.join()
    stage.room.stall()
    ids = [(await stage.add(name)).id for name in "abc"]
    await stage.until_done()
    await stage.until_saved(lambda record: list(record.edits) == ids)
    stage.room.drop()
    await stage.until_events(subjects.CONNECTION_UP, 2)
    stage.room.resume()
    after = await stage.add("d")
    await stage.until_events(subjects.SENT, 1)
    assert [sent.action_id for sent in await stage.sent()] == [after.id]
    assert stage.listed == ["d"]
    told = [
        (subject, data.get("action_id"), data.get("reason"))
        for subject, data in await stage.events()
        if subject in (subjects.REFUSED, subjects.CONNECTION_DOWN)
    ]
    assert told[:-1] == [(subjects.REFUSED, id, LOST) for id in ids]
    assert told[-1][0] == subjects.CONNECTION_DOWN, "who hears of the loss knows all of it"
    assert not session.record.edits


async def test_leaving_refuses_what_is_not_finished(stage: Stage) -> None:
    session = await stage.join()
    stage.room.stall()
    action = await stage.add("alpha")
    await stage.until_done()
    await stage.leave(session)
    assert [(each.action_id, each.reason) for each in await stage.refused()] == [(action.id, LOST)]
    assert (await stage.record()).edits == {}


async def test_the_list_is_told_after_every_join(stage: Stage) -> None:
    await stage.join()
    await stage.until_events(subjects.PLAYLIST_CHANGE, 1)
    await stage.add("alpha")
    await stage.until_events(subjects.SENT, 1)
    stage.room.drop()
    await stage.until_events(subjects.CONNECTION_UP, 2)
    await stage.until_events(subjects.MEDIA_CHANGE, 2)
    changes = [data for _, data in await stage.events(subjects.PLAYLIST_CHANGE)]
    assert [change["kind"] for change in changes] == ["replaced", "added", "replaced"]
    assert (changes[0]["items"], changes[0].get("current")) == ([], None)
    assert [item["media"]["id"] for item in changes[2]["items"]] == ["alpha"]
    assert changes[2]["current"] == 0
    playing = [data["uid"] for _, data in await stage.events(subjects.MEDIA_CHANGE)]
    assert playing == [0, 0], "what plays already is told again"


async def test_the_picture_of_the_room_for_its_workflow_is_without_the_list(stage: Stage) -> None:
    """It may be long, and each picture stays in a history."""
    session = await stage.join()
    await stage.add("alpha")
    await stage.until_events(subjects.SENT, 1)
    assert len(session.connector.state.playlist) == 1
    assert (seen := _seen(session, Progress()).room).playlist == []
    assert seen.current == 0


# -- alone ---------------------------------------------------------------------------------


class Desk:
    """Edits on a room in memory, and what they told."""

    def __init__(self, name: str, media: bool = True) -> None:
        self.connector = FakeConnector(FakeSettings(connection="fake", room=name))
        self.connector.capabilities = Capabilities(media=media)
        self.record = Record(channel=ROOM)
        self.told: list[tuple[str, Wire, str]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.edits = Edits(ROOM, self.connector, lambda *told: self.told.append(told))

    async def join(self) -> None:
        await self.connector.connect()
        self.edits.arrive(self.record)
        self._tasks = [asyncio.create_task(self.edits.work()), asyncio.create_task(self._read())]

    async def close(self) -> None:
        await tasks.end(*self._tasks)

    async def _read(self) -> None:
        async for _ in self.connector.recv_events():
            pass

    def take(self, id: str, tries: int = 1, kind: str = "media_add", **args: Any) -> None:
        given = {"type": "yt", "media_id": id} | args
        self.edits.take(Action(id=id, channel=ROOM, kind=kind, args=given), tries)

    @property
    def words(self) -> list[tuple[str, str]]:
        """Action ids with the reason for which they were refused, if they were."""
        found = []
        for subject, event, _ in self.told:
            if isinstance(event, PlaylistChange):
                continue
            assert isinstance(event, Sent | ActionRefused)
            assert subject == (subjects.SENT if isinstance(event, Sent) else subjects.REFUSED)
            found.append((event.action_id, getattr(event, "reason", "")))
        return found

    @property
    def refusals(self) -> list[ActionRefused]:
        return [event for _, event, _ in self.told if isinstance(event, ActionRefused)]


@pytest.fixture
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    desk = Desk(request.node.name)
    yield desk
    await desk.close()


async def test_what_comes_again_is_left_alone(desk: Desk) -> None:
    await desk.join()
    desk.take("a")
    desk.take("a", tries=2)
    await until(lambda: bool(desk.told))
    desk.take("a", tries=3)
    desk.take("b")
    await until(lambda: len(desk.told) >= 2)
    assert desk.words == [("a", ""), ("b", "")]


async def test_what_another_process_may_have_tried_is_not_tried_again(desk: Desk) -> None:
    await desk.join()
    desk.take("a", tries=2)
    desk.take("b")
    await until(lambda: len(desk.told) >= 2)
    assert desk.words == [("a", LOST), ("b", "")]
    assert [item.media.id for item in desk.connector.room.playlist.items] == ["b"]


async def test_what_an_earlier_process_had_in_hand_is_lost(desk: Desk) -> None:
    desk.record.edits = {"a": "media_add", "b": "media_skip"}
    await desk.join()
    desk.take("a", tries=2)
    assert desk.words == [("a", LOST), ("b", LOST)]
    assert desk.record.edits == {}
    kinds = [event.kind for _, event, _ in desk.told if isinstance(event, ActionRefused)]
    assert kinds == ["media_add", "media_skip"]


async def test_only_so_many_wait(desk: Desk) -> None:
    await desk.join()
    desk.connector.room.stall()
    desk.take("first")
    await until(lambda: desk.edits._doing is not None)
    for number in range(MOST + 1):
        desk.take(f"a{number}")
    assert desk.words == [(f"a{MOST}", FULL)]
    assert len(desk.record.edits) == MOST + 1
    desk.connector.room.resume()
    await until(lambda: len(desk.told) == MOST + 2)
    assert desk.words[1:] == [("first", ""), *((f"a{n}", "") for n in range(MOST))]
    assert desk.record.edits == {}


async def test_outside_the_room_nothing_is_tried(desk: Desk) -> None:
    desk.take("a")
    await desk.join()
    desk.edits.depart()
    desk.take("b")
    assert desk.words == [("a", LOST), ("b", LOST)]


@pytest.mark.parametrize(
    ("kind", "args", "reason"),
    [
        ("media_dance", {}, "media_dance is no change of a playlist: kind: Input should be 'add'"),
        ("media_add", {"at": "top"}, "media_add is no change of a playlist: at: "),
        ("media_remove", {"uid": "x"}, "media_remove is no change of a playlist: uid: "),
    ],
)
async def test_what_is_no_change_is_refused(
    desk: Desk, kind: str, args: dict[str, Any], reason: str
) -> None:
    await desk.join()
    desk.take("a", kind=kind, **args)
    [(id, told)] = desk.words
    assert (id, told[: len(reason)]) == ("a", reason)


async def test_a_platform_without_a_list_says_so() -> None:
    desk = Desk("listless", media=False)
    await desk.join()
    desk.take("a")
    assert desk.words == [("a", NO_LIST)]
    await desk.close()


async def test_a_bug_of_the_connector_stops_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = FakeConnector.edit_playlist

    async def broken(self: FakeConnector, edit: Edit) -> PlaylistItem | None:
        if edit.media_id == "a":
            raise ZeroDivisionError("secret")
        return await real(self, edit)

    monkeypatch.setattr(FakeConnector, "edit_playlist", broken)
    await desk.join()
    desk.take("a")
    desk.take("b")
    await until(lambda: len(desk.told) >= 2)
    assert desk.words == [("a", "it failed; Rosey's log says why"), ("b", "")]
    assert "secret" in caplog.text


async def test_what_ends_as_the_room_is_left_has_one_word(desk: Desk) -> None:
    await desk.join()
    desk.connector.room.stall()
    desk.take("a")
    desk.take("b")
    await until(lambda: desk.edits._doing is not None)
    desk.edits.depart()
    desk.connector.room.resume()
    await until(lambda: bool(desk.connector.room.playlist.items))
    await asyncio.sleep(0)
    assert desk.words == [("a", LOST), ("b", LOST)]


async def test_no_id_is_stored_twice_in_the_stream_of_events(desk: Desk) -> None:
    await desk.join()
    desk.take("a")
    desk.take("a2", uid=9, kind="media_remove")
    await until(lambda: len(desk.told) >= 2)
    desk.edits._refuse("a", "media_add", "whatever", "refused")
    stored = [id for _, _, id in desk.told]
    assert len(set(stored)) == len(stored)
    assert not any(set(id) & set(". ") for id in stored)


async def test_the_reason_has_a_kind(desk: Desk) -> None:
    """So that whoever asked knows whether to try again, to give it up, or to look first."""
    await desk.join()
    desk.edits.arrive(desk.record, "u-2")
    desk.connector.room.playlist.fail("Too long.")
    desk.take("a")
    desk.take("b", uid=9, kind="media_remove")
    desk.take("c", session="u-1")
    await until(lambda: len(desk.refusals) == 3)
    assert {each.action_id: each.code for each in desk.refusals} == {
        "a": "refused",
        "b": "gone",
        "c": "gone",
    }


async def test_who_asks_is_told_of_the_whole_list(desk: Desk) -> None:
    await desk.join()
    desk.edits.arrive(desk.record, "u-1", "Rosey")
    desk.take("a")
    desk.take("b", kind="media_look")
    await until(lambda: desk.words == [("a", ""), ("b", "")])
    [told] = [event for _, event, _ in desk.told if isinstance(event, PlaylistChange)]
    assert (told.kind, told.session, told.name) == ("replaced", "u-1", "Rosey")
    assert [item.uid for item in told.items] == [told.current]
