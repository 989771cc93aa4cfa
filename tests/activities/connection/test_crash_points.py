"""The process dies at every point of saying a line; the next one does the rest, once.

Dead means that nothing of it reaches the room or the bus any more, whatever its code still does.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from activities.connection import session as module
from activities.connection.outbox import Outbox
from activities.connection.session import Session
from activities.connection.spool import Spool
from connectors.fake.connector import FakeConnector
from rosey import streams, subjects
from rosey.bus import Bucket, Bus, Delivery
from rosey.contracts.playlist import Edit
from rosey.events import PlaylistItem, Wire
from rosey.platform import Occurrence, Refusal
from tests.activities.connection.stage import CONNECTION, Stage
from tests.servers import NatsServer, until

POINTS = ["put", "sent", "echo", "queued", "stored", "saved", "acked"]
CASES = [(point, 1, "hello") for point in POINTS]
CASES += [(point, time, "one\ntwo") for point in ("put", "sent", "echo") for time in (1, 2)]


class Mortal(Bus):
    """The bus of a process that dies the n-th time it passes a point."""

    die_at = ""
    passes = 1
    dead = False

    def passed(self, point: str) -> None:
        if point == self.die_at:
            self.passes -= 1
            self.dead = self.dead or self.passes == 0

    def bucket(self, name: str) -> Bucket:
        return Grave(self, name)


class Grave(Bucket):
    """Its bucket."""

    bus: Mortal

    async def put(self, key: str, value: bytes, ttl: float | None = None) -> None:
        if self.bus.dead:
            return
        await super().put(key, value)
        if b'"in_flight":{' in value:
            self.bus.passed("put")
        elif b'"done":["r-1-0"]' in value:
            self.bus.passed("saved")
        elif b'"edits":{"r-1-0":' in value:
            self.bus.passed("taken")


class MortalConnector(FakeConnector):
    """Its seat in the room, which stands empty when it is dead."""

    bus: Mortal

    async def send_message(self, line: str) -> None:
        if not self.bus.dead:
            await super().send_message(line)
            self.bus.passed("sent")

    async def send_pm(self, to: str, line: str) -> None:
        if not self.bus.dead:
            await super().send_pm(to, line)
            self.bus.passed("sent")

    async def edit_playlist(self, edit: Edit) -> PlaylistItem | None:
        if self.bus.dead:
            return None
        item = await super().edit_playlist(edit)
        self.bus.passed("edited")
        return item

    async def recv_events(self) -> AsyncIterator[Occurrence | Refusal]:
        async for occurrence in super().recv_events():
            if _is_ours(occurrence):
                self.bus.passed("echo")
            yield occurrence


def _is_ours(occurrence: Occurrence | Refusal) -> bool:
    return isinstance(occurrence, Occurrence) and any(
        getattr(event, "own", False) for _, event in occurrence.events
    )


class MortalOutbox(Outbox):
    """Its way to the bus, which ends with it."""

    owner: Mortal

    def event(
        self, subject: str, event: Wire, id: str, stored: Callable[[], None] | None = None
    ) -> None:
        if self.owner.dead:
            return

        def told() -> None:
            if stored and not self.owner.dead:
                stored()
                if subject == subjects.SENT:
                    self.owner.passed("stored")

        super().event(subject, event, id, told)
        if subject == subjects.SENT:
            self.owner.passed("queued")

    async def _send(self, *line: Any) -> None:
        if not self.owner.dead:
            await super()._send(*line)


@pytest.fixture(autouse=True)
def silence_of_the_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead process acknowledges nothing; a short wait shows that soon."""

    def unless_dead(method: Callable[..., Awaitable[None]], after: str) -> Any:
        async def call(delivery: Delivery, *args: Any) -> None:
            bus = delivery.consumer.bus
            if isinstance(bus, Mortal):
                if bus.dead:
                    return
                await method(delivery, *args)
                bus.passed(after)
            else:
                await method(delivery, *args)

        return call

    for name in ("ack", "retry", "bury", "working"):
        monkeypatch.setattr(Delivery, name, unless_dead(getattr(Delivery, name), f"{name}ed"))
    monkeypatch.setattr(streams, "SENDS_ACK_WAIT", 0.3)
    monkeypatch.setattr(module, "SAVE_EVERY", 0.05)


