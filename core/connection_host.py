"""The process behind `bin/rosey connector NAME`: one connection and its two task queues."""

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from temporalio.client import Client
from temporalio.common import TypedSearchAttributes, WorkflowIDConflictPolicy
from temporalio.service import RPCError

from core import config as configuration
from core.authority.login import enter, stay
from core.authority.rights import connection_name
from core.config import ConnectionConfig
from core.errors import UserError
from core.host import notify
from core.lounge_accounts import own_password
from core.plugins import CONNECTORS, load
from core.runtime import find
from rosey import streams
from rosey.bus import Bus
from rosey.durable.surroundings import ConnectionDesk, ConnectionSurroundings
from rosey.manifest import ConnectorManifest, ManifestError, load_connector
from rosey.platform import Connector
from temporal.client import TemporalAway, connect
from temporal.search_attributes import are_unknown, attributes
from temporal.worker import make_worker

log = logging.getLogger("core.connection_host")

SHARED_QUEUE = "connection"
PATIENCE = 60.0
LOOK_EVERY = 1.0


async def run(name: str, data: Path, config: Path | None) -> None:
    """Holds the connection until cancelled. Raises UserError for what cannot be started."""
    settings = configuration.load(data, config)
    wanted = settings.connection(name)
    addresses = find(data).addresses
    try:
        manifest = load_connector(CONNECTORS / wanted.platform)
        client = await connect(addresses.temporal, PATIENCE)
    except (ManifestError, TemporalAway) as problem:
        raise UserError(str(problem)) from problem
    async with AsyncExitStack() as stack:
        us = connection_name(name)
        bus = await enter(addresses.nats, f"connector {name}", data, settings.nats, us)
        stack.push_async_callback(bus.drain)
        await bus.made(streams.sends_consumer(name))
        password = own_password(settings, wanted, data)
        desk = _desk(bus, wanted, manifest, addresses.lounge, data, password)
        stack.push_async_callback(desk.close)
        await desk.open()
        await _work(stack, client, manifest, desk, own_queue(name, data))
        await _start(client, manifest, name)
        await _settled(client, desk, name, own_queue(name, data))
        notify.ready()
        log.info("ready: %s", wanted.channel)
        await stay(bus)


async def _settled(client: Client, desk: ConnectionDesk, name: str, queue: str) -> None:
    """Waits until the room was joined or refused us, or until it is plain that we shall not join.

    Nobody may want us in, or another process may be there in our place.
    """
    while True:
        try:
            await asyncio.wait_for(desk.arrived(), LOOK_EVERY)
            return
        except TimeoutError:
            state = await _state(client, name)
            if not state["wanted"]:
                log.info("not joining: %s", state["stopped"])
                return
            if state["connected"] and state["queue"] != queue:
                log.info("not joining: %s is there", state["queue"])
                return


async def _state(client: Client, name: str) -> dict[str, Any]:
    """What the workflow says; that it is wanted while nobody can be asked."""
    try:
        state: dict[str, Any] = await client.get_workflow_handle(f"connection:{name}").query(
            "state", rpc_timeout=timedelta(seconds=LOOK_EVERY)
        )
    except RPCError:
        return {"wanted": True, "connected": False}
    return state


def own_queue(name: str, data: Path) -> str:
    """The queue of this connection on this machine and data folder, the same after a restart."""
    place = sha256(str(data.resolve()).encode()).hexdigest()[:8]
    return f"connection-{socket.gethostname()}-{place}-{name}"


def _desk(
    bus: Bus,
    wanted: ConnectionConfig,
    manifest: ConnectorManifest,
    lounge: str | None,
    data: Path,
    own_password: SecretStr | None,
) -> ConnectionDesk:
    surroundings = ConnectionSurroundings(
        bus=bus,
        connection=wanted.name,
        channel=wanted.channel,
        queue=own_queue(wanted.name, data),
        connector=_maker(wanted, manifest, lounge, own_password),
        spool=data / "spool" / wanted.name,
    )
    desk: ConnectionDesk = load(manifest.activities[0])(surroundings)
    return desk


def _maker(
    wanted: ConnectionConfig,
    manifest: ConnectorManifest,
    lounge: str | None,
    own_password: SecretStr | None,
) -> Callable[[], Connector]:
    values: dict[str, Any] = {
        "connection": wanted.name,
        "site": wanted.address(lounge),
        "room": wanted.room,
        "user": wanted.user,
        "password": wanted.password.read() if wanted.password else own_password,
        "room_password": wanted.room_password and wanted.room_password.read(),
    }
    given = {key: value for key, value in values.items() if value is not None}
    settings = load(manifest.settings).model_validate(given)
    make = load(manifest.connector)
    return lambda: make(settings)


async def _work(
    stack: AsyncExitStack,
    client: Client,
    manifest: ConnectorManifest,
    desk: ConnectionDesk,
    queue: str,
) -> None:
    workflow = load(manifest.workflow)
    await stack.enter_async_context(make_worker(client, SHARED_QUEUE, [workflow], desk.shared))
    await stack.enter_async_context(make_worker(client, queue, [], desk.own))


async def _start(client: Client, manifest: ConnectorManifest, name: str) -> None:
    """Starts the workflow unless it runs already; whether it may join is its own business."""
    found_by: TypedSearchAttributes | None = attributes("connection", name)
    while True:
        try:
            await client.start_workflow(
                load(manifest.workflow).__name__,
                id=f"connection:{name}",
                task_queue=SHARED_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=found_by,
                static_summary=f"The connection {name}",
            )
            return
        except RPCError as problem:
            if found_by is None or not are_unknown(problem):
                raise
            found_by = None
