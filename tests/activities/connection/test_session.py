"""A session says everything once and in order, whatever the room and the bus do meanwhile."""

import asyncio
from typing import Any

import pytest

from activities.connection import session as module
from connectors.fake.connector import FakeConnector
from rosey import subjects
from rosey.platform import Refusal
from tests.activities.connection.stage import Stage
from tests.servers import until

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
