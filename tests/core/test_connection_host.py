"""A connector's process: when it is ready, where it works, and what it cannot start with."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.connection.spool import Spool, Spooled
from connectors.fake.room import FakeRoom
from core import connection_host
from core.errors import UnknownName, UserError
from core.host.ports import free_port
from core.plugins import CONNECTORS
from rosey import streams, subjects
from rosey.bus import Bus
from rosey.contracts.connection import Observed
from rosey.manifest import load_connector
from temporal.client import connect
from tests.servers import NatsServer, binary, until
from tests.temporal_servers import shared_dev_server
from workflows.connection.models import Link

CONFIG = """
[lounge]
enabled = false

[[connections]]
name = "memory"
platform = "fake"
site = "here"
room = "{room}"
"""


@pytest.fixture(scope="module")
def temporal_address() -> Iterator[str]:
    with shared_dev_server() as address:
        yield address


@pytest.fixture
async def client(temporal_address: str) -> Client:
    return await connect(temporal_address)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "rosey.toml"
    file.write_text(CONFIG.format(room=tmp_path.name))
    return file


@pytest.fixture
async def surroundings(
    nats: NatsServer, bus: Bus, temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bus.declare(connections=["memory"])
    monkeypatch.setenv("ROSEY_NATS_URL", nats.url)
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_address)


@asynccontextmanager
async def running(config: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """Until it says that it is ready, and then for as long as the test wants it."""
    caplog.set_level(logging.INFO)
    task = asyncio.create_task(connection_host.run("memory", config.parent, config))
    try:
        await until(lambda: task.done() or "ready: memory/" in caplog.text, 15, "ready")
        if task.done():
            task.result()
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.usefixtures("surroundings")
async def test_ready_means_in_the_room(
    config: Path, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    room = FakeRoom.named(config.parent.name)
    async with running(config, caplog):
        assert "rosey" in room.people
        handle = client.get_workflow_handle("connection:memory")
        state = await handle.query("state")
        assert state["queue"] == connection_host.own_queue("memory", config.parent)
        described = await handle.describe()
        found = {pair.key.name: pair.value for pair in described.typed_search_attributes}
        assert found["RoseyPlugin"] == "connection"
        assert found["RoseyChannel"] == "memory"
        await handle.terminate()
    assert not room.people


@pytest.mark.usefixtures("surroundings")
async def test_what_the_last_process_could_not_store_is_stored_first(
    config: Path, bus: Bus, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(config.parent / "spool" / "memory")
    spool.add(Spooled(subjects.MESSAGE, "m-1", b"{}"))
    spool.close()
    async with running(config, caplog):
        await until(lambda: not any(spool.folder.iterdir()), what="stored")
        await client.get_workflow_handle("connection:memory").terminate()
    assert (await bus.js.get_msg(streams.EVENTS, 1)).subject == subjects.MESSAGE


@pytest.mark.parametrize(
    ("link", "why"),
    [
        (Link(wanted=False, stopped="you are banned"), "you are banned"),
        (Link(queue="elsewhere", seen=Observed(connected=True)), "elsewhere is there"),
    ],
    ids=["not wanted", "held elsewhere"],
)
@pytest.mark.usefixtures("surroundings")
async def test_ready_too_when_it_is_plain_that_it_will_not_join(
    config: Path, client: Client, caplog: pytest.LogCaptureFixture, link: Link, why: str
) -> None:
    handle = await client.start_workflow(
        "Connection", link, id="connection:memory", task_queue=connection_host.SHARED_QUEUE
    )
    async with running(config, caplog):
        assert f"not joining: {why}" in caplog.text
        assert not FakeRoom.named(config.parent.name).people
    await handle.terminate()


async def test_who_cannot_ask_the_workflow_waits_on(client: Client) -> None:
    assert await connection_host._state(client, "nobody") == {"wanted": True, "connected": False}


def test_a_queue_for_each_connection_and_data_folder(tmp_path: Path) -> None:
    queue = connection_host.own_queue("lounge", tmp_path)
    assert queue == connection_host.own_queue("lounge", tmp_path / "x" / "..")
    assert queue != connection_host.own_queue("cytube", tmp_path)
    assert queue != connection_host.own_queue("lounge", tmp_path / "x")


@pytest.mark.usefixtures("surroundings")
async def test_what_cannot_be_started_is_said(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnknownName, match="memry"):
        await connection_host.run("memry", tmp_path, config)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(connection_host, "CONNECTORS", tmp_path)
        with pytest.raises(UserError, match=r"connector\.toml is missing"):
            await connection_host.run("memory", tmp_path, config)
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    monkeypatch.setattr(connection_host, "PATIENCE", 0.1)
    with pytest.raises(UserError, match="No Temporal server answers"):
        await connection_host.run("memory", tmp_path, config)


async def test_a_server_without_our_search_attributes_will_do() -> None:
    server = await WorkflowEnvironment.start_local(
        dev_server_existing_path=binary("temporal"), dev_server_log_level="error"
    )
    async with server:
        manifest = load_connector(CONNECTORS / "fake")
        await connection_host._start(server.client, manifest, "memory")
        described = await server.client.get_workflow_handle("connection:memory").describe()
        assert described.workflow_type == "Connection"
        found = {pair.key.name for pair in described.typed_search_attributes}
        assert not any(name.startswith("Rosey") for name in found)
