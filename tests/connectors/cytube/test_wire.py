"""Names and reasons from a server are one line, and not a long one."""

from typing import Any

import pytest

from connectors.cytube import verdicts
from connectors.cytube.frames import SHAPES, refusal
from connectors.cytube.wire import plain
from rosey.platform import Refusal, Verdict

ROGUE = "eve\n\x1b[2J\u202e\u2028\ud83d" + "x" * 200
CLEAN = "eve\ufffd\ufffd[2J\ufffd\ufffd\ufffd" + "x" * 89


@pytest.mark.parametrize("name", ["bob", "B_o-b123", "Zoë", "日本", ""])
def test_names_that_servers_give_are_left_alone(name: str) -> None:
    assert plain(name, 100) == name


@pytest.mark.parametrize(
    ("frame", "field", "payload"),
    [
        ("chatMsg", "username", {"username": ROGUE, "msg": "", "time": 1}),
        ("pm", "to", {"username": "bob", "to": ROGUE, "msg": "", "time": 1}),
        ("addUser", "name", {"name": ROGUE, "rank": 1}),
        ("userLeave", "name", {"name": ROGUE}),
        ("setUserRank", "name", {"name": ROGUE, "rank": 1}),
        ("setUserMeta", "name", {"name": ROGUE, "meta": {}}),
        ("setAFK", "name", {"name": ROGUE, "afk": True}),
        ("login", "name", {"success": True, "name": ROGUE}),
    ],
)
def test_names_are_one_line(frame: str, field: str, payload: dict[str, Any]) -> None:
    assert getattr(SHAPES[frame].validate_python(payload), field) == CLEAN


def test_a_name_that_was_changed_is_nobody_elses() -> None:
    assert plain("Rosey\x00", 100) != "Rosey"


def test_reasons_are_one_line_and_short() -> None:
    for name, payload in (
        ("noflood", {"action": "chat", "msg": f"no\n{'x' * 1000}"}),
        ("errorMsg", {"msg": f"PM failed:\n{'x' * 1000}"}),
        ("spamFiltered", {"reason": f"no\n{'x' * 1000}"}),
    ):
        refused = refusal(name, payload)
        assert refused
        assert "\n" not in refused.reason
        assert len(refused.reason) < 400


def test_a_server_cannot_have_us_wait_for_ever() -> None:
    assert refusal("cooldown", 2**63) == Refusal(
        reason="Lines came faster than the room takes them.", retry_after=60.0
    )


def test_the_end_of_a_session_is_told_in_one_short_line() -> None:
    reason = f"You are banned\r\nx\x1b[2J{'x' * 1000}"
    problem = verdicts.kicked("lounge", reason)
    assert problem.verdict is Verdict.STOP
    assert str(problem).startswith("Kicked from lounge: You are banned\ufffd x\ufffd[2Jxxx")
    assert len(str(problem)) == 500
