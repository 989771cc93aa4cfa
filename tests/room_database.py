"""The room's tables behind an `Ask`: as much of the database service as they need, no more.

It can be away, refuse what a test says, and stop right after a write as a killed process would.
"""

import copy
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from rosey.storage import Database, Unavailable

Row = dict[str, Any]

FIELDS = {
    "chat": "message_id channel username text sent_at own",
    "users": "channel username name_key first_seen last_seen lines seconds_connected online_since",
    "actions": "action_id channel username kind detail at",
    "channels": "channel users users_at peak_users peak_at lines",
    "user_counts": "channel at users",
    "outbound": "action_id channel kind text sent_at at",
    "cursors": "name position detail",
}
UNIQUE = {
    "chat": ("message_id",),
    "users": ("channel", "name_key"),
    "actions": ("action_id",),
    "channels": ("channel",),
    "user_counts": ("channel", "at"),
    "outbound": ("action_id",),
    "cursors": ("name",),
}
REQUIRED = {
    "chat": "message_id channel username text sent_at",
    "users": "channel username name_key",
    "actions": "action_id channel kind at",
    "channels": "channel",
    "user_counts": "channel at",
    "outbound": "action_id channel kind at",
    "cursors": "name",
}
NUMBERS = ("lines", "seconds_connected", "users", "peak_users", "position")
TIMES = ("sent_at", "first_seen", "last_seen", "online_since", "at", "users_at", "peak_at")
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "$lt": lambda have, want: have < want,
    "$lte": lambda have, want: have <= want,
    "$gt": lambda have, want: have > want,
}


class Refused(Exception):
    """Goes out as an error of the service."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class RoomDatabase:
    """Ask it: `Database(RoomDatabase())`."""

    def __init__(self) -> None:
        self.tables: dict[str, list[Row]] = {name: [] for name in FIELDS}
        self.away = False
        self.asked: list[str] = []
        self.batches: list[int] = []
        self.most_deleted = 0
        # May raise Refused for an operation, or anything before and after a batch.
        self.judge: Callable[[Row], None] = lambda operation: None
        self.after_batch: Callable[[], None] = lambda: None
        self._done: dict[str, Row] = {}

    @property
    def client(self) -> Database:
        return Database(self)

    def rows(self, table: str, **equal: Any) -> list[Row]:
        """Copies of those that match."""
        return [dict(row) for row in self.tables[table] if equal.items() <= row.items()]

    async def __call__(self, kind: str, op: str, request: bytes, patience: float) -> bytes:
        self.asked.append(op)
        if self.away:
            raise Unavailable("The database is not there.")
        before = copy.deepcopy((self.tables, self._done))
        try:
            reply = self._ask(op, json.loads(request))
        except Refused as problem:
            self.tables, self._done = before
            error = {"code": problem.code, "message": str(problem)}
            return json.dumps({"success": False, "error": error}).encode()
        except Exception:
            self.tables, self._done = before
            raise
        if op == "batch":
            self.after_batch()
        return json.dumps({"success": True, **reply}, default=_text).encode()

    def _ask(self, op: str, request: Row) -> Row:
        if op != "batch":
            return self._once(op, request)
        operations = request["operations"]
        self.batches.append(len(operations))
        return {"results": [self._once(each["op"], each) for each in operations]}

    def _once(self, op: str, request: Row) -> Row:
        key = request.get("idempotency_key")
        if key in self._done:
            return self._done[key]
        self.judge(request)
        reply: Row = getattr(self, f"_{op}")(request["table"], request)
        if key:
            self._done[key] = reply
        return reply

    def _insert(self, table: str, request: Row) -> Row:
        self._add(table, _values(table, request["values"]))
        return {"ids": [1], "id": 1, "count": 1}

    def _select(self, table: str, request: Row) -> Row:
        found = self._matching(table, request["filter"])
        for each in reversed(request["order"]):
            found.sort(key=lambda row: _rank(row[each["field"]]), reverse=each["order"] == "desc")
        found = found[request["offset"] :][: request["limit"]]
        return {"rows": found, "count": len(found), "truncated": False}

    def _count(self, table: str, request: Row) -> Row:
        return {"count": len(self._matching(table, request["filter"]))}

    def _delete(self, table: str, request: Row) -> Row:
        gone = self._matching(table, request["filter"])
        self.tables[table] = [row for row in self.tables[table] if row not in gone]
        self.most_deleted = max(self.most_deleted, len(gone))
        return {"deleted": len(gone)}

    def _update(self, table: str, request: Row) -> Row:
        rows = self._matching(table, request["filter"])
        if not rows and request.get("upsert"):
            row = _values(table, request["filter"])
            self._add(table, _changed(row, request["update"]))
            return {"updated": 0, "exists": True, "created": True}
        for row in rows:
            row.update(_changed(row, request["update"]))
        return {"updated": len(rows), "exists": bool(rows), "created": False}

    def _matching(self, table: str, filter: Row) -> list[Row]:
        return [row for row in self.tables[table] if _matches(row, filter)]

    def _add(self, table: str, row: Row) -> None:
        for name in REQUIRED[table].split():
            if row[name] is None:
                raise Refused("VALIDATION_ERROR", f"{name} is required.")
        for name, value in row.items():
            if name not in ("text", "detail") and isinstance(value, str) and len(value) > 255:
                raise Refused("VALIDATION_ERROR", f"{name} is too long.")
        if any(all(row[name] == each[name] for name in UNIQUE[table]) for each in self._of(table)):
            raise Refused("CONFLICT", f"{UNIQUE[table]} is there.")
        self.tables[table].append({**row, "id": len(self._of(table)) + 1})

    def _of(self, table: str) -> list[Row]:
        return self.tables[table]


def _values(table: str, given: Row) -> Row:
    names = FIELDS[table].split()
    unknown = given.keys() - set(names)
    if unknown:
        raise Refused("VALIDATION_ERROR", f"{table} has no {unknown}.")
    empty: Row = {name: 0 if name in NUMBERS else None for name in names}
    return empty | {name: _value(name, value) for name, value in given.items()}


def _value(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name in TIMES and value is not None else value


def _changed(row: Row, update: Row) -> Row:
    after = dict(row)
    for sign, fields in update.items():
        for name, given in fields.items():
            if name not in row:
                raise Refused("VALIDATION_ERROR", f"There is no field {name}.")
            value = _value(name, given)
            match sign:
                case "$set":
                    after[name] = value
                case "$inc":
                    after[name] = row[name] + value
                case "$max":
                    after[name] = value if row[name] is None else max(row[name], value)
                case "$min":
                    after[name] = value if row[name] is None else min(row[name], value)
                case _:
                    raise Refused("VALIDATION_ERROR", f"There is no {sign}.")
    return after


def _matches(row: Row, filter: Row) -> bool:
    for name, wanted in filter.items():
        if name == "$or":
            if not any(_matches(row, each) for each in wanted):
                return False
        elif isinstance(wanted, dict):
            if not all(_holds(row[name], name, sign, value) for sign, value in wanted.items()):
                return False
        elif row[name] != _value(name, wanted):
            return False
    return True


def _holds(have: Any, name: str, sign: str, wanted: Any) -> bool:
    if sign == "$exists":
        return (have is not None) is wanted
    return have is not None and COMPARE[sign](have, _value(name, wanted))


def _rank(value: Any) -> tuple[bool, Any]:
    return (value is not None, value)


def _text(value: Any) -> str:
    assert isinstance(value, datetime)
    return value.isoformat().replace("+00:00", "Z")
