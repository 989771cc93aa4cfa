"""What other plugins ask the playlist: each service by itself, with the workflow played."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel
from temporalio.testing import ActivityEnvironment

from activities.playlist.activity import PlaylistActivities
from core.plugin_host.host import PluginHost
from core.plugins import PLUGINS
from plugins.playlist import services
from plugins.playlist.commands import plugin
from rosey import Context, ServiceError
from rosey.contracts.playlist import Ended, PlaylistChange
from rosey.contracts.playlist_service import (
    Added,
    AddItem,
    CurrentItem,
    HistoryAsked,
    PlayedItem,
    Queue,
    RoomAsked,
    UserHistoryAsked,
)
from rosey.events import Command, Outcome
from rosey.manifest import load_plugin
from rosey.service_client import Services
from rosey.testing import MemoryBus
from tests.playlist_tables import HERE, NOW, PlaylistTables, item
from tests.rosey.orders import command
from workflows.playlist.models import Entry, NowState, Playing, QueueState, Settings

MANIFEST = load_plugin(PLUGINS / "playlist")
ALL = [f"playlist.{method}" for method in plugin.offers]
ON = Playing(type="yt", media_id="x", title="Somebody's own", by="eve", started_at=NOW)


class Workflow:
    """In the workflow's place: what it was given, and what it answers."""

    def __init__(self) -> None:
        self.given: list[tuple[Command, dict[str, object] | None]] = []
        self.answers: dict[str, BaseModel] = {}
        self.outcome = Outcome()
        self.is_away = False

    async def deliver(
        self, workflow: str, command: Command, settings: dict[str, object] | None = None
    ) -> Outcome:
        if self.is_away:
            await asyncio.Event().wait()
        self.given.append((command, settings))
        return self.outcome

    async def ask(self, workflow: str, query: str, command: Command, answer: type[Any]) -> Any:
        if self.is_away:
            await asyncio.Event().wait()
        assert (workflow, command.channel) == ("Playlist", HERE)
        return self.answers.get(query)


@pytest.fixture
def workflow() -> Workflow:
    return Workflow()


@pytest.fixture
async def asking(workflow: Workflow) -> AsyncIterator[Services]:
    """Another plugin, on a bus with the playlist."""
    bus = MemoryBus()
    await bus.declare(["playlist"])
    host = PluginHost(
        bus,
        MANIFEST,
        plugin,
        workflows=workflow,
        rooms=lambda: [HERE],
        settings=lambda channel: Settings(max_queue=7) if channel == HERE else None,
    )
    await host.start()
    yield Services(bus, "critic", ALL)
    await host.stop()
    await bus.drain()


async def add(asking: Services, **fields: Any) -> Added:
    wish = AddItem.model_validate({"channel": HERE, "text": "a film", "user": "bob"} | fields)
    return await asking.call("playlist.add_item", wish, Added)


async def current(asking: Services) -> CurrentItem:
    asked = RoomAsked(channel=HERE)
    return await asking.call("playlist.get_current_item", asked, CurrentItem)


async def queue(asking: Services) -> Queue:
    return await asking.call("playlist.get_queue", RoomAsked(channel=HERE), Queue)


async def test_what_plays(asking: Services, workflow: Workflow) -> None:
    assert (await current(asking)).item is None
    workflow.answers["now"] = NowState(channel=HERE)
    assert (await current(asking)).item is None
    workflow.answers["now"] = NowState(channel=HERE, playing=ON)
    on = await current(asking)
    assert on.item
    assert (on.item.id, on.item.title, on.item.added_by) == ("", "Somebody's own", "eve")
    assert on.started_at == NOW
    entry = Entry.model_validate(item(1).model_dump())
    asked_for = ON.model_copy(update={"entry": entry})
    workflow.answers["now"] = NowState(channel=HERE, playing=asked_for)
    on = await current(asking)
    assert on.item
    assert (on.item.id, on.item.title, on.item.added_by) == ("i-1", "Film 1", "Alice")


async def test_what_waits(asking: Services, workflow: Workflow) -> None:
    assert await queue(asking) == Queue(channel=HERE)
    items = [item(1), item(2, parked=True)]
    workflow.answers["queue"] = QueueState(channel=HERE, items=items, seconds=120)
    found = await queue(asking)
    assert [(each.id, each.parked) for each in found.items] == [("i-1", False), ("i-2", True)]
    assert (found.count, found.seconds) == (2, 120)


async def test_a_queue_too_long_for_an_answer_is_told_as_far_as_it_fits(
    asking: Services, workflow: Workflow
) -> None:
    items = [item(number, title="x" * 255, media_id="y" * 1_000) for number in range(1_000)]
    workflow.answers["queue"] = QueueState(channel=HERE, items=items, seconds=1)
    found = await queue(asking)
    assert found.count == 1_000
    assert 200 < len(found.items) < 1_000
    assert [each.id for each in found.items] == [each.id for each in items[: len(found.items)]]


