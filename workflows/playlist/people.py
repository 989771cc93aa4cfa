"""Who is here: for votes, and for what waits aside while its person is away. Pure."""

from datetime import datetime, timedelta

from rosey.events import ConnectionEvent, User, UserEvent
from rosey.names import name_key
from workflows.playlist import order as turns
from workflows.playlist.models import Entry, Person, Room

MOST_AWAY = 500


def present(room: Room, event: ConnectionEvent) -> None:
    """Those who are there when the room is joined; the others have left meanwhile."""
    here = {name_key(user.name) for user in event.users}
    for key, person in room.people.items():
        if key not in here and person.away_since is None:
            person.away_since = event.at
            room.votes.cast.pop(key, None)
    for user in event.users:
        _is_here(room, user)
    _forget(room)


def joined(room: Room, event: UserEvent) -> None:
    """Somebody came, or is otherwise than he was; who is away from his keyboard does not vote."""
    _is_here(room, event.user)
    if event.user.afk:
        room.votes.cast.pop(name_key(event.user.name), None)


def left(room: Room, event: UserEvent) -> None:
    person = room.people.get(name_key(event.user.name))
    if person:
        person.away_since = event.at
        room.votes.cast.pop(name_key(person.name), None)
    _forget(room)


def watching(room: Room) -> int:
    """How many are here and not away from their keyboard, Rosey aside."""
    own = name_key(room.platform.name)
    return sum(
        person.away_since is None and not person.afk and key != own
        for key, person in room.people.items()
    )


def park(room: Room, now: datetime) -> None:
    """What absent people asked Rosey for waits aside; it returns to its place with them.

    What they have put on the platform's list themselves stays there, and a show goes on.
    """
    back: dict[str, None] = {}
    for entry in room.queue:
        was, entry.parked = entry.parked, _is_aside(room, entry, now)
        if was and not entry.parked and not entry.pinned:
            back[name_key(entry.added_by)] = None
    for key in back:
        turns.came_back(room.queue, key, room.turns, room.settings.fair)


def _is_aside(room: Room, entry: Entry, now: datetime) -> bool:
    person = None if entry.adopted or entry.show else room.people.get(name_key(entry.added_by))
    since = person.away_since if person else None
    after = timedelta(seconds=room.settings.park_after)
    return room.settings.park and since is not None and now - since >= after


def next_parking(room: Room) -> datetime | None:
    """When the next item is to be put aside."""
    if not room.settings.park:
        return None
    after = timedelta(seconds=room.settings.park_after)
    waiting = {
        name_key(entry.added_by)
        for entry in room.queue
        if not (entry.parked or entry.adopted or entry.show)
    }
    ends = [
        person.away_since + after
        for key, person in room.people.items()
        if person.away_since and key in waiting
    ]
    return min(ends, default=None)


def _is_here(room: Room, user: User) -> None:
    room.people[name_key(user.name)] = Person(name=user.name, rank=user.rank, afk=user.afk)


def _forget(room: Room) -> None:
    """Those who left long ago and have nothing waiting."""
    waiting = {name_key(entry.added_by) for entry in room.queue}
    away = [key for key, each in room.people.items() if each.away_since and key not in waiting]
    for key in away[: max(0, len(away) - MOST_AWAY)]:
        del room.people[key]
