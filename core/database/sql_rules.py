"""Which SQL a plugin may have run: one statement about tables of its own, and nothing else.

A statement is SELECT, INSERT, UPDATE or DELETE, each also after WITH. The parts of WITH, and
everything else inside, only read. A table is called `<plugin>_<table>`, without a schema, wherever
a table can stand. Whatever is not listed in `sql_words` is refused.

Functions: COUNT SUM AVG MIN MAX (with DISTINCT, FILTER, OVER), ROW_NUMBER RANK DENSE_RANK LAG LEAD,
LOWER UPPER LENGTH SUBSTR TRIM LTRIM RTRIM REPLACE POSITION, ABS ROUND, COALESCE NULLIF CASE,
CAST to TEXT, BIGINT, DOUBLE PRECISION or DATE, CURRENT_TIMESTAMP, CURRENT_DATE, DATE, and EXTRACT
of YEAR, MONTH, DAY, HOUR, MINUTE and DOW.

Values are `$1` to `$N`, in any order, as often as wanted. What is divided by zero is null, and null
is smaller than everything.
"""

import re
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from core.database import sql_words
from core.database.problems import Refusal
from core.database.sql_dialects import Node, Tangled, bracketed, change_all, trees, words
from rosey.contracts.storage import Code

MOST_WORDS = 5000
_BEGINNINGS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
_SYSTEM = re.compile(r"(pg|sqlite|pragma|db|alembic)_|information_schema$")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTED = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]*")
_PLACEHOLDER = re.compile(r"[1-9][0-9]{0,4}")


@dataclass(frozen=True)
class Statement:
    """What may run. `tables` are the real ones by their full names; `target` is what it changes.

    `placeholders` are the numbers of `$1`, ... as they come in `tree`.
    """

    kind: str
    tree: Node
    tables: frozenset[str]
    target: str
    placeholders: tuple[int, ...]

    @property
    def reads(self) -> bool:
        return self.kind == "SELECT"


def check(plugin: str, query: str, params: int) -> Statement:
    """What `query` means, if `plugin` may have it run with so many parameters. Raises Refusal."""
    try:
        tree = _tree(_words(query), query)
        _check_statement(tree)
        tables = _check_tables(tree, plugin)
        for node in tree.walk():
            sql_words.check(node)
            _check_name(node)
        placeholders = _placeholders(tree, params)
        _settle(tree, plugin)
    except (Tangled, RecursionError):
        message = "The statement is nested too deeply, or a JOIN lacks its ON; make it simpler."
        raise Refusal(Code.PARSE_ERROR, message) from None
    kind = "SELECT" if isinstance(tree, exp.Query) else tree.key.upper()
    target = _target(tree)
    return Statement(kind, tree, tables, target.name if target else "", placeholders)


def _words(query: str) -> list[Token]:
    """The words of one statement."""
    if not query.strip():
        raise Refusal(Code.EMPTY_QUERY, "The statement is empty.")
    if "\0" in query or any("\ud800" <= char <= "\udfff" for char in query):
        raise Refusal(Code.PARSE_ERROR, "The statement has a character that is no text.")
    try:
        found = words(query)
    except TokenError:
        message = "The statement cannot be read; is a quotation mark or a comment left open?"
        raise Refusal(Code.PARSE_ERROR, message) from None
    while found and found[-1].token_type is TokenType.SEMICOLON:
        found.pop()
    if not found:
        raise Refusal(Code.EMPTY_QUERY, "The statement is empty.")
    if any(word.token_type is TokenType.SEMICOLON for word in found):
        raise Refusal(Code.STACKED_QUERIES, "Only one statement at a time; leave out the ';'.")
    if len(found) > MOST_WORDS:
        raise Refusal(Code.PARSE_ERROR, f"A statement has at most {MOST_WORDS} words.")
    _check_beginning(found[0])
    _check_placeholders_and_numbers(found)
    return found


def _check_beginning(first: Token) -> None:
    beginning = first.text.upper()
    if beginning in _BEGINNINGS:
        return
    if beginning in sql_words.OTHER_STATEMENTS or first.token_type is TokenType.COMMAND:
        raise _forbidden_statement(beginning)
    message = "A statement begins with SELECT, INSERT, UPDATE, DELETE or WITH."
    raise Refusal(Code.PARSE_ERROR, message)


