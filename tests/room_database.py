"""The room's tables in memory, behind a service that can refuse, and be the last thing asked."""

import json
from collections.abc import Callable, Iterable, Sequence

from rosey.contracts.storage import Row, TableDefinition
from rosey.testing.coercion import NUMBERS
from rosey.testing.tables import MemoryTable
from tests.memory_service import MemoryService, fields

# As the migrations make them.
TABLES = {
    "chat": [
        *fields("string", "message_id channel username", required=True),
        *fields("text", "text", required=True),
        *fields("datetime", "sent_at", required=True),
        *fields("boolean", "own"),
    ],
    "users": [
        *fields("string", "channel username name_key", required=True),
        *fields("datetime", "first_seen last_seen online_since"),
        *fields("integer", "lines"),
        *fields("float", "seconds_connected"),
    ],
    "actions": [
        *fields("string", "action_id channel kind", required=True),
        *fields("datetime", "at", required=True),
        *fields("string", "username"),
        *fields("text", "detail"),
    ],
    "channels": [
        *fields("string", "channel", required=True),
        *fields("integer", "users peak_users lines"),
        *fields("datetime", "users_at peak_at"),
    ],
    "user_counts": [
        *fields("string", "channel", required=True),
        *fields("datetime", "at", required=True),
        *fields("integer", "users"),
    ],
    "outbound": [
        *fields("string", "action_id channel kind", required=True),
        *fields("datetime", "at", required=True),
        *fields("text", "text"),
        *fields("datetime", "sent_at"),
    ],
    "cursors": [
        *fields("string", "name", required=True),
        *fields("string", "detail"),
        *fields("integer", "position"),
    ],
}
UNIQUE = {
    "chat": [["message_id"]],
    "users": [["channel", "name_key"]],
    "actions": [["action_id"]],
    "channels": [["channel"]],
    "user_counts": [["channel", "at"]],
    "outbound": [["action_id"]],
    "cursors": [["name"]],
}


class Counting(MemoryTable):
    """A number of which nothing is said is 0 and not null, as the migrations have it."""

    def _add(self, values: Row) -> int:
        zeros: Row = {name: 0 for name, type in self.fields.items() if type in NUMBERS}
        return super()._add(zeros | values)


class RoomDatabase(MemoryService):
    """`judge` sees each operation before any of its batch is done, and may raise StorageError.

    It may also raise what ends the asking process; so may `after_batch`, when all is written.
    """

    def __init__(self) -> None:
        super().__init__(TABLES, UNIQUE)
        self.judge: Callable[[Row], None] = lambda operation: None
        self.after_batch: Callable[[], None] = lambda: None
        self.most_deleted = 0

    def declare(
        self, name: str, definition: TableDefinition, unique: Iterable[Sequence[str]] = ()
    ) -> None:
        self._tables[name] = Counting(definition, unique)

    @property
    def batches(self) -> list[int]:
        """How many operations were in each."""
        return [len(each["operations"]) for each in self.asked if each["op"] == "batch"]

    async def __call__(self, kind: str, op: str, request: bytes, patience: float) -> bytes:
        asked = self.hear(op, request)
        for operation in asked.get("operations", [asked]):
            self.judge(operation)
        answer = await super().__call__(kind, op, request, patience)
        reply = json.loads(answer)
        self.most_deleted = max(self.most_deleted, reply.get("deleted", 0))
        if op == "batch" and reply["success"]:
            self.after_batch()
        return answer
