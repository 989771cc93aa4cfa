"""Who was in a room for how long: from coming to leaving, as far as Rosey was there to see it.

The database decides. A visit is open in `users.online_since`, and only who names that very moment
can end it, so an ending that comes again, or late, finds nothing to end. What is remembered here
for the length of a batch are only the moments that may stand there.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.recorder.facts import Fact
from rosey import subjects
from rosey.contracts.storage import MOST_ROWS, Row
from rosey.events import ConnectionEvent, MediaEvent, UserEvent
from rosey.names import name_key
from rosey.storage import Database
from rosey.storage.operations import Operation, key, met

# Of these the times are of the connector's clock, and come while Rosey is in the room.
WITNESSED = (UserEvent, ConnectionEvent, MediaEvent)


@dataclass(frozen=True)
class _Beginning:
    at: datetime
    in_batch: bool

    def is_before(self, end: datetime) -> bool:
        """What stands in the database may be of the same moment only because it came later."""
        return self.at < end or (self.in_batch and self.at == end)


class Visits:
    """Those of the rooms that a batch of facts speaks of; the facts are taken in their order."""

    def __init__(self) -> None:
        self._open: dict[str, dict[str, list[_Beginning]]] = {}
        self._heard: dict[str, datetime] = {}
        self._own: dict[str, str] = {}
        self._present: dict[str, datetime | None] = {}

    @classmethod
    async def concerned(cls, database: Database, facts: Sequence[Fact]) -> "Visits":
        """Reads what is known before. Raises StorageError."""
        visits = cls()
        channels = {
            fact.event.channel
            for fact in facts
            if isinstance(fact.event, UserEvent | ConnectionEvent)
        }
        for channel in sorted(channels):
            await visits._read(database, channel)
        return visits

    async def _read(self, database: Database, channel: str) -> None:
        for cursor in await database.select("cursors", {"name": _cursor(channel)}, limit=1):
            self._heard[channel] = datetime.fromtimestamp(cursor["position"] / 1000, UTC)
            self._own[channel] = cursor["detail"] or ""
        async for row in _online(database, channel):
            since = datetime.fromisoformat(row["online_since"])
            self._add(channel, row["name_key"], _Beginning(since, in_batch=False))

    @property
    def counts(self) -> Iterator[tuple[str, datetime]]:
        """Rooms in which somebody came or left, and when last; not those that Rosey has left."""
        return ((channel, at) for channel, at in self._present.items() if at)

    def take(self, fact: Fact) -> list[Operation]:
        """What becomes of people's visits by it."""
        event = fact.event
        if not isinstance(event, WITNESSED):
            return []
        found: list[Operation] = []
        match event:
            case ConnectionEvent() if fact.subject == subjects.CONNECTION_UP:
                found = list(self._rosey_came(event))
            case ConnectionEvent():
                found = list(self._everybody_left(event.id, event.channel, event.at))
                self._present[event.channel] = None
            case UserEvent() if name_key(event.user.name) != self._own.get(event.channel):
                found = list(self._person(fact.subject, event))
        self._heard[event.channel] = max(self._heard.get(event.channel, event.at), event.at)
        return [*found, self._note(event)]

    def _person(self, subject: str, event: UserEvent) -> Iterator[Operation]:
        name = event.user.name
        if subject == subjects.USER_JOIN:
            yield self._came(event.id, event.channel, name, event.at)
        elif subject == subjects.USER_LEAVE:
            yield met(event.id, event.channel, name, event.at)
            yield from self._left(event.id, event.channel, name_key(name), event.at)
        if subject != subjects.USER_UPDATE:
            self._present[event.channel] = event.at

    def _rosey_came(self, event: ConnectionEvent) -> Iterator[Operation]:
        """Visits that are still open were seen until she heard something for the last time."""
        channel = event.channel
        heard = self._heard.get(channel, event.at)
        yield from self._everybody_left(event.id, channel, event.at, heard)
        self._own[channel] = name_key(event.name)
        for user in event.users:
            if name_key(user.name) != self._own[channel]:
                yield self._came(event.id, channel, user.name, event.at)
        self._present[channel] = event.at

    def _everybody_left(
        self, id: str, channel: str, at: datetime, seen_until: datetime | None = None
    ) -> Iterator[Operation]:
        for person in list(self._open.get(channel, ())):
            yield from self._left(id, channel, person, at, seen_until)

    def _came(self, id: str, channel: str, name: str, at: datetime) -> Operation:
        self._add(channel, name_key(name), _Beginning(at, in_batch=True))
        operation = met(id, channel, name, at)
        operation["update"]["$min"]["online_since"] = at
        return operation

    def _left(
        self, id: str, channel: str, person: str, at: datetime, seen_until: datetime | None = None
    ) -> Iterator[Operation]:
        here = self._open.get(channel, {}).get(person, [])
        for beginning in [each for each in here if each.is_before(at)]:
            here.remove(beginning)
            since = beginning.at
            end = max(since, min(at, seen_until or at))
            yield {
                "op": "update",
                "table": "users",
                "filter": {"channel": channel, "name_key": person, "online_since": since},
                "update": {
                    "$set": {"online_since": None},
                    "$inc": {"seconds_connected": (end - since).total_seconds()},
                    "$max": {"last_seen": end},
                },
                "idempotency_key": key("left", id, channel, person, since),
            }

    def _add(self, channel: str, person: str, beginning: _Beginning) -> None:
        here = self._open.setdefault(channel, {}).setdefault(person, [])
        here[:] = [*(each for each in here if each.at != beginning.at), beginning]

    def _note(self, event: UserEvent | ConnectionEvent | MediaEvent) -> Operation:
        """Rosey was there and heard something at that time."""
        milliseconds = int(event.at.timestamp() * 1000)
        update: dict[str, Any] = {"$max": {"position": milliseconds}}
        if isinstance(event, ConnectionEvent) and event.name:
            update["$set"] = {"detail": name_key(event.name)}
        return {
            "op": "update",
            "table": "cursors",
            "filter": {"name": _cursor(event.channel)},
            "update": update,
            "upsert": True,
        }


async def people_in(database: Database, channel: str) -> int:
    """How many are there now. Raises StorageError."""
    return await database.count("users", {"channel": channel, "online_since": {"$exists": True}})


async def _online(database: Database, channel: str) -> AsyncIterator[Row]:
    here = {"channel": channel, "online_since": {"$exists": True}}
    offset = 0
    while rows := await database.select(
        "users", here, order=("name_key",), limit=MOST_ROWS, offset=offset
    ):
        for row in rows:
            yield row
        offset += len(rows)
        if len(rows) < MOST_ROWS:
            return


def _cursor(channel: str) -> str:
    return f"heard {channel}"
