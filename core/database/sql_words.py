"""What SQL is made of, as far as plugins may use it: the same on both databases."""

import re
from collections.abc import Callable

from sqlglot import exp

from core.database.problems import Refusal
from core.database.sql_dialects import EXTRACTED, Node
from rosey.contracts.storage import Code

# Beginnings of statements that are none of ours.
_OTHERS = """
( ABORT ALTER ANALYZE ATTACH BEGIN CACHE CALL CHECKPOINT CLOSE CLUSTER COMMENT COMMIT COPY CREATE
DEALLOCATE DECLARE DESC DESCRIBE DETACH DISCARD DO DROP END EXEC EXECUTE EXPLAIN FETCH FROM GRANT
IMPORT INSTALL KILL LISTEN LOAD LOCK MERGE MOVE NOTIFY OPTIMIZE PIVOT PRAGMA PREPARE REASSIGN
REFRESH REINDEX RELEASE RENAME REPLACE RESET REVOKE ROLLBACK SAVEPOINT SECURITY SET SHOW START
SUMMARIZE TABLE TRUNCATE UNCACHE UNLISTEN UNLOAD UPSERT USE VACUUM VALUES
"""
OTHER_STATEMENTS = frozenset(_OTHERS.split())

# A kind of node and which of its parts may be there.
_ALLOWED: dict[type[Node], str] = {
    # Statements
    exp.Select: "with_ expressions distinct from_ joins where group having order limit offset",
    exp.Union: "with_ this expression distinct order limit offset",
    exp.Intersect: "with_ this expression distinct order limit offset",
    exp.Except: "with_ this expression distinct order limit offset",
    exp.Insert: "with_ this expression conflict returning default",
    exp.Update: "with_ this expressions from_ where returning",
    exp.Delete: "with_ this where returning",
    # Their parts
    exp.With: "expressions recursive",
    exp.CTE: "this alias",
    exp.TableAlias: "this columns",
    exp.Schema: "this expressions",
    exp.Values: "expressions",
    exp.OnConflict: "action conflict_keys expressions where",
    exp.Returning: "expressions",
    exp.From: "this",
    exp.Join: "this on using side kind method",
    exp.Table: "this alias joins",
    exp.Subquery: "this alias joins",
    exp.Distinct: "expressions",
    exp.Where: "this",
    exp.Group: "expressions",
    exp.Having: "this",
    exp.Order: "expressions",
    exp.Ordered: "this desc nulls_first",
    exp.Limit: "expression",
    exp.Offset: "expression",
    # Names and values
    exp.Identifier: "this quoted",
    exp.Column: "this table",
    exp.Alias: "this alias",
    exp.Star: "",
    exp.Var: "this",
    exp.Literal: "this is_string",
    exp.Boolean: "this",
    exp.Null: "",
    exp.Parameter: "this",
    exp.Paren: "this",
    exp.Tuple: "expressions",
    # Operators
    exp.And: "this expression",
    exp.Or: "this expression",
    exp.Not: "this",
    exp.EQ: "this expression",
    exp.NEQ: "this expression",
    exp.GT: "this expression",
    exp.GTE: "this expression",
    exp.LT: "this expression",
    exp.LTE: "this expression",
    exp.Is: "this expression negate",
    exp.NullSafeEQ: "this expression",
    exp.NullSafeNEQ: "this expression",
    exp.Add: "this expression",
    exp.Sub: "this expression",
    exp.Mul: "this expression",
    exp.Div: "this expression typed safe",
    exp.Mod: "this expression",
    exp.DPipe: "this expression safe",
    exp.Neg: "this",
    exp.Between: "this low high",
    exp.In: "this expressions query",
    exp.Exists: "this",
    exp.Like: "this expression negate",
    exp.ILike: "this expression negate",
    exp.Escape: "this expression",
    exp.Case: "this ifs default",
    exp.If: "this true",
    # Functions
    exp.Count: "this big_int",
    exp.Sum: "this",
    exp.Avg: "this",
    exp.Min: "this",
    exp.Max: "this",
    exp.Filter: "this expression",
    exp.Window: "this partition_by order spec over",
    exp.WindowSpec: "kind start start_side end end_side",
    exp.RowNumber: "",
    exp.Rank: "",
    exp.DenseRank: "",
    exp.Lag: "this offset",
    exp.Lead: "this offset",
    exp.Lower: "this",
    exp.Upper: "this",
    exp.Length: "this",
    exp.Substring: "this start length",
    exp.Trim: "this expression position",
    exp.Replace: "this expression replacement",
    exp.StrPosition: "this substr",
    exp.Abs: "this",
    exp.Round: "this decimals",
    exp.Coalesce: "this expressions",
    exp.Nullif: "this expression",
    exp.Cast: "this to",
    exp.DataType: "this nested",
    exp.CurrentTimestamp: "",
    exp.CurrentDate: "",
    exp.Date: "this",
    exp.Extract: "this expression",
}
_PARTS = {kind: frozenset(parts.split()) for kind, parts in _ALLOWED.items()}
_SPOKEN = {
    "locks": "FOR UPDATE",
    "into": "INTO",
    "sample": "TABLESAMPLE",
    "on": "DISTINCT ON",
    "hint": "a hint",
    "laterals": "LATERAL",
    "windows": "WINDOW",
    "using": "USING",
    "constraint": "ON CONSTRAINT",
    "db": "A schema before a column",
}
_NUMBER = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_TYPES = {
    exp.DType.TEXT: exp.DType.TEXT,
    exp.DType.INT: exp.DType.BIGINT,
    exp.DType.BIGINT: exp.DType.BIGINT,
    exp.DType.FLOAT: exp.DType.DOUBLE,
    exp.DType.DOUBLE: exp.DType.DOUBLE,
    exp.DType.DATE: exp.DType.DATE,
}
_JOINS = {"side": ("LEFT",), "kind": ("INNER", "CROSS", "OUTER"), "method": ("NATURAL",)}
_FRAMES = ("ROWS", "RANGE", "UNBOUNDED", "CURRENT ROW", "PRECEDING", "FOLLOWING")


