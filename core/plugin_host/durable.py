"""A plugin's Temporal worker and its mailbox. Apart, because most plugins need no Temporal."""

from contextlib import AsyncExitStack
from pathlib import Path

from core.errors import UserError
from core.plugins import load
from rosey.bus import Bus
from rosey.durable.surroundings import Surroundings
from rosey.manifest import PluginManifest
from temporal.client import TemporalAway, connect
from temporal.mailbox import Mailboxes
from temporal.worker import make_worker

PATIENCE = 60.0


async def start_worker(
    stack: AsyncExitStack,
    bus: Bus,
    manifest: PluginManifest,
    folder: Path,
    address: str,
    data: Path,
) -> Mailboxes:
    """Runs the plugin's workflows and activities on its task queue until the stack ends.

    `folder` is where the plugin is.
    """
    try:
        client = await connect(address, PATIENCE)
    except TemporalAway as problem:
        raise UserError(str(problem)) from problem
    surroundings = Surroundings(bus, manifest.name, folder, data / "plugins" / manifest.name)
    activities = [
        activity for named in manifest.activities for activity in load(named)(surroundings)
    ]
    worker = make_worker(
        client, manifest.name, [load(named) for named in manifest.workflows], activities
    )
    await stack.enter_async_context(worker)
    mailboxes = Mailboxes(client, manifest.name)
    stack.push_async_callback(mailboxes.close)
    return mailboxes
