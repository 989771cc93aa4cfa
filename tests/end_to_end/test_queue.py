"""A film evening in the lounge: what is asked for plays, whatever dies meanwhile."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from connectors.lounge.guest import Frame, Guest
from tests.end_to_end.players import until_line
from tests.end_to_end.test_memory import ask
from tests.rosey_process import QUICK_ROOM, rosey
from tests.servers import until

FILM = "https://films.example/{}.mp4"


async def playing(guest: Guest, title: str) -> None:
    """Waits until the room's player shows it."""

    def shows(frame: Frame) -> bool:
        return frame.event == "changeMedia" and frame.data["id"] == FILM.format(title)

    await guest.wait_for(shows, 30)


async def stands(guest: Guest, text: str) -> None:
    """Waits until it stands in the room's chat; it may have been said before the guest came."""

    def says(frame: Frame) -> bool:
        return frame.event == "chatMsg" and text in frame.data["msg"]

    await guest.wait_for(says, 60)


@pytest.mark.timeout(170)
async def test_an_evening_survives_the_end_of_everything(tmp_path: Path) -> None:
    config = QUICK_ROOM
    with rosey(tmp_path, config) as running:
        async with Guest(running.room, name="alice", reconnect=True) as alice:
            await alice.say(f"!add {FILM.format('one')}")
            await until_line(alice, "📺 Added to queue (#1): one")
            await playing(alice, "one")
            await ask(alice, "!now", "▶️ one")
            await alice.say(f"!add {FILM.format('two')}")
            await until_line(alice, "📺 Added to queue (#1): two")
            async with Guest(running.room, name="bob") as bob:
                await bob.say(f"!add {FILM.format('three')}")
                await until_line(bob, "📺 Added to queue (#1): three")
                await bob.say("!queue")
                await until_line(bob, "1. three [??:??] by bob")
        kept = running.data / "lounge" / "playlists.json"
        await until(lambda: kept.exists() and "three" in kept.read_text(), 20, "the room is saved")
        family = psutil.Process(running.process.pid).children(recursive=True)
        for each in [running.process.pid, *(child.pid for child in family)]:
            with suppress(ProcessLookupError):  # the host's children end with it
                os.kill(each, signal.SIGKILL)
        running.process.wait()
        psutil.wait_procs(family, timeout=10)
    with rosey(tmp_path, config) as running:
        async with Guest(running.room, name="alice") as alice:
            await stands(alice, "♻️ Recovered 2 items.")
            await alice.say("!queue")
            await until_line(alice, "1. three")
            await alice.say("!skip")
            await until_line(alice, "⏭️ alice skips one.")
            await playing(alice, "three")
            await ask(alice, "!history", "⏭️ one (alice)")
