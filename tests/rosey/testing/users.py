"""The table that the vectors speak of, and how a database without a service is asked in JSON."""

import json
from typing import Any

from rosey.contracts.storage import TableDefinition
from rosey.storage import Database
from rosey.testing import MemoryDatabase
from tests.vectors import load

USERS = load("filter_ops", "definition")[0]["in"]["definition"]


def definition(*fields: tuple[str, str], required: str = "") -> TableDefinition:
    return TableDefinition.model_validate(
        {"fields": [{"name": n, "type": t, "required": n == required} for n, t in fields]}
    )


def empty_users() -> MemoryDatabase:
    fields = {"fields": USERS["fields"]}
    return MemoryDatabase({"users": TableDefinition.model_validate(fields)})


async def users() -> MemoryDatabase:
    memory = empty_users()
    await Database(memory).insert("users", USERS["rows"])
    return memory


async def ask(memory: MemoryDatabase, kind: str, op: str, request: Any) -> dict[str, Any]:
    text = request if isinstance(request, str) else json.dumps(request)
    reply: dict[str, Any] = json.loads(await memory(kind, op, text.encode(), 5))
    return reply
