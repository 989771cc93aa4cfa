"""What connections are open with must be repeated by the present code, event for event."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from temporal.replay import check
from tests.workflows.connection import record as recording
from tests.workflows.connection.record import HISTORIES, PLAYS
from workflows.connection.workflow import Connection

RECORDED = {path.stem: path.read_text() for path in sorted(HISTORIES.glob("connection-*.json"))}


def history(name: str) -> WorkflowHistory:
    return WorkflowHistory.from_json(name, RECORDED[name])


@pytest.mark.parametrize("name", RECORDED)
async def test_recorded_histories_are_repeated(name: str) -> None:
    problem = await check(name, history(name), [Connection])
    assert problem is None, str(problem)


def test_histories_show_what_they_are_for() -> None:
    for play in PLAYS:
        assert any(name.startswith(f"connection-1.0.0-{play}") for name in RECORDED), play
    assert "WORKFLOW_EXECUTION_UPDATE_COMPLETED" in RECORDED["connection-1.0.0-life"]
    assert "Kicked: you are banned" in RECORDED["connection-1.0.0-banned"]
    assert "TIMEOUT_TYPE_SCHEDULE_TO_START" in RECORDED["connection-1.0.0-moved"]
    assert "CONTINUED_AS_NEW" in RECORDED["connection-1.0.0-renewed-1"]
    assert "continuedExecutionRunId" in RECORDED["connection-1.0.0-renewed-2"]
    assert not any(str(Path(__file__).parents[3]) in text for text in RECORDED.values())


async def test_an_incompatible_change_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody has every run begin with a claim."""

    async def hold(self: Connection) -> None:
        self.link.queue = await self._claim()
        await real(self)

    real = Connection._hold
    monkeypatch.setattr(Connection, "_hold", hold)
    problem = await check("renewed", history("connection-1.0.0-renewed-2"), [Connection])
    assert problem
    assert problem.workflow == "Connection"


async def test_recording_leaves_alone_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "PLAYS", {"life": PLAYS["life"], "banned": PLAYS["banned"]})
    kept = tmp_path / "connection-1.0.0-banned.json"
    kept.write_text("kept")
    written = await recording.record(tmp_path)
    assert [path.name for path in written] == ["connection-1.0.0-life.json"]
    assert kept.read_text() == "kept"
    fresh = WorkflowHistory.from_json("fresh", written[0].read_text())
    assert await check("fresh", fresh, [Connection]) is None
