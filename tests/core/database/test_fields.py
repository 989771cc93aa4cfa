"""What fields take, beyond the vectors."""

from typing import Any

import pytest
from sqlalchemy import Column

from core.database.fields import TYPES, Field, coerced, storable
from core.database.problems import Refusal
from rosey.contracts.storage import Code, FieldType


def field(type: FieldType, required: bool = False) -> Field:
    longest = 255 if type == "string" else None
    return Field("it", type, Column("it", TYPES[type]), required, longest=longest)


@pytest.mark.parametrize(
    ("type", "value", "kept"),
    [
        ("string", True, "True"),
        ("string", "", ""),
        ("string", "😀" * 255, "😀" * 255),
        ("text", 1e22, "1e+22"),
        ("integer", True, 1),
        ("integer", " -42 ", -42),
        ("integer", 2**63 - 1, 2**63 - 1),
        ("integer", -(2**63), -(2**63)),
        ("integer", 0.9, 0),
        ("float", "1e3", 1000.0),
        ("float", False, 0.0),
        ("float", 2**60, float(2**60)),
        ("boolean", 1.0, True),
        ("boolean", "OFF", False),
        ("boolean", "1", True),
        ("integer", None, None),
    ],
)
def test_what_is_kept(type: FieldType, value: Any, kept: Any) -> None:
    found = coerced(field(type), value)
    assert (found, found.__class__) == (kept, kept.__class__)


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("string", "x" * 256),
        ("string", "a\0"),
        ("text", "\ud83d"),
        ("text", ["a"]),
        ("string", {"a": 1}),
        ("string", 10**300),
        ("integer", "4.7"),
        ("integer", "1_000"),
        ("integer", ""),
        ("integer", "9" * 5000),
        ("integer", float("inf")),
        ("integer", float("nan")),
        ("integer", 1e19),
        ("integer", 2**63),
        ("integer", {}),
        ("float", "1_0.0"),
        ("float", "nan"),
        ("float", "-inf"),
        ("float", 10**400),
        ("float", "abc"),
        ("boolean", 2),
        ("boolean", "maybe"),
        ("boolean", ""),
        ("boolean", []),
        ("boolean", 10**400),
        ("datetime", True),
        ("datetime", 1735689600),
        ("datetime", ""),
        ("datetime", "12:00"),
        ("datetime", "2025-02-30"),
        ("datetime", "9999-12-31T23:59:59-01:00"),
    ],
)
def test_what_is_refused(type: FieldType, value: Any) -> None:
    with pytest.raises(Refusal) as refused:
        coerced(field(type), value)
    assert refused.value.code is Code.VALIDATION_ERROR
    assert str(refused.value).startswith("it takes ")
    assert refused.value.problem.field == "it"


def test_a_required_field_is_never_null() -> None:
    with pytest.raises(Refusal, match="it is required"):
        storable(field("text", required=True), None)
    assert storable(field("text"), None) is None


def test_minus_zero_is_zero() -> None:
    assert str(coerced(field("float"), -0.0)) == "0.0"
