"""Quote's commands given by people of a room, on whatever database."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from plugins.quote.commands import plugin
from plugins.quote.rules import Quote
from plugins.quote.shelf import Shelf
from rosey import subjects
from rosey.bus import Incoming
from rosey.contracts.memory import LAST_LINE, LastLine, LastLineAsked
from rosey.events import Command, Happening, Line, Outcome, User
from rosey.kit import Kit
from rosey.plugin import Context, Refused
from rosey.service_client import Services
from rosey.services import succeeded
from rosey.storage import Database
from rosey.testing import MemoryBus
from rosey.testing.found import texts_of
from tests.memory_service import MemoryService, fields

HERE = "lounge/lobby"
NOW = datetime(2026, 5, 3, 20, tzinfo=UTC)

# As the migrations make them.
TABLES = {
    "quotes": [
        *fields("string", "channel author added_by name_key", required=True),
        *fields("text", "text", required=True),
        *fields("datetime", "added_at", required=True),
        *fields("integer", "score"),
    ],
    "votes": [
        *fields("integer", "quote_id"),
        *fields("string", "channel username name_key", required=True),
    ],
}
UNIQUE = {"votes": [["quote_id", "name_key"]]}


class InMemory(MemoryService):
    """Quote's tables without a service; one that can be away."""

    def __init__(self) -> None:
        super().__init__(TABLES, UNIQUE)

    async def __call__(self, kind: str, op: str, request: bytes, patience: float) -> bytes:
        self.hear(op, request)
        return await super().__call__(kind, op, request, patience)


@dataclass
class Said:
    """What came of a command."""

    lines: list[str] = field(default_factory=list)
    private: list[Line] = field(default_factory=list)
    error: str | None = None
    events: list[Happening] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The only line."""
        assert self.error is None, self.error
        (line,) = self.lines
        return line


class Room:
    """`last_line` is what the room's memory knows; None: it is not there."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.shelf = Shelf(database, HERE)
        self.bus = MemoryBus()
        self.last_line = LastLine()
        self.asked: list[LastLineAsked] = []
        self._numbers = count(1)

    async def remembers(self, line: LastLine) -> None:
        """From now on the room's memory answers with this."""

        async def answer(incoming: Incoming) -> None:
            self.asked.append(LastLineAsked.model_validate_json(incoming.data))
            await self.bus.publish(incoming.reply, succeeded(line))

        await self.bus.subscribe(subjects.service(*LAST_LINE.split(".")), answer)

    def command(
        self, text: str, user: str = "alice", rank: float = 0.0, pm: bool = False
    ) -> Command:
        """`add Hello` as what comes of `!quote add Hello`."""
        action, _, rest = text.partition(" ")
        number = next(self._numbers)
        return Command(
            id=f"c-{number:06}",
            plugin="quote",
            action=action,
            channel=HERE,
            user=User(name=user, rank=rank),
            text=rest.strip(),
            sent_at=NOW + timedelta(seconds=number),
            prefix="?",
            pm=pm,
        )

    async def give(self, command: Command) -> Said:
        """The same command again is a repeat."""
        services = Services(self.bus, "quote", [LAST_LINE])
        kit = Kit(services=services, texts=texts_of(plugin), folder=self.folder)
        ctx = Context(command, database=self.database, kit=kit)
        try:
            answer = await plugin.handlers[command.action](ctx)
        except Refused as refusal:
            return Said(error=str(refusal))
        outcome = answer if isinstance(answer, Outcome) else Outcome(say=[answer or ""])
        return Said(outcome.say, ctx.lines, None, ctx.events)

    async def says(
        self, text: str, user: str = "alice", rank: float = 0.0, pm: bool = False
    ) -> Said:
        return await self.give(self.command(text, user, rank, pm))

    async def add(self, text: str, user: str = "alice") -> int:
        """Its number."""
        said = await self.says(f"add {text}", user)
        assert said.error is None, said.error
        (event,) = said.events
        id = event.data["id"]
        assert isinstance(id, int)
        return id

    async def has(self, text: str, author: str = "Unknown", score: int = 0) -> None:
        """A quote that came by no command."""
        await self.shelf.add([Quote(text, author, "alice", NOW, score)], f"k-{next(self._numbers)}")
