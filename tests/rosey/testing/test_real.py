"""What a test says to a whole Rosey and understands of her, without one."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.config import Config
from rosey.testing.real import CHANNEL, config, heard

texts = st.text(max_size=8)
values = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e9, 1e9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)


@given(st.dictionaries(texts, values, max_size=4))
def test_settings_arrive_as_they_are(settings: dict[str, Any]) -> None:
    table = tomllib.loads(config("dice", settings, "$"))
    found = Config.model_validate(table)
    assert found.plugin(CHANNEL, "dice") == settings
    assert found.channel(CHANNEL).prefix == "$"
    assert {found.nats.port, found.temporal.port, found.lounge.port} == {0}


def test_what_is_not_set_is_left_out() -> None:
    table = tomllib.loads(config("dice", {"zone": None, "days": 3}, "!"))
    assert table["channels"][CHANNEL]["plugins"] == {"dice": {"days": 3}}


def test_rosey_s_lines_are_told_from_others() -> None:
    printed = "bob: Rosey: hi\nRosey: first: 1\nRosey (privately): psst\nRosey: \n\n"
    assert heard(printed, "alice") == [("first: 1", ""), ("psst", "alice"), ("", "")]
