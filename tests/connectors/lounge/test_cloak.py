from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.lounge.cloak import cloak
from tests.vectors import ids, load

VECTORS = load("text_utils", "ip")


@pytest.mark.parametrize("vector", VECTORS, ids=ids(VECTORS))
def test_cloak_vectors(vector: dict[str, Any]) -> None:
    cloaked = cloak(vector["in"]["ip"], vector["in"]["cloak_from_octet"])
    assert {"cloaked": cloaked} == vector["out"]


def test_the_sixth_version_keeps_four_groups() -> None:
    parts = cloak("2001:db8:0:1:2:3:4:5").split(":")
    assert [len(part) for part in parts] == [4, 4, 4, 4]
    assert cloak("2001:db8:0:1:ffff::1").split(":") == parts
    assert cloak("2001:db8:0:1::", 2).startswith("2001:db8:")


OCTETS = st.lists(st.integers(0, 255).map(str), min_size=4, max_size=4)


@given(OCTETS, OCTETS, st.integers(0, 4))
def test_equal_networks_show_equal_beginnings(one: list[str], two: list[str], shared: int) -> None:
    other = one[:shared] + two[shared:]
    parts, others = cloak(".".join(one)).split("."), cloak(".".join(other)).split(".")
    assert parts[:shared] == others[:shared]
    assert cloak(".".join(one), shared).split(".")[:shared] == one[:shared]
    assert len(parts) == 4
