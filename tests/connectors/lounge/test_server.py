"""The lounge over real sockets."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from connectors.lounge import handlers, wire
from connectors.lounge.guest import Guest, GuestError
from connectors.lounge.server import Lounge, serve
from connectors.lounge.settings import Account, LoungeSettings, RoomSettings
from core.host.ports import free_port

ROSEY = Account(name="Rosey", password="rosey-pass")
LOBBY = RoomSettings(name="lobby", ranks={"Rosey": 3})
ON_A_CLICK = {"https://youtu.be", "https://www.twitch.tv", "https://www.youtube-nocookie.com"}
PAGE = Path(sys.modules[Lounge.__module__].__file__ or "").parent / "page"


def settings(**more: Any) -> LoungeSettings:
    return LoungeSettings(**({"port": 0, "accounts": [ROSEY], "rooms": [LOBBY]} | more))


@pytest.fixture
async def lounge() -> AsyncIterator[Lounge]:
    running = Lounge(settings())
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_page_and_its_parts(lounge: Lounge, web: aiohttp.ClientSession) -> None:
    async with web.get(lounge.url + "/") as answer:
        assert answer.url.path == "/r/lobby"
        page = await answer.text()
    parts = re.findall(r'(?:src|href)="(/page/[^"]+)"', page)
    assert len(parts) >= 3
    scripts = [f"/page/{path.name}" for path in PAGE.glob("*.js")]
    for part in parts + scripts:
        async with web.get(lounge.url + part) as answer:
            assert answer.status == 200, part
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            hosts = set(re.findall(r"\w+://[^ ;]+", policy))
            port = lounge.url.rsplit(":", 1)[1]
            assert hosts == {f"ws://127.0.0.1:{port}", f"wss://127.0.0.1:{port}"}


def test_the_page_needs_no_other_host_and_no_inline_code() -> None:
    for path in PAGE.rglob("*.*"):
        text = path.read_text()
        if path.parent.name == "vendor":
            assert "sourceMappingURL" not in text
            continue
        outside = set(re.findall(r"https?://[^\s\"'`$/]+", text)) - {"http://www.w3.org"}
        assert outside <= (ON_A_CLICK if path.name == "media.js" else set()), path
    page = (PAGE / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", page)
    assert "MIT License" in (PAGE / "vendor" / "socket.io.LICENSE").read_text()


async def test_discovery_and_health(lounge: Lounge, web: aiohttp.ClientSession) -> None:
    async with web.get(lounge.url + "/health") as answer:
        assert (answer.status, await answer.text()) == (200, "ok")
    async with web.get(lounge.url + "/socketconfig/nowhere.json") as answer:
        assert await answer.json() == {"servers": [{"url": lounge.url, "secure": False}]}
    for path, status in (("/socketconfig/no!.json", 404), ("/r/no%20such", 404), ("/x", 404)):
        async with web.get(lounge.url + path) as answer:
            assert answer.status == status
    odd = {"Host": "x;script-src *"}
    async with web.get(lounge.url + "/health", headers=odd) as answer:
        assert "script-src *" not in answer.headers.get("Content-Security-Policy", "")


async def test_a_public_address_is_announced(web: aiohttp.ClientSession) -> None:
    lounge = Lounge(settings(public_url="https://rosey.example", host="0.0.0.0"))
    await lounge.start()
    assert lounge.url.startswith("http://127.0.0.1:")
    async with web.get(lounge.url + "/socketconfig/lobby.json") as answer:
        assert await answer.json() == {
            "servers": [{"url": "https://rosey.example", "secure": True}]
        }
    await lounge.stop()


async def test_guests_talk(lounge: Lounge) -> None:
    async with (
        Guest(lounge.url, name="alice") as alice,
        Guest(lounge.url, name="rosey", password="rosey-pass") as rosey,
    ):
        assert rosey.name == "Rosey"
        assert rosey.rank == 3
        await alice.say("hi *there* <b> https://x.y/a_b")
        line = await rosey.wait_line(lambda line: line.user == "alice")
        assert line.text == "hi *there* <b> https://x.y/a_b"
        assert not line.pm
        await rosey.pm("alice", "psst")
        assert (await alice.wait_line(lambda line: line.pm)).text == "psst"
        kinds = [frame.event for frame in alice.frames]
        assert kinds.index("login") < kinds.index("userlist")
        await rosey.say("/kick alice bye")
        gone = await alice.wait_for(lambda frame: frame.event == "disconnect")
        assert gone.data == "server disconnect"
        assert not alice.inside
        with pytest.raises(GuestError, match="not connected"):
            await alice.say("still here?")
        async with Guest(lounge.url, name="late") as late:
            assert late.lines == []
            assert any(frame.event == "chatMsg" for frame in late.frames)


async def test_a_line_said_just_before_leaving_arrives(lounge: Lounge) -> None:
    async with Guest(lounge.url, name="alice") as alice:
        for number in range(5):
            async with Guest(lounge.url, name=f"hasty{number}") as hasty:
                await hasty.say(f"bye {number}")
            await alice.wait_line(lambda line, text=f"bye {number}": line.text == text)  # type: ignore[misc]


async def test_a_guest_is_told_why_it_cannot_come_in(lounge: Lounge) -> None:
    with pytest.raises(GuestError, match="registered"):
        await Guest(lounge.url, name="r0sey").start()
    with pytest.raises(GuestError, match="Invalid channel name"):
        await Guest(lounge.url, room="x" * 31, name="alice").start()
    async with Guest(lounge.url, name="alice") as alice:
        with pytest.raises(GuestError, match=r"alice waited 0\.01 s in vain"):
            await alice.wait_for(lambda frame: False, timeout=0.01)
    with pytest.raises(GuestError):
        await Guest("http://127.0.0.1:9", name="alice").start()


async def test_a_room_with_a_password() -> None:
    room = RoomSettings(name="vault", password="opensesame")
    lounge = Lounge(settings(rooms=[room]))
    await lounge.start()
    with pytest.raises(GuestError, match="needPassword"):
        await Guest(lounge.url, room="vault", name="alice").start()
    async with Guest(lounge.url, room="vault", name="alice", room_password="opensesame") as alice:
        assert alice.inside
    await lounge.stop()


async def test_polling_works_as_well(lounge: Lounge, web: aiohttp.ClientSession) -> None:
    address = f"{lounge.url}/socket.io/?EIO=4&transport=polling"
    async with web.get(address) as answer:
        address += "&sid=" + json.loads((await answer.text())[1:])["sid"]
    received = ""
    async with web.post(address, data='40\x1e42["joinChannel",{"name":"lobby"}]'):
        pass
    while "userlist" not in received:
        async with web.get(address) as answer:
            received += await answer.text()
    assert received.index('["rank",-1]') < received.index('["setPermissions"')


async def test_a_burst_arrives_whole_and_in_order() -> None:
    lounge = Lounge(settings(chat_burst=0))
    await lounge.start()
    lines = [f"line {number}" for number in range(1500)]
    async with Guest(lounge.url, name="alice") as alice, Guest(lounge.url, name="bob") as bob:
        for line in lines:
            await alice.say(line)
        await bob.wait_line(lambda line: line.text == lines[-1], timeout=20)
        assert [line.text for line in bob.lines] == lines
    await lounge.stop()


async def test_a_taken_port_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            await Lounge(settings(port=taken.getsockname()[1])).start()


async def test_serve_runs_until_cancelled(web: aiohttp.ClientSession) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.create_task(serve(settings(), told.put_nowait))
    url = await asyncio.wait_for(told.get(), 5)
    async with Guest(url, name="alice") as alice:
        task.cancel()
        gone = await alice.wait_for(lambda frame: frame.event == "disconnect")
        assert gone.data == "transport error"
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(aiohttp.ClientError):
        await web.get(url + "/health")


async def test_a_failing_handler_is_told_and_disturbs_nobody(
    lounge: Lounge, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*arguments: Any) -> None:
        raise RuntimeError("boom")

    monkeypatch.setitem(handlers._INSIDE, "requestBanlist", fail)
    async with Guest(lounge.url, name="alice") as alice:
        await alice.emit("requestBanlist")
        error = await alice.wait_for(lambda frame: frame.event == "errorMsg")
        assert error.data["msg"].split()[-1].rstrip(".") in caplog.text
        await alice.say("all well")
        await alice.wait_line(lambda line: line.text == "all well")


async def test_who_does_not_read_is_let_go(lounge: Lounge, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Guest(lounge.url, name="alice") as alice:
        monkeypatch.setattr(wire, "MAX_WAITING", 0)
        await alice.say("x")
        gone = await alice.wait_for(lambda frame: frame.event == "disconnect")
        assert gone.data == "server disconnect"


async def _spawn(port: int, history: Path) -> asyncio.subprocess.Process:
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from connectors.lounge.server import serve\n"
        "from connectors.lounge.settings import LoungeSettings\n"
        "settings = LoungeSettings(port=int(sys.argv[1]), history_file=Path(sys.argv[2]))\n"
        "asyncio.run(serve(settings, lambda url: print(url, flush=True)))\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        str(port),
        str(history),
        cwd=Path(__file__).parents[3],
        env=os.environ | {"PYTHONPATH": "."},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    line = await asyncio.wait_for(process.stdout.readline(), 20)
    assert line.decode().strip() == f"http://127.0.0.1:{port}"
    return process


async def test_a_killed_lounge_comes_back_with_its_last_lines(tmp_path: Path) -> None:
    port, history = free_port(), tmp_path / "history.jsonl"
    first = await _spawn(port, history)
    guest = Guest(f"http://127.0.0.1:{port}", name="alice", reconnect=True)
    await guest.start()
    try:
        await guest.say("before the kill")
        await guest.wait_line(lambda line: line.text == "before the kill")
        first.send_signal(signal.SIGKILL)
        await first.wait()
        await guest.wait_for(lambda frame: frame.event == "disconnect")
        mark = len(guest.frames)
        second = await _spawn(port, history)
        try:
            await guest.wait_for(lambda frame: frame.event == "userlist", 15, since=mark)
            replayed = [f.data["msg"] for f in guest.frames[mark:] if f.event == "chatMsg"]
            assert replayed == ["before the kill"]
            await guest.say("after it")
            await guest.wait_line(lambda line: line.text == "after it")
            assert [line.text for line in guest.lines] == ["before the kill", "after it"]
        finally:
            second.kill()
            await second.wait()
    finally:
        await guest.close()


async def test_the_list_is_there_again_after_a_restart(tmp_path: Path) -> None:
    kept = settings(history_file=tmp_path / "lounge" / "history.jsonl")
    asked = {"id": "dQw4w9WgXcQ", "type": "yt", "pos": "end", "title": "A song", "duration": 90}
    first = Lounge(kept)
    await first.start()
    async with Guest(first.url, name="Rosey", password="rosey-pass") as rosey:
        await rosey.emit("togglePlaylistLock")
        await rosey.emit("queue", asked)
        begun = await rosey.wait_for(lambda frame: frame.event == "changeMedia")
        assert begun.data["currentTime"] == -3
        await first.stop()
    second = Lounge(kept)
    await second.start()
    async with Guest(second.url, name="alice") as alice:
        states = {frame.event: frame.data for frame in alice.frames}
        assert states["setPlaylistLocked"] is False
        assert [item["media"]["title"] for item in states["playlist"]] == ["A song"]
        assert states["changeMedia"]["id"] == "dQw4w9WgXcQ"
        assert -3 <= states["changeMedia"]["currentTime"] < 0
        await alice.wait_for(lambda f: f.event == "mediaUpdate" and f.data["currentTime"] == 0, 15)
    await second.stop()


async def test_the_wire_is_strict() -> None:
    for text in ('2["x",NaN]', '2["x",1e999]', '2["x",-Infinity]', "2[]", "2{}", "2[5]", "2"):
        with pytest.raises(ValueError, match=r"."):
            wire.StrictPacket(encoded_packet=text)
    for name in ("connect", "disconnect", "*"):
        with pytest.raises(ValueError, match="reserved"):
            wire.StrictPacket(encoded_packet=f'2["{name}",{{}}]')
    packet = wire.StrictPacket(encoded_packet='2["x",12345678901234567890,1.5,3]')
    assert json.loads(json.dumps(packet.data)) == ["x", 12345678901234567890.0, 1.5, 3]
