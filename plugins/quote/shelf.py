"""A room's quotes in the database. All of it raises StorageError, as rosey.storage does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from plugins.quote.rules import UNKNOWN, Quote
from rosey.contracts.storage import Code, Row
from rosey.events import User
from rosey.names import LONGEST_NAME, name_key
from rosey.storage import Database, StorageError
from rosey.storage.patterns import literally

# Of quotes at their longest an answer has to fit into a message.
PAGE = 100
NEWEST = ("-added_at", "-id")


@dataclass(frozen=True)
class Numbers:
    """What a room's quotes come to; `most_quoted` is a name and how many of them."""

    quotes: int
    votes: int
    most_quoted: tuple[str, int] | None


class Shelf:
    """The quotes of one room."""

    def __init__(self, database: Database, channel: str) -> None:
        self._database = database
        self._channel = channel

    async def add(self, quotes: Sequence[Quote], key: str) -> int:
        """How many were added, by this call or by an earlier one of the same `key`."""
        # Counting changes nothing; a batch needs something to do, even when all is there already.
        operations: list[dict[str, Any]] = [{"op": "count", "table": "quotes"}]
        if quotes:
            rows = [self._row(quote) for quote in quotes]
            operations.append({"op": "insert", "table": "quotes", "values": rows})
        _, *inserted = await self._database.batch(operations, key=key)
        return sum(int(each["count"]) for each in inserted)

    async def add_one(self, quote: Quote, key: str) -> int:
        """Its number."""
        (id,) = await self._database.insert("quotes", self._row(quote), key=key)
        return id

    async def get(self, id: int) -> Quote | None:
        found = await self._select({"id": id}, limit=1)
        return found[0] if found else None

    async def any(self, random: Random) -> Quote | None:
        """Each as likely as the others; None when there is none."""
        while count := await self._database.count("quotes", self._here):
            found = await self._select({}, limit=1, offset=random.randrange(count))
            if found:  # else one was deleted in between
                return found[0]
        return None

    async def search(self, text: str, limit: int, offset: int = 0) -> tuple[list[Quote], int]:
        """Those with `text` in them or in their author, newest first, and how many there are."""
        like = {"$ilike": f"%{literally(text)}%"}
        either = {"$or": [{"text": like}, {"author": like}]}
        count = await self._database.count("quotes", self._here | either)
        return await self._select(either, order=NEWEST, limit=limit, offset=offset), count

    async def top(self, limit: int) -> list[Quote]:
        """Those with votes, most first."""
        return await self._select({"score": {"$gt": 0}}, order=("-score", "id"), limit=limit)

    async def numbers(self) -> Numbers:
        """Of all quotes here."""
        quotes = await self._database.count("quotes", self._here)
        votes = await self._database.count("votes", self._here)
        known = self._here | {"author": {"$ne": UNKNOWN}}
        counted = {"quotes": {"$count": "*"}}
        best = await self._database.aggregate(
            "quotes",
            counted,
            known,
            group_by=["author"],
            order=("-quotes", "author"),
            limit=1,
        )
        most = (str(best[0]["author"]), int(best[0]["quotes"])) if best else None
        return Numbers(quotes, votes, most)

    async def upvote(self, id: int, user: User, key: str) -> bool:
        """False when that person has voted for it before. Raises KeyError when it is gone."""
        vote = {
            "quote_id": id,
            "channel": self._channel,
            "username": user.name[:LONGEST_NAME],
            "name_key": name_key(user.name),
        }
        more: dict[str, Any] = {"op": "update", "table": "quotes", "expect": 1}
        more |= {"filter": self._here | {"id": id}, "update": {"$inc": {"score": 1}}}
        try:
            await self._database.batch(
                [{"op": "insert", "table": "votes", "values": vote}, more], key=key
            )
        except StorageError as problem:
            if problem.code is not Code.CONFLICT:
                raise
            if await self.get(id) is None:
                raise KeyError(id) from None
            return False
        return True

    async def delete(self, id: int, key: str, only_of: User | None = None) -> Quote | None:
        """The quote that was deleted; None when there is none.

        With `only_of` nothing that somebody else has added: then raises PermissionError.
        """
        which = self._here | {"id": id}
        theirs = which | ({"name_key": name_key(only_of.name)} if only_of else {})
        # One transaction, so that a repeat gives the same answer as the first time.
        seen, gone = await self._database.batch(
            [
                {"op": "select", "table": "quotes", "filter": which},
                {"op": "delete", "table": "quotes", "filter": theirs},
            ],
            key=key,
        )
        if not seen["rows"]:
            return None
        if not gone["deleted"]:
            raise PermissionError(id)
        await self._database.delete("votes", self._here | {"quote_id": id})
        return _quote(seen["rows"][0])

    async def known(self, quotes: Sequence[Quote]) -> set[tuple[str, str]]:
        """Text and author of those that are here already; of at most a page of them."""
        texts = {"text": {"$in": [quote.text for quote in quotes]}}
        found: set[tuple[str, str]] = set()
        last = 0
        while page := await self._select(texts | {"id": {"$gt": last}}, limit=PAGE):
            found |= {(quote.text, quote.author) for quote in page}
            last = page[-1].id
        return found

    async def all(self) -> list[Quote]:
        """In the order of their numbers."""
        found: list[Quote] = []
        while page := await self._select({"id": {"$gt": found[-1].id if found else 0}}, limit=PAGE):
            found += page
        return found

    @property
    def _here(self) -> dict[str, Any]:
        return {"channel": self._channel}

    def _row(self, quote: Quote) -> Row:
        return self._here | {
            "text": quote.text,
            "author": quote.author,
            "added_by": quote.added_by,
            "name_key": name_key(quote.added_by),
            "added_at": quote.added_at,
            "score": quote.score,
        }

    async def _select(
        self,
        filter: Mapping[str, Any],
        *,
        order: Sequence[str] = ("id",),
        limit: int,
        offset: int = 0,
    ) -> list[Quote]:
        rows = await self._database.select(
            "quotes", self._here | dict(filter), order=order, limit=limit, offset=offset
        )
        return [_quote(row) for row in rows]


def _quote(row: Row) -> Quote:
    return Quote(
        text=row["text"],
        author=row["author"],
        added_by=row["added_by"],
        added_at=datetime.fromisoformat(row["added_at"]),
        score=row["score"],
        id=row["id"],
    )
