"""Values on their way into a statement: each takes the kind of the column that it stands beside.

So `score > $1` means the same on both databases: "5" is 5, "x" is refused, null matches nothing.
Where a value stands beside no column it goes as what it is.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Literal

from pydantic import JsonValue
from sqlglot import exp

from core.database.problems import Refusal, invalid
from core.database.sql_dialects import STORED_TIME, Node, written
from core.database.sql_rules import Statement

Kind = Literal["integer", "float", "boolean", "datetime", "text"]
# Kinds of the columns of each table, in their order.
Columns = Mapping[str, Mapping[str, Kind | None]]
Value = None | bool | int | float | str | datetime

_YES = ("true", "yes", "on", "1")
_NO = ("false", "no", "off", "0")
_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,19}\s*")
_WANTED: dict[Kind, str] = {
    "integer": "a whole number",
    "float": "a number",
    "boolean": "true or false",
    "datetime": "a time as in 2025-01-31T12:00:00Z",
    "text": "a text",
}
_DECLARED: tuple[tuple[str, Kind], ...] = (
    (r"(big|small)?int(eger)?\b", "integer"),
    (r"(double|real|float|numeric|decimal)", "float"),
    (r"bool", "boolean"),
    (r"(datetime|timestamp)", "datetime"),
    (r"(var)?char|text|clob", "text"),
)


def kind_of(declared: str) -> Kind | None:
    """What a column declared like this holds."""
    found = (kind for shape, kind in _DECLARED if re.match(shape, declared.lower()))
    return next(found, None)


def bind(
    statement: Statement, params: Sequence[JsonValue], columns: Columns, is_sqlite: bool
) -> tuple[str, list[Value]]:
    """The statement's text for a database, and the values for it. Raises Refusal."""
    tree = statement.tree.copy()
    places = _Places(tree, statement.target, columns)
    values: list[Value] = []
    numbers: dict[tuple[str, Kind | None, bool], int] = {}
    found = [(node, *places.beside(node)) for node in tree.find_all(exp.Parameter, bfs=False)]
    times = [node for node in tree.find_all(exp.Literal) if places.is_time(node)]
    for node, kind, is_kept in found:
        value = fitting(params[int(node.name) - 1], kind, is_kept, node.name)
        if isinstance(node.parent, exp.Limit | exp.Offset):
            _check_bound(value, node.name)
        if value is None:
            node.replace(exp.null())
            continue
        key = (node.name, kind, is_kept)
        if key not in numbers:
            values.append(_stored(value) if is_sqlite else value)
            numbers[key] = len(values)
        node.replace(_placeholder(numbers[key], value, is_sqlite))
    for text in times:
        moment = fitting(text.this, "datetime", False, "")
        text.set("this", str(_stored(moment) if is_sqlite else moment))
    return written(tree, is_sqlite), values


def fitting(value: JsonValue, kind: Kind | None, is_kept: bool, number: str) -> Value:
    """`value` as a column of this kind takes it; `is_kept` when it is written there.

    Containers are their JSON. Raises Refusal.
    """
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    _check_range(value, number)
    if value is None or kind is None:
        return value
    found = _CONVERSIONS[kind](value, is_kept)
    if found is None:
        raise _misfit(kind, number)
    _check_range(found, number)
    return found


def _misfit(kind: Kind, number: str) -> Refusal:
    what = f"${number}" if number else "A text"
    return invalid(f"{what} stands beside a column that takes {_WANTED[kind]}.", "params")


def _check_range(value: object, number: str) -> None:
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise invalid(f"${number} is a number outside 64 bits.", "params")
    if isinstance(value, float) and not math.isfinite(value):
        raise invalid(f"${number} is no finite number.", "params")
    if isinstance(value, str) and ("\0" in value or _has_surrogate(value)):
        raise invalid(f"${number} has a character that is no text.", "params")


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


def _integer(value: bool | int | float | str, is_kept: bool) -> Value:
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value) else None
    if isinstance(value, float):
        # Compared, 1.5 stays what it is; kept, it is cut.
        return int(value) if is_kept or value.is_integer() else value
    return int(value)


def _float(value: bool | int | float | str, _: bool) -> Value:
    try:
        return float(value) if "_" not in str(value) else None
    except ValueError:
        return None


def _boolean(value: bool | int | float | str, _: bool) -> Value:
    text = str(value).strip().lower()
    return True if text in _YES else False if text in _NO else None


def _datetime(value: bool | int | float | str, _: bool) -> Value:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(value: bool | int | float | str, _: bool) -> Value:
    return str(int(value)) if isinstance(value, bool) else str(value)


_CONVERSIONS = {
    "integer": _integer,
    "float": _float,
    "boolean": _boolean,
    "datetime": _datetime,
    "text": _text,
}


def _stored(value: Value) -> Value:
    """As SQLite keeps it."""
    if isinstance(value, datetime):
        return value.strftime(STORED_TIME)
    return int(value) if isinstance(value, bool) else value


