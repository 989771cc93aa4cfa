"""A session says everything once and in order, whatever the room and the bus do meanwhile."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from nats import errors as nats_errors

from activities.connection import session as module
from activities.connection.session import Session
from connectors.fake.connector import FakeConnector
from rosey import streams, subjects
from rosey.bus import Bucket, Bus, Delivery
from rosey.platform import PlatformError, Refusal
from tests.activities.connection.stage import CONNECTION, Stage
from tests.servers import NatsServer, until

NEVER = Refusal(reason="too new to chat")
LATER = Refusal(reason="too fast", retry_after=0.01)


# -- saying --------------------------------------------------------------------------------


async def test_a_line_is_said_and_confirmed(stage: Stage) -> None:
    await stage.join()
    action = await stage.act("hello")
    await stage.until_done()
    assert stage.said == ["hello"]
    [sent] = await stage.sent()
    assert sent.action_id == action.id
    assert sent.channel == stage.channel
    assert sent.sent_at.timestamp() * 1000 == pytest.approx(stage.room.lines[0]["time"])


async def test_a_private_line_is_said_to_one(stage: Stage) -> None:
    stage.room.join("bob")
    await stage.join()
    action = await stage.act("psst", kind="pm", to="bob")
    await stage.until_done()
    assert (stage.said, stage.whispered) == ([], ["psst"])
    assert [sent.action_id for sent in await stage.sent()] == [action.id]


async def test_actions_are_said_in_their_order(stage: Stage) -> None:
    await stage.join()
    wanted = [f"line {number}" for number in range(30)]
    for text in wanted:
        await stage.act(text)
    await stage.until_done()
    assert stage.said == wanted


async def test_an_action_of_several_lines_is_confirmed_by_its_last(stage: Stage) -> None:
    await stage.join()
    await stage.act("one\ntwo\nthree")
    await stage.until_done()
    assert stage.said == ["one", "two", "three"]
    [sent] = await stage.sent()
    assert sent.sent_at.timestamp() * 1000 == pytest.approx(stage.room.lines[2]["time"])


async def test_the_record_is_put_before_the_line_is_sent(stage: Stage) -> None:
    seen: list[tuple[str, str]] = []

    class Watching(FakeConnector):
        async def send_message(self, line: str) -> None:
            record = await stage.record()
            assert record.in_flight
            seen.append((line, record.in_flight.text))
            await super().send_message(line)

    await stage.join(stage.connector(Watching))
    await stage.act("one\ntwo")
    await stage.act("three")
    await stage.until_done()
    assert seen == [("one", "one"), ("two", "two"), ("three", "three")]


async def test_sent_stands_before_the_answers_that_follow(stage: Stage) -> None:
    """Whoever answers a question must find the time it was shown at."""
    stage.room.join("bob")
    await stage.join()
    stage.room.hold()
    action = await stage.act("What is the capital of France?")
    await until(lambda: bool(stage.room._held))
    stage.room.say("bob", "paris")
    stage.room.release()
    await stage.until_events(subjects.MESSAGE, 2)
    told = [
        (subject, data.get("text") or data.get("action_id"))
        for subject, data in await stage.events()
        if subject in (subjects.MESSAGE, subjects.SENT)
    ]
    assert told == [
        (subjects.MESSAGE, "What is the capital of France?"),
        (subjects.SENT, action.id),
        (subjects.MESSAGE, "paris"),
    ]


async def test_a_line_is_confirmed_whatever_the_room_makes_of_it(stage: Stage) -> None:
    class Filtered(FakeConnector):
        async def send_message(self, line: str) -> None:
            await super().send_message(line.replace(":smile:", "https://example.org/smile.png"))

    await stage.join(stage.connector(Filtered))
    action = await stage.act("hello :smile:")
    await stage.until_done()
    assert stage.said == ["hello https://example.org/smile.png"]
    assert [sent.action_id for sent in await stage.sent()] == [action.id]


async def test_nothing_to_say_is_said(stage: Stage) -> None:
    await stage.join()
    await stage.act(" \n ")
    await stage.until_done()
    assert stage.said == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": "dance"}, "dance is not something this platform can do"),
        ({"channel": "fake/elsewhere"}, "fake/elsewhere is not"),
    ],
)
async def test_what_cannot_be_done_is_set_aside(
    stage: Stage, fields: dict[str, Any], reason: str
) -> None:
    await stage.join()
    channel = fields.pop("channel", stage.channel)
    kept, stage.channel = stage.channel, channel
    wrong = await stage.act("hello", **fields)
    stage.channel = kept
    await stage.act("goodbye")
    await stage.until_done()
    assert stage.said == ["goodbye"]
    [(action_id, why)] = await stage.dead_letters()
    assert action_id == wrong.id
    assert reason in why


# -- refusals ------------------------------------------------------------------------------


async def test_a_refused_line_is_said_when_the_room_takes_it(stage: Stage) -> None:
    await stage.join()
    stage.room.refuse(LATER, LATER)
    await stage.act("hello")
    await stage.until_done()
    assert stage.said == ["hello"]
    assert len(await stage.sent()) == 1
    assert not await stage.dead_letters()


async def test_a_line_refused_five_times_is_set_aside(stage: Stage) -> None:
    await stage.join()
    stage.room.refuse(*[LATER] * 5)
    action = await stage.act("hello\nagain")
    await stage.act("next")
    await stage.until_done()
    assert stage.said == ["next"]
    [(action_id, reason)] = await stage.dead_letters()
    assert (action_id, reason) == (action.id, "refused 5 times, last: too fast")


async def test_refusals_are_counted_for_each_line(stage: Stage) -> None:
    await stage.join()
    stage.room.refuse(*[LATER] * 4)
    await stage.act("one\ntwo")
    await stage.until_said(1)
    stage.room.refuse(*[LATER] * 4)
    await stage.until_done()
    assert stage.said == ["one", "two"]


async def test_a_line_refused_for_good_is_set_aside_at_once(stage: Stage) -> None:
    await stage.join()
    stage.room.refuse(NEVER)
    action = await stage.act("hello")
    await stage.act("next")
    await stage.until_done()
    assert stage.said == ["next"]
    assert await stage.dead_letters() == [(action.id, "refused: too new to chat")]


@pytest.mark.parametrize("problem", [PermissionError("muted"), ValueError("not a line")])
async def test_a_line_that_may_not_be_sent_is_set_aside(stage: Stage, problem: Exception) -> None:
    class Silenced(FakeConnector):
        async def send_message(self, line: str) -> None:
            raise problem

    await stage.join(stage.connector(Silenced))
    action = await stage.act("hello")
    await stage.until_done()
    assert await stage.dead_letters() == [(action.id, f"refused: {problem}")]


# -- no echo -------------------------------------------------------------------------------


class Swallowing(FakeConnector):
    """The room loses the next `swallow` lines."""

    swallow = 0

    async def send_message(self, line: str) -> None:
        if self.swallow:
            self.swallow -= 1
        else:
            await super().send_message(line)


async def test_a_line_that_a_busy_room_does_not_show_is_sent_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are heard, so the connection is sound and the line was dropped."""
    monkeypatch.setattr(module, "ECHO_PATIENCE", 0.2)
    connector = stage.connector(Swallowing)
    await stage.join(connector)
    connector.swallow = 1
    await stage.act("hello")
    await until(lambda: connector.swallow == 0)
    stage.room.join("bob")
    await stage.until_done()
    assert stage.said == ["hello"]
    assert not stage.losses


