"""The tables of the room's memory, playlist, quote and trivia, and !mydata over them."""

from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from core.plugins import ROOM, load
from core.recorder.mydata import MyData
from rosey.events import Command, User
from rosey.plugin import Context
from rosey.ranks import Rank
from tests.activities.storage.shelf import Shelf
from tests.films_kept import FilmShelf
from tests.memory_service import MemoryService
from tests.plugins.quote.stage import InMemory
from tests.room_database import RoomDatabase

NOW = datetime(2026, 5, 3, 20, tzinfo=UTC)
HERE = "lounge/lobby"


def in_the_lounge(channel: str) -> bool:
    return channel.startswith("lounge/")


class Desk:
    """Four owners of tables; `tell` gives what is said in private."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.core, self.quote, self.trivia = RoomDatabase(), InMemory(), Shelf()
        self.films = FilmShelf()
        owners: dict[str, MemoryService] = {
            "core": self.core,
            "playlist": self.films,
            "quote": self.quote,
            "trivia": self.trivia,
        }
        self.owners: dict[str, MemoryService] = owners
        mydata = MyData(lambda owner: owners[owner].client, data, lambda: 90, in_the_lounge)
        self.plugin = mydata.beside(load(ROOM.entry))
        self._numbers = count(1)

    def command(
        self, what: str, user: str, channel: str = HERE, rank: float = Rank.USER
    ) -> Command:
        action, _, text = what.partition(" ")
        return Command(
            id=f"c-{next(self._numbers)}",
            plugin="core",
            action=f"mydata_{action}",
            channel=channel,
            user=User(name=user, rank=rank),
            text=text,
            sent_at=NOW,
            prefix="?",
        )

    async def give(self, command: Command) -> str:
        ctx = Context(command, database=self.core.client)
        assert await self.plugin.handlers[command.action](ctx) is None
        (line,) = ctx.lines
        assert line.to == command.user.name
        return line.text

    async def tell(
        self, what: str, user: str = "alice", channel: str = HERE, rank: float = Rank.USER
    ) -> str:
        return await self.give(self.command(what, user, channel, rank))

    async def knows(self, name: str, channel: str = HERE) -> None:
        """Something in every table."""
        here: dict[str, Any] = {"channel": channel}
        who = here | {"username": name, "name_key": name.lower()}
        id = f"id-{next(self._numbers)}"
        said = here | {"message_id": id, "username": name, "text": "hi", "sent_at": NOW}
        went = here | {"action_id": id, "username": name, "kind": "join", "at": NOW}
        await self.core.client.insert("users", who | {"lines": 1})
        await self.core.client.insert("chat", said)
        await self.core.client.insert("actions", went)
        quote = here | {"text": "x", "author": name, "added_at": NOW, "score": 1}
        added = quote | {"added_by": name, "name_key": name.lower()}
        [number] = await self.quote.client.insert("quotes", added)
        await self.quote.client.insert("votes", who | {"quote_id": number})
        game = here | {"game": id, "winner": name, "finished_at": NOW}
        await self.trivia.client.insert("games", game)
        await self.trivia.client.insert("results", who | {"game": id})
        await self.trivia.client.insert("players", who)

    @property
    def everything(self) -> dict[str, Any]:
        return {**self.core.tables, **self.quote.tables, **self.trivia.tables}
