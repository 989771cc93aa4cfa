"""What an option may be, in words for a room, read from its JSON schema. Pure."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

SECRET_WORDS = ("password", "secret", "token", "api_key", "apikey")
_KINDS = {"boolean": "on or off", "null": "nothing", "object": "a table"}
_FORMATS = {
    "password": "a secret",
    "duration": "a time in seconds",
    "date": "a day such as 2026-05-03",
    "date-time": "a moment such as 2026-05-03T18:00Z",
    "time": "a time of day such as 18:00",
    "zoneinfo": "a time zone such as Europe/Berlin",
    "uri": "a link",
}
_BOUNDS = (
    ("minimum", "of at least"),
    ("exclusiveMinimum", "of more than"),
    ("maximum", "of at most"),
    ("exclusiveMaximum", "of less than"),
)


def options_of(schema: Schema) -> dict[str, Schema]:
    """The options of a settings model, with what they refer to put in its place."""
    definitions = schema.get("$defs", {})
    return {name: _resolved(each, definitions) for name, each in schema["properties"].items()}


def allowed(option: Schema) -> str:
    """`a number from 5 to 300`, `one of easy, medium, hard`, `on or off`."""
    if "const" in option or "enum" in option:
        choices = [str(each) for each in option.get("enum", [option.get("const")])]
        return f"one of {', '.join(choices)}" if len(choices) > 1 else f"only {choices[0]}"
    if several := option.get("anyOf") or option.get("oneOf"):
        return " or ".join(dict.fromkeys(allowed(each) for each in several))
    kind = option.get("type", "")
    if kind in ("integer", "number"):
        return ("a whole number" if kind == "integer" else "a number") + _range(option)
    if kind == "string":
        return _text(option)
    if kind == "array":
        return f"several with commas between, each {allowed(option.get('items', {}))}"
    return str(_KINDS.get(kind, "what the plugin says"))


def takes(option: Schema, kind: str) -> bool:
    """Whether a JSON type may stand there."""
    several = option.get("anyOf") or option.get("oneOf") or []
    return option.get("type") == kind or any(takes(each, kind) for each in several)


def is_secret(name: str, option: Schema) -> bool:
    """Whether it must never be shown."""
    several = option.get("anyOf") or []
    return (
        option.get("format") == "password"
        or any(word in name.lower() for word in SECRET_WORDS)
        or any(is_secret("", each) for each in several)
    )


def _resolved(schema: Schema, definitions: Schema, depth: int = 0) -> Schema:
    """Definitions may name themselves, so it goes only so deep."""
    if depth > 5:
        return {}
    found = dict(schema)
    if name := str(found.pop("$ref", "")).rpartition("/")[2]:
        found = {**definitions.get(name, {}), **found}
    for key in ("anyOf", "oneOf"):
        if key in found:
            found[key] = [_resolved(each, definitions, depth + 1) for each in found[key]]
    if isinstance(found.get("items"), dict):
        found["items"] = _resolved(found["items"], definitions, depth + 1)
    return found


def _range(option: Schema) -> str:
    if "minimum" in option and "maximum" in option:
        return f" from {_number(option['minimum'])} to {_number(option['maximum'])}"
    bounds = [f"{words} {_number(option[key])}" for key, words in _BOUNDS if key in option]
    return f" {' and '.join(bounds)}" if bounds else ""


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _text(option: Schema) -> str:
    if words := _FORMATS.get(option.get("format", "")):
        return words
    if pattern := option.get("pattern"):
        return f"text like {pattern}"
    if most := option.get("maxLength"):
        return f"text of at most {most} characters"
    return "text"
