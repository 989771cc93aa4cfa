"""Frames of ill will: whoever sends them, the others notice nothing."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.lounge.guest import Guest
from connectors.lounge.server import Lounge
from connectors.lounge.settings import Account, LoungeSettings, RoomSettings
from tests.connectors.lounge.people import enter, house

EVENTS = (
    "login joinChannel channelPassword chatMsg pm setChannelRank requestChannelRanks "
    "requestBanlist unban setOptions setPermissions setMotd readChanLog queue vote newPoll "
    "assignLeader noSuchEvent userlist kick __proto__ toString delete moveMedia setTemp jumpTo "
    "playNext shufflePlaylist clearPlaylist togglePlaylistLock requestPlaylist playerReady "
    "voteskip mediaUpdate"
)
RAW = [
    "",
    "x",
    "bnot base64",
    "4" + "[" * 100_000,
    "4",
    "42",
    "42{}",
    "42[]",
    "42[5]",
    "42[null,{}]",
    '42["connect",{}]',
    '42["disconnect","client disconnect"]',
    '42["*",1]',
    '42["chatMsg",' + "[" * 100_000,
    '42["chatMsg",' + "[" * 5_000 + "]" * 5_000 + "]",
    '42["chatMsg",{"msg":"x","meta":{"modflair":NaN}}]',
    '42["setOptions",{"afk_timeout":' + "9" * 5_000 + "}]",
    '42["chatMsg",{"msg":"\\u0000\\u0001\\ud800 \\u202e","meta":{}}]',
    '42["chatMsg",{"msg":"' + "<b>" * 50_000 + '","meta":{}}]',
    '42/other,["chatMsg",{"msg":"x"}]',
    "40/other,",
    '4217["chatMsg",{"msg":"with an acknowledgement"}]',
    '451-["chatMsg",{"msg":{"_placeholder":true,"num":7}}]',
    "41",
    "43",
    "44",
    "49",
    "9",
    "6",
    "5",
]

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from("name pw msg to meta rank id motd chat afk_timeout x".split())  # noqa: SIM905
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@pytest.fixture
async def lounge() -> AsyncIterator[Lounge]:
    running = Lounge(
        LoungeSettings(
            port=0,
            chat_burst=0,
            accounts=[Account(name="Rosey", password="x")],
            rooms=[RoomSettings(name="lobby", ranks={"Rosey": 3})],
        )
    )
    await running.start()
    yield running
    await running.stop()


async def raw_client(url: str, frames: list[str]) -> None:
    """Joins by hand and sends text frames as they are; the server may hang up at any of them."""
    address = url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as session, session.ws_connect(address) as line:
        await line.receive()
        await line.send_str("40")
        await line.receive()
        await line.send_str('42["joinChannel",{"name":"lobby"}]')
        await line.send_str('42["login",{"name":"Rosey","pw":"x"}]')
        for frame in frames:
            if line.closed:
                return
            await line.send_str(frame)
        await line.send_bytes(b"\x00\xff")


@pytest.mark.parametrize("frame", RAW, ids=range(len(RAW)))
async def test_raw_frames(lounge: Lounge, frame: str) -> None:
    async with Guest(lounge.url, name="alice") as alice:
        await raw_client(lounge.url, [frame, frame])
        await alice.wait_for(
            lambda frame: frame.event == "userLeave" and frame.data["name"] == "Rosey"
        )
        await alice.say("still here")
        await alice.wait_line(lambda line: line.text == "still here")
        assert alice.inside
        for line in alice.lines:
            assert "\x00" not in line.text
        texts = [frame.data["msg"] for frame in alice.frames if frame.event == "chatMsg"]
        assert not any("<b" in text for text in texts)
        json.dumps(alice.frames, allow_nan=False)


async def test_a_frame_over_the_limit_ends_only_its_sender(lounge: Lounge) -> None:
    async with Guest(lounge.url, name="alice") as alice:
        with contextlib.suppress(aiohttp.ClientError):
            await raw_client(lounge.url, ['42["chatMsg",{"msg":"' + "x" * 1_100_000 + '"}]'])
        await alice.wait_for(lambda frame: frame.event == "userLeave")
        assert alice.inside


@given(st.lists(st.tuples(st.sampled_from(EVENTS.split()), junk), max_size=12))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_sequence_of_frames(frames: list[tuple[str, Any]]) -> None:
    async def play() -> None:
        home = house()
        owner, witness = enter(home, "owner"), enter(home, "witness")
        for event, payload in frames:
            if not owner.closed:
                owner.emit(event, payload)
        home.rooms["lobby"].permissions["chat"] = 0
        witness.say("fine here")
        assert not witness.closed
        assert "fine here" in witness.lines()
        home.close()

    asyncio.run(play())