def _forbidden_statement(what: str) -> Refusal:
    message = f"{what[:30]} is not possible here; SELECT, INSERT, UPDATE and DELETE are."
    return Refusal(Code.FORBIDDEN_STATEMENT, message)


def _check_placeholders_and_numbers(found: list[Token]) -> None:
    """`?`, `:name`, `@name`, `%s` and `$name` are other libraries' placeholders."""
    for number, word in enumerate(found):
        before = found[number - 1] if number else word
        after = found[number + 1] if number + 1 < len(found) else word
        if word.token_type is TokenType.NUMBER and _goes_on(word, after):
            message = f"{word.text[:20] + after.text[:20]!r} is neither a number nor a name."
            raise Refusal(Code.PARSE_ERROR, message)
        if word.text == "$" and word.token_type is TokenType.PARAMETER:
            is_ours = after.token_type is TokenType.NUMBER and _PLACEHOLDER.fullmatch(after.text)
            strange = not is_ours or after.start != word.end + 1
        elif word.text == "%" and word.token_type is TokenType.MOD:
            is_operand = before.token_type in _OPERANDS
            strange = not is_operand and after.start == word.end + 1
        else:
            strange = word.token_type in _FOREIGN
        if strange:
            raise Refusal(
                Code.INVALID_PLACEHOLDER,
                "Values are $1, $2, ... in the statement, in the order of `params`.",
            )


def _goes_on(word: Token, after: Token) -> bool:
    return after.token_type is TokenType.VAR and after.start == word.end + 1


_FOREIGN = frozenset({TokenType.PLACEHOLDER, TokenType.COLON, TokenType.PARAMETER})
_OPERANDS = frozenset({TokenType.VAR, TokenType.NUMBER, TokenType.IDENTIFIER, TokenType.R_PAREN})


def _tree(found: list[Token], query: str) -> Node:
    try:
        tree = trees(found, query)[0]
    except SqlglotError as problem:
        raise Refusal(Code.PARSE_ERROR, _where(problem)) from None
    assert tree is not None
    return tree


def _where(problem: SqlglotError) -> str:
    errors = problem.errors if isinstance(problem, ParseError) else []
    if not errors or not errors[0].get("line"):
        return "The statement cannot be read."
    line, column, near = (errors[0].get(key) for key in ("line", "col", "highlight"))
    return f"The statement cannot be read at line {line}, column {column}: near {str(near)[:30]!r}."


def _check_statement(tree: Node) -> None:
    if not isinstance(tree, exp.Select | exp.SetOperation | exp.Insert | exp.Update | exp.Delete):
        raise _forbidden_statement(tree.key.upper())
    for node in tree.find_all(exp.DML, exp.DDL, exp.Command, exp.Merge):
        if node is not tree and not isinstance(node, exp.Query):
            message = "Only the statement itself may change rows, not a part inside it."
            raise Refusal(Code.FORBIDDEN_STATEMENT, message)


def _check_tables(tree: Node, plugin: str) -> frozenset[str]:
    """The real tables, all of them the plugin's own."""
    target = _target(tree)
    real = set()
    for table in tree.find_all(exp.Table):
        name = _table_name(table)
        if table is target or name not in _visible(table):
            _check_own(table, name, plugin)
            real.add(name)
    for part in tree.find_all(exp.CTE):
        _check_no_system(part.alias)
    return frozenset(real)


def _target(tree: Node) -> exp.Table | None:
    """The table that a statement changes."""
    if not isinstance(tree, exp.Insert | exp.Update | exp.Delete):
        return None
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if not isinstance(target, exp.Table):
        raise Refusal(Code.FORBIDDEN_KEYWORD, "Only rows of a table can be changed.")
    return target


def _table_name(table: exp.Table) -> str:
    """As the database finds it: in small letters unless quoted."""
    for part in ("catalog", "db", "this"):
        found = table.args.get(part)
        if isinstance(found, exp.Identifier):
            _check_no_system(found.name)
    if table.args.get("db") or table.args.get("catalog"):
        message = f"{_short(table.name)} is named with a schema; own tables are named without."
        raise Refusal(Code.NAMESPACE_VIOLATION, message)
    if not isinstance(table.this, exp.Identifier):
        raise Refusal(Code.FORBIDDEN_KEYWORD, "A function cannot stand in the place of a table.")
    return _folded(table.this)


