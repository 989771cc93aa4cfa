"""Announcements and questions on a real bus, tried as often as Temporal likes."""

import asyncio
import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError
from temporalio.testing import ActivityEnvironment

from activities.chat import activities
from activities.chat.activity import ChatActivities
from rosey import ids, streams, subjects
from rosey.bus import Bucket, Bus, BusError
from rosey.channels import token
from rosey.contracts.chat import Announced, Announcement
from rosey.durable.surroundings import Surroundings
from rosey.events import Happening, Listening, PluginEvent, Reply
from tests.core.stage import stored
from tests.servers import NatsServer, until

AWAY = (NatsError, JetStreamError, BusError, TimeoutError)
ROOM = "lounge/lobby"
KEY = f"trivia.{token(ROOM)}"
SHOWN = datetime(2026, 1, 1, 12, tzinfo=UTC)
QUESTION = Announcement(
    channel=ROOM,
    lines=["Question 1 of 2", "The capital of France?"],
    events=[Happening(name="question_asked", data={"number": 1})],
)


class Attempts:
    """One activity of a workflow, tried again and again."""

    def __init__(self, bus: Bus, number: str = "7") -> None:
        self.chat = ChatActivities(bus, "trivia")
        self.number = number
        self.heartbeats = 0
        self.environment = ActivityEnvironment()

    def environment_of_an_attempt(self) -> ActivityEnvironment:
        self.environment = ActivityEnvironment()
        self.environment.info = dataclasses.replace(
            ActivityEnvironment.default_info(),
            workflow_id=f"trivia:{ROOM}",
            workflow_run_id="run",
            activity_id=self.number,
        )
        self.environment.on_heartbeat = self._beat
        return self.environment

    def _beat(self, *details: Any) -> None:
        self.heartbeats += 1

    async def announce(self, announcement: Announcement) -> Announced:
        return await self.environment_of_an_attempt().run(self.chat.announce, announcement)

    async def ask(self, announcement: Announcement = QUESTION) -> Announced:
        return await self.environment_of_an_attempt().run(self.chat.ask, announcement)

    @property
    def id(self) -> str:
        return ids.announcement_id(f"trivia:{ROOM}", "run", self.number)


@pytest.fixture
async def listening(bus: Bus) -> Bucket:
    return bus.bucket(subjects.LISTENING_BUCKET)


async def entry(listening: Bucket) -> Listening | None:
    value = await listening.get(KEY)
    return Listening.read(value) if value else None


async def until_listening(listening: Bucket) -> Listening:
    while (found := await entry(listening)) is None:
        await asyncio.sleep(0.005)
    return found


async def replies(bus: Bus, at_least: int = 0) -> list[Reply]:
    found = await stored(bus, streams.replies_of("trivia"), at_least)
    return [Reply.read(data) for _, data in found]


async def test_an_announcement_is_stored_once_however_often_it_is_tried(bus: Bus) -> None:
    attempts = Attempts(bus)
    said = Announcement(
        channel=ROOM, lines=["one", "two"], events=[Happening(name="game_started", data={"n": 5})]
    )
    first = await attempts.announce(said)
    assert await attempts.announce(said) == first == Announced(action_id=f"{attempts.id}-1")
    (reply,) = await replies(bus)
    assert (reply.id, reply.channel, reply.command_id) == (attempts.id, ROOM, None)
    assert [(action.id, action.text, action.kind) for action in reply.actions] == [
        (f"{attempts.id}-0", "one", "say"),
        (f"{attempts.id}-1", "two", "say"),
    ]
    ((subject, data),) = await stored(bus, streams.events_of("trivia"))
    event = PluginEvent.read(data)
    assert subject == "trivia.game_started"
    assert (event.id, event.channel, event.data) == (
        ids.event_id(attempts.id, 0),
        ROOM,
        {"n": 5},
    )


async def test_two_announcements_are_two_even_when_they_say_the_same(bus: Bus) -> None:
    for number in ("7", "8"):
        await Attempts(bus, number).announce(Announcement(channel=ROOM, lines=["again"]))
    assert len(await replies(bus)) == 2


async def test_events_without_lines_and_nothing_at_all(bus: Bus) -> None:
    only_events = Announcement(channel=ROOM, events=[Happening(name="game_started")])
    assert await Attempts(bus).announce(only_events) == Announced()
    assert await Attempts(bus, "8").announce(Announcement(channel=ROOM)) == Announced()
    assert await replies(bus) == []
    assert len(await stored(bus, streams.events_of("trivia"))) == 1


async def test_plain_lines_are_no_longer_wanted_here(bus: Bus, listening: Bucket) -> None:
    elsewhere = f"trivia.{token('lounge/attic')}"
    other = f"quote.{token(ROOM)}"
    for key in (KEY, elsewhere, other):
        await listening.put(key, Listening(action_id="a-0").wire())
    over = Announcement(channel=ROOM, lines=["It was Paris."], stop_listening=True)
    await Attempts(bus).announce(over)
    await Attempts(bus).announce(over)
    assert sorted(await listening.keys()) == sorted([elsewhere, other])


