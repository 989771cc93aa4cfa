"""Every stream and bucket in one place: limits retention, bounded, remembering ids 15 minutes."""

from collections.abc import Iterable

from nats.js import JetStreamContext
from nats.js.api import (
    DiscardPolicy,
    KeyValueConfig,
    RePublish,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import BadRequestError

from rosey import subjects

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MEBIBYTE = 1024 * 1024
DUPLICATE_WINDOW = 15 * MINUTE

EVENTS = "EVENTS"
SENDS = "SENDS"
LIFECYCLE = "LIFECYCLE"
DEAD = "DEAD"


def commands_of(plugin: str) -> str:
    return f"COMMANDS_{plugin}"


def replies_of(plugin: str) -> str:
    return f"REPLIES_{plugin}"


def events_of(plugin: str) -> str:
    return f"EVENTS_{plugin}"


def _stream(
    name: str,
    subject: str,
    *,
    age: float,
    discard: DiscardPolicy,
    size: int = 64 * MEBIBYTE,
    republish: RePublish | None = None,
) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=[subject],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        max_age=age,
        max_bytes=size,
        discard=discard,
        duplicate_window=DUPLICATE_WINDOW,
        republish=republish,
        allow_direct=True,
    )


def core_streams() -> list[StreamConfig]:
    return [
        _stream(EVENTS, "rosey.events.>", age=DAY, discard=DiscardPolicy.OLD, size=256 * MEBIBYTE),
        _stream(SENDS, subjects.send("*"), age=DUPLICATE_WINDOW, discard=DiscardPolicy.NEW),
        _stream(LIFECYCLE, "plugin.*", age=DAY, discard=DiscardPolicy.OLD, size=16 * MEBIBYTE),
        _stream(DEAD, "rosey.dead.>", age=30 * DAY, discard=DiscardPolicy.OLD),
    ]


def plugin_streams(plugin: str) -> list[StreamConfig]:
    republished = RePublish(src=f"{plugin}.*", dest=f"rosey.plugins.{plugin}.{{{{wildcard(1)}}}}")
    return [
        _stream(
            commands_of(plugin),
            f"rosey.command.{plugin}.*",
            age=DUPLICATE_WINDOW,
            discard=DiscardPolicy.NEW,
        ),
        _stream(
            replies_of(plugin),
            f"rosey.reply.{plugin}.*",
            age=DUPLICATE_WINDOW,
            discard=DiscardPolicy.NEW,
        ),
        _stream(
            events_of(plugin),
            f"{plugin}.*",
            age=DAY,
            discard=DiscardPolicy.OLD,
            republish=republished,
        ),
    ]


def buckets() -> list[KeyValueConfig]:
    """Presence and connections are small and rewritten; an open question lives for an hour."""
    return [
        KeyValueConfig(bucket=subjects.PLUGINS_BUCKET, history=1, max_bytes=8 * MEBIBYTE),
        KeyValueConfig(
            bucket=subjects.LISTENING_BUCKET, history=1, ttl=HOUR, max_bytes=8 * MEBIBYTE
        ),
        KeyValueConfig(bucket=subjects.CONNECTIONS_BUCKET, history=1, max_bytes=8 * MEBIBYTE),
    ]


async def declare(js: JetStreamContext, plugins: Iterable[str] = ()) -> None:
    """Creates what is missing and changes what differs; needs no deletion, may run twice."""
    wanted = core_streams()
    for plugin in plugins:
        wanted += plugin_streams(plugin)
    for config in wanted:
        try:
            await js.add_stream(config)
        except BadRequestError:
            await js.update_stream(config)
    for bucket in buckets():
        try:
            await js.create_key_value(bucket)
        except BadRequestError:
            continue  # it stands already, with other limits; the operator's choice is kept