async def test_a_line_that_a_busy_room_never_shows_is_set_aside(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ECHO_PATIENCE", 0.1)
    connector = stage.connector(Swallowing)
    await stage.join(connector)
    connector.swallow = 1_000
    action = await stage.act("hello")

    async def chatter() -> None:
        while not await stage.dead_letters():
            stage.room.say("bob", "hm")

    await asyncio.wait_for(chatter(), 10)
    assert connector.swallow == 995
    assert await stage.dead_letters() == [
        (action.id, "refused 5 times, last: the room did not show it")
    ]


async def test_when_the_room_has_gone_quiet_a_fresh_join_tells(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent again at once it would be said twice by a server that was only slow."""
    monkeypatch.setattr(module, "ECHO_PATIENCE", 0.2)

    class Stalled(FakeConnector):
        """The server shows the line, but the way back is dead until the next connection."""

        stalled = False

        async def send_message(self, line: str) -> None:
            if not self.stalled:
                self.stalled = True
                self.room._said("Rosey", line)
            else:
                await super().send_message(line)

    await stage.join(stage.connector(Stalled))
    stage.room.say("bob", "hi")
    action = await stage.act("hello")
    await stage.until_done()
    assert stage.said == ["hello"]
    assert [sent.action_id for sent in await stage.sent()] == [action.id]
    assert "has not answered" in stage.losses[0]


async def test_an_echo_after_the_patience_still_counts(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.join()
    stage.room.refuse(Refusal(reason="slow down", retry_after=0.5))
    await stage.act("hello")
    await until(lambda: not stage.room._refusals)
    stage.room.say("Rosey", "hello")
    await stage.until_done()
    assert stage.said == ["hello"]


# -- coming and going ----------------------------------------------------------------------


async def test_the_first_join_takes_the_backlog_as_context(stage: Stage) -> None:
    stage.room.say("bob", "!roll")
    await stage.join()
    stage.room.say("bob", "hello")
    await stage.until_events(subjects.MESSAGE, 1)
    assert [message.text for message in await stage.messages()] == ["hello"]
    [up] = await stage.ups()
    assert (up.gap, up.reason) == (False, "joined as Rosey")


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


async def test_a_new_process_goes_on_with_the_record(stage: Stage) -> None:
    session = await stage.join()
    action = await stage.act("one")
    await stage.until_done()
    await stage.leave(session)
    assert (await stage.record()).done == [action.id]
    session = await stage.join()
    assert session.record.done == [action.id]


async def test_a_record_that_cannot_be_read_is_a_first_join(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    bucket = await stage.bus.bucket(subjects.CONNECTIONS_BUCKET)
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
    other = Stage(stage.bus)
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


async def test_an_action_delivered_again_while_it_is_in_hand_is_said_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an outage the server does not know that its first delivery is being worked on."""
    monkeypatch.setattr(module, "ACK_WAIT", 0.2)
    tries: list[int] = []
    real = Session._deliver

    async def deliver(self: Session, delivery: Delivery) -> None:
        tries.append(delivery.tries)
        await real(self, delivery)

    async def unheard(self: Delivery) -> None:
        pass

    monkeypatch.setattr(Session, "_deliver", deliver)
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


async def test_actions_are_taken_once_nats_gives_them(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    config = (await stage.bus.js.stream_info(streams.SENDS)).config
    await stage.bus.js.delete_stream(streams.SENDS)
    with caplog.at_level(logging.INFO):
        await stage.join()
        await until(lambda: "waits for the bus" in caplog.text)
    await stage.bus.js.add_stream(config)
    await stage.act("hello")
    await stage.until_done()
    assert stage.said == ["hello"]
