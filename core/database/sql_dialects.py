"""SQL as plugins write it, and the same tree as each of the two databases wants it.

What is written here runs: every name is quoted, every operator stands in brackets where two
could be read in two ways, comments are gone.
"""

from collections.abc import Callable
from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.dialects.sqlite import SQLite
from sqlglot.errors import ErrorLevel
from sqlglot.generators.sqlite import SQLiteGenerator
from sqlglot.parsers.postgres import PostgresParser
from sqlglot.tokenizer_core import Token, TokenType

Node = exp.Expr

# What a datetime is on SQLite.
STORED_TIME = "%Y-%m-%d %H:%M:%S.%f"
# A parser goes over the words about once; joins without ON make it go over them 2ⁿ times.
STEPS_A_WORD = 20


class Tangled(Exception):
    """A statement that takes too long only to be understood."""


class Asked(Postgres):
    """PostgreSQL's SQL without its special literals; null is smaller than everything."""

    NULL_ORDERING = "nulls_are_small"

    class Tokenizer(Postgres.Tokenizer):
        # "$1,$2" would be the beginning of a text between dollars.
        HEREDOC_STRINGS: ClassVar = []
        BYTE_STRINGS: ClassVar = []
        BIT_STRINGS: ClassVar = []
        HEX_STRINGS: ClassVar = []
        UNICODE_STRINGS: ClassVar = []
        VAR_SINGLE_TOKENS: ClassVar = set()
        SINGLE_TOKENS: ClassVar = {
            **Postgres.Tokenizer.SINGLE_TOKENS,
            "$": TokenType.PARAMETER,
        }

    class Parser(PostgresParser):
        _steps = 0

        def _advance(self, times: int = 1) -> None:
            self._steps += 1
            if self._steps > STEPS_A_WORD * (50 + self._tokens_size):
                raise Tangled
            super()._advance(times)


class _SQLite(SQLite):
    class Tokenizer(SQLite.Tokenizer):
        # SQLite takes an unknown name in double quotes for a text, in backticks for a mistake.
        IDENTIFIERS: ClassVar = ["`"]

    class Generator(SQLiteGenerator):
        def parameter_sql(self, expression: exp.Parameter) -> str:
            return f"?{expression.name}"


_ASKED = Asked()
_SQLITE = _SQLite()
_POSTGRES = Postgres()


def words(text: str) -> list[Token]:
    """The words of a statement, without comments. Raises sqlglot's TokenError."""
    return list(_ASKED.tokenize(text))


def trees(tokens: list[Token], text: str) -> list[Node | None]:
    """What they mean. Raises sqlglot's ParseError, Tangled, RecursionError."""
    return list(_ASKED.parser(error_level=ErrorLevel.IMMEDIATE).parse(tokens, text))


def written(tree: Node, is_sqlite: bool) -> str:
    """The statement for a database. Raises sqlglot's UnsupportedError, RecursionError."""
    mine = tree.copy()
    change_all(mine, _for_sqlite if is_sqlite else _for_postgres)
    dialect = _SQLITE if is_sqlite else _POSTGRES
    return dialect.generate(
        mine, copy=False, identify=True, comments=False, unsupported_level=ErrorLevel.RAISE
    )


def change_all(tree: Node, change: Callable[[Node], Node | None]) -> None:
    """Puts what `change` gives in the place of each node below the root, the innermost first."""
    for node in reversed(list(tree.walk())):
        if node is tree:
            continue
        parent, key, index = node.parent, node.arg_key, node.index
        new = change(node)
        if new is not None and parent is not None and key is not None:
            parent.set(key, new, index)


def bracketed(node: Node) -> Node | None:
    """An operator inside another, in brackets of its own: databases disagree on what binds."""
    parent = node.parent
    if not isinstance(node, _OPERATORS) or not isinstance(parent, _OPERATORS):
        return None
    if isinstance(parent, exp.Escape):
        return None
    in_chain = type(node) is type(parent) and type(node) in _CHAINS and node.arg_key == "this"
    return None if in_chain else exp.Paren(this=node)


