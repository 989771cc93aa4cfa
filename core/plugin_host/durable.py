"""A plugin's Temporal worker and its mailbox. Apart, because most plugins need no Temporal."""

from contextlib import AsyncExitStack
from pathlib import Path

from core.errors import Away
from core.host import notify
from core.plugin_host.rehearsal import rehearse
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

    `folder` is where the plugin is. As a reload's new code it first tries the open workflows.
    Raises Away, NotCompatible.
    """
    workflows = [load(named) for named in manifest.workflows]
    if notify.must_rehearse():
        await rehearse(address, manifest.name, workflows)
    try:
        client = await connect(address, PATIENCE)
    except TemporalAway as problem:
        raise Away(str(problem)) from problem
    surroundings = Surroundings(bus, manifest.name, folder, data / "plugins" / manifest.name)
    activities = [
        activity for named in manifest.activities for activity in load(named)(surroundings)
    ]
    worker = make_worker(client, manifest.name, workflows, activities)
    await stack.enter_async_context(worker)
    mailboxes = Mailboxes(client, manifest.name)
    stack.push_async_callback(mailboxes.close)
    return mailboxes
