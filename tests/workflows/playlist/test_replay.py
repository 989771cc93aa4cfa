"""What rooms are open with must be repeated by the present code, event for event."""

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from core.plugins import PLUGINS
from rosey.manifest import load_plugin
from temporal.replay import check
from tests.workflows.playlist import record as recording
from tests.workflows.playlist.record import HISTORIES, PLAYS
from workflows.playlist import copy, plan
from workflows.playlist.models import Room
from workflows.playlist.workflow import Playlist

VERSION = load_plugin(PLUGINS / "playlist").version
RECORDED = {path.stem: path.read_text() for path in sorted(HISTORIES.glob("playlist-*.json"))}
SHOWN = {path.stem: path.read_text() for path in sorted(HISTORIES.glob("show-*.json"))}


def history(name: str) -> WorkflowHistory:
    return WorkflowHistory.from_json(name, RECORDED[name])


def carried_by(name: str) -> Room:
    """What a run that continued as new handed on."""
    last = history(name).events[-1].workflow_execution_continued_as_new_event_attributes
    return Room.model_validate_json(last.input.payloads[0].data)


@pytest.mark.parametrize("name", RECORDED)
async def test_recorded_histories_are_repeated(name: str) -> None:
    problem = await check(name, history(name), [Playlist])
    assert problem is None, str(problem)


def test_recorded_shows_show_what_they_are_for() -> None:
    assert set(SHOWN) == {f"show-{VERSION}-{name}" for name in recording.SHOWS}
    timely, hurried = SHOWN.values()
    assert "warn_of_show" in timely
    assert "TIMER_FIRED" in timely
    assert "warn_of_show" not in hurried
    assert "WORKFLOW_EXECUTION_SIGNALED" in hurried
    assert all("remove_show" in text for text in SHOWN.values())


def test_every_play_of_this_release_is_there() -> None:
    for play in PLAYS:
        assert any(name.startswith(f"playlist-{VERSION}-{play}") for name in RECORDED), play


def test_histories_show_what_they_are_for() -> None:
    evening = RECORDED["playlist-1.0.0-evening"]
    assert evening.count("WORKFLOW_EXECUTION_UPDATE_COMPLETED") > 20
    kinds = {json.loads(line)["kind"] for line in _edits("playlist-1.0.0-evening")}
    assert kinds >= {"look", "add", "move", "skip"}
    assert "WORKFLOW_EXECUTION_SIGNALED" in RECORDED["playlist-1.0.0-by-hand"]
    assert "WORKFLOW_EXECUTION_UPDATE_COMPLETED" in RECORDED["playlist-1.0.0-by-hand"]
    for play in ("renewed", "database-away"):
        assert "CONTINUED_AS_NEW" in RECORDED[f"playlist-1.0.0-{play}-1"]
        assert "continuedExecutionRunId" in RECORDED[f"playlist-1.0.0-{play}-2"]
    carried = carried_by("playlist-1.0.0-database-away-1")
    assert carried.writing
    assert carried.writing.added or carried.news.added
    assert not any("stackTrace" in text or "site-packages" in text for text in RECORDED.values())


def _edits(name: str) -> list[str]:
    """Whatever was asked of the platform, as JSON."""
    asked = [
        json.loads(event.activity_task_scheduled_event_attributes.input.payloads[0].data)
        for event in history(name).events
        if event.activity_task_scheduled_event_attributes.activity_type.name == "edit_playlist"
    ]
    return [json.dumps(edit) for edits in asked for edit in edits["edits"]]


async def test_an_incompatible_change_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody keeps the platform's list as it is."""
    monkeypatch.setattr(plan, "next_edits", lambda room: [])
    name = f"playlist-{VERSION}-evening"
    problem = await check(name, history(name), [Playlist])
    assert problem
    assert problem.workflow == "Playlist"
    [event] = [each for each in history(name).events if each.event_id == problem.event]
    kind = event.activity_task_scheduled_event_attributes.activity_type.name
    assert kind == "edit_playlist"


async def test_a_forgotten_wait_for_the_database_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody gives up what was being written when a run ended."""

    async def forget(self: Playlist) -> None:
        self.room.writing = None

    monkeypatch.setattr(Playlist, "_record", forget)
    monkeypatch.setattr(copy, "is_news", lambda room: False)  # or it would forget for ever
    name = f"playlist-{VERSION}-database-away-2"
    problem = await check(name, history(name), [Playlist])
    assert problem
    assert problem.workflow == "Playlist"


async def test_recording_leaves_alone_what_is_there_unless_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "PLAYS", {"by-hand": PLAYS["by-hand"]})
    kept = tmp_path / f"playlist-{VERSION}-by-hand.json"
    kept.write_text("kept")
    assert await recording.record(tmp_path) == []
    assert kept.read_text() == "kept"
    assert await recording.record(tmp_path, again=True) == [kept]
    fresh = WorkflowHistory.from_json("fresh", kept.read_text())
    assert await check("fresh", fresh, [Playlist]) is None