async def test_an_item_is_added_as_a_guest_would(asking: Services, workflow: Workflow) -> None:
    first = await add(asking, rank=255, id="one")
    again = await add(asking, id="one")
    other = await add(asking)
    unlike = await add(asking, rank=-1)
    assert first == again == Added(channel=HERE, id="one")
    assert len({first.id, other.id, unlike.id}) == 3
    commands = [command for command, _ in workflow.given]
    assert {(each.action, each.text, each.user.name) for each in commands} == {
        ("add", "a film", "bob")
    }
    assert [each.user.rank for each in commands] == [0, 0, 0, -1]
    assert len({each.id for each in commands}) == 3
    assert commands[0].id == commands[1].id
    assert all(settings and settings["max_queue"] == 7 for _, settings in workflow.given)


async def test_a_refusal_is_told_to_whoever_asked(asking: Services, workflow: Workflow) -> None:
    workflow.outcome = Outcome(say=["❌ You can only have 5 items in queue"])
    with pytest.raises(ServiceError, match="❌ You can only have 5 items in queue") as told:
        await add(asking)
    assert told.value.code == "REFUSED"


@pytest.mark.parametrize("channel", ["lounge/den", "nowhere/else"])
async def test_a_room_where_it_is_off(asking: Services, workflow: Workflow, channel: str) -> None:
    with pytest.raises(ServiceError, match=f"playlist is not on in {channel}") as told:
        await add(asking, channel=channel)
    assert told.value.code == "REFUSED"
    with pytest.raises(ServiceError, match=f"playlist is not on in {channel}"):
        await asking.call("playlist.get_queue", RoomAsked(channel=channel), Queue)
    assert workflow.given == []


@pytest.mark.parametrize(
    "wrong", [{"channel": "here"}, {"text": ""}, {"user": "  "}, {"user": "x" * 101}, {"rank": "x"}]
)
async def test_what_cannot_be_understood(
    asking: Services, workflow: Workflow, wrong: dict[str, object]
) -> None:
    class Anything(BaseModel):
        channel: object = HERE
        text: object = "a film"
        user: object = "bob"
        rank: object = 0

    with pytest.raises(ServiceError) as told:
        await asking.call("playlist.add_item", Anything.model_validate(wrong), Added)
    assert told.value.code == "VALIDATION_ERROR"
    assert workflow.given == []


async def test_a_queue_that_does_not_answer(
    asking: Services, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "PATIENCE", 0.05)
    workflow.is_away = True
    for question in (current(asking), queue(asking), add(asking)):
        with pytest.raises(ServiceError, match="does not get its answer in time") as told:
            await question
        assert told.value.code == "TIMEOUT"


def asked_of(tables: PlaylistTables) -> Context:
    """A call of a service, which comes from no room."""
    return Context(command(1, channel=""), database=tables.client)


async def test_what_was(tables: PlaylistTables) -> None:
    ended = [
        Ended(item=item(number, by=by), played_at=item(number).added_at, watched=9, skipped=True)
        for number, by in ((1, "Alice"), (2, "bob"))
    ]
    for channel in (HERE, "lounge/den"):
        change = PlaylistChange(id=f"p-{channel}", channel=channel, ended=ended)
        await ActivityEnvironment().run(PlaylistActivities(tables.client).record_playlist, change)
    ctx = asked_of(tables)
    found = await services.get_history(ctx, HistoryAsked(channel=HERE))
    assert [each.title for each in found.items] == ["Film 2", "Film 1"]
    assert found.items[1] == PlayedItem(
        channel=HERE,
        type="yt",
        media_id="video1",
        title="Film 1",
        seconds=60,
        added_by="Alice",
        played_at=datetime(2026, 5, 3, 20, 0, 1, tzinfo=UTC),
        watched=9,
        skipped=True,
    )
    assert len((await services.get_history(ctx, HistoryAsked(channel=HERE, limit=1))).items) == 1
    own = await services.get_user_history(ctx, UserHistoryAsked(user="aLICE"))
    assert [each.channel for each in own.items] == ["lounge/den", HERE]
    here = await services.get_user_history(ctx, UserHistoryAsked(user="alice", channel=HERE))
    assert [each.channel for each in here.items] == [HERE]


async def test_a_database_that_is_away(tables: PlaylistTables) -> None:
    tables.away = True
    with pytest.raises(ServiceError, match="database does not answer") as told:
        await services.get_history(asked_of(tables), HistoryAsked(channel=HERE))
    assert told.value.code == "UNAVAILABLE"
