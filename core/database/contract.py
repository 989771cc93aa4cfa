"""What may be asked of the service and what it answers, as Markdown from the models."""

from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from rosey.contracts import storage as wire

# Every request of the service with its answer.
OPERATIONS: list[tuple[str, type[BaseModel], type[BaseModel]]] = [
    ("db.row.<plugin>.insert", wire.Insert, wire.Inserted),
    ("db.row.<plugin>.select", wire.Select, wire.Selected),
    ("db.row.<plugin>.update", wire.Update, wire.Updated),
    ("db.row.<plugin>.delete", wire.Delete, wire.Deleted),
    ("db.row.<plugin>.count", wire.Count, wire.Counted),
    ("db.row.<plugin>.aggregate", wire.Aggregate, wire.Aggregated),
    ("db.row.<plugin>.batch", wire.Batch, wire.Batched),
    ("db.kv.<plugin>.get", wire.Get, wire.Got),
    ("db.kv.<plugin>.set", wire.Set, wire.Done),
    ("db.kv.<plugin>.delete", wire.DeleteKey, wire.KeyDeleted),
    ("db.kv.<plugin>.list", wire.ListKeys, wire.Keys),
    ("db.kv.<plugin>.incr", wire.Incr, wire.Incremented),
    ("db.kv.<plugin>.compare_and_set", wire.CompareAndSet, wire.Swapped),
    ("db.sql.<plugin>.query", wire.Sql, wire.SqlResult),
    ("db.sql.<plugin>.execute", wire.Sql, wire.SqlResult),
    ("db.migrate.<plugin>.status", wire.MigrationStatusRequest, wire.MigrationStatus),
]


def markdown() -> str:
    """One section for each operation, in the order of the list."""
    return "\n".join(_section(*operation) for operation in OPERATIONS)


def _section(subject: str, request: type[BaseModel], reply: type[BaseModel]) -> str:
    lines = [f"### `{subject}`", ""]
    if meaning := _meaning(request):
        lines += [meaning, ""]
    if request.model_fields:
        lines += ["| field | type | default | |", "|---|---|---|---|", *_fields(request), ""]
    names = [name for name in reply.model_fields if name != "success"]
    answer = ", ".join(f"`{name}`" for name in names)
    lines += [" ".join(filter(None, [answer and f"Answers {answer}.", _meaning(reply)])), ""]
    return "\n".join(lines)


def _meaning(model: type[BaseModel]) -> str:
    """The docstring without the subject it begins with."""
    text = " ".join((model.__doc__ or "").split())
    if text.startswith("`db."):
        text = text.partition("`:")[2].strip()
    return text[:1].upper() + text[1:]


def _fields(model: type[BaseModel]) -> list[str]:
    properties = model.model_json_schema()["properties"]
    return [
        f"| `{name}` | {_type(properties[name])} | {_default(field)} | {field.description or ''} |"
        for name, field in model.model_fields.items()
    ]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "" if value is None or value is PydanticUndefined else f"`{_json(value)}`"


def _json(value: Any) -> str:
    return {"True": "true", "False": "false"}.get(str(value), str(value) or '""')


def _type(schema: dict[str, Any]) -> str:
    """A JSON schema in a few words, with what bounds it."""
    ways = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    if ways:
        return " or ".join(dict.fromkeys(_type(each) for each in ways))
    kind = "object" if "$ref" in schema else str(schema.get("type", "any JSON"))
    if kind == "array":
        kind = f"list of {_type(schema.get('items', {}))}"
    bounds = [
        f"{words} {schema[key]}"
        for key, words in (
            ("minimum", "from"),
            ("maximum", "to"),
            ("maxLength", "at most"),
            ("maxItems", "at most"),
        )
        if key in schema
    ]
    return " ".join([kind, *bounds])
