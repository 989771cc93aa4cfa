"""A session comes and goes, and so do the room and the bus: nothing is lost or said twice."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from nats import errors as nats_errors

from activities.connection import session as module
from activities.connection.record import Record
from activities.connection.session import Session
from connectors.fake.connector import FakeConnector
from rosey import streams, subjects
from rosey.bus import Bucket, Bus, Consumer, Delivery
from rosey.events import Action, Wire
from rosey.platform import PlatformError
from tests.activities.connection.stage import CONNECTION, ROSEY, Stage
from tests.servers import NatsServer, until

# -- coming and going ----------------------------------------------------------------------


async def test_the_first_join_takes_the_backlog_as_context(stage: Stage) -> None:
    stage.room.say("bob", "!roll")
    await stage.join()
    stage.room.say("bob", "hello")
    await stage.until_events(subjects.MESSAGE, 1)
    assert [message.text for message in await stage.messages()] == ["hello"]
    [up] = await stage.ups()
    assert (up.gap, up.reason) == (False, "joined as Rosey")


async def test_who_is_there_already_is_told_with_the_join(stage: Stage) -> None:
    stage.room.join("bob", rank=2)
    await stage.join()
    await stage.until_events(subjects.CONNECTION_UP, 1)
    [up] = await stage.ups()
    assert up.name == "Rosey"
    assert {user.name: user.rank for user in up.users}.items() >= {("bob", 2.0)}
    assert "Rosey" in {user.name for user in up.users}
    assert await stage.events(subjects.USER_JOIN) == []


async def test_what_was_shown_is_told_with_its_kind(stage: Stage) -> None:
    await stage.join()
    stage.room.join("bob")
    await stage.act("aloud")
    await stage.act("in private", kind="pm", to="bob")
    await stage.until_events(subjects.SENT, 2)
    assert [sent.kind for sent in await stage.sent()] == ["say", "pm"]


async def test_a_rejoin_publishes_what_was_missed_once(stage: Stage) -> None:
    session = await stage.join()
    stage.room.say("bob", "before")
    await stage.until_events(subjects.MESSAGE, 1)
    await stage.leave(session)
    stage.room.say("bob", "meanwhile")
    again = await stage.join()
    stage.room.drop()
    await until(lambda: again.connected_since is None)
    await until(lambda: again.connected_since is not None)
    stage.room.say("bob", "after")
    await stage.until_events(subjects.MESSAGE, 3)
    texts = [message.text for message in await stage.messages()]
    assert texts == ["before", "meanwhile", "after"]
    assert not any(up.gap for up in await stage.ups())


async def test_lines_that_are_lost_for_good_are_reported(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    session = await stage.join()
    stage.room.say("bob", "before")
    await stage.until_events(subjects.MESSAGE, 1)
    await stage.leave(session)
    for number in range(20):
        stage.room.say("bob", f"meanwhile {number}")
    await stage.join()
    await stage.until_events(subjects.MESSAGE, 16)
    texts = [message.text for message in await stage.messages()]
    assert texts == ["before", *(f"meanwhile {number}" for number in range(5, 20))]
    assert [up.gap for up in await stage.ups()] == [False, True]
    assert "did not hear" in caplog.text


async def test_old_lines_are_not_obeyed_but_reported(stage: Stage) -> None:
    session = await stage.join()
    stage.room.say("bob", "before")
    await stage.until_events(subjects.MESSAGE, 1)
    await stage.leave(session)
    stage.room.clock = lambda: datetime.now(UTC) - timedelta(seconds=61)
    stage.room.lines[0]["time"] -= 120_000
    stage.room.say("bob", "!roll")
    stage.room.clock = lambda: datetime.now(UTC)
    await stage.join()
    await stage.until_events(subjects.CONNECTION_UP, 2)
    assert len(await stage.messages()) == 1


async def test_a_connection_lost_in_flight_is_made_good(stage: Stage) -> None:
    """The line never reached the room."""
    session = await stage.join()
    stage.room.say("bob", "hi")
    stage.room.hold()
    await stage.act("hello")
    await until(lambda: bool(stage.room._held))
    stage.room._held = None
    stage.room.drop()
    await stage.until_done()
    assert stage.said == ["hello"]
    assert session.record.undecided == 0
    assert len(await stage.sent()) == 1


async def test_a_line_shown_while_we_were_away_is_not_said_again(stage: Stage) -> None:
    session = await stage.join()
    stage.room.say("bob", "hi")
    await stage.until_events(subjects.MESSAGE, 1)
    stage.room.hold()
    action = await stage.act("hello")
    await until(lambda: bool(stage.room._held))
    stage.room.drop()
    stage.room.release()
    await stage.until_done()
    assert stage.said == ["hello"]
    assert session.record.undecided == 0
    assert [sent.action_id for sent in await stage.sent()] == [action.id]


async def test_a_private_line_lost_in_flight_is_counted_and_not_repeated(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.room.join("bob")
    session = await stage.join()
    stage.room.hold()
    await stage.act("psst", kind="pm", to="bob")
    await until(lambda: bool(stage.room._held))
    stage.room.drop()
    stage.room.release()
    await stage.until_done()
    assert stage.whispered == ["psst"]
    assert session.record.undecided == 1
    assert "nobody can tell" in caplog.text


async def test_what_was_not_sent_for_want_of_a_connection_is_no_doubt(stage: Stage) -> None:
    """A private line too: the platform's library said that it did not leave."""

    class Broken(FakeConnector):
        broken = True

        async def send_pm(self, to: str, line: str) -> None:
            if self.broken:
                self.broken = False
                self.room.drop()
            await super().send_pm(to, line)

    stage.room.join("bob")
    session = await stage.join(stage.connector(Broken))
    await stage.act("psst", kind="pm", to="bob")
    await stage.until_done()
    assert stage.whispered == ["psst"]
    assert session.record.undecided == 0


