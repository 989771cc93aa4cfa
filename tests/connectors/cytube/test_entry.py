"""Coming in and being put out: what a CyTube server may say then."""

import asyncio
import time
from typing import Any

import pytest
from aiohttp import web

from connectors.cytube.connector import CyTubeConnector
from rosey.platform import PlatformError, Verdict
from tests.connectors.contract import entered
from tests.connectors.cytube.scripted import END, ENTRY, WELCOME, Line, Site
from tests.connectors.proxy import Proxy


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


@pytest.mark.parametrize("address", ["http://[bad", "http://", "https://127.0.0.1:1/x y"])
async def test_an_address_that_is_none(site: Site, address: str) -> None:
    site.moved_to = address
    assert (await refused(site.connector())).verdict is Verdict.RETRY


async def test_a_server_that_speaks_something_else(site: Site) -> None:
    async def answer(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str("hello?")
        return socket

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.moved_to = f"http://127.0.0.1:{runner.addresses[0][1]}"
    assert "cannot be reached" in str(await refused(site.connector()))
    await runner.cleanup()


async def test_leaving_does_not_wait_for_a_server_that_is_frozen(site: Site) -> None:
    proxy = Proxy(int(site.url.rpartition(":")[2]))
    await proxy.start()
    site.moved_to = f"http://127.0.0.1:{proxy.port}"
    connector = site.connector()
    await connector.connect()
    proxy.freeze()
    start = time.monotonic()
    await connector.disconnect()
    assert time.monotonic() - start < 2.5
    assert not connector.is_connected
    await proxy.stop()


async def test_a_cancelled_entry_leaves_nothing_behind(site: Site) -> None:
    site.script["login"] = []
    connector = site.connector()
    entering = asyncio.ensure_future(connector.connect())
    while not site.heard:
        await asyncio.sleep(0)
    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering
    assert not connector.is_connected
    site.script["login"] = WELCOME
    await connector.connect()
    await connector.disconnect()


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
