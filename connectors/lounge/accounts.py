"""Who may log in as whom."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import TYPE_CHECKING

from connectors.lounge.names import INVALID_USER, key_of, look_of, reserved, valid_user

if TYPE_CHECKING:
    from connectors.lounge.settings import Account

MAX_PASSWORD = 100
WRONG_PAIR = "Invalid username/password combination"
NO_SUCH_USER = "User does not exist"
REGISTERED_NAME = "That username is registered."
RESERVED_NAME = "That username is reserved."


class LoginRefused(Exception):
    """Its text is what the person is told."""


class Accounts:
    """The configured accounts, by name without regard to case."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._by_key = {key_of(account.name): account for account in accounts}
        self._looks = {look_of(account.name) for account in self._by_key.values()}

    def global_rank(self, name: str) -> float:
        """0 for a name without an account."""
        account = self._by_key.get(key_of(name))
        return account.global_rank if account else 0

    def check(self, name: str, password: str) -> Account:
        """The account, or LoginRefused. Passwords are cut at 100 characters on both sides."""
        account = self._by_key.get(key_of(name))
        if account is None:
            raise LoginRefused(NO_SUCH_USER)
        right = account.password.get_secret_value()[:MAX_PASSWORD]
        given = password[:MAX_PASSWORD]
        if not hmac.compare_digest(_bytes(right), _bytes(given)):
            raise LoginRefused(WRONG_PAIR)
        return account

    def check_guest(self, name: str) -> None:
        """Refuse a name that is malformed, reserved, an account's, or looks like one."""
        if not valid_user(name):
            raise LoginRefused(INVALID_USER)
        if look_of(name) in self._looks:
            raise LoginRefused(REGISTERED_NAME)
        if reserved(name):
            raise LoginRefused(RESERVED_NAME)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