def _placeholder(number: int, value: Value, is_sqlite: bool) -> Node:
    node = exp.Parameter(this=exp.Literal.number(number))
    if is_sqlite:
        return node
    return exp.Cast(this=node, to=exp.DataType.build(_POSTGRES[type(value)], dialect="postgres"))


_POSTGRES: dict[type, str] = {
    bool: "boolean",
    int: "bigint",
    float: "double precision",
    str: "text",
    datetime: "timestamptz",
}


def _check_bound(value: Value, number: str) -> None:
    if not isinstance(value, int) or value < 0:
        raise invalid(f"${number} must be a whole number from 0.", "params")


class _Places:
    """What kind of column a value stands beside in a statement."""

    def __init__(self, tree: Node, target: str, columns: Columns) -> None:
        self._columns = columns
        self._aliases = _aliases(tree, target, columns)
        self._shadowed = _shadowed(tree)

    def is_time(self, node: exp.Literal) -> bool:
        """Whether it is a text beside a datetime."""
        return bool(node.args["is_string"]) and self.beside(node)[0] == "datetime"

    def beside(self, node: Node) -> tuple[Kind | None, bool]:
        """The kind, and whether the value is kept there."""
        child: Node = node
        place: Node | None = node.parent
        while isinstance(place, exp.Paren | exp.Neg):
            child = place
            place = place.parent
        match place:
            case exp.Limit() | exp.Offset():
                return "integer", False
            case exp.Like() | exp.ILike() | exp.DPipe():
                return "text", False
            case exp.EQ() if isinstance(place.parent, exp.Update | exp.OnConflict):
                return self.kind(place.this), True
            case exp.Tuple() if isinstance(place.parent, exp.Values):
                return self._inserted(place.parent.parent, child.index or 0), True
            case exp.Alias() if isinstance(place.parent, exp.Select):
                return self._selected(place.parent, place.index or 0), True
            case exp.Predicate() | exp.Binary() | exp.Coalesce() | exp.Nullif():
                # Of a list of thousands the first few tell enough.
                parts = islice(place.iter_expressions(), 8)
                others = (each for each in parts if each is not child)
                return next((k for each in others if (k := self.kind(each))), None), False
        return None, False

    def kind(self, node: Node) -> Kind | None:
        """Of what an expression gives, as far as it is plain to see."""
        match node:
            case exp.Column():
                return self._column(node)
            case exp.Count() | exp.Length() | exp.StrPosition() | exp.Extract():
                return "integer"
            case exp.Lower() | exp.Upper() | exp.Trim() | exp.Substring() | exp.Replace():
                return "text"
            case exp.Avg() | exp.Round():
                return "float"
            case exp.Paren() | exp.Max() | exp.Min() | exp.Sum() | exp.Abs() | exp.Neg():
                return self.kind(node.this)
            case exp.Coalesce() | exp.Filter() | exp.Window() | exp.Nullif():
                return self.kind(node.this)
        return None

    def _column(self, node: exp.Column) -> Kind | None:
        table = self._aliases.get(node.table)
        if table is not None:
            return self._columns[table].get(node.name)
        if node.name in self._shadowed:
            return None
        found = {kinds[node.name] for kinds in self._columns.values() if node.name in kinds}
        return found.pop() if len(found) == 1 else None

    def _inserted(self, insert: Node | None, position: int) -> Kind | None:
        if not isinstance(insert, exp.Insert):
            return None
        schema = insert.this
        if isinstance(schema, exp.Schema):
            names = [name.name for name in schema.expressions]
            kinds = self._columns.get(schema.this.name, {})
        else:
            kinds = self._columns.get(schema.name, {})
            names = list(kinds)
        return kinds.get(names[position]) if position < len(names) else None

    def _selected(self, select: Node, position: int) -> Kind | None:
        place = select.parent
        while isinstance(place, exp.SetOperation):
            place = place.parent
        return self._inserted(place, position)


def _aliases(tree: Node, target: str, columns: Columns) -> dict[str, str]:
    """What tables are called, as far as each name means one table only."""
    tables: dict[str, set[str]] = {"excluded": {target}}
    for table in tree.find_all(exp.Table):
        tables.setdefault(table.alias_or_name, set()).add(table.name)
    for query in tree.find_all(exp.Subquery):
        tables.setdefault(query.alias, set()).add("")
    return {
        alias: name
        for alias, names in tables.items()
        for name in names
        if len(names) == 1
        if name in columns
    }


def _shadowed(tree: Node) -> set[str]:
    """Names that may be another thing than the column called so."""
    names = {
        column.name
        for alias in tree.find_all(exp.TableAlias)
        for column in alias.args.get("columns") or []
    }
    for alias in tree.find_all(exp.Alias):
        is_same = isinstance(alias.this, exp.Column) and alias.this.name == alias.alias
        if alias.parent is not tree and not is_same:
            names.add(alias.alias)
    return names
