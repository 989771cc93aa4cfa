import json
from typing import Any

import pytest

from connectors.lounge import options, permissions
from tests.connectors.lounge.replay import CAPTURES


def recorded(scene: str, event: str) -> Any:
    for line in (CAPTURES / f"{scene}.jsonl").read_text().splitlines():
        frame = json.loads(line)
        if frame["event"] == event and frame["dir"] == "in":
            return frame["data"]
    raise AssertionError(f"{event} is not in {scene}")


def test_defaults_are_those_of_the_recorded_server() -> None:
    assert recorded("join_guest", "setPermissions") == permissions.REGISTERED
    assert recorded("unregistered_channel", "setPermissions") == permissions.UNREGISTERED
    assert recorded("join_guest", "channelOpts") == options.initial("lounge", None, {})


def test_a_missing_permission_means_nobody() -> None:
    assert permissions.may(permissions.REGISTERED, "kick", 1.5)
    assert not permissions.may(permissions.UNREGISTERED, "kick", 255)


def test_only_known_numeric_permissions_are_taken() -> None:
    asked = {"chat": 1.5, "nosuch": 3, "kick": "x", "ban": True}
    new = permissions.changed(permissions.REGISTERED, asked)
    assert new == permissions.REGISTERED | {"chat": 1.5}


@pytest.mark.parametrize(
    ("asked", "values"),
    [
        ({"afk_timeout": "30"}, {"afk_timeout": 30}),
        ({"afk_timeout": 0}, {"afk_timeout": 0}),
        ({"afk_timeout": 1e300}, {}),
        ({"afk_timeout": [1]}, {}),
        ({"voteskip_ratio": True}, {}),
        ({"voteskip_ratio": "1e999"}, {}),
        ({"allow_dupes": "yes"}, {"allow_dupes": True}),
        ({"new_user_chat_delay": -1, "maxlength": 90.5}, {"maxlength": 90}),
        ({"pagetitle": 5, "password": "", "show_public": 1}, {}),
        (
            {"chat_antiflood_params": {"burst": 99, "sustained": "x"}},
            {"chat_antiflood_params": {"burst": 20, "sustained": 1, "cooldown": 20}},
        ),
        (
            {"chat_antiflood_params": None},
            {"chat_antiflood_params": {"burst": 4, "sustained": 1, "cooldown": 4}},
        ),
        ({"no_such": 1}, {}),
    ],
)
def test_changes_by_a_moderator(asked: dict[str, Any], values: dict[str, Any]) -> None:
    assert options.change(asked, 2)[0] == values


def test_changes_by_an_admin() -> None:
    asked = {"pagetitle": "t" * 200, "password": "pw", "show_public": 0, "playlist_max_per_user": 3}
    assert options.change(asked, 3)[0] == {
        "pagetitle": "t" * 100,
        "password": "pw",
        "show_public": False,
        "playlist_max_per_user": 3,
    }
    assert options.change({"password": ""}, 3)[0] == {"password": False}


def test_validation_is_answered() -> None:
    answers = options.change({"afk_timeout": -5, "voteskip_ratio": "abc"}, 2)[1]
    assert [(event, answer["target"]) for event, answer in answers] == [
        ("validationError", "#cs-voteskip_ratio"),
        ("validationError", "#cs-afk_timeout"),
    ]
    assert options.change({"afk_timeout": 5, "voteskip_ratio": 1}, 2)[1] == [
        ("validationPassed", {"target": "#cs-voteskip_ratio"}),
        ("validationPassed", {"target": "#cs-afk_timeout"}),
    ]
