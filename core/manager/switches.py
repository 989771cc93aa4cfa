"""In which rooms a plugin was switched on or off, and by whom: told as `plugin.<event>`. Pure."""

from collections.abc import Iterator
from datetime import datetime

from core.manager.overlay import FILE
from rosey import ids
from rosey.events import PluginChange
from rosey.settings import ELSEWHERE, InForce, SetHere, SetInRooms

ENABLED = "enabled"
DISABLED = "disabled"


def changes(
    plugin: str, before: InForce, after: InForce, chosen: SetInRooms, revision: int, now: datetime
) -> Iterator[PluginChange]:
    """An event for each room where it is on now and was off, or the other way round.

    `revision` is that of what held before: told again of it, an event has the same id.
    """
    for room in sorted((before.rooms.keys() | after.rooms.keys()) - {ELSEWHERE}):
        is_on = after.of(room) is not None
        if is_on is (before.of(room) is not None):
            continue
        event = ENABLED if is_on else DISABLED
        by = chosen.rooms.get(room, SetHere()).on
        yield PluginChange(
            id=ids.derive("p", event, plugin, room, revision, by.at if by else ""),
            event=event,
            plugin=plugin,
            channel=room,
            who=by.by if by else "",
            reason=f"{by.by} switched it {_on(is_on)}" if by else f"{FILE} says so",
            at=by.at if by else now,
        )


def _on(on: bool) -> str:
    return "on" if on else "off"
