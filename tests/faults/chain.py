"""The whole way of a line in one process: a room in memory, a session, the router and dice.

Each has a connection of its own to a real server that can be killed, filled or cut off.
"""

import re
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

from activities.connection.session import Session
from core.config import Config
from core.plugin_host.host import PluginHost
from core.plugins import PLUGINS, load
from core.router.execute import Executor
from core.router.router import Router
from rosey import streams, subjects
from rosey.bus import Bus
from rosey.events import Action
from rosey.manifest import load_plugin
from rosey.plugin import Plugin
from rosey.texts import Texts
from tests.activities.connection.stage import CONNECTION, Stage
from tests.core.stage import stored
from tests.servers import until

ROLLED = re.compile(r"🎲 \[(.*)\](?: \+ (\d+))? =")


class Chain:
    """What is said in `room` goes the whole way and comes back."""

    session: Session
    router: Router
    dice: PluginHost

    def __init__(self, url: str, bus: Bus, spool: Path) -> None:
        self.url = url
        self.bus = bus
        self.stack = AsyncExitStack()
        self._detours: dict[str, str] = {}
        self.room = Stage(bus, spool)
        self._numbers = count(1)

    async def open(self, detours: dict[str, str] | None = None) -> None:
        """Starts all of it; `detours` are other addresses of the server for some of the parts."""
        self._detours = detours or {}
        self.router = await self.route()
        self.session = await self.room.join(bus=await self.connect("connector"))
        self.stack.push_async_callback(self.room.close)
        self.dice = await self.plugin()

    async def connect(self, name: str) -> Bus:
        bus = await Bus.connect(self._detours.get(name, self.url), name)
        self.stack.push_async_callback(bus.drain)
        return bus

    async def route(self, bus: Bus | None = None) -> Router:
        bus = bus or await self.connect("router")
        manifests = {name: load_plugin(PLUGINS / name) for name in ("dice", "trivia")}
        router = Router(bus, Config, manifests)
        await router.start()
        self.stack.push_async_callback(router.stop)
        await Executor(bus, router).start()
        return router

    async def plugin(self, name: str = "dice", plugin: Plugin | None = None) -> PluginHost:
        """The shipped plugin, or another in its place."""
        manifest = load_plugin(PLUGINS / name)
        texts = Texts.load(PLUGINS / name / "texts")
        made = plugin or load(manifest.entry)
        host = PluginHost(await self.connect(name), manifest, made, texts=texts)
        await host.start()
        self.stack.push_async_callback(host.stop)
        return host

    # -- people ----------------------------------------------------------------------------

    def say(self, text: str) -> None:
        self.room.room.say("alice", text)

    def roll(self) -> int:
        """Asks for a roll that no other is like; returns its number, from 1 to 1999."""
        number = next(self._numbers)
        dice, modifier = divmod(number, 100)
        self.say(f"!roll {dice + 1}d6+{modifier}")
        return number

    @property
    def rolled(self) -> list[int]:
        """The numbers of the answers in the order in which the room saw them."""
        found = [ROLLED.match(line) for line in self.room.said]
        return [roll[1].count(",") * 100 + int(roll[2] or 0) for roll in found if roll]

    async def until_rolled(self, *numbers: int, patience: float = 20.0) -> None:
        await until(
            lambda: set(numbers) <= set(self.rolled),
            patience,
            f"answers to {set(numbers)}, not {self.rolled}",
        )

    # -- the truth -------------------------------------------------------------------------

    @property
    def texts(self) -> list[str]:
        """What alice has said."""
        return [line["text"] for line in self.room.room.lines if line["user"] == "alice"]

    async def check_once(self) -> None:
        """All that was said is stored in its order; every reply and every line has come once."""
        heard = [message.text for message in await self.room.messages() if not message.own]
        assert heard == self.texts
        sends = [Action.read(data) for _, data in await stored(self.bus, streams.SENDS)]
        # Where two lines were under way when the server died, the later may be stored first.
        assert sorted(action.text for action in sends) == sorted(self.room.said)
        shown = [sent.action_id for sent in await self.room.sent()]
        assert shown == [action.id for action in sends]
        assert await dead_letters(self.bus) == []


async def dead_letters(bus: Bus, stream: str = "*") -> list[tuple[bytes, str]]:
    """What was set aside of a stream or of all, each with its reason."""
    info = await bus.js.stream_info(streams.DEAD)
    found = []
    for seq in range(max(1, info.state.first_seq), info.state.last_seq + 1):
        message = await bus.js.get_msg(streams.DEAD, seq)
        if stream == "*" or message.subject == subjects.dead(stream):
            found.append((message.data or b"", (message.headers or {})["Rosey-Reason"]))
    return found


__all__ = ["CONNECTION", "Chain", "dead_letters"]
