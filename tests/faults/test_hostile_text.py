"""Text from the platform is data everywhere: on the bus, in logs, in the room, on a terminal."""

import html
import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.cytube.frames import FAMILIES, refusal
from connectors.cytube.room import Room
from connectors.cytube.text import LIMIT, safe_lines, utf16_length
from connectors.cytube.wire import sound
from connectors.lounge.guest import Frame, Guest
from connectors.lounge.server import Lounge
from connectors.lounge.settings import Account, LoungeSettings, RoomSettings
from connectors.lounge.text import blank, whole, without_controls
from rosey.events import ConnectionEvent, Executed, Message, UserEvent
from rosey.routing.policy import tidy
from tests.faults.hostile import (
    CHANNEL,
    DEEP,
    EVENTS,
    FAKE_RECORD,
    HUGE,
    NASTY,
    PAYLOADS,
    as_written,
    bad_records,
    frames_with,
    is_known,
    is_one_plain_line,
    refusals_with,
    strange_keys,
)
from tests.faults.hostile_rooms import Parrot, RudeSite, Scene, rosey_in
from tests.servers import NatsServer, until

LINK = re.compile(
    r'<a (href="(https?|ftp)://[^"<>]*" )?target="_blank" rel="noopener noreferrer">([^<>]*)</a>'
)
GREEN = {"addClass": "greentext"}
QUIET = {"chatMsg", "pm", "userlist", "addUser", "usercount", "setUserRank", "setAFK", "userLeave"}


# --- people, in the lounge, with a Rosey whose word is law there ---


@pytest.fixture
async def lounge() -> AsyncIterator[Lounge]:
    running = Lounge(
        LoungeSettings(
            port=0,
            chat_burst=0,
            accounts=[Account(name="Rosey", password="x")],
            rooms=[RoomSettings(name="lobby", ranks={"Rosey": 4})],
        )
    )
    await running.start()
    yield running
    await running.stop()


def typed() -> Iterator[str]:
    """Every payload as a line of its own and wherever a command takes words."""
    for payload in PAYLOADS:
        # What the platform takes for its own command never becomes a line.
        if not without_controls(whole(payload, LIMIT)).startswith("/"):
            yield payload
        for words in ("!roll", "!a", "!trivia start", "!help", "!rolll", "!"):
            yield f"{words} {payload}"


def shown(line: str) -> str:
    """What the room makes of a line before anybody hears it."""
    return without_controls(whole(line, LIMIT)).replace("\ueeee", "")


def plain(frame: Frame) -> str:
    """A line in the page as text; fails for markup that is no link."""
    text = LINK.sub(r"\3", frame.data["msg"])
    assert "<" not in text, frame
    assert ">" not in text, frame
    return html.unescape(text)


