import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.lounge.accounts import Accounts, LoginRefused
from connectors.lounge.names import look_of, reserved, valid_room, valid_user
from connectors.lounge.settings import Account

ACCOUNTS = Accounts(
    [Account(name="Lil-Rosey", password="secret"), Account(name="bob", password="ü")]
)


@pytest.mark.parametrize("name", ["a", "A-b_9", "x" * 20])
def test_valid(name: str) -> None:
    assert valid_user(name)


@pytest.mark.parametrize("name", ["", "x" * 21, "two words", "é", "a\n", "a.b", "\u0661"])
def test_invalid(name: str) -> None:
    assert not valid_user(name)
    assert valid_room(name) == (name == "x" * 21)


@pytest.mark.parametrize("name", ["lil-rosey", "L1L_R0SEY", "1i1-rosey"])
def test_a_guest_may_not_look_like_an_account(name: str) -> None:
    with pytest.raises(LoginRefused, match="registered"):
        ACCOUNTS.check_guest(name)


@pytest.mark.parametrize("name", ["the_admin", "Administrator", "owner-2", "x_owner_y"])
def test_reserved(name: str) -> None:
    assert reserved(name)
    with pytest.raises(LoginRefused, match="reserved"):
        ACCOUNTS.check_guest(name)


@pytest.mark.parametrize("name", ["badminton", "landowner", "rosey"])
def test_not_reserved(name: str) -> None:
    assert not reserved(name)
    ACCOUNTS.check_guest(name)


def test_password() -> None:
    assert ACCOUNTS.check("LIL-rosey", "secret").name == "Lil-Rosey"
    assert ACCOUNTS.check("Bob", "ü").name == "bob"
    with pytest.raises(LoginRefused, match="Invalid username/password"):
        ACCOUNTS.check("bob", "\ud800")
    with pytest.raises(LoginRefused, match="does not exist"):
        ACCOUNTS.check("nobody", "secret")
    long = Accounts([Account(name="l", password="p" * 120)])
    assert long.check("l", "p" * 100)


@given(st.text(alphabet="oO0lLiI1-_ab", min_size=1, max_size=20))
def test_looks_are_stable(name: str) -> None:
    assert look_of(look_of(name)) == look_of(name) == look_of(name.upper())
