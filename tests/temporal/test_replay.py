"""What rooms are open with must be repeated by the present code, event for event."""

import json
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory

from core.plugins import PLUGINS
from rosey.manifest import load_plugin
from temporal.replay import check, replay
from tests.temporal import record as recording
from tests.temporal.counter import Counter
from tests.temporal.record import HISTORIES, PLAYS
from workflows.connection.workflow import Connection
from workflows.playlist.show import Show
from workflows.playlist.workflow import Playlist
from workflows.trivia import game as moves
from workflows.trivia.models import Game
from workflows.trivia.workflow import Trivia

WORKFLOWS = [Trivia, Connection, Playlist, Show]
VERSION = load_plugin(PLUGINS / "trivia").version
RECORDED = sorted(path.stem for path in HISTORIES.glob("*.json"))


def history(name: str) -> WorkflowHistory:
    return WorkflowHistory.from_json(name, (HISTORIES / f"{name}.json").read_text())


def carried_by(name: str) -> Any:
    """What a run that continued as new handed on."""
    last = history(name).events[-1].workflow_execution_continued_as_new_event_attributes
    return json.loads(last.input.payloads[0].data)


@pytest.mark.parametrize("name", RECORDED)
async def test_recorded_histories_are_repeated(name: str) -> None:
    problem = await check(name, history(name), WORKFLOWS)
    assert problem is None, str(problem)


def test_every_play_of_every_release_is_there() -> None:
    first = [play for play in PLAYS if play != "database-away"]
    for release, plays in {"1.0.0": first, VERSION: PLAYS}.items():
        for play in plays:
            assert any(name.startswith(f"trivia-{release}-{play}") for name in RECORDED), play


def test_histories_show_what_they_are_for() -> None:
    text = {name: (HISTORIES / f"{name}.json").read_text() for name in RECORDED}
    assert text["trivia-1.0.0-whole-game"].count("WORKFLOW_EXECUTION_UPDATE_COMPLETED") >= 6
    assert "WORKFLOW_EXECUTION_SIGNALED" in text["trivia-1.0.0-by-hand"]
    assert "CONTINUED_AS_NEW" in text["trivia-1.0.0-renewed-1"]
    assert "continuedExecutionRunId" in text["trivia-1.0.0-renewed-2"]
    assert "MARKER_RECORDED" not in text["trivia-1.0.0-whole-game"]
    for run in ("whole-game", "database-away-1"):
        assert "MARKER_RECORDED" in text[f"trivia-1.1.0-{run}"]
    carried = carried_by("trivia-1.1.0-database-away-2")
    assert [result["players"][0]["name"] for result in carried["unrecorded"]] == ["bob", "bob"]
    assert text["trivia-1.1.0-database-away-3"].count("ACTIVITY_TASK_COMPLETED") == 2


async def test_the_folder_is_replayed_as_a_whole() -> None:
    assert await replay(HISTORIES, WORKFLOWS) == []
    assert await replay(HISTORIES / "nowhere", WORKFLOWS) == []


async def test_an_incompatible_change_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody lets the pause between questions away."""

    async def at_once(self: Trivia, game: Game, what: str) -> bool:
        return False

    monkeypatch.setattr(Trivia, "_wait", at_once)
    problem = await check("trivia-1.0.0-whole-game", history("trivia-1.0.0-whole-game"), [Trivia])
    assert problem
    assert problem.workflow == "Trivia"
    events = history("trivia-1.0.0-whole-game").events
    at = next(one for one in events if one.event_id == problem.event)
    assert at.HasField("timer_started_event_attributes")
    assert "TimerStarted" in problem.reason
    assert str(problem) == (
        f"trivia-1.0.0-whole-game: Trivia cannot repeat event {problem.event}: {problem.reason}"
    )


@pytest.mark.parametrize(("release", "beside"), [("1.0.0", True), ("1.1.0", False)])
async def test_a_room_goes_on_writing_results_as_it_began(
    monkeypatch: pytest.MonkeyPatch, release: str, beside: bool
) -> None:
    """Without the patch in its way one of both releases could not be repeated."""
    name = f"trivia-{release}-whole-game"
    monkeypatch.setattr(workflow, "patched", lambda id: beside)
    problem = await check(name, history(name), [Trivia])
    assert problem
    assert problem.workflow == "Trivia"


async def test_a_bug_that_an_old_room_would_meet_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(game: Game, *args: object) -> None:
        raise RuntimeError("the moment is gone")

    monkeypatch.setattr(moves, "shown", broken)
    problem = await check("trivia-1.0.0-stopped", history("trivia-1.0.0-stopped"), [Trivia])
    assert problem
    assert problem.reason == "the moment is gone"
    assert problem.event > 5


async def test_a_room_without_code_is_told() -> None:
    problem = await check("trivia-1.0.0-stopped", history("trivia-1.0.0-stopped"), [Counter])
    assert problem
    assert problem.workflow == "Trivia"
    assert "Trivia is not registered" in problem.reason


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"events": 5}', '{"events": []}'])
async def test_what_is_no_history_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "old.json").write_text(text)
    (problem,) = await replay(tmp_path, [Trivia])
    assert str(problem).startswith("old: unknown cannot repeat event 0: is no history: ")


async def test_what_the_program_prints_can_be_replayed(tmp_path: Path) -> None:
    """`temporal workflow show -o json` prints one object on many lines."""
    events = json.loads((HISTORIES / "trivia-1.0.0-stopped.json").read_text())
    (tmp_path / "shown.json").write_text(json.dumps(events, indent=2))
    assert await replay(tmp_path, [Trivia]) == []


async def test_recording_writes_what_is_not_there_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "PLAYS", {"stopped": recording.stopped})
    (path,) = await recording.record(tmp_path)
    assert path.name == f"trivia-{VERSION}-stopped.json"
    assert await replay(tmp_path, [Trivia]) == []
    assert await recording.record(tmp_path) == []
