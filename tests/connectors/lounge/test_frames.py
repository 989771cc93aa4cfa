from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.lounge.frames import MISSING, SHAPES, problem, type_name


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("chatMsg", {"msg": "x"}),
        ("chatMsg", {"msg": "x", "meta": {}}),
        ("queue", {"id": False, "type": "cu", "pos": "end", "title": False}),
        ("moveMedia", {"from": 1, "after": "prepend"}),
        ("noSuchEvent", None),
        ("setOptions", 5),
    ],
)
def test_fine(event: str, payload: Any) -> None:
    assert problem(event, payload) is None


@pytest.mark.parametrize(
    ("event", "payload", "told"),
    [
        ("chatMsg", MISSING, "Expected type object, got undefined"),
        ("chatMsg", None, "Expected type object, got null"),
        ("chatMsg", [], "Expected type object, got array"),
        ("chatMsg", {"msg": b"x"}, "Expected key msg to be of type string, instead got object"),
        ("vote", {"option": True}, "Expected key option to be of type number, instead got boolean"),
        ("unban", {"id": 1, "name": "x", "z" * 300: 1}, "Extra key: " + "z" * 100),
    ],
)
def test_what_is_wrong_is_said(event: str, payload: Any, told: str) -> None:
    assert problem(event, payload) == told


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(SHAPES)), json_values)
def test_any_payload_gets_a_verdict(event: str, payload: Any) -> None:
    told = problem(event, payload)
    assert told is None or len(told) < 300
    assert type_name(payload)
