"""Channel options and how they are changed (PROTOCOL section 15)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from connectors.lounge.permissions import ADMIN
from connectors.lounge.text import whole

Answer = tuple[str, dict[str, str]]

DEFAULTS: dict[str, Any] = {
    "allow_voteskip": True,
    "voteskip_ratio": 0.5,
    "afk_timeout": 600,
    "pagetitle": "",
    "maxlength": 0,
    "externalcss": "",
    "externaljs": "",
    "chat_antiflood": False,
    "chat_antiflood_params": {"burst": 4, "sustained": 1, "cooldown": 4},
    "show_public": False,
    "enable_link_regex": True,
    "password": False,
    "allow_dupes": False,
    "torbanned": False,
    "block_anonymous_users": False,
    "allow_ascii_control": False,
    "playlist_max_per_user": 0,
    "new_user_chat_delay": 0,
    "new_user_chat_link_delay": 0,
    "playlist_max_duration_per_user": 0,
}
_SWITCHES = ("allow_voteskip", "chat_antiflood", "enable_link_regex", "allow_dupes")
_ADMIN_SWITCHES = ("show_public", "torbanned", "block_anonymous_users", "allow_ascii_control")
_COUNTS = (
    "maxlength",
    "new_user_chat_delay",
    "new_user_chat_link_delay",
    "playlist_max_duration_per_user",
)
_ADMIN_COUNTS = ("playlist_max_per_user",)
_LONGEST_AFK = 86_400
_LONGEST_DELAY = 10 * 365 * 86_400


def initial(room: str, password: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    return deepcopy(DEFAULTS) | {"pagetitle": room, "password": password or False} | dict(given)


def change(asked: Mapping[str, Any], rank: float) -> tuple[dict[str, Any], list[Answer]]:
    """What becomes of `asked`: the values to set, and the answers for who asked.

    Keys that need rank 3 are skipped in silence for lower ranks.
    """
    admin = rank >= ADMIN
    values: dict[str, Any] = {}
    answers: list[Answer] = []
    for key in _SWITCHES + (_ADMIN_SWITCHES if admin else ()):
        if key in asked:
            values[key] = bool(asked[key])
    _ratio(asked, values, answers)
    _afk_timeout(asked, values, answers)
    for key in _COUNTS + (_ADMIN_COUNTS if admin else ()):
        count = _number(asked.get(key))
        if count is not None and 0 <= count <= _LONGEST_DELAY:
            values[key] = int(count)
    if "chat_antiflood_params" in asked:
        values["chat_antiflood_params"] = _flood_guard(asked["chat_antiflood_params"])
    if admin and "pagetitle" in asked:
        values["pagetitle"] = whole(str(asked["pagetitle"]), 100)
    if admin and "password" in asked:
        values["password"] = whole(str(asked["password"]), 100) or False
    return values, answers


def _ratio(asked: Mapping[str, Any], values: dict[str, Any], answers: list[Answer]) -> None:
    if "voteskip_ratio" not in asked:
        return
    target = "#cs-voteskip_ratio"
    ratio = _number(asked["voteskip_ratio"])
    if ratio is None or ratio < 0:
        told = f'Input must be a number 0 or greater, not "{asked["voteskip_ratio"]}"'[:200]
        answers.append(("validationError", {"target": target, "message": told}))
        return
    values["voteskip_ratio"] = ratio
    answers.append(("validationPassed", {"target": target}))


def _afk_timeout(asked: Mapping[str, Any], values: dict[str, Any], answers: list[Answer]) -> None:
    if "afk_timeout" not in asked:
        return
    target = "#cs-afk_timeout"
    seconds = _number(asked["afk_timeout"])
    if seconds is None or not (seconds == 0 or 1 <= seconds <= _LONGEST_AFK):
        told = f"AFK timeout must be between 1 and {_LONGEST_AFK} seconds (or 0 to disable)"
        answers.append(("validationError", {"target": target, "message": told}))
        return
    values["afk_timeout"] = int(seconds)
    answers.append(("validationPassed", {"target": target}))


def _flood_guard(asked: Any) -> dict[str, float]:
    params = asked if isinstance(asked, dict) else {"burst": 4, "sustained": 1}
    burst = _number(params.get("burst"))
    burst = 1 if burst is None or burst < 0 else min(20, int(burst))
    sustained = _number(params.get("sustained"))
    sustained = 1 if sustained is None or sustained <= 0 else min(10.0, sustained)
    return {"burst": burst, "sustained": sustained, "cooldown": burst / sustained}


def _number(value: Any) -> float | None:
    """A finite number, also one written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
