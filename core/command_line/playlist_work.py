"""What the commands of `playlist` do."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import typer
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from core import config as configuration
from core.command_line.operator import as_operator
from core.command_line.playlist_running import hand_over, waiting
from core.errors import UserError
from core.logs import printable
from core.old_queue import OldItem, read_old_queue
from core.runtime import find
from rosey import clock, ids
from rosey.bus import Bus
from rosey.channels import Channel
from rosey.contracts.playlist import Item
from rosey.names import name_key
from rosey.storage import Database, StorageError
from rosey.storage.queue import QueueStorage
from temporal.client import TemporalAway, connect

PLUGIN = "playlist"
PATIENCE = 5.0


@dataclass(frozen=True)
class Plan:
    """What an import does with a room: `queue` is the whole of it afterwards."""

    channel: str
    queue: list[Item]
    added: int
    known: int


def bring_in(
    file: Path, channel: str | None, is_dry: bool, data: Path, config: Path | None
) -> None:
    """Says of each room what was done. Raises UserError; what was done then is not doubled."""
    rooms = read_old_queue(file, channel)
    settings = configuration.load(data, config)
    for key in rooms:
        settings.connection(Channel.parse(key).connection)
    address = find(data).addresses.temporal

    async def work(bus: Bus) -> list[str]:
        client, running = await _open(address, list(rooms))
        now = clock.now()
        said = [await give(client, key, rooms[key], now, is_dry) for key in running]
        storage = QueueStorage(Database.on(bus, PLUGIN))
        closed = {key: old for key, old in rooms.items() if key not in running}
        plans = await plan_all(storage, closed, now)
        if not is_dry:
            for each in plans:
                await carry_out(storage, each)
        return [*said, *(in_words(each, is_dry) for each in plans)]

    try:
        lines = as_operator(data, config, work)
    except StorageError as problem:
        raise UserError(
            f"The database did not take it: {problem} What was imported before is not doubled by "
            "another try."
        ) from problem
    for line in lines:
        typer.echo(printable(line))


async def plan_all(
    storage: QueueStorage, rooms: Mapping[str, Sequence[OldItem]], now: datetime
) -> list[Plan]:
    """What is to be done with each room. Raises StorageError."""
    return [plan(key, await storage.load_queue(key), rooms[key], now) for key in rooms]


def plan(channel: str, there: Sequence[Item], old: Sequence[OldItem], now: datetime) -> Plan:
    """What is not there yet goes behind what is; each of equal ones counts."""
    known = Counter(_likeness(item.type, item.media_id, item.added_by) for item in there)
    queue = list(there)
    for place, each in enumerate(old):
        likeness = _likeness(each.type, each.media_id, each.added_by)
        if known[likeness]:
            known[likeness] -= 1
        else:
            queue.append(_item(each, ids.derive("i", channel, now.isoformat(), place), now))
    added = len(queue) - len(there)
    return Plan(channel, queue, added, len(old) - added)


async def carry_out(storage: QueueStorage, plan: Plan) -> None:
    """Writes and reads it again. Raises StorageError, and UserError when it is not the same."""
    if not plan.added:
        return
    await storage.save_queue(plan.channel, plan.queue)
    if await storage.load_queue(plan.channel) != plan.queue:
        raise UserError(
            f"The queue of {plan.channel} is not what was written; somebody else changes it. "
            "Import it again."
        )


def in_words(plan: Plan, is_dry: bool) -> str:
    """`lounge/lobby: 12 items added, 3 there already; 15 wait now.`"""
    items = _items(plan.added)
    if is_dry:
        return f"{plan.channel}: {items} to add, {plan.known:,} there already; nothing was changed."
    return f"{plan.channel}: {items} added, {plan.known:,} there already; {len(plan.queue):,} wait."


async def open_rooms(client: Client, channels: Sequence[str]) -> list[str]:
    """Those whose playlist runs: it has the queue, and writes it over the database's copy."""
    found = []
    for channel in channels:
        try:
            about = await client.get_workflow_handle(f"{PLUGIN}:{channel}").describe()
        except RPCError as problem:
            if problem.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            if about.status is WorkflowExecutionStatus.RUNNING:
                found.append(channel)
    return found


async def give(
    client: Client, channel: str, old: Sequence[OldItem], now: datetime, is_dry: bool
) -> str:
    """Hands the items to a queue that runs, and says what became of them. Raises UserError."""
    if is_dry:
        return in_words(plan(channel, await waiting(client, channel), old, now), is_dry)
    done = await hand_over(client, channel, old, now)
    items = _items(done.added)
    if done.before:
        return (
            f"{channel}: the running queue took this over a few minutes ago ({items} then), and "
            "nothing was changed now."
        )
    return (
        f"{channel}: {items} given to the running queue, {done.known:,} there already; "
        f"{done.waiting:,} wait."
    )


async def _open(address: str, channels: Sequence[str]) -> tuple[Client, list[str]]:
    """And which playlists run. Raises UserError."""
    try:
        client = await connect(address, PATIENCE)
        return client, await open_rooms(client, channels)
    except TemporalAway as problem:
        raise UserError(str(problem)) from problem
    except RPCError as problem:
        raise UserError(f"Temporal does not say which playlists run: {problem}.") from problem


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count:,} items"


def _likeness(kind: str, media_id: str, added_by: str) -> tuple[str, str, str]:
    return kind, media_id, name_key(added_by)


def _item(old: OldItem, id: str, now: datetime) -> Item:
    return Item(
        id=id,
        type=old.type,
        media_id=old.media_id,
        title=old.title,
        seconds=old.seconds,
        added_by=old.added_by,
        added_at=old.added_at or now,
    )
