"""Entries, refusals and ends of sessions as section 18 of the protocol notes has them."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.cytube.connector import CyTubeConnector
from rosey import subjects
from rosey.events import Message
from rosey.platform import PlatformError, Refusal, Verdict
from tests.connectors.contract import Reader, entered
from tests.connectors.cytube.scripted import END, ENTRY, Line, Site

KICKED = [("kick", {"reason": "bye"}), END]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    await site.start()
    yield site
    await site.stop()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that do not come are waited for 0.3 s."""
    monkeypatch.setattr("connectors.cytube.connector.ANSWER_SECONDS", 0.3)


async def refused(connector: CyTubeConnector) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        await connector.connect()
    assert not connector.is_connected
    return caught.value


async def test_logs_in_then_joins_with_exactly_the_known_keys(site: Site) -> None:
    connector = site.connector(password="pw1", room_password="pw2")
    await connector.connect()
    assert site.heard == [
        ("login", {"name": "Rosey", "pw": "pw1"}),
        ("joinChannel", {"name": "lounge", "pw": "pw2"}),
    ]
    await connector.disconnect()


async def test_a_guest_gives_no_password_and_takes_the_servers_spelling(site: Site) -> None:
    site.script["login"] = [("rank", 0), ("login", {"success": True, "name": "ROSEY"})]
    connector = site.connector()
    entry, reader = await entered(connector)
    assert site.heard[0] == ("login", {"name": "Rosey"})
    assert entry.name == "ROSEY"
    await site.say(("chatMsg", {"username": "rosey", "msg": "me", "meta": {}, "time": 1}))
    assert (await reader.message("me")).own
    await connector.disconnect()


async def test_lines_are_sent_with_exactly_the_known_keys(site: Site) -> None:
    connector = site.connector()
    await connector.connect()
    await connector.send_message("hello")
    await connector.send_pm("bob", "psst")
    await connector.disconnect()
    assert site.heard[2:] == [
        ("chatMsg", {"msg": "hello", "meta": {}}),
        ("pm", {"to": "bob", "msg": "psst", "meta": {}}),
    ]


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        ("Invalid username/password combination", Verdict.STOP),
        ("User does not exist", Verdict.STOP),
        ("That username is registered.", Verdict.STOP),
        ("That username is reserved.", Verdict.STOP),
        ("Invalid username.  Usernames must be 1-20 characters long.", Verdict.STOP),
        ("That name is already in use on this channel.", Verdict.RETRY),
        ("Guest logins are restricted to one per IP address per 60 seconds.", Verdict.RETRY),
    ],
)
async def test_a_refused_login_says_why(site: Site, error: str, verdict: Verdict) -> None:
    site.script["login"] = [("login", {"success": False, "error": error})]
    failure = await refused(site.connector())
    assert error in str(failure)
    assert failure.verdict is verdict


async def test_a_login_answer_that_cannot_be_read_is_a_refusal(site: Site) -> None:
    site.script["login"] = [("login", {"success": "maybe"})]
    assert (await refused(site.connector())).verdict is Verdict.RETRY


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [
        ("You are banned from this channel.", Verdict.STOP),
        ("You're banned!", Verdict.STOP),
        ("Channel was banned: spam", Verdict.STOP),
        ("Invalid channel name", Verdict.STOP),
        ("Duplicate login", Verdict.ELSEWHERE),
        ("anonymous user", Verdict.RETRY),
        ("Channel shutting down", Verdict.RETRY),
        ("Too many connections from your IP address", Verdict.RETRY),
        ("Rate limit exceeded", Verdict.RETRY),
        ("", Verdict.RETRY),
    ],
)
async def test_a_kick_at_the_door_and_inside(site: Site, reason: str, verdict: Verdict) -> None:
    site.script["joinChannel"] = [("kick", {"reason": reason}), END]
    assert (await refused(site.connector())).verdict is verdict
    site.script["joinChannel"] = ENTRY
    connector = site.connector()
    _, reader = await entered(connector)
    await site.say(("kick", {"reason": reason}), END)
    error = await reader.end()
    assert (error.verdict, reason in str(error)) == (verdict, reason != "Duplicate login")
    assert reader.occurrences[-1].name == "kick"


