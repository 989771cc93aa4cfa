"""plugin list, show, enable, disable: what is asked of the host, and what is shown."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.command_line import running
from core.command_line.app import main

DICE = {
    "name": "dice",
    "version": "1.0.0",
    "summary": "Dice and coins",
    "trust": "untrusted",
    "state": "ready",
    "rooms": {"lounge/lobby": True, "lounge/den": False},
}
SAID = {"lounge/lobby": "dice is off here now.", "lounge/den": "dice was off here already."}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the host was asked."""
    found: list[dict[str, Any]] = []

    def ask(data: Path, message: dict[str, Any]) -> dict[str, Any]:
        assert data.is_absolute()
        found.append(message)
        return {"plugins": [DICE], "plugin": DICE, "rooms": SAID}

    monkeypatch.setattr(running, "ask", ask)
    return found


@pytest.mark.parametrize(
    ("words", "request_", "output"),
    [
        (["rooms"], {"do": "list"}, "dice 1.0.0: ready, off in lounge/den\n"),
        (
            ["disable", "dice"],
            {"do": "disable", "name": "dice", "room": None},
            "lounge/lobby: dice is off here now.\nlounge/den: dice was off here already.\n",
        ),
        (
            ["enable", "dice", "--room", "lounge/den"],
            {"do": "enable", "name": "dice", "room": "lounge/den"},
            None,
        ),
    ],
)
def test_what_is_asked_and_shown(
    capsys: pytest.CaptureFixture[str],
    asked: list[dict[str, Any]],
    words: list[str],
    request_: dict[str, Any],
    output: str | None,
) -> None:
    assert main(["plugin", *words, "--data", "somewhere"]) == 0
    assert asked == [{"command": "plugin", **request_}]
    if output:
        assert capsys.readouterr().out == output


@pytest.mark.parametrize(("words", "shown"), [(["rooms"], [DICE])])
def test_for_programs(
    capsys: pytest.CaptureFixture[str],
    asked: list[dict[str, Any]],
    words: list[str],
    shown: object,
) -> None:
    assert main(["plugin", *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == shown
    assert len(asked) == 1


def test_without_a_running_rosey(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["plugin", "rooms", "--data", str(tmp_path)]) == 1
    assert "No Rosey is running" in capsys.readouterr().err
