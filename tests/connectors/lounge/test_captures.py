"""The lounge against recordings of a real server: every difference is listed, and fails."""

from __future__ import annotations

import difflib
import json
from collections.abc import MutableSequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import pytest

from connectors.lounge import screen
from connectors.lounge.server import Lounge
from connectors.lounge.settings import Account, LoungeSettings, RoomSettings
from tests.connectors.lounge.hand_clock import HandClock
from tests.connectors.lounge.replay import CAPTURES, WAIT_SECONDS, Seen, load, play

SKIPPED = {
    "library_and_saved_playlists": "the lounge has neither; they belong to a website's database",
    "server_restart": "the server itself ends: test_server and test_screen_kept",
    "poll": "polls",
    "profile": "profiles are edited on a website the lounge does not have",
    "login_cookie": "logging in on a website the lounge does not have",
    "old_protocol": "clients of Engine.IO 3: python-engineio speaks 4 only",
}


class Explained(NamedTuple):
    scene: str
    seat: str  # "*": all
    events: tuple[str, ...]
    why: str
    says: str = ""  # only frames whose payload has this in it


EXPLAINED = [
    Explained("chat_several", "owner", ("readChanLog",), "the lounge keeps no log to be read"),
    Explained(
        "options_permissions",
        "*",
        ("channelCSSJS",),
        "rooms of the lounge have no styles or scripts of their own",
    ),
    Explained(
        "ban",
        "moderator",
        ("errorMsg",),
        "three bans at once: the recorded server looks names up in a database and answers "
        "out of order",
        says="ban",
    ),
    Explained(
        "emotes_filters",
        "*",
        (
            "updateEmote",
            "renameEmote",
            "removeEmote",
            "emoteList",
            "addFilterSuccess",
            "updateChatFilter",
            "deleteChatFilter",
            "chatFilters",
        ),
        "emotes and filters are fixed in the lounge",
    ),
    Explained("emotes_filters", "*", ("errorMsg",), "as above", says='"alert": true'),
    Explained("emotes_filters", "*", ("chatMsg",), "as above: a filter of its own", "what the"),
    Explained(
        "admin",
        "*",
        ("announcement", "acp-gbanlist"),
        "site announcements and the administrators' panel belong to a website",
    ),
    Explained(
        "options_permissions",
        "*",
        ("setPermissions",),
        "the recorded server tells of a new item a moment later, and the change came between",
        says='"seeplaylist": 2',
    ),
    Explained(
        "queue_limits",
        "*",
        ("queueFail",),
        "the recorded server looks an item up before it adds it, and refuses others meanwhile",
        says="too quickly",
    ),
    Explained("media_types", "owner", ("queueWarn",), "nothing is looked up", says="blocked0001"),
    Explained(
        "media_types",
        "owner",
        ("setPlaylistMeta",),
        "the recorded list has items that must be looked up: they are in UNASKED",
    ),
    Explained(
        "channel_unloads",
        "owner-again",
        ("kick",),
        "rooms are unloaded by the administrators' panel of a website",
        says="shutting down",
    ),
    Explained("admin", "admin", ("rank",), "borrow-rank: the same panel"),
    Explained("admin", "*", ("setUserRank",), "borrow-rank: the same panel", '"admin"'),
]

SETTINGS: dict[str, dict[str, Any]] = {
    "chat_markup": {"chat_burst": 0},
    "connection_limit": {"connect_burst": 5, "connect_seconds": 1},
    "server_limits": {
        "connections_per_address": 2,
        "events_burst": 10,
        "events_per_second": 5,
    },
}
# What depends on a look-up: kinds that the lounge does not know, and links that lead nowhere.
UNASKED = {
    "media_types": (
        *("PLstub3", "sec00030P0", "12345", "x123abc", "abc12", "PLnone", "404"),
        *("missing0001", "noembed0001", "agelimit001", "quota000001"),
        *("gone.json", "html.json", "broken.json", "negative-3.json", "plain.txt", "nope.mp4"),
        *("soundcloud.com", "v123456", "FunnyClipName", "0B1234567890", "peertube.example"),
        *("abcdef", "artist;track", "user;video", "sm9"),
    )
}
PACE = {"flood": 1.0, "connection_limit": 0.1}
CUT = {"line_drops": frozenset({"Rosey"})}
SHARED_ADDRESS = {
    "login_errors": {"early2": "early1"},
    "connection_limit": {f"conn{number}": "conn1" for number in range(2, 9)},
    "server_limits": {"conn2": "conn1", "conn3": "conn1"},
}

