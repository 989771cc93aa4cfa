"""What has been played in a room, what became of people's items, and how that is said.

What asks the database raises StorageError, as rosey.storage does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rosey.contracts.storage import Row
from rosey.names import name_key
from rosey.storage import Database

LIMIT = 20
# As many as fit into one answer of the database, however long their links are.
MOST = 50
# Of `!history`.
SHOWN = 10
# Characters of a title in a list.
BRIEF = 60
NEWEST = ("-played_at", "-id")


@dataclass(frozen=True)
class Played:
    """Something that has been on; seconds."""

    channel: str
    type: str
    media_id: str
    title: str
    seconds: float
    added_by: str
    played_at: datetime
    watched: float
    skipped: bool


@dataclass(frozen=True)
class Statistics:
    """What a person added and what became of it; what was skipped was played too. Seconds."""

    items_added: int = 0
    items_played: int = 0
    items_skipped: int = 0
    total_duration_added: float = 0.0
    total_duration_played: float = 0.0

    @property
    def skip_rate(self) -> str:
        """Of what was played so much was skipped, in whole per cent: `16`."""
        return f"{self.items_skipped / max(1, self.items_played) * 100:.0f}"


async def get_history(database: Database, channel: str, limit: int = LIMIT) -> list[Played]:
    """What was on in a room, the newest first; at most 50."""
    return await _history(database, {"channel": channel}, limit)


async def get_user_history(
    database: Database, user: str, limit: int = LIMIT, channel: str = ""
) -> list[Played]:
    """What was on of a person's, the newest first; at most 50. In all rooms unless one is named.

    Somebody of the same name on another platform is the same here.
    """
    where = {"channel": channel} if channel else {}
    return await _history(database, {"name_key": name_key(user)} | where, limit)


async def get_statistics(database: Database, channel: str, user: str) -> Statistics | None:
    """A person's in a room; None when there is nothing of him."""
    person = {"channel": channel, "user_id": name_key(user)}
    rows = await database.select("room_stats", person, limit=1)
    if not rows:
        return None
    return Statistics(**{name: rows[0][name] for name in Statistics.__dataclass_fields__})


def history_line(played: Sequence[Played], prefix: str = "!") -> str:
    """`!history`: `✅ The Matrix (alice) · ⏭️ Speed (bob)`, the newest first."""
    if not played:
        return f"Nothing has been played here yet. {prefix}add <link> queues something."
    return f"Last played: {' · '.join(_entry(each) for each in played)}"


def mystats_line(name: str, statistics: Statistics | None, prefix: str = "!") -> str:
    """`!mystats`: `📊 alice: 42 added, 38 played, skip rate 16%, total 2h 45m`."""
    if statistics is None:
        return f"You have not added anything here yet. {prefix}add <link> queues something."
    added, played = statistics.items_added, statistics.items_played
    return (
        f"📊 {name}: {added:,} added, {played:,} played, skip rate {statistics.skip_rate}%, "
        f"total {time_words(statistics.total_duration_played)}"
    )


def time_words(seconds: float) -> str:
    """Hours and minutes, begun minutes left out: `2h 45m`."""
    minutes = int(seconds) // 60
    return f"{minutes // 60}h {minutes % 60}m"


async def _history(database: Database, filter: Row, limit: int) -> list[Played]:
    limit = min(max(limit, 1), MOST)
    rows = await database.select("history", filter, order=NEWEST, limit=limit)
    return [_played(row) for row in rows]


def _played(row: Row) -> Played:
    return Played(
        channel=row["channel"],
        type=row["media_type"],
        media_id=row["media_id"],
        title=row["title"],
        seconds=row["duration"],
        added_by=row["added_by"],
        played_at=datetime.fromisoformat(row["played_at"]),
        watched=row["watched_seconds"],
        skipped=row["skipped"],
    )


def _entry(played: Played) -> str:
    title = " ".join(played.title.split()) or f"{played.type}:{played.media_id}"
    brief = title if len(title) <= BRIEF else f"{title[: BRIEF - 1]}…"
    who = f" ({played.added_by})" if played.added_by else ""
    return f"{'⏭️' if played.skipped else '✅'} {brief}{who}"