def check(node: Node) -> None:
    """Raises Refusal unless `node`, without what is inside it, may be there."""
    allowed = _PARTS.get(type(node))
    if allowed is None:
        raise _no(_called(node))
    for key, value in node.args.items():
        if value not in (None, False, [], "") and key not in allowed:
            raise _no(_SPOKEN.get(key, f"{key.strip('_')} of {node.key}".upper()))
    special = _SPECIAL.get(type(node))
    if special is not None:
        special(node)


def _called(node: Node) -> str:
    if isinstance(node, exp.Anonymous):
        return f"The function {node.name[:60]}"
    if isinstance(node, exp.Func):
        return f"The function {node.sql_name()}"
    return node.key.upper()


def _no(what: str) -> Refusal:
    message = f"{what} is not possible in a plugin's SQL; docs/storage.md lists what is."
    return Refusal(Code.FORBIDDEN_KEYWORD, message)


def _set_operation(node: Node) -> None:
    """SQLite knows no brackets here, and binds INTERSECT no tighter than UNION."""
    left, right = node.this, node.expression
    if not isinstance(right, exp.Select) or not isinstance(left, exp.Select | exp.SetOperation):
        raise _no("A part of UNION, EXCEPT or INTERSECT in brackets, or INTERSECT among others,")
    if not node.args.get("distinct") and not isinstance(node, exp.Union):
        raise _no("EXCEPT ALL or INTERSECT ALL")


def _names(node: Node) -> None:
    for name in node.args.get("expressions") or node.args.get("columns") or ():
        if not isinstance(name, exp.Identifier):
            raise Refusal(Code.PARSE_ERROR, "A list of columns has names and nothing else.")


def _table_alias(node: Node) -> None:
    _names(node)
    if node.args.get("columns") and not isinstance(node.parent, exp.CTE):
        raise _no("A list of columns after an alias")


def _values(node: Node) -> None:
    if not isinstance(node.parent, exp.Insert):
        raise _no("VALUES outside INSERT")


def _join(node: Node) -> None:
    for key, known in _JOINS.items():
        if (node.args.get(key) or known[0]).upper() not in known:
            raise _no(f"{node.args[key].upper()} JOIN")


def _subquery(node: Node) -> None:
    if isinstance(node.this, exp.Subquery):
        raise _no("A query in two pairs of brackets")


def _alias(node: Node) -> None:
    if not isinstance(node.args.get("alias"), exp.Identifier):
        raise Refusal(Code.PARSE_ERROR, "What follows AS must be a name.")


def _bound(node: Node) -> None:
    value = node.args.get("expression")
    is_number = isinstance(value, exp.Literal) and not value.is_string
    if not is_number and not isinstance(value, exp.Parameter):
        raise _no(f"Anything but a number or a placeholder after {node.key.upper()}")


def _literal(node: Node) -> None:
    if not node.args["is_string"] and not _NUMBER.fullmatch(node.this):
        raise Refusal(Code.PARSE_ERROR, f"{node.this[:30]!r} is no number.")


def _var(node: Node) -> None:
    place, key, text = node.parent, node.arg_key, str(node.this).upper()
    if isinstance(place, exp.OnConflict) and key == "action":
        allowed = text in ("DO UPDATE", "DO NOTHING")
    else:
        allowed = isinstance(place, exp.Extract) and key == "this" and text in EXTRACTED
    if not allowed:
        raise _no(text[:30])


def _extract(node: Node) -> None:
    if node.name.upper() not in EXTRACTED:
        raise _no(f"EXTRACT of {node.name[:30]}")


def _type(node: Node) -> None:
    wider = _TYPES.get(node.this)
    if wider is None:
        raise _no(f"A cast to {str(node.this).rpartition('.')[2][:30]}")
    # INT has 32 bits on PostgreSQL and 64 on SQLite.
    node.set("this", wider)


def _escape(node: Node) -> None:
    sign = node.expression
    one = isinstance(sign, exp.Literal) and sign.is_string and len(sign.this) == 1
    if not one or not isinstance(node.this, exp.Like):
        raise _no("ESCAPE with anything but one character after LIKE")


def _frame(node: Node) -> None:
    for key in ("kind", "start", "start_side", "end", "end_side"):
        value = node.args.get(key)
        if isinstance(value, str) and value.upper() not in _FRAMES:
            raise _no("This frame of a window")
        if isinstance(value, exp.Expr) and not isinstance(value, exp.Literal):
            raise _no("A frame of a window that is no number")


_SPECIAL: dict[type[Node], Callable[[Node], None]] = {
    exp.Union: _set_operation,
    exp.Intersect: _set_operation,
    exp.Except: _set_operation,
    exp.Schema: _names,
    exp.TableAlias: _table_alias,
    exp.Values: _values,
    exp.Join: _join,
    exp.Subquery: _subquery,
    exp.Alias: _alias,
    exp.Limit: _bound,
    exp.Offset: _bound,
    exp.Literal: _literal,
    exp.Var: _var,
    exp.Extract: _extract,
    exp.DataType: _type,
    exp.Escape: _escape,
    exp.WindowSpec: _frame,
}