@pytest.mark.parametrize("payload", [None, {}, {"reason": None}, "why"])
async def test_a_kick_without_a_reason_is_a_kick(site: Site, payload: Any) -> None:
    _, reader = await entered(site.connector())
    await site.say(("kick", payload), END)
    error = await reader.end()
    assert error.verdict is Verdict.RETRY
    assert "no reason given" in str(error)


async def test_the_server_ends_the_session(site: Site) -> None:
    _, reader = await entered(site.connector())
    await site.say(END)
    error = await reader.end()
    assert "server disconnect" in str(error)
    assert error.verdict is Verdict.RETRY


async def test_the_server_hangs_up_during_the_entry(site: Site) -> None:
    site.script["joinChannel"] = [END]
    assert "was lost" in str(await refused(site.connector()))


@pytest.mark.parametrize(
    ("message", "verdict"),
    [("Rate limit exceeded", Verdict.RETRY), ("You are banned from the server", Verdict.STOP)],
)
async def test_a_refused_connection_says_why(site: Site, message: str, verdict: Verdict) -> None:
    site.refusal = message
    failure = await refused(site.connector())
    assert message in str(failure)
    assert failure.verdict is verdict


async def test_a_chat_server_that_is_not_there(site: Site, unused_tcp_port: int) -> None:
    site.moved_to = f"http://127.0.0.1:{unused_tcp_port}"
    failure = await refused(site.connector())
    assert "cannot be reached" in str(failure)
    assert failure.verdict is Verdict.RETRY


async def test_a_chat_server_that_does_not_speak(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.cytube.connector.ANSWER_SECONDS", 0.3)
    hold = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hold.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    site.moved_to = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    assert "did not accept a connection within 0.3 s" in str(await refused(site.connector()))
    hold.set()
    server.close()
    await server.wait_closed()


async def test_works_without_websockets() -> None:
    site = Site(transports=["polling"])
    await site.start()
    connector = site.connector()
    _, reader = await entered(connector)
    await site.say(("chatMsg", {"username": "bob", "msg": "hi", "meta": {}, "time": 1}))
    await reader.message("hi")
    await connector.disconnect()
    await site.stop()


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    ("event", "awaited"),
    [("login", "an answer to the login of Rosey"), ("joinChannel", "the user list of lounge")],
)
async def test_an_answer_that_does_not_come_is_named(site: Site, event: str, awaited: str) -> None:
    site.script[event] = [("errorMsg", {"msg": "Something is odd"}), ("usercount", 3)]
    failure = await refused(site.connector())
    assert awaited in str(failure)
    assert "Something is odd" in str(failure)
    assert failure.verdict is Verdict.RETRY


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    ("wrong", "said"), [(False, "set `room_password`"), (True, "not the right one")]
)
async def test_a_room_password_that_is_missing_or_wrong(site: Site, wrong: bool, said: str) -> None:
    site.script["joinChannel"] = [("needPassword", wrong)]
    failure = await refused(site.connector())
    assert said in str(failure)
    assert failure.verdict is Verdict.STOP


async def test_a_moderator_is_let_in_without_the_password(site: Site) -> None:
    late: list[Line] = [("rank", 3), *ENTRY[1:], ("cancelNeedPassword", None)]
    site.script["joinChannel"] = [("needPassword", False), *late]
    connector = site.connector()
    assert (await connector.connect()).rank == 3
    await connector.disconnect()


