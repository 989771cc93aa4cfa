"""A process with new code tries what is open before it does anything else."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from core.errors import Away
from core.host import notify
from core.host.ports import free_port
from core.plugin_host import durable, rehearsal
from core.plugin_host.rehearsal import NotCompatible, rehearse
from core.plugins import PLUGINS
from rosey.bus import Bus
from rosey.manifest import load_plugin
from temporal.client import connect
from temporal.worker import make_worker
from tests.temporal.test_open_workflows import Impatient, Waiting, begin
from tests.temporal_servers import shared_dev_server


@pytest.fixture(scope="module")
def temporal_address() -> Iterator[str]:
    with shared_dev_server() as address:
        yield address


async def test_an_incompatible_change_names_the_workflow_the_event_and_why(
    temporal_address: str,
) -> None:
    client = await connect(temporal_address)
    async with make_worker(client, "waiting", [Waiting]):
        await begin(client, "waiting", "waiting:lounge/lobby")
        await rehearse(temporal_address, "waiting", [Waiting])
        with pytest.raises(NotCompatible) as refusal:
            await rehearse(temporal_address, "waiting", [Impatient])
        said = str(refusal.value)
        assert "waiting:lounge/lobby: Waiting cannot repeat event 5: " in said
        assert "TimerStarted" in said
        assert said.endswith("with workflow.patched, or wait until they are over.")
        assert "more" not in said
        await begin(client, "waiting", "waiting:lounge/attic")
        with pytest.raises(NotCompatible, match=r"waiting:lounge/attic.* So it is with 1 more"):
            await rehearse(temporal_address, "waiting", [Impatient])


async def test_a_temporal_that_is_away_is_said(
    bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal, "PATIENCE", 0.1)
    monkeypatch.setattr(durable, "PATIENCE", 0.1)
    monkeypatch.setenv(notify.REHEARSE, "1")
    trivia = load_plugin(PLUGINS / "trivia")
    address = f"127.0.0.1:{free_port()}"
    untried = "Temporal does not say which workflows are open .*--force"
    async with AsyncExitStack() as stack:
        with pytest.raises(Away, match=untried):
            await durable.start_worker(stack, bus, trivia, PLUGINS / "trivia", address, tmp_path)
        # What a reload with --force and every other start does.
        monkeypatch.delenv(notify.REHEARSE)
        with pytest.raises(Away, match=r"^No Temporal server answers at 127"):
            await durable.start_worker(stack, bus, trivia, PLUGINS / "trivia", address, tmp_path)
