"""What can be seen of a Rosey from outside while something is wrong."""

import asyncio
import time
from typing import Any

from connectors.lounge.guest import Guest
from rosey import streams, subjects
from rosey.bus import Bus
from rosey.events import Message
from tests.servers import until


def said(guest: Guest, part: str) -> list[str]:
    return [line.text for line in guest.lines if line.user == "Rosey" and part in line.text]


def left(guest: Guest) -> int:
    """How often Rosey has left the room since the guest came."""
    return sum(
        frame.event == "userLeave" and frame.data["name"] == "Rosey" for frame in guest.frames
    )


async def answered(guest: Guest, command: str, part: str, patience: float = 10.0) -> float:
    """Says a command and waits for one more line with `part`; the seconds that took."""
    before = len(said(guest, part))
    start = time.monotonic()
    await guest.say(command)
    await guest.wait_line(
        lambda line: len(said(guest, part)) > before, patience, since=len(guest.lines) - 1
    )
    return time.monotonic() - start


async def stored(bus: Bus, count: int, part: str) -> list[Message]:
    """The stored lines with `part` in their order, once there are `count`."""
    found: list[Message] = []
    await until(lambda: bus.is_connected)
    await bus.declare()  # waits for a server that has just come back
    reader = await bus.js.subscribe(subjects.MESSAGE, stream=streams.EVENTS, ordered_consumer=True)
    async with asyncio.timeout(20):
        while len(found) < count:
            message = Message.read((await reader.next_msg(timeout=20)).data)
            if part in message.text:
                found.append(message)
    await reader.unsubscribe()
    return found


def attempt(description: Any) -> int:
    """Which attempt to hold the connection is under way."""
    pending = description.raw_description.pending_activities
    return int(pending[0].attempt) if pending else 0
