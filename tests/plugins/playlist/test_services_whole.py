"""A plugin that uses the playlist, with the room's workflow, Temporal and NATS between them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from activities.chat.activity import ChatActivities
from core.plugins import PLUGINS
from rosey import Context, Plugin, Refused, ServiceError, streams
from rosey.bus import Bus
from rosey.contracts.playlist_service import MediaChange, PlaylistService
from rosey.events import PluginEvent
from rosey.manifest import PluginManifest, load_plugin
from temporal.mailbox import Mailboxes
from temporal.worker import make_worker
from tests.core.stage import ROOM, Stage, settled, stored
from tests.temporal_servers import dev_server
from tests.workflows.playlist.theatre import Theatre
from workflows.playlist.models import Settings
from workflows.playlist.workflow import Playlist

PLAYLIST = load_plugin(PLUGINS / "playlist")
CRITIC = PluginManifest(
    name="critic",
    version="1.0.0",
    summary="Has an opinion",
    entry="a:b",
    actions=["say"],
    hears=["rosey.plugins.playlist.item_started"],
    services=["playlist.get_current_item", "playlist.get_queue", "playlist.add_item"],
)


def critic() -> Plugin:
    plugin = Plugin("critic")

    @plugin.command("want")
    async def want(ctx: Context) -> None:
        try:
            await PlaylistService(ctx).add_item(ctx.text, ctx.user.name, rank=255)
        except ServiceError as problem:
            raise Refused(f"critic: {problem}") from problem

    @plugin.command("twice")
    async def twice(ctx: Context) -> str:
        first = await PlaylistService(ctx).add_item(ctx.text, ctx.user.name, id="mine")
        second = await PlaylistService(ctx).add_item(ctx.text, ctx.user.name, id="mine")
        return f"critic: {first == second}"

    @plugin.command("look")
    async def look(ctx: Context) -> str:
        on = await PlaylistService(ctx).get_current_item()
        waiting = [item.title for item in await PlaylistService(ctx).get_queue()]
        return f"critic: {on and on.title} {on and on.added_by}, {waiting}"

    @PlaylistService.on_media_change(plugin)
    async def changed(ctx: Context, change: MediaChange) -> str:
        return f"critic: here is {change.item.title} by {change.item.added_by}"

    return plugin


class Evening(Theatre):
    """A theatre in which Rosey speaks over the bus."""

    def __init__(self, clock: Any, bus: Bus) -> None:
        super().__init__(clock)
        self.chat = ChatActivities(bus, "playlist")

    @property
    def activities(self) -> list[Any]:
        return [self.chat.announce, self.look_up, self.edit, self.record, self.load]


@pytest.fixture
async def stage(bus: Bus) -> AsyncIterator[Stage]:
    await bus.declare(["playlist", "critic"])
    stage = Stage(bus)
    async with stage.stack:
        await stage.open()
        yield stage


@pytest.fixture
async def evening(stage: Stage) -> AsyncIterator[Evening]:
    async with dev_server() as temporal:
        theatre = Evening(temporal, stage.bus)
        client = temporal.client
        async with make_worker(client, "playlist", [Playlist], theatre.activities):
            theatre.handle = await client.start_workflow(
                "Playlist", id=f"playlist:{ROOM}", task_queue="playlist"
            )
            mailboxes = Mailboxes(client, "playlist")
            await stage.router({"playlist": PLAYLIST, "critic": CRITIC})
            few = Settings(max_items_per_user=2, rate_limit_count=100)
            await stage.plugin(
                "playlist", workflows=mailboxes, rooms=lambda: [ROOM], settings=lambda _: few
            )
            await stage.plugin("critic", critic(), CRITIC)
            theatre.list.join(first=True, users=("bob",))
            await theatre.at_rest()
            yield theatre
            await mailboxes.close()


async def told(stage: Stage, name: str) -> list[PluginEvent]:
    found = await stored(stage.bus, streams.events_of("playlist"))
    return [PluginEvent.read(data) for subject, data in found if subject == f"playlist.{name}"]


async def test_another_plugin_uses_the_queue(stage: Stage, evening: Evening) -> None:
    await stage.say("!want a1", user="bob")
    await stage.until_line("📺 Added to queue (#1): a1", 60)
    await evening.until(lambda state: state.playing.startswith("▶️"))
    await stage.until_line("critic: here is a1 by bob", 60)
    await stage.say("!twice a2", user="bob")
    await stage.until_line("critic: True", 60)
    await stage.until_line("📺 Added to queue (#1): a2", 60)
    await stage.say("!want a3", user="bob")
    await stage.until_line("📺 Added to queue (#2): a3", 60)
    await stage.say("!look", user="bob")
    await stage.until_line("critic: a1 bob, ['a2', 'a3']", 60)

    await stage.say("!want a4", user="bob")
    await stage.until_line("critic: ❌ You can only have 2 items in queue", 60)
    await stage.say("!want a4 next", user="bob")
    await stage.until_line("critic: Only moderators can add something to play next.", 60)

    added = await told(stage, "item_added")
    assert [event.data["item"]["title"] for event in added] == ["a1", "a2", "a3"]
    assert {(event.channel, event.data["by"]) for event in added} == {(ROOM, "bob")}

    [started] = await told(stage, "item_started")
    await stage.bus.store("playlist.item_started", started.wire(), "delivered again")
    evening.list.next()
    await evening.at_rest()
    await stage.until_line("critic: here is a2 by bob", 60)
    await settled(stage.bus, streams.events_of("playlist"), "heard")
    await settled(stage.bus, streams.commands_of("critic"), "critic")
    given = [subject for subject, _ in await stored(stage.bus, streams.commands_of("critic"))]
    assert given.count("rosey.command.critic.on_plugins_playlist_item_started") == 2
    assert len(await told(stage, "item_started")) == 3
    assert stage.lines.count("critic: here is a1 by bob") == 1
    assert stage.lines.count("critic: here is a2 by bob") == 1
