"""What the database service is asked, `db.<kind>.<plugin>.<op>`, and what it answers.

`docs/storage.md` is made from these models.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    field_validator,
)

MOST_ROWS = 1000
MOST_SQL_ROWS = 100_000
MOST_OPERATIONS = 1000
LONGEST_KEY = 255
# Bytes of a value's JSON in UTF-8.
LARGEST_VALUE = 65_536
LONGEST_LIFE = 2_147_483_647
# Seconds a client waits.
ROW_PATIENCE = 5.0
KEY_PATIENCE = 2.0


class Code(StrEnum):
    """Why something was not done."""

    INVALID_JSON = "INVALID_JSON"
    MISSING_FIELD = "MISSING_FIELD"
    VALIDATION_ERROR = "VALIDATION_ERROR"
    VALUE_TOO_LARGE = "VALUE_TOO_LARGE"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    RATE_LIMITED = "RATE_LIMITED"
    TIMEOUT = "TIMEOUT"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    # Of SQL only.
    REQUEST_VALIDATION_ERROR = "REQUEST_VALIDATION_ERROR"
    EMPTY_QUERY = "EMPTY_QUERY"
    PARSE_ERROR = "PARSE_ERROR"
    STACKED_QUERIES = "STACKED_QUERIES"
    FORBIDDEN_STATEMENT = "FORBIDDEN_STATEMENT"
    FORBIDDEN_KEYWORD = "FORBIDDEN_KEYWORD"
    SYSTEM_TABLE_ACCESS = "SYSTEM_TABLE_ACCESS"
    NAMESPACE_VIOLATION = "NAMESPACE_VIOLATION"
    PARAM_COUNT_MISMATCH = "PARAM_COUNT_MISMATCH"
    INVALID_PLACEHOLDER = "INVALID_PLACEHOLDER"


TableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
KeyName = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_KEY, pattern=r"^[^\x00]*$")
]
Seconds = Annotated[int, Field(ge=1, le=LONGEST_LIFE, strict=True)]
Repeat = Annotated[
    str | None,
    Field(
        default=None,
        min_length=1,
        max_length=255,
        description="a repeat within a day returns the first result",
    ),
]
RESERVED_FIELDS = ("id", "created_at", "updated_at")
FieldType = Literal["string", "text", "integer", "float", "boolean", "datetime"]


class FieldDefinition(BaseModel):
    """A field of a table of one's own; `id`, `created_at` and `updated_at` are always there."""

    model_config = ConfigDict(extra="forbid")
    name: FieldName
    type: FieldType
    required: bool = False

    @field_validator("name")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        if name in RESERVED_FIELDS:
            raise ValueError(f"{name!r} is there without being declared")
        return name


class TableDefinition(BaseModel):
    """A table as a plugin declares it in its `plugin.toml`."""

    model_config = ConfigDict(extra="forbid")
    fields: list[FieldDefinition] = Field(min_length=1, max_length=100)

    @field_validator("fields")
    @classmethod
    def _each_once(cls, fields: list[FieldDefinition]) -> list[FieldDefinition]:
        names = [field.name for field in fields]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"each field once; twice: {', '.join(twice)}")
        return fields


Filter = Annotated[
    dict[str, Any],
    Field(description="`{field: value}`, `{field: {$op: value}}`, `$and`, `$or`, `$not`"),
]
Row = dict[str, Any]


class _Request(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Order(_Request):
    """By which field rows come. What is null comes before all else, and last with `desc`."""

    field: FieldName
    order: Literal["asc", "desc"] = "asc"


def _orders(given: Any) -> Any:
    """A list as it is; one field alone; or `{field: 1 or -1}` for several."""
    if not isinstance(given, dict):
        return given
    if given and all(type(way) is int and way in (1, -1) for way in given.values()):
        return [
            {"field": field, "order": "asc" if way == 1 else "desc"} for field, way in given.items()
        ]
    return [given]


Sorting = Annotated[
    list[Order],
    BeforeValidator(_orders),
    Field(default=[], description="list of `{field, order}`, asc or desc; or `{field: 1 or -1}`"),
]


class _OfTable(_Request):
    table: TableName = Field(description="without the plugin's prefix")


class _Write(_OfTable):
    idempotency_key: Repeat
    expect: int | None = Field(
        default=None, ge=0, strict=True, description="rows it must touch, else CONFLICT and nothing"
    )


class Insert(_Write):
    """`db.row.<plugin>.insert`: one row or several, in one statement, all or none."""

    values: Annotated[Row | list[Row], Field(description="fields of one row, or a list of rows")]


class Select(_OfTable):
    """`db.row.<plugin>.select`: rows as they are now; equals come in the order of their ids."""

    filter: Filter = {}
    order: Sorting
    limit: int = Field(default=100, ge=1, le=MOST_ROWS, strict=True)
    offset: int = Field(default=0, ge=0, strict=True)


class Update(_Write):
    """`db.row.<plugin>.update`: in one statement. Several operators may not name one field."""

    filter: Filter
    update: dict[str, Any] = Field(
        description="`{$set: {field: value}}`, `$inc`, `$dec`, `$mul`, `$max`, `$min`"
    )
    upsert: bool = Field(
        default=False,
        strict=True,
        description="when no row matches, one is made of the filter's equalities; numbers from 0",
    )


class Delete(_Write):
    """`db.row.<plugin>.delete`: all that match; an empty filter means every row."""

    filter: Filter


class Count(_OfTable):
    """`db.row.<plugin>.count`."""

    filter: Filter = {}


class Aggregate(_OfTable):
    """`db.row.<plugin>.aggregate`: `{"best": {"$max": "score"}}`; `{"$count": "*"}` counts rows.

    Groups come in the order of grouping fields or names of aggregates.
    """

    filter: Filter = {}
    aggregates: dict[FieldName, dict[str, Any]] = Field(
        min_length=1, description="name → `{$count, $sum, $avg, $min or $max: field}`"
    )
    group_by: list[FieldName] = []
    order: Sorting
    limit: int = Field(default=100, ge=1, le=MOST_ROWS, strict=True)


class Batch(_Request):
    """`db.row.<plugin>.batch`: several in one transaction, in order, all or none."""

    operations: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=MOST_OPERATIONS,
        description='requests as above, each with `op`: "insert", "update", "delete", ...',
    )
    idempotency_key: Repeat


