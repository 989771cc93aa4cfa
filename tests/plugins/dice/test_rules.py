from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.dice.rules import (
    TOOL_LIMITS,
    Limits,
    Notation,
    NotationError,
    flip,
    keep,
    parse,
    result,
    roll,
    show,
)
from tests.vectors import ids, load, subset

PARSE = load("dice_parse")
FORMAT = load("dice_format")
FORCED = load("dice_keep_drop", "forced_rolls")
TOOL = load("dice_keep_drop", "tool")


def outcome(notation: str, limits: Limits | None = None) -> dict[str, Any]:
    try:
        parsed = parse(notation, limits)
    except NotationError as error:
        return {"ok": False, "error": error.code}
    parts = {"count": parsed.count, "sides": parsed.sides, "modifier": parsed.modifier}
    return {"ok": True, **parts}


@pytest.mark.parametrize("vector", PARSE, ids=ids(PARSE))
def test_parse_vectors(vector: dict[str, Any]) -> None:
    given_ = dict(vector["in"])
    notation = given_.pop("notation")
    assert subset(vector["out"], outcome(notation, Limits(**given_)))


@pytest.mark.parametrize("vector", FORMAT, ids=ids(FORMAT))
def test_format_vectors(vector: dict[str, Any]) -> None:
    rolls = vector["in"]["rolls"]
    rolled = result(Notation(len(rolls), 100, None, vector["in"]["modifier"]), rolls)
    assert {"total": rolled.total, "text": show(rolled)} == vector["out"]


@pytest.mark.parametrize("vector", FORCED, ids=ids(FORCED))
def test_keep_and_drop_vectors(vector: dict[str, Any]) -> None:
    rolled = result(parse(vector["in"]["notation"]), vector["in"]["forced_rolls"])
    assert subset(vector["out"], {"kept_sorted": sorted(rolled.kept), "total": rolled.total})


@pytest.mark.parametrize("vector", TOOL, ids=ids(TOOL))
def test_tool_vectors(vector: dict[str, Any]) -> None:
    assert subset(vector["out"], outcome(vector["in"]["notation"], TOOL_LIMITS))


@pytest.mark.parametrize(
    ("notation", "code"),
    [
        ("4d6kh0", "keep"),
        ("4d6kh5", "keep"),
        ("4d6dl4", "keep"),
        ("4d6kh", "format"),
        ("adv1", "format"),
        ("disadv", "format"),
        ("2d6\n/kick everybody and all the rest of them", "format"),
        ("4d6kh3kl1", "format"),
        ("٣d٦", "format"),
        ("9" * 5000 + "d6", "max_dice"),
        ("d6-" + "9" * 5000, "modifier"),
        ("1d6+100" + "0" * 5000, "modifier"),
    ],
)
def test_refusals_say_why_and_give_an_example(notation: str, code: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse(notation)
    assert caught.value.code == code
    assert "Try " in caught.value.message
    assert len(caught.value.message) < 120
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("notation", "expected"),
    [
        ("ADV", Notation(2, 20, ("kh", 1))),
        ("dis", Notation(2, 20, ("kl", 1))),
        ("adv+5", Notation(2, 20, ("kh", 1), 5)),
        ("4D6DL1-2", Notation(4, 6, ("dl", 1), -2)),
        ("00002d6+0007", Notation(2, 6, None, 7)),
    ],
)
def test_shorthands_and_spellings(notation: str, expected: Notation) -> None:
    assert parse(notation) == expected


@pytest.mark.parametrize(
    ("notation", "rolls", "text"),
    [
        ("4d6kh3", [6, 4, 3, 2], "🎲 [6, 4, 3, (2)] = 13"),
        ("4d6dl1+1", [2, 4, 2, 6], "🎲 [2, 4, (2), 6] + 1 = 13"),
        ("3d8dh1-1", [8, 2, 4], "🎲 [(8), 2, 4] - 1 = 5"),
        ("dis", [7, 7], "🎲 [7, (7)] = 7"),
    ],
)
def test_dropped_dice_are_shown(notation: str, rolls: list[int], text: str) -> None:
    assert show(result(parse(notation), rolls)) == text


NOTATIONS = st.builds(
    lambda count, sides, modifier, selector, part: Notation(
        count,
        sides,
        (selector, 1 + int(part * (count - 2))) if selector and count > 1 else None,
        modifier,
    ),
    st.integers(1, 20),
    st.integers(2, 1000),
    st.integers(-100, 100),
    st.sampled_from([None, "kh", "kl", "dh", "dl"]),
    st.floats(0, 1),
)


@given(NOTATIONS, st.randoms(use_true_random=False))
def test_every_roll_is_within_its_dice(notation: Notation, random: Random) -> None:
    rolled = roll(notation, random)
    assert len(rolled.rolls) == notation.count
    assert all(1 <= value <= notation.sides for value in rolled.rolls)
    assert 1 <= len(rolled.kept) <= notation.count
    assert rolled.total == sum(rolled.kept) + notation.modifier
    assert show(rolled).endswith(f"= {rolled.total}")


@given(NOTATIONS, st.randoms(use_true_random=False))
def test_keeping_and_dropping_complement_each_other(notation: Notation, random: Random) -> None:
    rolls = roll(notation, random).rolls
    if notation.keep is None:
        assert keep(notation, rolls) == rolls
        return
    selector, number = notation.keep
    ordered = sorted(rolls)
    expected = {
        "kh": ordered[-number:],
        "kl": ordered[:number],
        "dh": ordered[:-number],
        "dl": ordered[number:],
    }
    assert sorted(keep(notation, rolls)) == expected[selector]


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert outcome(text)["ok"] in (True, False)


def test_a_coin_has_two_sides() -> None:
    random = Random(1)
    assert {flip(random) for _ in range(50)} == {"🪙 Heads", "🪙 Tails"}