async def test_actions_wait_while_the_room_is_away(stage: Stage) -> None:
    session = await stage.join()
    stage.room.closed = PlatformError("closed for cleaning")
    stage.room.drop()
    await until(lambda: session.connected_since is None)
    for text in ("one", "two"):
        await stage.act(text)
    assert stage.said == []
    stage.room.closed = None
    await stage.until_said(2)
    await stage.until_done()
    assert stage.said == ["one", "two"]


async def test_another_process_in_the_room_gets_what_is_to_be_said(
    stage: Stage, nats: NatsServer
) -> None:
    """One that has lost the room must not sit on the actions."""
    first = await stage.join()
    await stage.act("one")
    await stage.until_done()
    task = next(task for session, task in stage._open if session is first)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    bus = await Bus.connect(nats.url, "other")
    second = await stage.join(bus=bus)
    await stage.act("two")
    await stage.until_done()
    assert stage.said == ["one", "two"]
    await stage.leave(second)
    await bus.drain()


async def test_the_word_of_one_line_is_not_taken_for_that_of_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line found in the backlog is not stored yet when the next one is shown."""
    left = await stage.join()
    one = Action(id="r-one", channel=stage.channel, text="one")
    left.record.note(one, ["one"])
    await stage.leave(left)
    stage.room.say(ROSEY, "one")

    connector: FakeConnector = stage.connector()
    session = Session(stage.bus, CONNECTION, stage.channel, connector, stage.spool)
    words = hold_words(session, monkeypatch)
    await stage.bus.make(streams.sends_consumer(CONNECTION))
    await stage.stay(session)
    await stage.act("two")
    await until(lambda: len(words) == 2)
    words[0]()
    await asyncio.sleep(0)
    assert session.record.done == ["r-one"]
    words[1]()
    await stage.until_done()
    assert stage.said == ["one", "two"]


async def test_a_new_process_goes_on_with_the_record(stage: Stage) -> None:
    session = await stage.join()
    action = await stage.act("one")
    await stage.until_done()
    await stage.leave(session)
    assert (await stage.record()).done == [action.id]
    session = await stage.join()
    assert session.record.done == [action.id]


async def test_a_save_that_the_end_cuts_short_is_made_good(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Bucket.put
    cut = asyncio.Event()

    async def hanging_once(bucket: Bucket, key: str, value: bytes) -> None:
        if Record.model_validate_json(value).done and not cut.is_set():
            cut.set()
            await asyncio.Event().wait()
        await put(bucket, key, value)

    monkeypatch.setattr(Bucket, "put", hanging_once)
    monkeypatch.setattr(module, "SAVE_EVERY", 0.05)
    session = await stage.join()
    action = await stage.act("one")
    await asyncio.wait_for(cut.wait(), 10)
    await stage.leave(session)
    assert (await stage.record()).done == [action.id]


async def test_a_record_that_cannot_be_read_is_a_first_join(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    bucket = stage.bus.bucket(subjects.CONNECTIONS_BUCKET)
    await bucket.put(CONNECTION, b"nonsense")
    stage.room.say("bob", "!roll")
    await stage.join()
    await stage.act("hello")
    await stage.until_done()
    assert stage.said == ["hello"]
    assert "as if for the first time" in caplog.text


async def test_another_room_under_the_same_name_begins_afresh(stage: Stage) -> None:
    """Who changes `room` in the configuration has no history there."""
    session = await stage.join()
    await stage.leave(session)
    other = Stage(stage.bus, stage.spool)
    other.room.say("bob", "!roll")
    await other.join()
    await other.act("hello")
    await other.until_done()
    assert [message.text for message in await other.messages()] == ["hello"]
    await other.close()


async def test_the_room_is_told_of_on_the_bus(stage: Stage) -> None:
    heard = await stage.bus.client.subscribe(subjects.raw(CONNECTION, "user"))
    await stage.join()
    stage.room.join("bob")
    stage.room.leave("bob")
    await stage.until_events(subjects.USER_LEAVE, 1)
    names = [subject for subject, _ in await stage.events() if "user" in subject]
    assert names[-2:] == [subjects.USER_JOIN, subjects.USER_LEAVE]
    assert b'"name":"join"' in (await heard.next_msg(5)).data


async def test_leaving_says_goodbye(stage: Stage) -> None:
    session = await stage.join()
    await stage.leave(session)
    [(_, down)] = await stage.events(subjects.CONNECTION_DOWN)
    assert (down["channel"], down["reason"]) == (stage.channel, "left")
    assert not stage.room.people


def hold_words(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """What its outbox would call for each line once the word of it is stored."""
    words: list[Callable[[], None]] = []
    let_go = session.outbox.event

    def held(subject: str, event: Wire, id: str, stored: Callable[[], None] | None = None) -> None:
        if subject == subjects.SENT and stored:
            words.append(stored)
        else:
            let_go(subject, event, id, stored)

    monkeypatch.setattr(session.outbox, "event", held)
    return words


# -- the bus goes away ---------------------------------------------------------------------


async def test_chat_is_kept_while_nats_is_away(stage: Stage, nats: NatsServer) -> None:
    await stage.join()
    stage.room.say("bob", "one")
    await stage.until_events(subjects.MESSAGE, 1)
    nats.kill()
    await until(lambda: not stage.bus.is_connected)
    for text in ("two", "three"):
        stage.room.say("bob", text)
    nats.start()
    await stage.until_events(subjects.MESSAGE, 3)
    assert [message.text for message in await stage.messages()] == ["one", "two", "three"]
    assert not stage.losses


async def test_a_rejoin_while_nats_is_away_waits_for_nothing(
    stage: Stage, nats: NatsServer
) -> None:
    session = await stage.join()
    stage.room.say("bob", "one")
    await stage.until_events(subjects.MESSAGE, 1)
    nats.kill()
    await until(lambda: not stage.bus.is_connected)
    stage.room.drop()
    await until(lambda: session.connected_since is None)
    stage.room.say("bob", "two")
    await until(lambda: session.connected_since is not None)
    stage.room.say("bob", "three")
    nats.start()
    await until(lambda: not session.outbox.unstored, 15)
    await stage.act("four")
    await stage.until_said(1)
    await stage.until_done()
    texts = [message.text for message in await stage.messages()]
    assert texts == ["one", "two", "three", "four"]


async def test_chat_is_kept_though_the_process_ends_while_nats_is_away(
    stage: Stage, nats: NatsServer
) -> None:
    """The record is behind then, so the next one also reads it from the backlog: it is once."""
    session = await stage.join()
    stage.room.say("bob", "one")
    await stage.until_saved(lambda record: record.seen_at > 0)
    nats.kill()
    await until(lambda: not stage.bus.is_connected)
    for text in ("two", "three"):
        stage.room.say("bob", text)
    await until(lambda: session.outbox.unstored >= 2)
    await stage.leave(session)
    stage.room.say("bob", "four")
    nats.start()
    await until(lambda: stage.bus.is_connected)
    again = await stage.join()
    await again.outbox.flushed(15)
    texts = [message.text for message in await stage.messages()]
    assert texts == ["one", "two", "three", "four"]
    assert not any(stage.spool.iterdir())


async def test_an_action_delivered_again_while_it_is_in_hand_is_said_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an outage the server does not know that its first delivery is being worked on."""
    monkeypatch.setattr(streams, "SENDS_ACK_WAIT", 0.2)
    tries: list[int] = []
    real = Consumer.take

    def take(self: Consumer, *message: Any) -> None:
        if self.stream == streams.SENDS:
            tries.append(message[-1])
        real(self, *message)

    async def unheard(self: Delivery) -> None:
        pass

    monkeypatch.setattr(Consumer, "take", take)
    monkeypatch.setattr(Delivery, "working", unheard)
    await stage.join()
    stage.room.hold()
    await stage.act("hello")
    await until(lambda: len(tries) >= 3)
    stage.room.release()
    await stage.until_done()
    assert stage.said == ["hello"]


async def test_a_record_that_could_not_be_saved_is_saved_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAVE_EVERY", 0.05)
    failures = iter([True, True, False])
    real = Bucket.put

    async def put(self: Bucket, key: str, value: bytes) -> None:
        if next(failures, False):
            raise nats_errors.TimeoutError
        await real(self, key, value)

    monkeypatch.setattr(Bucket, "put", put)
    await stage.join()
    stage.room.say("bob", "one")
    at = stage.room.lines[0]["time"]
    await stage.until_saved(lambda record: record.seen_at == at)
    assert next(failures, None) is None


async def test_actions_are_taken_once_their_consumer_is_made(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rosey.bus.client.STORE_PATIENCE", 0.2)
    spec = streams.sends_consumer(CONNECTION)
    await stage.bus.js.delete_consumer(spec.stream, spec.durable)
    with caplog.at_level(logging.INFO):
        await stage.stay(
            Session(stage.bus, CONNECTION, stage.channel, stage.connector(), stage.spool)
        )
        await until(lambda: "waits for the bus" in caplog.text)
    await stage.bus.make(spec)
    await stage.act("hello")
    await stage.until_done()
    assert stage.said == ["hello"]