async def test_follows_the_room_to_another_server_while_entering(site: Site) -> None:
    other = Site()
    await other.start()
    site.script["joinChannel"] = [("partitionChange", {"servers": [{"url": other.url}]})]
    connector = site.connector()
    await connector.connect()
    assert [event for event, _ in other.heard] == ["login", "joinChannel"]
    await connector.disconnect()
    await other.stop()


async def test_follows_the_room_to_another_server_later(site: Site) -> None:
    other = Site()
    await other.start()
    connector = site.connector()
    _, reader = await entered(connector)
    await site.say(("partitionChange", {"servers": [{"url": other.url}]}))
    error = await reader.end()
    assert (error.verdict, "moves to another server" in str(error)) == (Verdict.RETRY, True)
    await connector.connect()
    assert other.heard
    await connector.disconnect()
    await other.stop()


async def test_does_not_run_after_a_room_for_ever(site: Site) -> None:
    site.script["joinChannel"] = [("partitionChange", {"servers": [{"url": site.url}]})]
    assert "from one server to the next" in str(await refused(site.connector()))


async def test_a_move_that_cannot_be_read_changes_nothing(site: Site) -> None:
    connector = site.connector()
    _, reader = await entered(connector)
    await site.say(("partitionChange", {"servers": []}))
    await site.say(("chatMsg", {"username": "bob", "msg": "hi", "meta": {}, "time": 1}))
    await reader.message("hi")
    await connector.disconnect()


async def test_refusals_follow_their_frames(site: Site) -> None:
    connector = site.connector()
    _, reader = await entered(connector)
    await site.say(
        ("cooldown", 1000),
        ("noflood", {"action": "chat", "msg": "You have been muted on this channel."}),
        ("spamFiltered", {"reason": "NEW_USER_CHAT"}),
        ("errorMsg", {"msg": "PM failed: bob isn't connected to this channel."}),
        ("errorMsg", {"msg": "Playlist load failed: Playlist does not exist"}),
        ("chatMsg", {"username": "bob", "msg": "end", "meta": {}, "time": 1}),
    )
    await reader.message("end")
    assert reader.refusals == [
        Refusal(reason="Lines came faster than the room takes them.", retry_after=1.0),
        Refusal(reason="You have been muted on this channel."),
        Refusal(reason="This account is too new to chat in this room."),
        Refusal(reason="PM failed: bob isn't connected to this channel."),
    ]
    assert [each.name for each in reader.occurrences[-6:-1]] == [
        "cooldown",
        "noflood",
        "spamFiltered",
        "errorMsg",
        "errorMsg",
    ]
    await connector.disconnect()


async def test_without_the_right_to_chat_nothing_is_sent(site: Site) -> None:
    connector = site.connector()
    _, reader = await entered(connector)
    await site.say(("setPermissions", {"chat": 1.5}), ("setMotd", "x"))
    await reader_sees(reader, "setMotd")
    with pytest.raises(PermissionError, match=r"Rosey \(rank 1\) speak: the least rank is 1.5"):
        await connector.send_message("may I?")
    await site.say(("setPermissions", {}), ("setMotd", "y"))
    await reader_sees(reader, "setMotd")
    with pytest.raises(PermissionError, match="nobody may"):
        await connector.send_message("may I now?")
    await connector.disconnect()
    assert "chatMsg" not in [event for event, _ in site.heard]


async def reader_sees(reader: Reader, name: str) -> None:
    while True:
        arrival = await reader.next()
        if not isinstance(arrival, Refusal) and arrival.name == name:
            return


@pytest.mark.parametrize("line", ["/kick bob", "x" * 321, "🦜" * 161])
async def test_a_line_that_lines_would_not_make_is_not_sent(site: Site, line: str) -> None:
    connector = site.connector()
    await connector.connect()
    with pytest.raises(ValueError, match="lines"):
        await connector.send_message(line)
    with pytest.raises(ValueError, match="lines"):
        await connector.send_pm("bob", line)
    await connector.disconnect()
    assert len(site.heard) == 2


