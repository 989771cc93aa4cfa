from typing import Any

import pytest
from pydantic import ValidationError

from connectors.lounge.settings import LoungeSettings, RoomSettings


def test_defaults_are_one_registered_lobby() -> None:
    settings = LoungeSettings()
    assert [(room.name, room.registered) for room in settings.rooms] == [("lobby", True)]
    assert (settings.chat_burst, settings.chat_per_second) == (20, 10)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"rooms": [{"name": "no such!"}]}, "1-30"),
        ({"accounts": [{"name": "two words", "password": "x"}]}, "1-20"),
        ({"rooms": [{"name": "a", "options": {"colour": 1}}]}, "unknown: colour"),
        ({"rooms": [{"name": "a", "permissions": {"fly": 1}}]}, "unknown: fly"),
        ({"rooms": [{"name": "a"}, {"name": "A"}]}, "two rooms"),
        ({"accounts": [{"name": n, "password": "x"} for n in "aA"]}, "two accounts"),
        ({"port": 70000}, "65535"),
        ({"no_such": 1}, "no_such"),
    ],
)
def test_what_is_wrong_is_said(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        LoungeSettings.model_validate(wrong)


def test_passwords_are_not_shown() -> None:
    shown = repr(LoungeSettings(rooms=[RoomSettings(name="vault", password="opensesame")]))
    assert "opensesame" not in shown
