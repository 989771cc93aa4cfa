"""A bus with a router on it and a room that is only heard: what goes to `send` is shown."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from core.config import Config
from core.plugin_host.host import PluginHost
from core.plugins import PLUGINS, load
from core.router.execute import Executor
from core.router.router import Router
from rosey import ids, streams, subjects
from rosey.bus import Bus, Delivery
from rosey.events import Action, Message, Sent, User
from rosey.manifest import PluginManifest, load_plugin
from rosey.plugin import Plugin, Workflows
from rosey.texts import Texts
from tests.consuming import consume
from tests.servers import until

ROOM = "lounge/lobby"


class Stage:
    """Says lines as people would and sees every action in order."""

    def __init__(self, bus: Bus, config: Config | None = None) -> None:
        self.bus = bus
        self.config = config or Config()
        self.actions: list[Action] = []
        self.stack = AsyncExitStack()
        self.confirming = True
        self.clock = datetime.now(UTC)
        self._numbers = count()

    async def open(self) -> None:
        await consume(self.bus, streams.SENDS, "stage", [subjects.send("*")], self._see)

    async def router(self, manifests: dict[str, PluginManifest] | None = None) -> Router:
        known = manifests or {name: load_plugin(PLUGINS / name) for name in ("dice", "trivia")}
        router = Router(self.bus, lambda: self.config, known)
        await router.start()
        self.stack.push_async_callback(router.stop)
        await Executor(self.bus, router).start()
        return router

    async def plugin(
        self,
        name: str,
        plugin: Plugin | None = None,
        manifest: PluginManifest | None = None,
        workflows: Workflows | None = None,
        **options: Any,
    ) -> PluginHost:
        manifest = manifest or load_plugin(PLUGINS / name)
        await self.bus.declare([name])
        made = plugin or load(manifest.entry)
        options.setdefault("texts", Texts.load(PLUGINS / name / "texts"))
        host = PluginHost(self.bus, manifest, made, workflows=workflows, **options)
        await host.start()
        self.stack.push_async_callback(host.stop)
        return host

    async def say(
        self, text: str, user: str = "alice", rank: float = 0.0, pm: bool = False, own: bool = False
    ) -> Message:
        self.clock = max(self.clock + timedelta(milliseconds=1), datetime.now(UTC))
        number = next(self._numbers)
        message = Message(
            id=ids.message_id(ROOM, self.clock, user, text, number),
            channel=ROOM,
            user=User(name=user, rank=rank),
            text=text,
            sent_at=self.clock,
            pm=pm,
            own=own,
        )
        await self.hear(message)
        return message

    async def hear(self, message: Message) -> None:
        subject = subjects.PM if message.pm else subjects.MESSAGE
        await self.bus.store(subject, message.wire(), message.id)

    @property
    def lines(self) -> list[str]:
        return [action.text for action in self.actions]

    async def until_line(self, part: str, patience: float = 10.0) -> Action:
        await until(lambda: any(part in line for line in self.lines), patience, f"{part!r}")
        return next(action for action in self.actions if part in action.text)

    async def _see(self, delivery: Delivery) -> None:
        action = Action.read(delivery.data)
        self.actions.append(action)
        if self.confirming:
            self.clock = max(self.clock + timedelta(milliseconds=1), datetime.now(UTC))
            sent = Sent(action_id=action.id, channel=action.channel, sent_at=self.clock)
            await self.bus.store(subjects.SENT, sent.wire(), action.id)


async def stored(bus: Bus, stream: str, at_least: int = 0) -> list[tuple[str, bytes]]:
    """Everything in a stream, in order, once there is enough of it."""
    info = await bus.js.stream_info(stream)
    for _ in range(500):
        if info.state.messages >= at_least:
            break
        await asyncio.sleep(0.01)
        info = await bus.js.stream_info(stream)
    assert info.state.messages >= at_least, f"{stream} holds {info.state.messages} messages"
    found = []
    for seq in range(max(1, info.state.first_seq), info.state.last_seq + 1):
        message = await bus.js.get_msg(stream, seq)
        found.append((message.subject or "", message.data or b""))
    return found


async def settled(bus: Bus, stream: str, durable: str) -> None:
    """Waits until a consumer has acknowledged all there is."""
    for _ in range(500):
        info = await bus.js.consumer_info(stream, durable)
        if not info.num_ack_pending and not info.num_pending:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{durable} on {stream} has not settled")
