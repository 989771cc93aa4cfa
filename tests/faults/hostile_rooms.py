"""Rooms in which Rosey meets people and servers of ill will: real sockets, a real bus."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from activities.connection.session import Session
from connectors.cytube.connector import CyTubeConnector
from connectors.cytube.settings import CyTubeSettings
from connectors.cytube.text import to_text
from rosey import streams
from rosey.bus import Bus
from rosey.events import Command, Message, Outcome
from rosey.platform import PlatformError
from rosey.plugin import Found, Workflows
from tests.connectors.cytube.scripted import Site
from tests.core.stage import Stage
from tests.faults.hostile import CHANNEL, CONNECTION, WORLD, Watch
from tests.servers import NatsServer, until

CONSUMERS = (
    (streams.EVENTS, "router"),
    *((streams.commands_of(name), name) for name in WORLD),
    *((streams.replies_of(name), "router") for name in WORLD),
    (streams.SENDS, f"send-{CONNECTION}"),
)


class Parrot:
    """The worst plugin there could be: it says what people say, from the first character on."""

    def __init__(self) -> None:
        self.given: list[Command] = []

    async def ask(
        self, workflow: str, query: str, command: Command, answer: type[Found]
    ) -> Found | None:
        return None

    async def deliver(
        self, workflow: str, command: Command, settings: dict[str, object] | None = None
    ) -> Outcome:
        self.given.append(command)
        if command.action == "answer":
            return Outcome(say=[command.text, f"{command.user.name} was it"])
        return Outcome(error=command.text or "nothing")


class RudeSite(Site):
    """Shows lines as CyTube does; answers a private line to `nobody` with `insult`."""

    insult = ""

    async def _on_event(self, event: str, sid: str, *payload: Any) -> None:
        await super()._on_event(event, sid, *payload)
        if event == "chatMsg":
            await self._send(sid, [self.line("Rosey", payload[0]["msg"])])
        if event == "pm" and self.insult:
            await self._send(sid, [("errorMsg", {"msg": self.insult})])

    def line(self, user: Any, msg: Any, **more: Any) -> tuple[str, Any]:
        now = time.time_ns() // 1_000_000
        return "chatMsg", {"username": user, "msg": msg, "meta": {}, "time": now, **more}

    @property
    def said(self) -> list[str]:
        """What Rosey sent to the room."""
        return [to_text(payload["msg"]) for event, payload in self.heard if event == "chatMsg"]


class Scene:
    """Rosey in one room, with a router, plugins, and somebody who watches the bus."""

    def __init__(self, bus: Bus, watch: Watch, session: Session) -> None:
        self.bus = bus
        self.watch = watch
        self.session = session
        self.ends: list[str] = []

    @property
    def messages(self) -> list[Message]:
        """Stored lines of other people, in order."""
        found = [Message.read(data) for data in self.watch.on("rosey.events.message")]
        return [message for message in found if not message.own]

    @property
    def whispers(self) -> list[Message]:
        found = [Message.read(data) for data in self.watch.on("rosey.events.pm")]
        return [message for message in found if not message.own]

    async def settled(self, patience: float = 30.0) -> None:
        """Waits until everything that was said has come to its end."""
        async with asyncio.timeout(patience):
            while self.session.outbox.unstored or not all(
                [await self._done(stream, durable) for stream, durable in CONSUMERS]
            ):
                await asyncio.sleep(0.02)

    async def _done(self, stream: str, durable: str) -> bool:
        info = await self.bus.js.consumer_info(stream, durable)
        return not info.num_ack_pending and not info.num_pending

    async def dead_letters(self) -> list[dict[str, str]]:
        """The headers of what was set aside."""
        state = (await self.bus.js.stream_info(streams.DEAD)).state
        found = []
        for seq in range(max(1, state.first_seq), state.last_seq + 1):
            message = await self.bus.js.get_msg(streams.DEAD, seq)
            # The library makes a thing of its own of a value that is not ASCII.
            found.append({name: str(value) for name, value in (message.headers or {}).items()})
        return found

    async def stay(self) -> None:
        """Joins whenever the room was lost, and notes why it was."""
        while True:
            try:
                await self.session.run()
            except PlatformError as problem:
                self.ends.append(str(problem))
                await asyncio.sleep(0.01)


@asynccontextmanager
async def rosey_in(
    site: str, nats: NatsServer, workflows: Workflows | None = None, **settings: Any
) -> AsyncIterator[Scene]:
    """Rosey in `lobby` of a site; with `workflows` behind trivia."""
    bus = await Bus.connect(nats.url, "test")
    await bus.declare(WORLD, [CONNECTION])
    watch = Watch()
    await watch.open(bus)
    with pytest.MonkeyPatch.context() as patch:
        # A thousand answers would take minutes at the pace that real servers allow.
        patch.setattr("connectors.cytube.connector._PACE", 10_000.0)
        given = {"connection": CONNECTION, "site": site, "room": "lobby", "user": "Rosey"}
        made = CyTubeConnector(CyTubeSettings.model_validate(given | settings))
        session = Session(bus, CONNECTION, CHANNEL, made, nats.folder / "spool")
        scene = Scene(bus, watch, session)
        stage = Stage(bus)
        async with stage.stack:
            await stage.router()
            await stage.plugin("dice")
            await stage.plugin("trivia", workflows=workflows)
            staying = asyncio.create_task(scene.stay())
            try:
                await until(lambda: session.connected_since is not None, what="join")
                yield scene
            finally:
                staying.cancel()
                await session.close()
                await asyncio.gather(staying, return_exceptions=True)
                await bus.drain()