SCENES = sorted(path.stem for path in CAPTURES.glob("*.jsonl"))
PLAYED = [scene for scene in SCENES if scene not in SKIPPED]


def settings_of(scene: str) -> LoungeSettings:
    names = ("owner", "moderator", "Rosey", "alice", "bob", "carol", "mallory", "admin")
    fresh = {"mallory": datetime.now(UTC) - timedelta(seconds=60)}
    return LoungeSettings(
        port=0,
        accounts=[
            Account(
                name=name,
                password=f"{name.lower()}-pass",
                global_rank=255 if name == "admin" else 1,
                registered_at=fresh.get(name),
            )
            for name in names
        ],
        rooms=[
            RoomSettings(name="lounge", ranks={"owner": 5, "moderator": 2, "Rosey": 3}),
            RoomSettings(name="lobby", ranks={"Rosey": 2}),
            RoomSettings(name="vault", ranks={"owner": 5, "moderator": 2}, password="opensesame"),
        ],
        guest_login_seconds=1,
        **SETTINGS.get(scene, {}),
    )


def addresses_of(scene: str, seats: list[str]) -> dict[str, str]:
    shared = SHARED_ADDRESS.get(scene, {})
    own = {seat: f"127.62.1.{number}" for number, seat in enumerate(seats, start=1)}
    return {seat: own[shared.get(seat, seat)] for seat in seats}


def explanation(scene: str, seat: str, frame: Seen) -> Explained | None:
    return next(
        (
            entry
            for entry in EXPLAINED
            if entry.scene == scene
            and entry.seat in ("*", seat)
            and frame.event in entry.events
            and entry.says in frame.payload
        ),
        None,
    )


def differences(expected: list[Seen], received: list[Seen]) -> list[tuple[str, Seen]]:
    matcher = difflib.SequenceMatcher(a=expected, b=received, autojunk=False)
    found: list[tuple[str, Seen]] = []
    for kind, a, a_end, b, b_end in matcher.get_opcodes():
        if kind != "equal":
            found += [("recorded only", frame) for frame in expected[a:a_end]]
            found += [("lounge only", frame) for frame in received[b:b_end]]
    return found


def test_every_capture_is_played_or_skipped_for_a_reason() -> None:
    index = json.loads((CAPTURES / "INDEX.json").read_text())
    assert sorted(entry["scene"] for entry in index) == SCENES
    assert set(SKIPPED) < set(SCENES)
    assert {entry.scene for entry in EXPLAINED} <= set(PLAYED)
    for scene, ids in UNASKED.items():
        recorded = (CAPTURES / f"{scene}.jsonl").read_text()
        assert [id for id in ids if id not in recorded] == []


class Backwards(Random):
    """The recorded shuffle of a list of three."""

    def shuffle(self, x: MutableSequence[Any]) -> None:
        x.reverse()


@pytest.mark.parametrize("name", PLAYED)
async def test_scene(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "_CHANCE", Backwards())
    scene = load(name, CUT.get(name, frozenset()), UNASKED.get(name, ()))
    clock = HandClock()
    lounge = Lounge(settings_of(name), clock)
    await lounge.start()
    try:
        received = await play(
            lounge.url,
            scene,
            addresses_of(name, list(scene.expected)),
            clock,
            connections=lambda: len(lounge._sessions),
            pace=PACE.get(name, 0),
            wait_seconds=WAIT_SECONDS,
            settled=lambda seat, frame: explanation(name, seat, frame) is not None,
        )
    finally:
        await lounge.stop()
    unexplained: list[str] = []
    used: set[Explained] = set()
    for seat, expected in scene.expected.items():
        for kind, frame in differences(expected, received[seat]):
            entry = explanation(name, seat, frame)
            if entry:
                used.add(entry)
            else:
                unexplained.append(f"{seat}: {kind}: {frame}")
    assert not unexplained, "\n".join([f"{name}:", *unexplained])
    unused = [entry for entry in EXPLAINED if entry.scene == name and entry not in used]
    assert not unused, f"nothing left to explain: {unused}"
