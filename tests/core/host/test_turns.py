"""Who starts after whom."""

import re
from graphlib import TopologicalSorter

from hypothesis import given
from hypothesis import strategies as st

from core.host.turns import turns

NAMES = "abcdef"
needs = st.dictionaries(
    st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES + "xy"), max_size=4), max_size=6
)


def reaches(edges: dict[str, list[str]], start: str, end: str) -> bool:
    """Whether a way of one step or more leads there, found by trying all."""
    seen: set[str] = set()
    ways = [each for each in edges[start] if each in edges]
    while ways:
        if (each := ways.pop()) == end:
            return True
        if each not in seen:
            seen.add(each)
            ways += [more for more in edges[each] if more in edges]
    return False


@given(needs)
def test_everybody_gets_a_turn(needs: dict[str, list[str]]) -> None:
    waits, _ = turns(needs)
    assert sorted(TopologicalSorter(waits).static_order()) == sorted(needs)


@given(needs)
def test_only_circles_and_what_is_missing_are_not_waited_for(needs: dict[str, list[str]]) -> None:
    waits, _ = turns(needs)
    for name, wanted in needs.items():
        expected = {each for each in wanted if each in needs and not reaches(needs, each, name)}
        assert waits[name] == expected - {name}


@given(needs)
def test_what_is_left_out_is_said_once(needs: dict[str, list[str]]) -> None:
    waits, lines = turns(needs)
    assert len(lines) == len(set(lines))
    for name, wanted in needs.items():
        for each in {*wanted} - waits[name] - {name}:
            assert any({name, each} <= set(re.findall(r"\b\w\b", line)) for line in lines)
    if all(waits[name] >= {*wanted} - {name} for name, wanted in needs.items()):
        assert lines == []


def test_what_is_said() -> None:
    waits, lines = turns(
        {"quiz": ["recorder"], "recorder": [], "a": ["b"], "b": ["c"], "c": ["a", "b"], "d": ["a"]}
        | {"fan": ["ghost", "fan"]}
    )
    assert waits == {
        "quiz": {"recorder"},
        "recorder": set(),
        "fan": set(),
        "a": set(),
        "b": set(),
        "c": set(),
        "d": {"a"},
    }
    assert lines == [
        "fan calls services of ghost, which is not there; it starts all the same",
        "a, b, c call services of each other; none waits for another",
    ]
