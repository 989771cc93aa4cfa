"""Trivia's tables in memory, behind a service on which things go wrong."""

import json

from rosey.contracts.storage import Code, Row
from rosey.storage import Unavailable
from tests.memory_service import MemoryService, fields

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


class Shelf(MemoryService):
    """While it is `deaf` it does what it is asked and nobody hears of it.

    The operation `break_at` of a batch, counted from 0, fails for the reason `breaks`.
    """

    def __init__(self) -> None:
        super().__init__(TABLES, UNIQUE)
        self.deaf = False
        self.break_at: int | None = None
        self.breaks = Code.VALIDATION_ERROR

    async def __call__(self, kind: str, op: str, request: bytes, patience: float) -> bytes:
        asked = self.hear(op, request)
        broken = op == "batch" and self.break_at is not None
        if broken:
            asked["operations"][self.break_at]["table"] = "nowhere"
            request = json.dumps(asked).encode()
        answer = await super().__call__(kind, op, request, patience)
        if self.deaf:
            raise Unavailable("The database did not answer in time.", Code.TIMEOUT)
        if broken:
            answer = json.dumps(
                {"success": False, "error": {"code": self.breaks, "message": "It broke."}}
            ).encode()
        return answer

    def person(self, name_key: str) -> Row:
        (row,) = self.rows("players", name_key=name_key)
        return row

    @property
    def is_empty(self) -> bool:
        return not any(self.tables.values())
