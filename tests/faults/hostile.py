"""Texts of ill will, and who watches what becomes of them on the bus and in the logs."""

import logging
import re
from collections.abc import Iterable
from typing import Any

from nats.aio.msg import Msg

from core import logs
from core.plugins import PLUGINS, ROOM, load
from rosey import channels, streams, subjects
from rosey.bus import Bus
from rosey.manifest import load_plugin
from tests.vectors import load as vectors

CONNECTION = "lounge"
CHANNEL = "lounge/lobby"
WORLD = ("dice", "trivia", ROOM.name)

FAKE_RECORD = "hello\n2026-01-01 00:00:00,000 ERROR core.router: all is lost"
NASTY = [
    FAKE_RECORD,
    "carriage\rreturn",
    "nul\x00byte",
    "bell\x07 and back\x08\x08\x08\x08space",
    "\x1b[2J\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "eight\x9b31mbit\x85next",
    "separators\u2028and\u2029more\x0b\x0c\x1c\x1d\x1e",
    "\u202egnp.exe \u2066isolated\u2069 \u200fmarks",
    "half \ud83d pair",
    "\ufeff\u200b\u2060",
    "rosey.command.dice.roll",
    "> * >. .* *.> foo.> a..b . ..",
    "$KV.rosey_plugins.dice",
    "$JS.API.STREAM.DELETE.EVENTS",
    "$SYS.REQ.SERVER.PING _INBOX.> \tPUB rosey.x 0",
    "x\r\nPUB rosey.events.message 2\r\n{}\r\n",
    "x\r\nNats-Msg-Id: forged\r\nNats-Rollup: all\r\n\r\n",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>&lt;b&gt;&amp;#60;i&#62;",
    '"><a href="javascript:alert(1)">click</a>',
    "[click](javascript:alert(1)) ![x](http://a.example/x) | a | b |",
    "[red]bold[/red] [/] [link=http://a.example]x[/link] :warning:",
    "https://a.example/<b>?x=\"'&y=1#`*_~~",
    "{0} {user} {user.__class__.__mro__} {{7*7}} ${7*7} #{7*7} <%= 7*7 %>",
    "%s %d %n %(message)s %",
    "${jndi:ldap://a.example/x} $(touch /tmp/x) `touch /tmp/x` ; touch /tmp/x | cat && ls",
    "../../../../etc/passwd %2e%2e%2f file:///etc/passwd C:\\con",
    "/kick alice",
    "/clear",
    " /ban alice",
    "words before\n/kick alice",
    "\u3000/clear",
    "!!roll !roll ! roll",
    ">green and >> more",
    "__proto__ constructor toString",
    'null true -1 1e999 NaN ["x"] {"a": 1}',
    "\ueeee place \ufffe \uffff",
    "🏳️‍🌈👩‍👩‍👧‍👦 ﷺﷺﷺ Z͑ͫ̓ͪa̴l͔g̵o",
    "word " * 100,
    "x" * 5_000,
    "/x" * 2_000,
]
PAYLOADS = [
    *(vector["in"]["stored_value"] for vector in vectors("injection_payloads", "stored_value")),
    *NASTY,
]

FAMILIES = ("chat", "pm", "user", "media", "playlist", "state", "error")
EVENTS = (
    subjects.MESSAGE,
    subjects.PM,
    subjects.USER_JOIN,
    subjects.USER_LEAVE,
    subjects.USER_UPDATE,
    subjects.MEDIA_CHANGE,
    subjects.MEDIA_END,
    subjects.PLAYLIST_CHANGE,
    subjects.CONNECTION_UP,
    subjects.CONNECTION_DOWN,
    subjects.SENT,
    subjects.REFUSED,
)
BUCKETS = (
    subjects.PLUGINS_BUCKET,
    subjects.LISTENING_BUCKET,
    subjects.CONNECTIONS_BUCKET,
    subjects.SETTINGS_BUCKET,
)
KEYS = {
    *WORLD,
    *map(subjects.in_force, WORLD),
    CONNECTION,
    f"{CONNECTION}.offer",
    f"trivia.{channels.token(CHANNEL)}",
}
REPLY = re.compile(r"rosey\.reply\.(dice|trivia|core)\.(r-c|a)-[0-9a-f]{20}")
# What a client and the server say to each other about streams, consumers and answers.
TALK = re.compile(r"(\$JS\.(API|ACK|EVENT)|_INBOX)\.")
NUMBER_OR_ID = re.compile(r"[0-9]+|[A-Za-z0-9]{6,32}|(r-c|a|c)-[0-9a-f]{20}")


def _ours() -> set[str]:
    """Every subject with our own words in it that these processes have."""
    found = {*EVENTS, subjects.send(CONNECTION)}
    found |= {subjects.raw(CONNECTION, family) for family in FAMILIES}
    found |= {subjects.dead(streams.SENDS), subjects.database("row", "trivia", "batch")}
    for bucket in BUCKETS:
        found |= {f"$KV.{bucket}.{key}" for key in KEYS}
        found |= {subjects.kept(bucket, key) for key in KEYS}
    for name in WORLD:
        manifest = ROOM if name == ROOM.name else load_plugin(PLUGINS / name)
        found |= {subjects.execute(name), subjects.result(name)}
        actions = [*load(manifest.entry).handlers, "answer"]
        found |= {subjects.command(name, action) for action in actions}
        for event in (*manifest.events, "command_succeeded", "command_failed"):
            found |= {subjects.event(name, event), f"rosey.plugins.{name}.{event}"}
    return found