async def die(stage: Stage, nats: NatsServer, point: str, passes: int, **action: Any) -> None:
    """One process speaks until it is dead and its seat is empty."""
    mortal = await Mortal.connect(nats.url, "mortal")
    mortal.die_at, mortal.passes = point, passes
    connector = stage.connector(MortalConnector)
    connector.bus = mortal
    grave = stage.spool / "dead"  # while NATS is there, kill -9 leaves nothing on disk
    session = Session(mortal, CONNECTION, stage.channel, connector, grave)
    session.outbox = outbox = MortalOutbox(mortal, Spool(grave))
    outbox.owner = mortal
    await stage.stay(session)
    stage.room.say("bob", "hi")
    await until(lambda: session.record.seen_at > 0, what="the line is stored")
    await stage.act(**action)
    await until(lambda: mortal.dead, what=f"dead at {point}")
    for task in session._consumer._in_hand if session._consumer else ():
        task.cancel()
    await outbox.close(0)
    await stage.leave(session)
    await mortal.drain()


@pytest.mark.parametrize(("point", "passes", "text"), CASES)
async def test_a_line_is_said_once_wherever_its_process_dies(
    stage: Stage, nats: NatsServer, point: str, passes: int, text: str
) -> None:
    await die(stage, nats, point, passes, text=text, id="r-1-0")
    session = await stage.join()
    await stage.act("after", id="r-2-0")
    await stage.until_done()
    assert stage.said == [*text.split("\n"), "after"]
    assert [sent.action_id for sent in await stage.sent()] == ["r-1-0", "r-2-0"]
    assert session.record.undecided == 0


@pytest.mark.parametrize("point", POINTS)
async def test_a_private_line_is_never_said_twice(
    stage: Stage, nats: NatsServer, point: str
) -> None:
    """Nobody can read it in the history: what may have been sent is counted instead."""
    stage.room.join("bob")
    await die(stage, nats, point, 1, text="psst", kind="pm", to="bob", id="r-1-0")
    session = await stage.join()
    await stage.act("after", id="r-2-0")
    await stage.until_done()
    assert stage.said == ["after"]
    assert stage.whispered == ([] if point == "put" else ["psst"])
    assert session.record.undecided == (point != "saved")


@pytest.mark.parametrize("point", ["taken", "edited", "acked"])
async def test_a_change_of_the_playlist_is_never_made_twice(
    stage: Stage, nats: NatsServer, point: str
) -> None:
    """The next process says that it was lost, unless it was told already: the first word counts."""
    args = {"type": "yt", "media_id": "x"}
    await die(stage, nats, point, 1, text="", kind="media_add", args=args, id="r-1-0")
    made = list(stage.listed)
    await stage.join()
    await stage.add("y", id="r-2-0")
    await stage.until_word("r-2-0")
    assert stage.listed == [*made, "y"]
    words = await stage.words()
    assert words.pop() == ("r-2-0", subjects.SENT)
    done, lost = ("r-1-0", subjects.SENT), ("r-1-0", subjects.REFUSED)
    # The first process may have come so far as to know that it has told.
    assert words in ([lost], [done, lost]) or (point, words) == ("acked", [done])
    assert point != "edited" or (words, made) == ([lost], ["x"])
    assert done not in words or made == ["x"]
    told = [(one.action_id, one.kind, one.reason) for one in await stage.refused()]
    assert told == [("r-1-0", "media_add", "the connection was lost")] * (lost in words)
    await stage.until_saved(lambda record: not record.edits)
