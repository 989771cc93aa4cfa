"""Tables for the tests of rows, and the vectors' names for what is asked of them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import MetaData, select

from core.database import own_tables
from core.database.declared import table_of
from core.database.own_tables import audit, idempotency
from core.database.problems import Refusal
from core.database.rows import Rows
from core.database.shapes import Shapes
from core.database.store import Store
from core.database.writes import Writer
from rosey.contracts.storage import TableDefinition
from tests.vectors import load

PLUGIN = "quote"
USERS6: dict[str, Any] = load("filter_ops", "definition")[0]["in"]["definition"]
USERS = TableDefinition.model_validate({"fields": USERS6["fields"]})


@dataclass
class Desk:
    """What one plugin asks of its tables."""

    rows: Rows
    store: Store

    async def ask(self, op: str, **request: Any) -> dict[str, Any]:
        return await self.rows.perform(PLUGIN, op, request)

    async def outcome(self, op: str, **request: Any) -> dict[str, Any]:
        """The reply, or `{"error": code}`, as the vectors have it."""
        try:
            return await self.ask(op, **request)
        except Refusal as refusal:
            return {"error": str(refusal.code)}

    async def all(self, table: str = "users") -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await self.ask("select", table=table))["rows"]
        return rows


async def desk(store: Store, **tables: TableDefinition) -> Desk:
    """With these tables, which are empty, and the service's own."""
    metadata = MetaData()
    for name, definition in tables.items():
        table_of(PLUGIN, name, definition, metadata)
    async with store.write() as connection:
        await connection.run_sync(own_tables.own.create_all)
        await connection.run_sync(metadata.create_all)
    return Desk(Rows(store, Shapes(store), Writer(store)), store)


async def users(store: Store) -> Desk:
    """An empty table `users` of the vectors' kind."""
    return await desk(store, users=USERS)


async def users6(store: Store) -> Desk:
    """The vectors' six people."""
    made = await users(store)
    await made.ask("insert", table="users", values=USERS6["rows"])
    return made


def fields(**types: str) -> TableDefinition:
    """`name=type`; a type that ends in `!` is required."""
    return TableDefinition.model_validate(
        {
            "fields": [
                {"name": name, "type": type.rstrip("!"), "required": type.endswith("!")}
                for name, type in types.items()
            ]
        }
    )


SCORES = fields(name="string!", score="integer", rating="float", seen="datetime", won="boolean")


async def records(store: Store) -> list[Any]:
    """What was recorded of writes."""
    asked = select(audit.c.operation, audit.c.table_name, audit.c.rows, audit.c.outcome)
    async with store.read() as connection:
        return [tuple(row) for row in await connection.execute(asked.order_by(audit.c.id))]


async def kept_keys(store: Store) -> list[str]:
    """Idempotency keys that have a result."""
    async with store.read() as connection:
        return list((await connection.execute(select(idempotency.c.key))).scalars())


async def scores(store: Store, **values: Any) -> Desk:
    """A table `scores`, with one row if there are values."""
    made = await desk(store, scores=SCORES)
    if values:
        await made.ask("insert", table="scores", values={"name": "u", **values})
    return made


async def update(made: Desk, update: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Of all scores, if nothing else is said."""
    request = {"table": "scores", "filter": {}, **more}
    return await made.outcome("update", **request, update=update)


def inc(number: int, **more: Any) -> dict[str, Any]:
    """An operation of a batch that adds to each score."""
    change = {"$inc": {"score": number}}
    return {"op": "update", "table": "scores", "filter": {}, "update": change, **more}