OURS = _ours()
_API_WORDS = "$JS API ACK EVENT ADVISORY METRIC INFO STREAM CONSUMER MSG NEXT GET DIRECT NAMES LIST"
WORDS = {
    *_API_WORDS.split(),
    *("CREATE", "DURABLE", "DELETE", "MAX_DELIVERIES", "MSG_TERMINATED", "MSG_NAKED", "$KV", ">"),
    *("CREATED", "UPDATED", "ACTION", "UPDATE", "_INBOX", "API_AUDIT", "TERMINATED", "*"),
    *(streams.EVENTS, streams.SENDS, streams.DEAD, streams.LIFECYCLE),
    *(
        streams.SECURITY,
        streams.MONITORING,
        "router",
        "heard",
        "manager",
        f"send-{CONNECTION}",
        "send-fake",
    ),
    *(kind(name) for kind in (streams.commands_of, streams.replies_of) for name in WORLD),
    *(streams.events_of(name) for name in WORLD),
    *(f"KV_{bucket}" for bucket in BUCKETS),
    *(token for subject in OURS for token in subject.split(".")),
    "reply",
    "dead",
}


def is_known(subject: str) -> bool:
    """Whether a subject is one of ours, or talk about them, in words that are all known."""
    if subject in OURS or REPLY.fullmatch(subject):
        return True
    words = subject.split(".")
    return bool(TALK.match(subject)) and all(
        word in WORDS or NUMBER_OR_ID.fullmatch(word) for word in words
    )


class Watch:
    """Hears everything on the bus."""

    def __init__(self) -> None:
        self.subjects: set[str] = set()
        self.heard: list[tuple[str, bytes]] = []

    async def open(self, bus: Bus) -> None:
        self._subscription = await bus.client.subscribe(
            ">", cb=self._hear, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        await bus.client.flush()

    async def close(self) -> None:
        """Hears no more. To the server who hears everything waits at every old inbox too."""
        await self._subscription.unsubscribe()

    async def _hear(self, msg: Msg) -> None:
        self.subjects.add(msg.subject)
        # What a stream hands to a consumer has the subject that it was stored under.
        if msg.subject.startswith("rosey.") and not msg.reply.startswith("$JS.ACK."):
            self.heard.append((msg.subject, msg.data))

    def strange(self) -> list[str]:
        return sorted(subject for subject in self.subjects if not is_known(subject))

    def on(self, subject: str) -> list[bytes]:
        return [data for each, data in self.heard if each == subject]


async def strange_keys(bus: Bus) -> set[str]:
    """Keys in the buckets that nobody of ours makes."""
    found = [key for bucket in BUCKETS for key in await bus.bucket(bucket).keys()]
    assert found
    return set(found) - KEYS


def as_written(record: logging.LogRecord) -> str:
    """The record as a process of Rosey's writes it."""
    return logs.OneLine(logs.FORMAT).format(record)


def is_one_plain_line(text: str) -> bool:
    """No end of a line, no control character, nothing that turns text around."""
    unfit = ("\u2028", "\u2029", "\u061c", "\u200e", "\u200f")
    return not any(
        ord(char) < 32
        or 0x7F <= ord(char) < 0xA0
        or 0x202A <= ord(char) <= 0x202E
        or 0x2066 <= ord(char) <= 0x2069
        or 0xD800 <= ord(char) <= 0xDFFF
        or char in unfit
        for char in text
    )


def bad_records(records: Iterable[logging.LogRecord], *expected: str) -> list[Any]:
    """Records that are not one plain line, and failures that were not `expected`."""
    written = [(record, as_written(record)) for record in records]
    return [
        (record.name, text)
        for record, text in written
        if not is_one_plain_line(text)
        or record.exc_info
        or (record.levelno >= logging.ERROR and not any(part in text for part in expected))
    ]


# --- what a server of ill will sends ---


def frames_with(text: str) -> list[tuple[str, Any]]:
    """Frames with the text wherever a server can put one; none of them is a line."""
    person = {"name": text, "rank": 1, "meta": {"afk": False, "muted": False}}
    film = {"id": text, "title": text, "seconds": 1, "type": text}
    return [
        ("addUser", person),
        ("setUserRank", {"name": text, "rank": 2}),
        ("setUserMeta", {"name": text, "meta": {"afk": True}}),
        ("setAFK", {"name": text, "afk": False}),
        ("setLeader", text),
        ("setMotd", text),
        ("changeMedia", {**film, "currentTime": 0, "paused": False}),
        ("queue", {"item": {"media": film, "uid": 1, "queueby": text}, "after": text}),
        ("playlist", [{"media": film, "uid": 1, "queueby": text}]),
        ("announcement", {"from": text, "title": text, "text": text}),
        ("newPoll", {"title": text, "options": [text], "counts": [0], "initiator": text}),
        ("channelOpts", {text: text, "password": text}),
        ("setPermissions", {"chat": 0, text: 1}),
        ("emoteList", [{"name": text, "image": text, "source": text}]),
        ("partitionChange", {"servers": [{"url": f"not {text}"}]}),
        (f"x{text}", {text: [text]}),
        ("chatMsg", {"username": [text], "msg": text, "time": 1}),
        ("chatMsg", {"username": text, "msg": {text: text}, "time": text}),
        ("pm", {"username": text, "msg": text, "to": None, "time": 1}),
        ("userlist", {text: text}),
        ("rank", text),
        ("setUserRank", text),
        ("userLeave", {"name": text}),
    ]


def refusals_with(text: str) -> list[tuple[str, Any]]:
    """Frames by which a server does not take a line."""
    return [
        ("errorMsg", {"msg": f"PM failed: {text}"}),
        ("noflood", {"action": "chat", "msg": text}),
        ("spamFiltered", {"reason": text}),
    ]


DEEP = '2["chatMsg",' + "[" * 5_000 + "]" * 5_000 + "]"
HUGE = "x" * 2_000_000
