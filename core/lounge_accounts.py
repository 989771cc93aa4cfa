"""Rosey's own accounts in the lounge that comes with her: nobody else can take her name there.

She looks after the room's list there, which takes an administrator. The passwords lie among the
keys of the data folder, one for each name, and in no configuration.
"""

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from core.authority.keys import Keys
from core.config import LOUNGE, Config, ConnectionConfig
from rosey.ids import derive

RANK = 3


def own_password(config: Config, wanted: ConnectionConfig, data: Path) -> SecretStr | None:
    """That of the connection, where it is Rosey's to choose. Raises UserError."""
    if not _is_ours(config, wanted):
        return None
    return SecretStr(Keys(data).seed(f"lounge-{derive('u', wanted.user.lower())}"))


def with_accounts(config: Config, data: Path) -> dict[str, Any]:
    """The lounge's `accounts` and `rooms` as configured, and Rosey's own among them.

    Raises UserError when the keys cannot be read or written.
    """
    given = config.lounge.settings()
    accounts = list(given.get("accounts", []))
    rooms = [dict(room) for room in given.get("rooms", [{"name": config.lounge.first_room}])]
    for wanted in config.connections:
        password = own_password(config, wanted, data)
        if password is None:
            continue
        if wanted.user.lower() not in {each["name"].lower() for each in accounts}:
            accounts.append({"name": wanted.user, "password": password})
        for room in rooms:
            if room["name"].lower() == wanted.room.lower():
                room["ranks"] = {wanted.user: RANK} | room.get("ranks", {})
    return {"accounts": accounts, "rooms": rooms}


def _is_ours(config: Config, wanted: ConnectionConfig) -> bool:
    """Whether it joins our own lounge by a name of which the owner has said nothing."""
    here = wanted.platform == LOUNGE and wanted.site is None and config.lounge.enabled
    known = config.lounge.settings().get("accounts", [])
    named = any(str(each.get("name", "")).lower() == wanted.user.lower() for each in known)
    return here and wanted.password is None and not named
