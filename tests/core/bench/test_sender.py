"""The bare sender is a site that a real connector joins."""

import asyncio

import pytest

from connectors.cytube.connector import CyTubeConnector
from connectors.cytube.settings import CyTubeSettings
from core.bench.sender import Sender, frame, text
from rosey.platform import Occurrence


async def test_a_connector_joins_and_hears_frames_in_order() -> None:
    sender = Sender()
    await sender.start()
    settings = CyTubeSettings(connection="site", site=sender.url, room="room", user="Rosey")
    connector = CyTubeConnector(settings)
    try:
        await connector.connect()
        await sender.joined("Rosey")
        long = "x" * 300
        sender.send("Rosey", b"".join(frame(f"{n} {long}", 1_700_000_000_000) for n in range(20)))
        heard = []
        async for occurrence in connector.recv_events():
            if isinstance(occurrence, Occurrence) and occurrence.name == "chatMsg":
                heard.append(occurrence.payload["msg"])
            if len(heard) == 20:
                break
        assert heard == [f"{n} {long}" for n in range(20)]
    finally:
        await connector.disconnect()
        await sender.stop()


async def test_who_has_not_joined_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.bench.sender.PATIENCE", 0.01)
    sender = Sender()
    with pytest.raises(TimeoutError):
        await sender.joined("nobody")
    await sender.stop()


def test_long_texts_are_one_frame_too() -> None:
    assert text("a") == b"\x81\x01a"
    assert text("a" * 126)[:4] == b"\x81\x7e\x00\x7e"


async def test_who_hangs_up_early_does_no_harm() -> None:
    sender = Sender()
    await sender.start()
    _, writer = await asyncio.open_connection(*sender.url.removeprefix("http://").split(":"))
    writer.close()
    await writer.wait_closed()
    reader, writer = await asyncio.open_connection(*sender.url.removeprefix("http://").split(":"))
    writer.write(b"GET /socketconfig/room.json HTTP/1.1\r\n\r\n")
    assert b"200 OK" in await reader.readline()
    writer.close()
    await sender.stop()
