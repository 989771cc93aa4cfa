"""A host starts those who call services of others after them."""

from pathlib import Path

import pytest

from core.host import supervisor
from core.host.specs import plugin_process
from tests.core.host.stand_ins import settings
from tests.core.host.test_service import hosting, no_servers, until

__all__ = ["no_servers"]

pytestmark = pytest.mark.usefixtures("no_servers")


def works(data: Path, name: str) -> bool:
    return (data / f"{name}.marks.working").exists()


async def test_who_calls_another_begins_when_that_one_is_ready(tmp_path: Path) -> None:
    children = {"quiz": "", "dice": "", "points": "late", "connector-lounge": ""}
    async with hosting(tmp_path, children, calls={"quiz": ("points",)}) as host:
        await host.becomes("dice", "ready", 1)
        # It has been started and loads what it needs; all the rest of the stage is at work.
        await until(lambda: (tmp_path / "quiz.marks").exists(), "quiz is started")
        await until(lambda: works(tmp_path, "points"), "points is at work")
        assert not works(tmp_path, "quiz")
        (tmp_path / "points.marks.now").touch()
        await host.complete()
    ready = (tmp_path / "points.marks.ready").stat().st_mtime_ns
    assert ready <= (tmp_path / "quiz.marks.working").stat().st_mtime_ns


@pytest.mark.parametrize("calls", ["ghost", "quiz", "crossword"])
async def test_nobody_waits_for_what_is_not_there_or_for_each_other(
    tmp_path: Path, calls: str, caplog: pytest.LogCaptureFixture
) -> None:
    circle = {"quiz": (calls,), "crossword": ("quiz",)}
    async with hosting(tmp_path, {"quiz": "", "crossword": ""}, calls=circle) as host:
        await host.complete()
    said = {
        "ghost": ["quiz calls services of ghost, which is not there; it starts all the same"],
        "crossword": ["crossword, quiz call services of each other; none waits for another"],
        "quiz": [],
    }
    lines = [each.getMessage() for each in caplog.records]
    assert [line for line in lines if "services of" in line] == said[calls]


async def test_one_that_does_not_start_holds_nobody_up_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervisor, "SETTLE_SECONDS", 1.0)
    children = {"quiz": "", "fan": "", "points": "mute", "broken": "crash"}
    calls = {"quiz": ("points",), "fan": ("broken",)}
    async with hosting(tmp_path, children, calls=calls) as host:
        await host.becomes("quiz", "ready", 1)
        await host.becomes("fan", "ready", 1)
    assert "quiz calls services of points, which is starting; it starts all the same" in caplog.text
    assert "fan calls services of broken, which is " in caplog.text


def test_whom_a_plugin_calls_stands_in_its_manifest(tmp_path: Path) -> None:
    assert plugin_process("quote", tmp_path, settings()).calls == ("recorder",)
    assert plugin_process("dice", tmp_path, settings()).calls == ()
