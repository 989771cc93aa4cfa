"""A room in memory, the bus, and sessions between them that can be ended or die."""

import asyncio
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from nats.js.errors import NotFoundError

from activities.connection.record import Record
from activities.connection.session import Session
from connectors.fake.connector import FakeConnector
from connectors.fake.room import FakeRoom
from connectors.fake.settings import FakeSettings
from rosey import streams, subjects
from rosey.bus import Bus
from rosey.events import Action, ActionRefused, ConnectionEvent, Message, Sent
from rosey.platform import Connector, PlatformError
from tests.servers import until

CONNECTION = "fake"
ROSEY = "Rosey"
Fake = TypeVar("Fake", bound=FakeConnector)


class Stage:
    """One room and the connection to it; a session rejoins as soon as it has lost the room."""

    def __init__(self, bus: Bus, spool: Path) -> None:
        self.bus = bus
        self.spool = spool
        self.name = f"den-{uuid.uuid4().hex[:8]}"
        self.room = FakeRoom.named(self.name)
        self.channel = f"{CONNECTION}/{self.name}"
        self.losses: list[str] = []
        self._open: list[tuple[Session, asyncio.Task[None]]] = []

    def connector(self, kind: type[Fake] = FakeConnector) -> Fake:  # type: ignore[assignment]
        return kind(FakeSettings(connection=CONNECTION, room=self.name))

    async def join(self, connector: Connector | None = None, bus: Bus | None = None) -> Session:
        """A fresh session, in the room."""
        await self.bus.make(streams.sends_consumer(CONNECTION))
        made = connector or self.connector()
        session = Session(bus or self.bus, CONNECTION, self.channel, made, self.spool)
        await self.stay(session)
        return session

    async def stay(self, session: Session) -> None:
        """Has it in the room from now on."""
        self._open.append((session, asyncio.create_task(self._stay(session))))
        await until(lambda: session.connected_since is not None, what="join")

    async def _stay(self, session: Session) -> None:
        while True:
            try:
                await session.run()
            except PlatformError as problem:
                self.losses.append(str(problem))
                await asyncio.sleep(0.01)

    async def leave(self, session: Session) -> None:
        """As the end of its process would, in good order."""
        for each, task in list(self._open):
            if each is session:
                task.cancel()
                await session.close()
                await asyncio.gather(task, return_exceptions=True)
                self._open.remove((each, task))

    async def close(self) -> None:
        for session, _ in list(self._open):
            await self.leave(session)

    # -- what is asked for -----------------------------------------------------------------

    async def act(self, text: str, id: str = "", **fields: Any) -> Action:
        """An action as the router would send it."""
        action = Action(id=id or f"r-{uuid.uuid4().hex}", channel=self.channel, text=text, **fields)
        await self.bus.store(subjects.send(CONNECTION), action.wire(), action.id)
        return action

    async def edit(self, kind: str, id: str = "", **args: Any) -> Action:
        """A change of the playlist as the router would send it."""
        return await self.act("", id, kind=kind, args=args)

    async def add(self, media_id: str, id: str = "") -> Action:
        return await self.edit("media_add", id, type="yt", media_id=media_id, title=media_id)

    # -- what came of it -------------------------------------------------------------------

    @property
    def said(self) -> list[str]:
        return [line["text"] for line in self.room.lines if line["user"] == ROSEY]

    @property
    def whispered(self) -> list[str]:
        return [line["text"] for line in self.room.whispers if line["user"] == ROSEY]

    @property
    def listed(self) -> list[str]:
        """The ids of the media on the playlist."""
        return [item.media.id for item in self.room.playlist.items]

    async def until_said(self, count: int = 1) -> None:
        await until(lambda: len(self.said) >= count, what=f"{count} lines, not {self.said}")

    async def until_done(self) -> None:
        """Everything asked for was said and acknowledged."""
        await self._until(self._settled, "everything asked for is settled")

    async def _settled(self) -> bool:
        stream = await self.bus.js.stream_info(streams.SENDS)
        try:
            info = await self.bus.js.consumer_info(streams.SENDS, f"send-{CONNECTION}")
        except NotFoundError:
            return False
        # What was just stored may not be among the pending yet.
        acknowledged = info.ack_floor.stream_seq if info.ack_floor else 0
        return not info.num_ack_pending and acknowledged >= stream.state.last_seq

    async def record(self) -> Record:
        """What is saved of the session."""
        bucket = self.bus.bucket(subjects.CONNECTIONS_BUCKET)
        return Record.model_validate_json(await bucket.get(CONNECTION) or b"{}")

    async def until_saved(self, condition: Callable[[Record], bool]) -> None:
        async def holds() -> bool:
            return condition(await self.record())

        await self._until(holds, "the record")

    async def events(self, subject: str = "") -> list[tuple[str, dict[str, Any]]]:
        """What the stream of events holds, in order."""
        found = []
        state = (await self.bus.js.stream_info(streams.EVENTS)).state
        for seq in range(max(1, state.first_seq), state.last_seq + 1):
            message = await self.bus.js.get_msg(streams.EVENTS, seq)
            if not subject or message.subject == subject:
                found.append((message.subject or "", json.loads(message.data or b"{}")))
        return found

    async def messages(self) -> list[Message]:
        return [Message.model_validate(data) for _, data in await self.events(subjects.MESSAGE)]

    async def sent(self) -> list[Sent]:
        return [Sent.model_validate(data) for _, data in await self.events(subjects.SENT)]

    async def refused(self) -> list[ActionRefused]:
        found = await self.events(subjects.REFUSED)
        return [ActionRefused.model_validate(data) for _, data in found]

    async def words(self) -> list[tuple[str, str]]:
        """Action ids with the subject of the word of each, in order."""
        return [
            (data["action_id"], subject)
            for subject, data in await self.events()
            if subject in (subjects.SENT, subjects.REFUSED)
        ]

    async def until_word(self, action_id: str) -> None:
        """There is one of that action."""

        async def holds() -> bool:
            return action_id in dict(await self.words())

        await self._until(holds, f"a word of {action_id}")

    async def ups(self) -> list[ConnectionEvent]:
        found = await self.events(subjects.CONNECTION_UP)
        return [ConnectionEvent.model_validate(data) for _, data in found]

    async def until_events(self, subject: str, count: int) -> None:
        async def holds() -> bool:
            return len(await self.events(subject)) >= count

        await self._until(holds, f"{count} on {subject}")

    async def dead_letters(self) -> list[tuple[str, str]]:
        """Action ids with the reason they were set aside for."""
        found = []
        state = (await self.bus.js.stream_info(streams.DEAD)).state
        for seq in range(max(1, state.first_seq), state.last_seq + 1):
            message = await self.bus.js.get_msg(streams.DEAD, seq)
            action = Action.read(message.data or b"")
            found.append((action.id, (message.headers or {})["Rosey-Reason"]))
        return found

    async def _until(self, holds: Callable[[], Any], what: str, patience: float = 10.0) -> None:
        async def wait() -> None:
            while not await holds():
                await asyncio.sleep(0.01)

        try:
            await asyncio.wait_for(wait(), patience)
        except TimeoutError:
            raise AssertionError(f"waited in vain: {what}") from None
