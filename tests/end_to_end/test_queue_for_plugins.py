"""A stranger's plugin in its box uses the room's queue and hears what plays."""

from pathlib import Path

import pytest

from connectors.lounge.guest import Guest
from tests.core.installed import samples
from tests.end_to_end.players import said_by_rosey, until_line
from tests.end_to_end.test_memory import ask
from tests.rosey_process import QUICK_ROOM, rosey

FILM = "https://films.example/{}.mp4"
RIGHTS = """
hears = ["rosey.plugins.playlist.item_started"]
services = ["playlist.get_current_item", "playlist.get_queue", "playlist.add_item",
    "playlist.get_history"]
"""
CODE = '''
"""Has an opinion on what plays."""

from rosey import Context, Plugin, Refused, Rest, ServiceError
from rosey.contracts.playlist_service import MediaChange, PlaylistService

plugin = Plugin("forecast")


@plugin.command("want")
async def want(ctx: Context, text: Rest) -> None:
    try:
        await PlaylistService(ctx).add_item(text, ctx.user.name, rank=255)
    except ServiceError as problem:
        raise Refused(f"critic: {problem}") from problem


@plugin.command("look")
async def look(ctx: Context) -> str:
    playlist = PlaylistService(ctx)
    on, waiting = await playlist.get_current_item(), await playlist.get_queue()
    played = await playlist.get_history()
    names = [[item.title for item in items] for items in (waiting, played)]
    return f"critic: {on and on.title}, {names[0]}, {names[1]}"


@PlaylistService.on_media_change(plugin)
async def changed(ctx: Context, change: MediaChange) -> str:
    return f"critic: here is {change.item.title} by {change.item.added_by}"
'''


@pytest.mark.timeout(170)
async def test_a_critic(tmp_path: Path) -> None:
    project = samples.copy(tmp_path / "forecast")
    (project / "forecast" / "commands.py").write_text(CODE)
    samples.add(project, RIGHTS)
    with rosey(tmp_path / "rosey", QUICK_ROOM) as running:
        async with Guest(running.room, name="alice") as alice:
            done = running.command("plugin", "install", str(project), "--yes")
            assert done.returncode == 0, done.stderr
            await alice.say(f"!want {FILM.format('one')}")
            await until_line(alice, "📺 Added to queue (#1): one")
            await until_line(alice, "critic: here is one by alice")
            await alice.say(f"!want {FILM.format('two')}")
            await until_line(alice, "📺 Added to queue (#1): two")
            await alice.say(f"!want {FILM.format('two')}")
            await until_line(alice, "❌")
            await ask(alice, "!look", "critic: one, ['two'], []")
            await alice.say("!skip")
            await until_line(alice, "critic: here is two by alice")
            await ask(alice, "!look", "critic: two, [], ['one']")
            opinions = [line for line in said_by_rosey(alice.lines) if "here is" in line]
            assert len(opinions) == 2
