"""Trivia's tables in memory, behind a service on which things go wrong."""

import json
from typing import Any

from rosey.contracts.storage import Code, FieldDefinition, FieldType, Row, TableDefinition
from rosey.storage import Database, Unavailable
from rosey.testing import MemoryDatabase

ALWAYS = ("id", "created_at", "updated_at")


def fields(type: FieldType, names: str, required: bool = False) -> list[FieldDefinition]:
    return [FieldDefinition(name=name, type=type, required=required) for name in names.split()]


GAMES = [
    *fields("string", "game channel", required=True),
    *fields("datetime", "finished_at", required=True),
    *fields("string", "category winner"),
    *fields("integer", "questions players"),
    *fields("boolean", "stopped"),
]
RESULTS = [
    *fields("string", "game channel username name_key", required=True),
    *fields("integer", "place score correct answered best_streak"),
    *fields("float", "fastest"),
]
PLAYERS = [
    *fields("string", "channel username name_key", required=True),
    *fields("integer", "games wins score correct answered best_streak best_score"),
    *fields("float", "fastest"),
    *fields("datetime", "last_played"),
]
TABLES = {"games": GAMES, "results": RESULTS, "players": PLAYERS}
UNIQUE = {"games": [["game"]], "results": [["game", "name_key"]]}
UNIQUE["players"] = [["channel", "name_key"]]


class Shelf:
    """While it is `away` nobody answers; `deaf`, it does what it is asked and nobody hears of it.

    The operation `break_at` of a batch, counted from 0, fails for the reason `breaks`.
    """

    def __init__(self) -> None:
        tables = {name: TableDefinition(fields=each) for name, each in TABLES.items()}
        self.memory = MemoryDatabase(tables, UNIQUE)
        self.database = Database(self)
        self.requests: list[dict[str, Any]] = []
        self.away = False
        self.deaf = False
        self.break_at: int | None = None
        self.breaks = Code.VALIDATION_ERROR

    async def __call__(self, kind: str, op: str, request: bytes, patience: float) -> bytes:
        if self.away:
            raise Unavailable("The database is not there.")
        asked = json.loads(request)
        self.requests.append(asked)
        broken = op == "batch" and self.break_at is not None
        if broken:
            asked["operations"][self.break_at]["table"] = "nowhere"
        answer = await self.memory(kind, op, json.dumps(asked).encode(), patience)
        if self.deaf:
            raise Unavailable("The database did not answer in time.", Code.TIMEOUT)
        if broken:
            answer = json.dumps(
                {"success": False, "error": {"code": self.breaks, "message": "It broke."}}
            ).encode()
        return answer

    async def rows(self, table: str, **filter: Any) -> list[Row]:
        """What is in a table, in the order of coming, without the fields that every table has."""
        found = await Database(self.memory).select(table, filter, limit=1000)
        return [{name: row[name] for name in row if name not in ALWAYS} for row in found]

    async def person(self, name_key: str) -> Row:
        (row,) = await self.rows("players", name_key=name_key)
        return row

    async def nothing(self) -> bool:
        return not any([await self.rows(table) for table in TABLES])