def guard(on: bool) -> Line:
    params = {"burst": 2, "sustained": 20, "cooldown": 1}
    return "channelOpts", {"chat_antiflood": on, "chat_antiflood_params": params, "password": ""}


@pytest.mark.parametrize(("rank", "slow"), [(1, True), (2, False)])
async def test_the_rooms_flood_guard_slows_whom_it_concerns(
    site: Site, rank: int, slow: bool
) -> None:
    site.script["joinChannel"] = [guard(True), ENTRY[1], ("rank", rank), ENTRY[2]]
    connector = site.connector()
    await connector.connect()
    start = time.monotonic()
    for number in range(6):
        await connector.send_message(str(number))
    assert (time.monotonic() - start >= 4 / 20) is slow
    await connector.disconnect()
    assert [payload["msg"] for event, payload in site.heard if event == "chatMsg"] == list("012345")


async def test_more_than_a_burst_is_paced(site: Site) -> None:
    connector = site.connector()
    await connector.connect()
    start = time.monotonic()
    for number in range(connector.capabilities.burst + 2):
        await connector.send_pm("bob", str(number))
    assert time.monotonic() - start >= 2 / connector.capabilities.pace
    await connector.disconnect()


async def test_a_line_that_waits_for_its_turn_is_not_sent_into_a_lost_session(site: Site) -> None:
    connector = site.connector()
    _, reader = await entered(connector)
    for number in range(connector.capabilities.burst):
        await connector.send_message(str(number))
    waiting = asyncio.ensure_future(connector.send_message("too late"))
    await site.say(END)
    await reader.end()
    with pytest.raises(ConnectionError):
        await waiting


@pytest.mark.parametrize("packet", ['2{"a":1}', "2[]", "2", "2[", "2nonsense", "2" + "[" * 5000])
async def test_packets_that_are_no_frames_are_counted_and_survived(site: Site, packet: str) -> None:
    connector = site.connector()
    _, reader = await entered(connector)
    await site.packet(packet)
    await site.say(("chatMsg", {"username": "bob", "msg": "hi", "meta": {}, "time": 1}))
    await reader.message("hi")
    assert "unreadable" in [each.name for each in reader.occurrences if each.family == "error"]
    await connector.disconnect()


async def test_frames_of_the_entry_are_read_first(site: Site) -> None:
    site.script["joinChannel"] = [
        ("chatMsg", {"username": "bob", "msg": "old", "meta": {}, "time": 1}),
        ("changeMedia", {"id": "x", "type": "yt", "title": "Film", "seconds": 9}),
        *ENTRY,
    ]
    connector = site.connector()
    entry, reader = await entered(connector)
    await reader_sees(reader, "userlist")
    assert [line.text for line in entry.backlog] == ["old"]
    assert [subject for each in reader.occurrences for subject, _ in each.events] == [
        subjects.MEDIA_CHANGE
    ]
    await connector.disconnect()


async def test_a_burst_arrives_whole_and_in_order(site: Site) -> None:
    connector = site.connector()
    _, reader = await entered(connector)
    await site.say(
        *(
            ("chatMsg", {"username": "bob", "msg": f"line {n}", "meta": {}, "time": 1000 + n // 3})
            for n in range(5000)
        )
    )
    await reader.message("line 4999")
    heard = [event for each in reader.occurrences for _, event in each.events]
    assert [event.text for event in heard if isinstance(event, Message)] == [
        f"line {n}" for n in range(5000)
    ]
    await connector.disconnect()


async def test_a_new_session_knows_nothing_of_the_old_one(site: Site) -> None:
    connector = site.connector()
    _, reader = await entered(connector)
    await site.say(("setMotd", "old"), *KICKED)
    await reader.end()
    assert connector.state.motd == "old"
    _, reader = await entered(connector)
    assert connector.state.motd == ""
    assert connector.is_connected
    await connector.disconnect()
