"""`say`: a guest of the lounge who says one line and prints what is answered."""

import asyncio
import getpass
import importlib
import re
from pathlib import Path
from typing import Any

import typer

from core import config as configuration
from core import runtime
from core.config import LOUNGE
from core.errors import UnknownName, UserError
from core.logs import printable

# An answer may have a second line; after this much silence there is none.
QUIET_SECONDS = 1.0
LONGEST_NAME = 20


def run(text: str, name: str | None, room: str, wait: float, data: Path, file: Path | None) -> None:
    """Raises UserError when the room cannot be entered."""
    connection, _, place = room.partition("/")
    if not place:
        raise UserError(f"{room!r} is no room; it looks like lounge/lobby.")
    config = configuration.load(data, file)
    lounges = {each.name: each for each in config.connections if each.platform == LOUNGE}
    if connection not in lounges:
        raise UnknownName("lounge connection", connection, lounges)
    address = lounges[connection].address(runtime.find(data).addresses.lounge)
    asyncio.run(_speak(address, place, name or own_name(), text, wait))


def own_name() -> str:
    """The name of who is logged in, as the lounge takes it."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        return "guest"
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:LONGEST_NAME] or "guest"


async def _speak(address: str, room: str, name: str, text: str, wait: float) -> None:
    guests: Any = importlib.import_module("connectors.lounge.guest")
    try:
        async with guests.Guest(address, room, name) as guest:
            await guest.say(text)
            await _print_answers(guest, wait, guests.GuestError)
    except guests.GuestError as error:
        raise UserError(f"{room} at {address} cannot be entered: {error}") from None


async def _print_answers(guest: Any, wait: float, nothing: type[Exception]) -> None:
    now = asyncio.get_running_loop().time
    end = until = now() + wait
    seen = 0
    while (left := until - now()) > 0:
        try:
            await guest.wait_line(lambda line: True, left, seen)
        except nothing:
            return
        line = guest.lines[seen]
        seen += 1
        if line.user != guest.name:
            said = f"{line.user}{' (privately)' if line.pm else ''}: {line.text}"
            typer.echo(printable(said))
            until = min(end, now() + QUIET_SECONDS)
