"""Facts become rows: each once, in whatever company it comes, and however often."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from core.recorder.facts import Fact
from core.recorder.visits import Visits, people_in
from rosey import clock, subjects
from rosey.events import Action, ConnectionEvent, MediaEvent, Message, Sent, User, UserEvent
from rosey.storage import Database
from rosey.storage.operations import (
    Operation,
    UserAction,
    counted,
    did,
    said,
    sent,
    shown,
    talked,
)
from rosey.storage.room import DatabaseRoomStorage

# In one transaction; what says more than this in one event is written in several.
MOST_OPERATIONS = 400
LONGEST_DETAIL = 255


class Ledger:
    """Writes into `database`; with `keep_days` of 0 nothing of what was said."""

    def __init__(self, database: Database, keep_days: Callable[[], int]) -> None:
        self._database = database
        self._keep_days = keep_days

    async def write(self, facts: Sequence[Fact]) -> None:
        """In order, but what was said first. Raises StorageError, and then all may come again."""
        keep = self._keep_days() > 0
        visits = await Visits.concerned(self._database, facts)
        # Lines are most of what happens, so they are written together; first, because they must
        # be in one transaction with what they add up to.
        operations = talked(await self._new_lines(facts)) if keep else []
        for fact in facts:
            operations += [*_rows(fact, keep), *visits.take(fact)]
        for start in range(0, len(operations), MOST_OPERATIONS):
            await self._database.batch(operations[start : start + MOST_OPERATIONS])
        for channel, at in visits.counts:
            await self._count(channel, at)

    async def _new_lines(self, facts: Sequence[Fact]) -> list[Message]:
        """Those that are not written yet, each once. Private ones never are."""
        lines = {
            fact.event.id: fact.event
            for fact in facts
            if isinstance(fact.event, Message) and not fact.event.pm
        }
        if not lines:
            return []
        asked = {"message_id": {"$in": list(lines)}}
        rows = await self._database.select("chat", asked, limit=len(lines))
        known = {row["message_id"] for row in rows}
        return [line for id, line in lines.items() if id not in known]

    async def _count(self, channel: str, at: datetime) -> None:
        """What comes again is older than what is known; the number is of now all the same."""
        known = await DatabaseRoomStorage(self._database).get_channel_stats(channel)
        if known and known.users_at:
            at = max(at, known.users_at)
        users = await people_in(self._database, channel)
        await self._database.batch(counted(channel, users, at))


def _rows(fact: Fact, keep: bool) -> list[Operation]:
    match fact.event:
        case Message() as message:
            return [] if keep else said(message, keep_text=False)
        case Sent() as event:
            return shown(event) if keep else []
        case Action() as action:
            return sent(action, clock.now()) if keep else []
    return [did(action) for action in _actions(fact)] if keep else []


def _actions(fact: Fact) -> Iterator[UserAction]:
    match fact.event:
        case UserEvent() as event:
            detail = _as_is(event.user) if fact.subject == subjects.USER_UPDATE else ""
            username = event.user.name
        case ConnectionEvent() as event:
            username, detail = event.name, event.reason
        case MediaEvent(media=media) as event if media:
            username, detail = "", media.title or media.id
        case _:
            return
    yield UserAction(
        id=event.id,
        channel=event.channel,
        username=username,
        kind=fact.kind if not isinstance(event, MediaEvent) else "media",
        detail=detail[:LONGEST_DETAIL],
        at=event.at,
    )


def _as_is(user: User) -> str:
    """`rank 2, away, muted`."""
    signs = [f"rank {user.rank:g}", "away" * user.afk, "muted" * user.muted]
    return ", ".join(filter(None, signs))
