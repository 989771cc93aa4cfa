"""Channel keys as tokens: nothing is lost, and two rooms never meet."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosey.channels import Channel, from_token, token

KEYS = st.text(st.characters(exclude_categories=()), max_size=40)


@given(KEYS)
def test_a_token_is_lossless_and_fits_into_a_subject(key: str) -> None:
    made = token(key)
    assert from_token(made) == key
    assert re.fullmatch(r"[A-Za-z0-9_=-]*", made)


@given(KEYS, KEYS)
def test_two_rooms_never_meet(one: str, other: str) -> None:
    assert (token(one) == token(other)) is (one == other)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("lounge/lobby", "lounge=2Flobby"),
        ("a/b.c", "a=2Fb=2Ec"),
        ("a/b=2Ec", "a=2Fb=3D2Ec"),
        ("a/*", "a=2F=2A"),
        ("a/>", "a=2F=3E"),
        ("a/ é\r\n", "a=2F=20=C3=A9=0D=0A"),
        ("a/👋", "a=2F=F0=9F=91=8B"),
        ("a/\ud800", "a=2F=ED=A0=80"),
        ("A/x", "A=2Fx"),
    ],
)
def test_hostile_names(key: str, expected: str) -> None:
    assert token(key) == expected
    assert from_token(expected) == key


@pytest.mark.parametrize(
    "made_up",
    ["=", "=2", "=2f", "=GG", "=+1", "= 1", "=41", "a.b", "a b", "=C3", "=C3=C3", "é", "=2F="],
)
def test_what_no_channel_can_have_made_is_refused(made_up: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (several kinds; all are ValueErrors)
        from_token(made_up)


def test_a_key_has_a_connection_and_a_room() -> None:
    channel = Channel.parse("cytube-friends/a/b c")
    assert channel == ("cytube-friends", "a/b c")
    assert channel.key == "cytube-friends/a/b c"


@pytest.mark.parametrize(
    "key", ["", "/", "lounge", "lounge/", "/lobby", "a.b/room", "*/room", ">/x", "a b/x", "Ä/x"]
)
def test_what_is_no_key_is_refused_with_an_example(key: str) -> None:
    with pytest.raises(ValueError, match=r"is no channel key; it looks like lounge/lobby"):
        Channel.parse(key)