_OPERATORS = (exp.Binary, exp.Not, exp.Neg, exp.Between, exp.In)
# a + b + c needs none: both databases go from left to right.
_CHAINS = (exp.And, exp.Or, exp.Add, exp.Sub, exp.Mul, exp.DPipe)


def _for_sqlite(node: Node) -> Node | None:
    match node:
        case exp.CurrentTimestamp():
            return _time("%Y-%m-%d %H:%M:%f000", exp.Literal.string("now"))
        case exp.Extract():
            part = _time(_PARTS[node.name.upper()], node.expression)
            return exp.Cast(this=part, to=exp.DataType.build("bigint"))
        case exp.ILike():
            return _escaped(
                exp.Like(
                    this=exp.Lower(this=node.this),
                    expression=exp.Lower(this=node.expression),
                    negate=node.args.get("negate"),
                ),
                node.parent,
            )
        case exp.Like():
            return _escaped(node, node.parent)
        case exp.OnConflict():
            _ends_before_conflict(node.parent)
        case exp.Returning():
            _without_alias(node)
    return None


_PARTS = {
    "YEAR": "%Y",
    "MONTH": "%m",
    "DAY": "%d",
    "HOUR": "%H",
    "MINUTE": "%M",
    "DOW": "%w",
}
EXTRACTED = frozenset(_PARTS)


def _time(shape: str, value: Node) -> Node:
    return exp.Anonymous(this="STRFTIME", expressions=[exp.Literal.string(shape), value])


def _escaped(like: Node, parent: Node | None) -> Node:
    """PostgreSQL escapes by a backslash unless told otherwise, SQLite by nothing."""
    if isinstance(parent, exp.Escape):
        return like
    return exp.Escape(this=like, expression=exp.Literal.string("\\"))


def _ends_before_conflict(insert: Node | None) -> None:
    """Without WHERE, SQLite would take the ON of ON CONFLICT for a join's."""
    rows = insert.args.get("expression") if insert else None
    while isinstance(rows, exp.SetOperation):
        rows = rows.expression
    if isinstance(rows, exp.Select) and not rows.args.get("where"):
        rows.set("where", exp.Where(this=exp.true()))


def _without_alias(returning: exp.Returning) -> None:
    """SQLite gives back only the changed row, and does not know it by another name."""
    target = returning.parent.this if returning.parent else None
    table = target.this if isinstance(target, exp.Schema) else target
    for column in returning.find_all(exp.Column):
        if isinstance(table, exp.Table) and column.table == table.alias and not _is_inside(column):
            column.set("table", exp.to_identifier(table.name))


def _is_inside(column: exp.Column) -> bool:
    """Whether it belongs to a query of its own."""
    return column.find_ancestor(exp.Query, exp.Returning) is not column.find_ancestor(exp.Returning)


def _for_postgres(node: Node) -> Node | None:
    match node:
        case exp.Div() | exp.Mod():
            # SQLite gives null for what is divided by zero.
            node.set(
                "expression", exp.Nullif(this=node.expression, expression=exp.Literal.number(0))
            )
        case exp.Round():
            # Of a float there are no decimals, and half goes to the even neighbour.
            node.set("this", exp.Cast(this=node.this, to=exp.DataType.build("numeric")))
            _small(node, "decimals")
            return exp.Cast(this=node, to=exp.DataType.build("double"))
        case exp.Substring():
            _small(node, "start")
            _small(node, "length")
        case exp.Lag() | exp.Lead():
            _small(node, "offset")
    return None


def _small(node: Node, key: str) -> None:
    """Functions of PostgreSQL take 32 bits where all our numbers have 64."""
    value = node.args.get(key)
    if value is not None:
        node.set(key, exp.Cast(this=value, to=exp.DataType.build("int")))
