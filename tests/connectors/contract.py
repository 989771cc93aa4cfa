"""The promises of `rosey.platform.Connector`, as tests that every connector runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import pytest

from rosey import subjects
from rosey.events import Message, UserEvent, Wire
from rosey.platform import Connector, Entry, Occurrence, PlatformError, Refusal, Verdict

SECONDS = 10.0
OWN = "Rosey"
LONG = "word " * 300


class Stage(Protocol):
    """What a test can make happen around `connector`, which joins as Rosey."""

    connector: Connector

    async def join(self, name: str) -> None: ...

    async def leave(self, name: str) -> None: ...

    async def say(self, name: str, text: str) -> None: ...

    async def whisper(self, name: str, to: str, text: str) -> None: ...

    async def heard(self, name: str, text: str, pm: bool = False) -> None:
        """Waits until `name` has heard the line."""

    async def drop(self) -> None:
        """The line between the connector and its platform breaks; it can be made again."""

    async def kick(self, reason: str) -> None: ...

    async def displace(self) -> None:
        """Another program joins as Rosey, so that this one has to go."""


class Reader:
    """Reads what a connector yields, one after the other."""

    def __init__(self, connector: Connector) -> None:
        self.occurrences: list[Occurrence] = []
        self.refusals: list[Refusal] = []
        self._source: AsyncIterator[Occurrence | Refusal] = connector.recv_events()

    async def next(self) -> Occurrence | Refusal:
        async with asyncio.timeout(SECONDS):
            arrival = await anext(self._source)
        if isinstance(arrival, Refusal):
            self.refusals.append(arrival)
        else:
            self.occurrences.append(arrival)
        return arrival

    async def until(self, wanted: Callable[[str, Wire], bool]) -> Wire:
        """The first event from here on that is wanted."""
        while True:
            arrival = await self.next()
            if isinstance(arrival, Occurrence):
                for subject, event in arrival.events:
                    if wanted(subject, event):
                        return event

    async def message(self, text: str) -> Message:
        """The next chat line or private message with this text."""
        found = await self.until(lambda _, event: isinstance(event, Message) and event.text == text)
        assert isinstance(found, Message)
        return found

    async def person(self, subject: str, name: str) -> UserEvent:
        found = await self.until(
            lambda given, event: (
                given == subject and isinstance(event, UserEvent) and event.user.name == name
            )
        )
        assert isinstance(found, UserEvent)
        return found

    async def end(self) -> PlatformError:
        """The error with which the session ends."""
        try:
            while True:
                await self.next()
        except PlatformError as error:
            return error

    def messages(self) -> list[Message]:
        return [
            event
            for occurrence in self.occurrences
            for _, event in occurrence.events
            if isinstance(event, Message)
        ]


async def entered(connector: Connector) -> tuple[Entry, Reader]:
    entry = await connector.connect()
    return entry, Reader(connector)


class ConnectorContract:
    """Inherited by each connector's tests, which give a fixture `stage`."""

    async def test_joins_under_its_name_and_is_connected(self, stage: Stage) -> None:
        assert not stage.connector.is_connected
        entry = await stage.connector.connect()
        assert entry.name == OWN
        assert entry.rank >= 0
        assert stage.connector.is_connected

    async def test_backlog_is_context_and_no_talk(self, stage: Stage) -> None:
        await stage.join("bob")
        for text in ("one", "two", "two"):
            await stage.say("bob", text)
        await stage.heard("bob", "two")
        entry, reader = await entered(stage.connector)
        assert [(line.user.name, line.text) for line in entry.backlog] == [
            ("bob", "one"),
            ("bob", "two"),
            ("bob", "two"),
        ]
        assert len({line.id for line in entry.backlog}) == 3
        assert not any(line.own or line.pm for line in entry.backlog)
        await stage.say("bob", "now")
        await reader.message("now")
        assert [line.text for line in reader.messages()] == ["now"]

    async def test_backlog_has_at_most_its_limit_and_the_newest(self, stage: Stage) -> None:
        await stage.join("bob")
        for number in range(18):
            await stage.say("bob", f"line {number}")
        await stage.heard("bob", "line 17")
        entry = await stage.connector.connect()
        assert len(entry.backlog) == entry.backlog_limit
        assert entry.backlog[-1].text == "line 17"

    async def test_a_line_has_the_same_id_live_and_in_the_backlog(self, stage: Stage) -> None:
        await stage.join("bob")
        _, reader = await entered(stage.connector)
        await stage.say("bob", "remember me")
        live = await reader.message("remember me")
        await stage.connector.send_message("and me")
        own = await reader.message("and me")
        await stage.drop()
        await reader.end()
        entry = await stage.connector.connect()
        assert [line.id for line in entry.backlog[-2:]] == [live.id, own.id]
        assert [line.own for line in entry.backlog[-2:]] == [False, True]

    async def test_hears_people_with_channel_rank_and_time(self, stage: Stage) -> None:
        await stage.join("bob")
        _, reader = await entered(stage.connector)
        await stage.say("bob", "hello")
        line = await reader.message("hello")
        assert line.user.name == "bob"
        assert line.user.rank >= 0
        assert line.channel.count("/") == 1
        assert not line.own
        assert not line.pm
        assert line.sent_at.utcoffset() is not None

    async def test_own_line_is_echoed_as_own_and_heard_by_others(self, stage: Stage) -> None:
        await stage.join("bob")
        _, reader = await entered(stage.connector)
        await stage.connector.send_message("good evening")
        echo = await reader.message("good evening")
        assert echo.own
        assert echo.user.name == OWN
        await stage.heard("bob", "good evening")

    async def test_order_is_kept(self, stage: Stage) -> None:
        await stage.join("bob")
        _, reader = await entered(stage.connector)
        for number in range(500):
            await stage.say("bob", f"line {number}")
        await reader.message("line 499")
        assert [line.text for line in reader.messages()] == [f"line {n}" for n in range(500)]
        assert len({line.id for line in reader.messages()}) == 500

    async def test_private_messages_both_ways(self, stage: Stage) -> None:
        await stage.join("bob")
        _, reader = await entered(stage.connector)
        await stage.whisper("bob", OWN, "psst")
        received = await reader.message("psst")
        assert (received.pm, received.own, received.user.name) == (True, False, "bob")
        await stage.connector.send_pm("bob", "yes?")
        sent = await reader.message("yes?")
        assert (sent.pm, sent.own, sent.user.name) == (True, True, OWN)
        await stage.heard("bob", "yes?", pm=True)
        subjects_used = [
            s for o in reader.occurrences for s, e in o.events if e in (received, sent)
        ]
        assert subjects_used == [subjects.PM, subjects.PM]

    async def test_private_message_to_nobody_is_refused(self, stage: Stage) -> None:
        _, reader = await entered(stage.connector)
        await stage.connector.send_pm("nobody9", "anybody?")
        while not reader.refusals:
            await reader.next()
        assert reader.refusals[0].reason
        assert reader.refusals[0].retry_after is None

    async def test_tells_who_comes_and_goes(self, stage: Stage) -> None:
        _, reader = await entered(stage.connector)
        await stage.join("bob")
        came = await reader.person(subjects.USER_JOIN, "bob")
        assert any(user["name"] == "bob" for user in stage.connector.state.users)
        await stage.leave("bob")
        left = await reader.person(subjects.USER_LEAVE, "bob")
        assert came.id != left.id
        assert not any(user["name"] == "bob" for user in stage.connector.state.users)

    async def test_state_knows_the_people_and_the_own_rank(self, stage: Stage) -> None:
        await stage.join("bob")
        entry = await stage.connector.connect()
        state = stage.connector.state
        assert {user["name"] for user in state.users} == {"bob", OWN}
        assert state.rank == entry.rank

    async def test_every_event_comes_with_its_raw_frame(self, stage: Stage) -> None:
        await stage.join("bob")
        _, reader = await entered(stage.connector)
        await stage.say("bob", "raw?")
        await reader.message("raw?")
        last = reader.occurrences[-1]
        assert last.family == "chat"
        assert last.name
        assert "raw?" in str(last.payload)

    async def test_handlers_see_every_frame_first_and_in_order(self, stage: Stage) -> None:
        seen: list[Occurrence] = []
        stage.connector.on_event(seen.append)
        await stage.join("bob")
        _, reader = await entered(stage.connector)
        await stage.say("bob", "both")
        await reader.message("both")
        assert seen[: len(reader.occurrences)] == reader.occurrences

    async def test_a_second_reader_goes_on_where_the_first_stopped(self, stage: Stage) -> None:
        await stage.join("bob")
        _, first = await entered(stage.connector)
        await stage.say("bob", "first")
        await stage.say("bob", "second")
        await first.message("first")
        await Reader(stage.connector).message("second")

    async def test_leaves_cleanly_and_as_often_as_asked(self, stage: Stage) -> None:
        await stage.connector.disconnect()
        _, reader = await entered(stage.connector)
        await stage.connector.disconnect()
        await stage.connector.disconnect()
        assert not stage.connector.is_connected
        with pytest.raises(StopAsyncIteration):
            await reader.message("never said")

    async def test_what_was_sent_before_leaving_is_said(self, stage: Stage) -> None:
        await stage.join("bob")
        await stage.connector.connect()
        await stage.connector.send_message("good night")
        await stage.connector.disconnect()
        await stage.heard("bob", "good night")

    async def test_sending_without_a_connection_is_an_error(self, stage: Stage) -> None:
        with pytest.raises(ConnectionError):
            await stage.connector.send_message("too early")
        await stage.connector.connect()
        await stage.connector.disconnect()
        with pytest.raises(ConnectionError):
            await stage.connector.send_message("too late")
        with pytest.raises(ConnectionError):
            await stage.connector.send_pm("bob", "too late")

    async def test_a_kick_ends_the_session_with_its_reason(self, stage: Stage) -> None:
        _, reader = await entered(stage.connector)
        await stage.kick("enough dice")
        error = await reader.end()
        assert "enough dice" in str(error)
        assert error.verdict is Verdict.RETRY
        assert not stage.connector.is_connected
        with pytest.raises(ConnectionError):
            await stage.connector.send_message("but")

    async def test_being_displaced_is_told_apart(self, stage: Stage) -> None:
        _, reader = await entered(stage.connector)
        await stage.displace()
        assert (await reader.end()).verdict is Verdict.ELSEWHERE

    async def test_comes_back_after_a_drop(self, stage: Stage) -> None:
        await stage.join("bob")
        _, reader = await entered(stage.connector)
        await stage.drop()
        assert (await reader.end()).verdict is Verdict.RETRY
        assert not stage.connector.is_connected
        with pytest.raises(ConnectionError):
            await stage.connector.send_message("into the void")
        await stage.say("bob", "while you were out")
        await stage.heard("bob", "while you were out")
        entry, reader = await entered(stage.connector)
        assert entry.backlog[-1].text == "while you were out"
        await stage.connector.send_message("back again")
        assert (await reader.message("back again")).own

    async def test_the_end_is_told_again(self, stage: Stage) -> None:
        _, reader = await entered(stage.connector)
        await stage.drop()
        first = await reader.end()
        assert str(await Reader(stage.connector).end()) == str(first)

    async def test_lines_fit_and_can_be_sent(self, stage: Stage) -> None:
        connector = stage.connector
        lines = connector.lines(f"/kick bob\n\n{LONG}\ttab\x07bell *stars* {'x' * 700} 🦜")
        assert len(lines) > 2
        assert all(0 < len(line) <= connector.capabilities.length for line in lines)
        _, reader = await entered(connector)
        for line in lines:
            await connector.send_message(line)
        for line in lines:
            assert (await reader.message(line)).own

    async def test_nothing_to_say_is_no_line(self, stage: Stage) -> None:
        assert stage.connector.lines(" \n\n\t ") == []
