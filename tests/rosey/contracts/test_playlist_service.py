"""A plugin that uses the playlist, tested without the playlist."""

from typing import Any

import pytest

from rosey import Context, Plugin, Refused, ServiceError
from rosey.contracts.playlist_service import (
    Added,
    CurrentItem,
    History,
    MediaChange,
    MediaItem,
    PlaylistService,
    Queue,
)
from rosey.manifest import PluginManifest
from rosey.services import ServiceCode
from rosey.testing import Room

pytestmark = pytest.mark.in_memory

HERE = "lounge/lobby"
FILM = MediaItem(id="i-1", type="yt", media_id="abc", title="Film", added_by="alice")
PLAYED = {"channel": HERE, "type": "yt", "media_id": "abc", "title": "Film", "watched": 4}
MANIFEST = PluginManifest(
    name="critic",
    version="1.0.0",
    summary="Has an opinion",
    entry="a:b",
    actions=["say"],
    hears=["rosey.plugins.playlist.item_started"],
    services=[
        f"playlist.{method}"
        for method in (
            "get_current_item",
            "get_queue",
            "add_item",
            "get_history",
            "get_user_history",
        )
    ],
)


def critic() -> Plugin:
    plugin = Plugin("critic")

    @plugin.command("what")
    async def what(ctx: Context) -> str:
        playlist = PlaylistService(ctx)
        on = await playlist.get_current_item()
        waiting = ", ".join(item.title for item in await playlist.get_queue())
        return f"{on.title if on else 'nothing'}, then {waiting or 'nothing'}"

    @plugin.command("was")
    async def was(ctx: Context) -> str:
        playlist = PlaylistService(ctx, "lounge/den")
        of_room = await playlist.get_history(3)
        own = await playlist.get_user_history(ctx.user.name)
        everywhere = await playlist.get_user_history(ctx.user.name, everywhere=True)
        return f"{of_room[0].title} {len(own)} {len(everywhere)}"

    @plugin.command("want")
    async def want(ctx: Context) -> None:
        try:
            for _ in range(2):
                await PlaylistService(ctx).add_item(ctx.text, ctx.user.name)
            await PlaylistService(ctx).add_item(ctx.text, ctx.user.name, id="my-own")
        except ServiceError as problem:
            raise Refused(str(problem)) from problem

    @PlaylistService.on_media_change(plugin)
    async def changed(ctx: Context, change: MediaChange) -> str:
        return f"{change.item.title} by {change.item.added_by} in {change.channel}: at last"

    return plugin


async def test_what_is_there() -> None:
    async with Room(critic(), MANIFEST) as room:
        room.offers("playlist.get_current_item", CurrentItem(channel=HERE))
        room.offers("playlist.get_queue", Queue(channel=HERE))
        assert await room.says("bob", "!what") == ["nothing, then nothing"]
        room.offers("playlist.get_current_item", CurrentItem(channel=HERE, item=FILM))
        room.offers("playlist.get_queue", Queue(channel=HERE, items=[FILM, FILM], count=2))
        assert await room.says("bob", "!what") == ["Film, then Film, Film"]


async def test_what_was() -> None:
    asked: list[dict[str, Any]] = []

    def answer(request: dict[str, Any]) -> History:
        asked.append(request)
        return History.model_validate({"items": [PLAYED | {"played_at": "2026-05-03T20:00:00Z"}]})

    async with Room(critic(), MANIFEST) as room:
        room.offers("playlist.get_history", answer)
        room.offers("playlist.get_user_history", answer)
        assert await room.says("bob", "!was") == ["Film 1 1"]
    assert asked == [
        {"channel": "lounge/den", "limit": 3},
        {"user": "bob", "channel": "lounge/den", "limit": 20},
        {"user": "bob", "channel": None, "limit": 20},
    ]


async def test_one_wish_of_one_command_has_one_id() -> None:
    asked: list[dict[str, Any]] = []

    def answer(request: dict[str, Any]) -> Added:
        asked.append(request)
        return Added(channel=HERE, id=request["id"])

    async with Room(critic(), MANIFEST) as room:
        room.offers("playlist.add_item", answer)
        for _ in range(2):
            assert await room.says("bob", "!want https://youtu.be/abc") == []
    first, same, own, second, _, own_again = asked
    assert first["id"] == same["id"] != second["id"]
    assert own["id"] == own_again["id"] not in (first["id"], second["id"], "my-own")
    del first["id"]
    assert first == {
        "channel": HERE,
        "text": "https://youtu.be/abc",
        "user": "bob",
        "rank": 0.0,
    }


async def test_a_refusal_says_which_limit() -> None:
    def answer(request: dict[str, Any]) -> Added:
        raise ServiceError(ServiceCode.REFUSED, "❌ You can only have 5 items in queue")

    async with Room(critic(), MANIFEST) as room:
        room.offers("playlist.add_item", answer)
        said = await room.says("bob", "!want https://youtu.be/abc")
        assert said == ["❌ You can only have 5 items in queue"]


async def test_each_change_is_told() -> None:
    async with Room(critic(), MANIFEST) as room:
        item = FILM.model_dump(mode="json", exclude_none=True)
        said = await room.tells("playlist.item_started", item=item)
        assert said == [f"Film by alice in {HERE}: at last"]
        foreign = {"id": "", "type": "fi", "media_id": "x", "title": "Own", "added_by": "eve"}
        said = await room.tells("playlist.item_started", item=foreign)
        assert said == [f"Own by eve in {HERE}: at last"]
        assert await room.tells("playlist.item_ended", item=item) == []