async def test_nothing_that_people_say_is_more_than_text(
    nats: NatsServer, lounge: Lounge, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    parrot = Parrot()
    async with (
        rosey_in(lounge.url, nats, parrot, password="x") as scene,
        Guest(lounge.url, name="alice") as alice,
    ):
        entered = len(alice.frames)
        lines = list(typed())
        for line in lines:
            await alice.say(line)
        expected = [shown(line) for line in lines if not blank(shown(line))]
        await until(lambda: len(scene.messages) >= len(expected), 20, "all lines")
        await scene.settled()
        heard = [message.text for message in scene.messages]
        assert [pair for pair in zip(expected, heard, strict=True) if pair[0] != pair[1]] == []
        await still_answers(alice)

        frames = alice.frames[entered:]
        assert {frame.event for frame in frames} <= QUIET
        assert not [frame for frame in frames if frame.event == "userLeave"]
        told = [frame for frame in frames if isinstance(frame.data, dict)]
        ours = [frame for frame in told if frame.data.get("username") == "Rosey"]
        said = [plain(frame) for frame in ours]
        assert [frame for frame in ours if frame.data["meta"] not in ({}, GREEN)] == []
        assert [line for line in said if line.startswith("/") or not is_one_plain_line(line)] == []
        # What a plugin repeats is said: all of it, and as it is but for what would be a command.
        repeated = [
            line
            for command in parrot.given
            for line in safe_lines(tidy(command.text or "nothing"), LIMIT)
        ]
        assert [line for line in repeated if line not in said] == []
        assert len(repeated) > len(PAYLOADS)
        assert {command.channel for command in parrot.given} == {CHANNEL}
        await check_the_bus(scene)
    assert bad_records(caplog.records) == []


async def test_nothing_that_is_whispered_is_more_than_text(
    nats: NatsServer, lounge: Lounge, caplog: pytest.LogCaptureFixture
) -> None:
    """A private line keeps its control characters on the way here."""
    caplog.set_level("DEBUG")
    async with (
        rosey_in(lounge.url, nats, Parrot(), password="x") as scene,
        Guest(lounge.url, name="alice") as alice,
    ):
        lines = [f"!a {payload}" for payload in PAYLOADS]
        for line in lines:
            await alice.pm("Rosey", line)
        await until(lambda: len(scene.whispers) >= len(lines), 20, "all lines")
        await scene.settled()
        assert [message.text for message in scene.whispers] == [
            whole(line, LIMIT).replace("\ueeee", "") for line in lines
        ]
        answers = [line for line in alice.lines if line.user == "Rosey"]
        assert len(answers) >= 2 * len(lines)
        assert [line for line in answers if not line.pm] == []
        assert [line for line in answers if not is_one_plain_line(line.text)] == []
        await still_answers(alice)
        await check_the_bus(scene)
    assert bad_records(caplog.records) == []


async def still_answers(alice: Guest) -> None:
    before = len(alice.lines)
    await alice.say("!roll d6")
    await alice.wait_line(lambda line: line.text.startswith("🎲 ["), 10, before)


async def check_the_bus(scene: Scene) -> None:
    assert scene.watch.strange() == []
    assert await strange_keys(scene.bus) == set()
    assert await scene.dead_letters() == []


# --- programs ---


async def test_nothing_that_a_program_asks_for_is_more_than_text(
    nats: NatsServer, lounge: Lounge, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with rosey_in(lounge.url, nats, Parrot(), password="x") as scene:
        for payload in PAYLOADS:
            text = sound(payload)
            for field in ("id", "action", "text", "user"):
                asked: dict[str, Any] = {"action": "roll", "channel": CHANNEL, field: text}
                asked |= {"user": {"name": text}} if field == "user" else {}
                answer = await execute(scene, json.dumps(asked).encode())
                assert answer.say or answer.error
            garbage = payload.encode(errors="surrogatepass")
            assert "Not understood" in ((await execute(scene, garbage)).error or "")
        assert (await execute(scene, b'{"action":"roll","channel":"lounge/lobby"}')).say
        await scene.settled()
        await check_the_bus(scene)
    assert bad_records(caplog.records) == []
    written = [as_written(record) for record in caplog.records]
    assert any("hello\\n2026" in line for line in written), "garbage is logged, on one line"


async def execute(scene: Scene, data: bytes) -> Executed:
    found = await scene.bus.client.request("rosey.commands.dice.execute", data, timeout=10)
    return Executed.read(found.data)


# --- a server of ill will ---


async def test_nothing_that_a_server_sends_is_more_than_text(
    nats: NatsServer, site: RudeSite, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with rosey_in(site.url, nats, Parrot()) as scene:
        expected = []
        for payload in PAYLOADS:
            for text in (payload, f"!a {payload}"):
                await site.say(site.line(payload, html.escape(text)))
                if not payload.startswith("["):  # the server's own voice, never obeyed
                    expected.append(sound(text))
            await site.say(*frames_with(payload))
        await scene.settled()
        for payload in PAYLOADS:
            await site.say(*refusals_with(payload))
        await site.packet(DEEP)
        await site.say(site.line("bob", HUGE), site.line(HUGE, "huge name"), ("setMotd", HUGE))
        await site.say(site.line("bob", "the last of them"))
        await until(lambda: [m.text for m in scene.messages][-1:] == ["the last of them"], 30)
        await scene.settled()
        assert scene.ends == []
        assert [m.text for m in scene.messages] == [*expected, "huge name", "the last of them"]
        names = [message.user.name for message in scene.messages]
        assert [name for name in names if not is_one_plain_line(name) or len(name) > 100] == []
        assert scene.session.outbox.events_lost == 1, "the huge line, which is counted"

        await site.say(site.line("bob", "!roll d6"))
        await until(lambda: site.said[-1].startswith("🎲 ["), 10, "the answer")
        assert {event for event, _ in site.heard} == {"login", "joinChannel", "chatMsg"}
        assert [line for line in site.said if line.startswith("/")] == []
        assert [line for line in site.said if not is_one_plain_line(line)] == []
        assert max(map(utf16_length, site.said)) <= LIMIT
        await check_the_bus(scene)
        assert scene.ends == []
    assert bad_records(caplog.records, "is too large for NATS") == []
    written = [as_written(record) for record in caplog.records]
    assert any("a line was refused: PM failed: hello" in line for line in written)


async def test_what_a_server_says_of_a_line_forges_no_header(
    nats: NatsServer, site: RudeSite, caplog: pytest.LogCaptureFixture
) -> None:
    """The reason for which a line is set aside stands in a header of the dead letter."""
    async with rosey_in(site.url, nats, Parrot()) as scene:
        for number, payload in enumerate(NASTY):
            site.insult = f"PM failed: {payload}"
            whisper = {"username": "bob", "to": "Rosey", "meta": {}, "time": number}
            await site.say(("pm", {**whisper, "msg": "!flip"}))
            await until(lambda n=number: len(scene.watch.on("rosey.dead.SENDS")) > n)
        letters = await scene.dead_letters()
        assert [set(letter) for letter in letters] == [
            {"Rosey-Reason", "Rosey-Subject", "Nats-Msg-Id"}
        ] * len(NASTY)
        assert [r for r in letters if not is_one_plain_line(r["Rosey-Reason"])] == []
        assert scene.watch.strange() == []
    assert bad_records(caplog.records) == []


async def test_what_a_server_says_at_the_end_is_one_line(
    nats: NatsServer, site: RudeSite, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with rosey_in(site.url, nats, Parrot()) as scene:
        for number, payload in enumerate([*NASTY, HUGE]):
            await until(lambda: scene.session.connected_since is not None)
            await site.say(("kick", {"reason": f"because {payload}"}))
            await until(lambda n=number: len(scene.ends) > n, what=f"the end of {number}")
        site.refusal = FAKE_RECORD
        await until(lambda: any("refused the connection" in end for end in scene.ends))
        site.refusal = None
        downs = scene.watch.on("rosey.events.connection.down")
        reasons = [ConnectionEvent.read(down).reason for down in downs]
        assert len(reasons) == len(NASTY) + 1
        assert [text for text in reasons + scene.ends if not is_one_plain_line(text)] == []
        assert max(map(len, reasons + scene.ends)) <= 500
        assert scene.watch.strange() == []
        await scene.watch.close()
        await until(lambda: scene.session.connected_since is not None)
        await site.say(site.line("bob", "!roll d6"))
        await until(lambda: any(line.startswith("🎲 [") for line in site.said))
    assert bad_records(caplog.records, "is too large for NATS") == []


# --- any frame ---

ANY = st.sampled_from(PAYLOADS) | st.text(st.characters(exclude_categories=[]), max_size=40)


@settings(max_examples=150, deadline=None)
@given(ANY, ANY)
def test_no_frame_makes_a_subject_or_a_second_line(first: str, second: str) -> None:
    room = Room(CHANNEL, "Rosey", 1)
    now = datetime.now(UTC)
    room.take("userlist", [], now)
    line = {"username": first, "msg": html.escape(second), "time": 1}
    frames = [
        *frames_with(first),
        *refusals_with(first),
        ("chatMsg", line),
        ("pm", {**line, "to": first}),
        (first, {}),
    ]
    for name, payload in frames:
        occurrence = room.take(name, payload, now)
        assert occurrence.family in FAMILIES.values()
        assert json.loads(occurrence.model_dump_json())
        for subject, event in occurrence.events:
            assert subject in EVENTS
            assert type(event).read(event.wire()) == event
            if isinstance(event, Message):
                assert event.text == sound(second)
            if isinstance(event, Message | UserEvent):
                assert is_one_plain_line(event.user.name)
                assert re.fullmatch(r"[a-z]-[0-9a-f]{20}", event.id)
        refused = refusal(occurrence.name, occurrence.payload)
        assert refused is None or is_one_plain_line(refused.reason)


def test_the_grammar_knows_strangers() -> None:
    """The judge of subjects above is worth something."""
    assert is_known("$JS.API.CONSUMER.MSG.NEXT.SENDS.send-lounge")
    assert is_known("rosey.reply.dice.r-c-0123456789abcdef0123")
    for payload in ("bob", "hello world", "*", "a.b", "trivia.bob"):
        assert not is_known(f"rosey.command.dice.{payload}")
        assert not is_known(f"rosey.reply.dice.{payload}")
        assert not is_known(f"$KV.rosey_listening.{payload}")
    assert not is_known("$JS.API.CONSUMER.MSG.NEXT.SENDS.'; DROP TABLE users")
