"""The process that floors are measured with: `python -m core.bench.peer NATS_URL`.

It answers requests with nothing in between, and sits in a room as a client that only counts
the frames, or passes them on without looking at them. Plugins of the bench's own live here too.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from core.authority.login import login
from core.authority.rights import OPERATOR
from core.bench.attached import Attached
from core.config import NatsConfig
from core.plugins import load
from rosey.bus import Bus, Incoming

ECHO = "bench.echo"
JOIN = "bench.join"
FRAMES = "bench.frames"
COUNTED = "bench.counted"
NAME = "floor"


class Join(BaseModel):
    """Enter the room at `url`. `count`: say so after that many frames; 0: pass each one on."""

    url: str
    count: int = 0


class Peer:
    """One client at a time."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self._client: Any = None
        self._seen = 0

    async def start(self) -> None:
        await self.bus.subscribe(ECHO, self._echo)
        await self.bus.subscribe(JOIN, self._join)

    async def stop(self) -> None:
        if self._client:
            await self._client.disconnect()

    async def _echo(self, incoming: Incoming) -> None:
        await self.bus.publish(incoming.reply, incoming.data)

    async def _join(self, incoming: Incoming) -> None:
        await self.stop()
        asked = Join.model_validate_json(incoming.data)
        self._seen = 0
        # The library itself, by name: what a platform's client costs without our connector.
        self._client = load("socketio:AsyncClient")(reconnection=False, handle_sigint=False)
        self._client.on("chatMsg", self._counter(asked.count) if asked.count else self._pass_on)
        await self._client.connect(asked.url, transports=["websocket"])
        await self._client.emit("login", {"name": NAME})
        await self._client.emit("joinChannel", {"name": "bench"})
        await self.bus.publish(incoming.reply, b"")

    def _counter(self, count: int) -> Any:
        async def seen(_: Any) -> None:
            self._seen += 1
            if self._seen == count:
                self._seen = 0
                await self.bus.publish(COUNTED, b"")

        return seen

    async def _pass_on(self, payload: Any) -> None:
        await self.bus.publish(FRAMES, payload["msg"].encode())


async def main(nats_url: str, data: Path) -> None:
    us = login(data, NatsConfig(), OPERATOR)
    bus = await Bus.connect(nats_url, "bench peer", us)
    peer, attached = Peer(bus), Attached(bus)
    await attached.start()
    await peer.start()
    try:
        await asyncio.Event().wait()
    finally:
        await peer.stop()
        await attached.stop()
        await bus.drain()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
