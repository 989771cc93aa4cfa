"""`playlist import` against a running database service, NATS and Temporal."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from core.command_line.app import main
from core.host.ports import free_port
from rosey.bus import Bus
from rosey.contracts.playlist import Item
from rosey.storage import Database
from rosey.storage.queue import QueueStorage
from temporal.worker import make_worker
from tests.core.database.processes import database_process
from tests.servers import NatsServer
from tests.temporal_servers import dev_server
from tests.workflows.playlist.theatre import Theatre
from workflows.playlist.workflow import Playlist

HERE = "lounge/lobby"
OLD: list[dict[str, Any]] = [
    {"media_type": "yt", "media_id": "abc", "title": "Film", "duration": 61, "added_by": "alice"},
    {"type": "vi", "id": "5", "title": "Short", "added_by": "bob"},
    {"media_type": "yt", "media_id": "abc", "title": "Film", "duration": 61, "added_by": "alice"},
]
THERE = Item(
    id="i-1",
    type="yt",
    media_id="abc",
    title="Film",
    added_by="Alice",
    added_at=datetime(2026, 5, 3, 20, tzinfo=UTC),
)


class Typed:
    """Runs `playlist import` beside the test's own connection."""

    def __init__(self, bus: Bus, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.queue = QueueStorage(Database.on(bus, "playlist"))
        self._folder = folder
        self._capsys = capsys

    async def __call__(self, content: Any, *words: str, code: int = 0) -> str:
        file = self._folder / "old.json"
        file.write_text(json.dumps(content))
        data = ["--data", str(self._folder / "data")]
        ended = await asyncio.to_thread(main, ["playlist", "import", str(file), *words, *data])
        captured = self._capsys.readouterr()
        assert ended == code, captured
        return captured.err if code else captured.out

    async def titles(self, channel: str = HERE) -> list[str]:
        return [item.title for item in await self.queue.load_queue(channel)]


@pytest.fixture
async def temporal(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[WorkflowEnvironment]:
    async with dev_server() as server:
        address = server.client.service_client.config.target_host
        monkeypatch.setenv("TEMPORAL_ADDRESS", address)
        yield server


@pytest.fixture
def database(nats: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ROSEY_NATS_URL", nats.url)
    monkeypatch.chdir(tmp_path)
    with database_process(nats.url, tmp_path / "data"):
        yield


@pytest.fixture
def typed(bus: Bus, database: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(bus, tmp_path, capsys)


async def test_what_is_imported(typed: Typed, temporal: WorkflowEnvironment) -> None:
    dry = f"{HERE}: 3 items to add, 0 there already; nothing was changed.\n"
    assert await typed({HERE: OLD}, "--dry-run") == dry
    assert await typed.titles() == []
    assert await typed({HERE: OLD}) == f"{HERE}: 3 items added, 0 there already; 3 wait.\n"
    first, second, third = await typed.queue.load_queue(HERE)
    assert (first.type, first.media_id, first.seconds, first.added_by) == ("yt", "abc", 61, "alice")
    assert (second.type, second.media_id, second.title) == ("vi", "5", "Short")
    assert len({first.id, second.id, third.id}) == 3
    assert await typed({HERE: OLD}) == f"{HERE}: 0 items added, 3 there already; 3 wait.\n"
    assert await typed.queue.load_queue(HERE) == [first, second, third]


async def test_what_is_there_stays_and_is_not_doubled(
    typed: Typed, temporal: WorkflowEnvironment
) -> None:
    await typed.queue.save_queue(HERE, [THERE])
    said = await typed(OLD, "--channel", HERE)
    assert said == f"{HERE}: 2 items added, 1 there already; 3 wait.\n"
    queue = await typed.queue.load_queue(HERE)
    assert queue[0] == THERE
    assert [item.media_id for item in queue] == ["abc", "5", "abc"]


async def test_nothing_of_a_file_with_nonsense_is_imported(
    typed: Typed, temporal: WorkflowEnvironment
) -> None:
    said = await typed({HERE: OLD, "lounge/den": [{"type": "yt"}]}, code=1)
    assert said.endswith("lounge/den, entry 1: media_id: is missing.\n")
    assert "nowhere" in await typed({HERE: OLD, "nowhere/x": []}, code=2)
    assert await typed.titles() == []


@pytest.fixture
async def theatre(temporal: WorkflowEnvironment) -> AsyncIterator[Theatre]:
    """The room's playlist runs."""
    theatre = Theatre(temporal)
    async with make_worker(temporal.client, "playlist", [Playlist], theatre.activities):
        theatre.handle = await start(temporal)
        theatre.list.join(first=True, users=("alice",))
        await theatre.at_rest()
        yield theatre


async def start(temporal: WorkflowEnvironment) -> WorkflowHandle[Any, Any]:
    return await temporal.client.start_workflow(
        "Playlist", id=f"playlist:{HERE}", task_queue="playlist"
    )


async def test_a_queue_that_runs_is_given_the_items(typed: Typed, theatre: Theatre) -> None:
    """In their order, with whom they are from, and past all limits; once, however often."""
    tight = {"max_queue": 1, "max_items_per_user": 1, "types": ["fi"], "unlimited_rank": 256}
    await theatre.order("clear", settings=tight)
    old: list[dict[str, Any]] = [
        *OLD,
        *({"type": "yt", "id": f"m{n}", "added_by": f"p{n % 3}"} for n in range(80)),
    ]
    old[1] = old[1] | {"added_at": "2026-05-01T20:00:00Z"}
    dry = await typed({HERE: old}, "--dry-run")
    assert dry == f"{HERE}: 83 items to add, 0 there already; nothing was changed.\n"
    said = await typed({HERE: old})
    assert said == f"{HERE}: 83 items given to the running queue, 0 there already; 83 wait.\n"
    again = await typed({HERE: old})
    assert again.startswith(f"{HERE}: the running queue took this over a few minutes ago (83 items")
    await theatre.at_rest()
    assert theatre.lines[-1] == "📺 83 items added to queue."
    assert len([name for name, _ in theatre.events if name == "item_added"]) == 83
    assert [each.media_id for each in theatre.copy] == [
        *("abc", "5", "abc"),
        *(f"m{n}" for n in range(80)),
    ]
    first, second, third, *_ = theatre.copy
    assert (first.title, first.seconds, first.added_by) == ("Film", 61, "alice")
    assert (second.added_by, second.added_at) == ("bob", datetime(2026, 5, 1, 20, tzinfo=UTC))
    assert len({first.id, second.id, third.id}) == 3
    assert await typed.titles() == []


async def test_what_the_running_queue_has_is_not_doubled(typed: Typed, theatre: Theatre) -> None:
    await theatre.order("add", user="Alice", rank=3, text="abc")
    await theatre.until(lambda state: state.playing.startswith("▶️"))
    dry = await typed({HERE: OLD}, "--dry-run")
    assert dry == f"{HERE}: 2 items to add, 1 there already; nothing was changed.\n"
    said = await typed({HERE: OLD, "lounge/den": OLD})
    assert said.splitlines() == [
        f"{HERE}: 2 items given to the running queue, 1 there already; 2 wait.",
        "lounge/den: 3 items added, 0 there already; 3 wait.",
    ]
    theatre.list.next()  # what plays first is over, and counts as taken over still
    await theatre.at_rest()
    assert "nothing was changed now" in await typed({HERE: OLD})
    assert len(await theatre.queue()) == 1


async def test_a_queue_that_runs_and_does_not_answer(
    typed: Typed, temporal: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.command_line.playlist_running.PATIENCE", 0.5)
    started = await start(temporal)
    said = await typed({HERE: OLD, "lounge/den": OLD}, code=1)
    assert said.startswith(f"The playlist of {HERE} is open in Temporal, but does not answer")
    assert "does not answer" in await typed({HERE: OLD}, "--dry-run", code=1)
    assert await typed.titles() == await typed.titles("lounge/den") == []
    await started.terminate()
    assert "3 items added" in await typed({HERE: OLD})


async def test_a_temporal_that_is_away(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.command_line.playlist_work.PATIENCE", 0.2)
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    assert "No Temporal server answers" in await typed({HERE: OLD}, code=1)
    assert await typed.titles() == []


async def test_a_database_that_is_away(
    bus: Bus,
    nats: NatsServer,
    temporal: WorkflowEnvironment,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ROSEY_NATS_URL", nats.url)
    monkeypatch.chdir(tmp_path)
    said = await Typed(bus, tmp_path, capsys)({HERE: OLD}, code=1)
    assert said.startswith("The database did not take it: The database is not there.")