class Get(_Request):
    """`db.kv.<plugin>.get`."""

    key: KeyName


class Set(_Request):
    """`db.kv.<plugin>.set`: without `ttl_seconds` it stays, whatever an earlier set said."""

    key: KeyName
    value: JsonValue
    ttl_seconds: Seconds | None = None


class DeleteKey(_Request):
    """`db.kv.<plugin>.delete`."""

    key: KeyName


class ListKeys(_Request):
    """`db.kv.<plugin>.list`: sorted by bytes; nothing in a prefix has a meaning of its own."""

    prefix: str = Field(default="", max_length=LONGEST_KEY)
    limit: int = Field(default=100, ge=1, le=MOST_ROWS, strict=True)


class Incr(_Request):
    """`db.kv.<plugin>.incr`: what is missing counts as 0; a life already given goes on."""

    key: KeyName
    by: int | float = Field(default=1, allow_inf_nan=False)
    ttl_seconds: Seconds | None = None
    idempotency_key: Repeat


class CompareAndSet(_Request):
    """`db.kv.<plugin>.compare_and_set`: only if the value is `expected`; null means no value."""

    key: KeyName
    expected: JsonValue
    value: JsonValue
    ttl_seconds: Seconds | None = None


class Sql(_Request):
    """`db.sql.<plugin>.query|execute`: one statement about own tables, called by full names."""

    query: str = Field(min_length=1, max_length=LARGEST_VALUE, pattern=r"\S")
    params: list[JsonValue] = Field(default=[], description="for `$1`, `$2`, ...")
    timeout_ms: int = Field(default=10_000, ge=100, le=30_000, strict=True)
    max_rows: int = Field(default=MOST_ROWS, ge=1, le=MOST_SQL_ROWS, strict=True)
    allow_write: bool = Field(default=False, strict=True, description="for `execute` only")


class Problem(BaseModel):
    """`{"success": false, "error": ...}`; `field` is what was wrong in the request."""

    code: Code
    message: str
    field: str | None = None


class Done(BaseModel):
    """Nothing but that it is done."""

    model_config = ConfigDict(extra="ignore")
    success: bool = True


class Inserted(Done):
    """Ids in the order of the values; `id` when it was one."""

    ids: list[int]
    id: int | None = None
    count: int


class Selected(Done):
    """`truncated`: there are more."""

    rows: list[Row]
    count: int
    truncated: bool


class Updated(Done):
    """`exists`: something matched or was made."""

    updated: int
    exists: bool
    created: bool = False


class Deleted(Done):
    deleted: int


class Counted(Done):
    count: int


class Aggregated(Done):
    """One of `groups` for each group, or the only one: grouping fields and names of aggregates."""

    groups: list[Row]
    truncated: bool = False


class Batched(Done):
    """What each would have answered alone."""

    results: list[dict[str, Any]]


class Got(Done):
    exists: bool
    value: JsonValue = None


class KeyDeleted(Done):
    deleted: bool


class Keys(Done):
    keys: list[str]
    count: int
    truncated: bool


class Incremented(Done):
    value: int | float


class Swapped(Done):
    """`value` is what stands there now."""

    swapped: bool
    value: JsonValue = None


class SqlResult(Done):
    """`count` is rows given, or rows touched by a write."""

    columns: list[str] = []
    rows: list[list[Any]] = []
    count: int = 0
    truncated: bool = False


class MigrationStatusRequest(_Request):
    """`db.migrate.<plugin>.status`: where the plugin's tables stand; it takes no fields."""


class MigrationStatus(Done):
    """Revisions where the plugin has migrations, and its tables without their prefix."""

    current: str | None = None
    head: str | None = None
    pending: list[str] = []
    tables: list[str] = []
