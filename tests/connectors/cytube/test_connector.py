"""A session: refusals, rights, pace, and frames of every kind, in order."""

import asyncio
import time

import pytest

from rosey import subjects
from rosey.events import Message
from rosey.platform import Refusal
from tests.connectors.contract import Reader, entered
from tests.connectors.cytube.scripted import END, ENTRY, Line, Site

KICKED = [("kick", {"reason": "bye"}), END]


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