async def test_a_question_is_listened_for_before_it_is_said_and_waited_for(
    bus: Bus, listening: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Listening | None] = []
    store = Bus.store

    async def spied(self: Bus, subject: str, data: bytes, id: str, **options: Any) -> Any:
        if subject.startswith("rosey.reply."):
            heard.append(await entry(listening))
        return await store(self, subject, data, id, **options)

    monkeypatch.setattr(Bus, "store", spied)
    attempts = Attempts(bus)
    asking = asyncio.create_task(attempts.ask())
    action_id = f"{attempts.id}-1"
    await until(lambda: attempts.heartbeats >= 3, what="it sends heartbeats while it waits")
    assert heard == [Listening(action_id=action_id)]
    assert not asking.done()
    await listening.put(KEY, Listening(action_id=action_id, shown_at=SHOWN).wire())
    assert await asking == Announced(action_id=action_id, shown_at=SHOWN)
    (reply,) = await replies(bus)
    assert reply.actions[-1].id == action_id


async def test_a_question_asked_again_after_it_was_shown_is_not_said_again(
    bus: Bus, listening: Bucket
) -> None:
    attempts = Attempts(bus)
    await listening.put(KEY, Listening(action_id=f"{attempts.id}-1", shown_at=SHOWN).wire())
    for _ in range(2):
        assert (await attempts.ask()).shown_at == SHOWN
    assert len(await replies(bus)) == 1
    assert len(await stored(bus, streams.events_of("trivia"))) == 1


async def test_a_new_question_takes_the_place_of_the_old(bus: Bus, listening: Bucket) -> None:
    await listening.put(KEY, Listening(action_id="a-old-0", shown_at=SHOWN).wire())
    attempts = Attempts(bus)
    asking = asyncio.create_task(attempts.ask())
    await until(lambda: attempts.heartbeats >= 1)
    assert await entry(listening) == Listening(action_id=f"{attempts.id}-1")
    attempts.environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


@pytest.mark.parametrize(
    "withdraw",
    [
        lambda bucket: bucket.delete(KEY),
        lambda bucket: bucket.put(KEY, Listening(action_id="a-other-0").wire()),
        lambda bucket: bucket.put(KEY, b"nonsense"),
    ],
    ids=["deleted", "replaced", "nonsense"],
)
async def test_a_withdrawn_question_ends(
    bus: Bus, listening: Bucket, withdraw: Callable[[Bucket], Any]
) -> None:
    asking = asyncio.create_task(Attempts(bus).ask())
    await until_listening(listening)
    await replies(bus, 1)
    await withdraw(listening)
    assert (await asking).shown_at is None


async def test_nonsense_in_the_way_of_a_question_is_replaced(bus: Bus, listening: Bucket) -> None:
    await listening.put(KEY, b"\xff nonsense")
    attempts = Attempts(bus)
    asking = asyncio.create_task(attempts.ask())
    action_id = f"{attempts.id}-1"
    await until(lambda: attempts.heartbeats >= 1)
    await listening.put(KEY, Listening(action_id=action_id, shown_at=SHOWN).wire())
    assert (await asking).shown_at == SHOWN


async def test_a_cancelled_question_ends(bus: Bus) -> None:
    attempts = Attempts(bus)
    asking = asyncio.create_task(attempts.ask())
    await until(lambda: attempts.heartbeats >= 1)
    attempts.environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_the_bus_dies_while_a_question_waits(
    bus: Bus, nats: NatsServer, listening: Bucket
) -> None:
    """Temporal tries again for as long as it fails; the room hears the question once."""
    attempts = Attempts(bus)
    failures: list[Exception] = []

    async def insist() -> Announced:
        while True:
            try:
                return await attempts.ask()
            except AWAY as problem:
                failures.append(problem)

    asking = asyncio.create_task(insist())
    await until(lambda: attempts.heartbeats >= 2)
    nats.kill()
    await until(lambda: bool(failures), 20, "an attempt fails")
    nats.start()
    beats = attempts.heartbeats
    await until(lambda: attempts.heartbeats > beats, 20, "it is waited for again")
    action_id = f"{attempts.id}-1"
    await listening.put(KEY, Listening(action_id=action_id, shown_at=SHOWN).wire())
    assert await asking == Announced(action_id=action_id, shown_at=SHOWN)
    assert len(await replies(bus)) == 1


def test_what_a_plugin_is_given(tmp_path: Path) -> None:
    class NoBus: ...

    surroundings = Surroundings(NoBus(), "trivia", tmp_path, tmp_path)  # type: ignore[arg-type]
    assert len(activities(surroundings)) == 2