def _check_no_system(name: str) -> None:
    if _SYSTEM.match(name.lower()):
        message = f"{_short(name)} belongs to the database and not to a plugin."
        raise Refusal(Code.SYSTEM_TABLE_ACCESS, message)


def _check_own(table: exp.Table, name: str, plugin: str) -> None:
    if not re.fullmatch(rf"{re.escape(plugin)}_[a-z][a-z0-9_]*", name):
        message = f"{_short(name)} is no table of {plugin}; its own begin with {plugin}_."
        raise Refusal(Code.NAMESPACE_VIOLATION, message)


def _visible(table: exp.Table) -> set[str]:
    """The parts of WITH that can be called at this place."""
    names: set[str] = set()
    child: Node = table
    parent = table.parent
    while parent is not None:
        if isinstance(parent, exp.With):
            # A part sees those before it, and with RECURSIVE itself.
            before = child.index or 0
            last = before + 1 if parent.args.get("recursive") else before
            names |= {_part_name(part) for part in parent.expressions[:last]}
        else:
            parts = parent.args.get("with_")
            if parts is not None and parts is not child:
                names |= {_part_name(part) for part in parts.expressions}
        child, parent = parent, parent.parent
    return names


def _part_name(part: Node) -> str:
    alias = part.args["alias"].this
    return _folded(alias) if isinstance(alias, exp.Identifier) else ""


def _folded(name: exp.Identifier) -> str:
    text: str = name.this
    return text if name.args.get("quoted") or not text.isascii() else text.lower()


def _short(name: str) -> str:
    return f"'{name[:60]}'"


def _check_name(node: Node) -> None:
    if isinstance(node, exp.Identifier):
        shape = _QUOTED if node.args.get("quoted") else _PLAIN
        if not shape.fullmatch(node.this):
            message = f"{_short(node.this)} is no name; names are made of a-z, 0-9 and _."
            raise Refusal(Code.PARSE_ERROR, message)


def _placeholders(tree: Node, params: int) -> tuple[int, ...]:
    numbers = tuple(int(each.name) for each in tree.find_all(exp.Parameter, bfs=False))
    highest = max(numbers, default=0)
    if highest > params:
        message = f"The statement speaks of ${highest}, but there are {params} params."
        raise Refusal(Code.PARAM_COUNT_MISMATCH, message)
    return numbers


def _settle(tree: Node, plugin: str) -> None:
    """Leaves nothing to how a database folds names, names columns or reads operators."""
    for name in tree.find_all(exp.Identifier):
        name.set("this", _folded(name))
    _rename_parts(tree, plugin)
    for select in tree.find_all(exp.Select, exp.Returning):
        select.set("expressions", [_named(*each) for each in enumerate(select.expressions, 1)])
    for conflict in tree.find_all(exp.OnConflict):
        keys = conflict.args.get("conflict_keys") or []
        conflict.set("conflict_keys", [key.this if _is_ordered(key) else key for key in keys])
    change_all(tree, bracketed)


def _rename_parts(tree: Node, plugin: str) -> None:
    """Parts of WITH get names that begin as the plugin's tables do, and that no table can have.

    Whatever a database may think of where such a part can be seen, it finds no other's table.
    """
    new = {
        part.alias: f"{plugin}_with {part.alias}"
        for part in tree.find_all(exp.CTE)
        if not part.alias.startswith(f"{plugin}_")
    }
    for table in tree.find_all(exp.Table):
        if table.name in new:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            table.set("this", exp.to_identifier(new[table.name], quoted=True))
    for part in tree.find_all(exp.CTE):
        if part.alias in new:
            part.args["alias"].set("this", exp.to_identifier(new[part.alias], quoted=True))


def _named(number: int, column: Node) -> Node:
    """Databases give names of their own to what has none."""
    if isinstance(column, exp.Alias | exp.Star) or column.is_star:
        return column
    if isinstance(column, exp.Column):
        name = column.name
    else:
        inner = column.this if isinstance(column, exp.Window | exp.Filter) else column
        inner = inner.this if isinstance(inner, exp.Filter) else inner
        if isinstance(inner, exp.Func) and not isinstance(inner, exp.Connector):
            name = inner.sql_name().lower()
        else:
            name = f"column_{number}"
    return exp.Alias(this=column, alias=exp.to_identifier(name))


def _is_ordered(key: Node) -> bool:
    return isinstance(key, exp.Ordered)
