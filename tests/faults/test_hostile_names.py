"""A game of people whose names are of ill will, in a real Temporal."""

import html
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType

from connectors.cytube.wire import plain
from core.plugin_host.durable import start_worker
from core.plugins import PLUGINS
from rosey.bus import Bus
from rosey.manifest import load_plugin
from temporal import search_attributes
from tests.faults.hostile import CHANNEL, NASTY, bad_records, is_one_plain_line, strange_keys
from tests.faults.hostile_rooms import RudeSite, rosey_in
from tests.servers import NatsServer, until
from tests.temporal_servers import dev_server


async def test_hostile_names_in_a_game(
    nats: NatsServer, site: RudeSite, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Ids are made of the channel alone; a name is a value, in the table as in the attributes."""
    async with dev_server() as temporal, AsyncExitStack() as stack:
        bus = await Bus.connect(nats.url, "trivia")
        stack.push_async_callback(bus.drain)
        manifest = load_plugin(PLUGINS / "trivia")
        address = temporal.client.service_client.config.target_host
        mailboxes = await start_worker(stack, bus, manifest, PLUGINS / "trivia", address, tmp_path)
        async with rosey_in(site.url, nats, mailboxes) as scene:

            async def told(part: str) -> None:
                await until(lambda: any(part in line for line in site.said), 20, part)

            people = [name for name in NASTY if not name.startswith("[")]
            for name in people:
                await site.say(site.line(name, html.escape(f"!trivia start {name}")))
            await scene.settled()
            await told("I know no category")
            await site.say(site.line("bob", "!trivia stop"))
            await scene.settled()
            await site.say(site.line("bob", "!trivia start 1 film"))
            await told("Off we go")
            await told("❓ 1/1")
            for name in people:
                await site.say(site.line(name, "!a surely not this"))
            await scene.settled()
            assert sum("Not that one" in line for line in site.said) == len(people)
            await site.say(site.line("bob", "!trivia stop"))
            await told("🛑 bob stopped the game.")
            await site.say(site.line("bob", "!roll d6"))
            await told("🎲 [")

            assert [line for line in site.said if not is_one_plain_line(line)] == []
            assert [line for line in site.said if line.startswith("/")] == []
            assert scene.watch.strange() == []
            assert await strange_keys(scene.bus) == set()
            handle = temporal.client.get_workflow_handle(f"trivia:{CHANNEL}")
            attributes = (await handle.describe()).typed_search_attributes
            assert attributes.get(search_attributes.USER) == plain(people[0], 100)
            assert attributes.get(search_attributes.CHANNEL) == CHANNEL
            history = await handle.fetch_history()
            failed = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
            assert [event for event in history.events if event.event_type == failed] == []
            found = {workflow.id async for workflow in temporal.client.list_workflows()}
            assert found <= {f"trivia:{CHANNEL}"}
    assert bad_records(caplog.records) == []
