"""Every stream, bucket and consumer in one place.

Streams have limits retention, are bounded, and remember ids for 15 minutes.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    KeyValueConfig,
    RePublish,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import BadRequestError

from rosey import subjects
from rosey.room_commands import CORE, MANAGER_ACTIONS, RECORDER_ACTIONS

PLUGIN_NAME = re.compile(r"[a-z][a-z0-9]*")
MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MEBIBYTE = 1024 * 1024
DUPLICATE_WINDOW = 15 * MINUTE

EVENTS = "EVENTS"
SENDS = "SENDS"
LIFECYCLE = "LIFECYCLE"
SECURITY = "SECURITY"
MONITORING = "MONITORING"
DEAD = "DEAD"
# Not acknowledged in this time, a message goes to another process; what is worked on is extended.
COMMANDS_ACK_WAIT = 1.5
SENDS_ACK_WAIT = 2.0
ROUTER_ACK_WAIT = 5.0
RECORDER_ACK_WAIT = 2.0
MOST_TRIES = 5


@dataclass(frozen=True)
class ConsumerSpec:
    """A durable consumer: `ack_wait` in seconds, at most `at_once` messages in hand.

    What was delivered more than `most_tries` times is set aside; 0 is no limit. With `only_new`
    nothing is delivered that was there before the consumer.
    """

    stream: str
    durable: str
    subjects: tuple[str, ...]
    ack_wait: float = 5.0
    at_once: int = 256
    most_tries: int = MOST_TRIES
    only_new: bool = False

    @property
    def config(self) -> ConsumerConfig:
        return ConsumerConfig(
            durable_name=self.durable,
            filter_subjects=list(self.subjects),
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=self.ack_wait,
            max_ack_pending=self.at_once,
            deliver_policy=DeliverPolicy.NEW if self.only_new else DeliverPolicy.ALL,
        )


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
        _stream(SECURITY, "rosey.security.>", age=30 * DAY, discard=DiscardPolicy.OLD),
        _stream(MONITORING, "rosey.monitoring.>", age=DAY, discard=DiscardPolicy.OLD),
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


def owner(found: StreamConfig) -> str | None:
    """The plugin whose stream it is; None for every other stream, whatever it is called."""
    plugin = (found.name or "").partition("_")[2]
    if not PLUGIN_NAME.fullmatch(plugin):
        return None
    own = {each.name: each for each in plugin_streams(plugin)}.get(found.name)
    if own is None or found.subjects != own.subjects or _told(found) != _told(own):
        return None
    return plugin


def _told(config: StreamConfig) -> tuple[str | None, str | None] | None:
    """From where to where the server tells again what comes in."""
    return (config.republish.src, config.republish.dest) if config.republish else None


def buckets() -> list[KeyValueConfig]:
    """All are small and rewritten; an open question lives for an hour."""
    return [
        _bucket(subjects.PLUGINS_BUCKET),
        _bucket(subjects.CONNECTIONS_BUCKET),
        _bucket(subjects.LISTENING_BUCKET, ttl=HOUR),
        _bucket(subjects.SETTINGS_BUCKET),
    ]


def _bucket(name: str, ttl: float | None = None) -> KeyValueConfig:
    """The server tells who listens of every change, also when a value's time is over."""
    return KeyValueConfig(
        name,
        history=1,
        ttl=ttl,
        max_bytes=8 * MEBIBYTE,
        direct=True,
        limit_marker_ttl=MINUTE,
        republish=RePublish(src=f"$KV.{name}.>", dest=subjects.kept(name, ">")),
    )


def commands_consumer(plugin: str) -> ConsumerSpec:
    """A plugin's processes share its commands."""
    actions = RECORDER_ACTIONS if plugin == CORE else ("*",)
    heard = tuple(subjects.command(plugin, action) for action in actions)
    return ConsumerSpec(commands_of(plugin), plugin, heard, COMMANDS_ACK_WAIT)


def manager_consumer() -> ConsumerSpec:
    """The room's own commands that are about plugins."""
    heard = tuple(subjects.command(CORE, action) for action in MANAGER_ACTIONS)
    return ConsumerSpec(commands_of(CORE), "manager", heard, COMMANDS_ACK_WAIT)


def replies_consumer(plugin: str) -> ConsumerSpec:
    """The routers share the replies of each plugin."""
    return ConsumerSpec(
        replies_of(plugin), "router", (subjects.reply(plugin, "*"),), ROUTER_ACK_WAIT
    )


def events_consumer() -> ConsumerSpec:
    """The routers share what is said, and what was shown."""
    heard = (subjects.MESSAGE, subjects.PM, subjects.SENT)
    return ConsumerSpec(EVENTS, "router", heard, ROUTER_ACK_WAIT)


def heard_consumer() -> ConsumerSpec:
    """The routers share what happens in rooms besides talk, for the plugins that hear it."""
    heard = (
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
    return ConsumerSpec(EVENTS, "heard", heard, ROUTER_ACK_WAIT)


def told_consumer(plugin: str, events: Iterable[str]) -> ConsumerSpec:
    """The routers share what a plugin tells of, for the other plugins that hear it."""
    heard = tuple(subjects.event(plugin, name) for name in sorted(events))
    return ConsumerSpec(events_of(plugin), "heard", heard, ROUTER_ACK_WAIT, only_new=True)


def sends_consumer(connection: str) -> ConsumerSpec:
    """One action at a time, so that after a crash the line under way comes before later ones.

    It waits for as long as the room is away, however often it is handed out meanwhile.
    """
    heard = (subjects.send(connection),)
    return ConsumerSpec(SENDS, f"send-{connection}", heard, SENDS_ACK_WAIT, at_once=1, most_tries=0)


def recorded_events() -> ConsumerSpec:
    """What becomes of rooms' memory; never private lines.

    It waits for as long as the database is away, however often it is handed out meanwhile.
    """
    heard = (
        subjects.MESSAGE,
        subjects.USER_JOIN,
        subjects.USER_LEAVE,
        subjects.USER_UPDATE,
        subjects.MEDIA_CHANGE,
        subjects.CONNECTION_UP,
        subjects.CONNECTION_DOWN,
        subjects.SENT,
    )
    return ConsumerSpec(EVENTS, "recorder", heard, RECORDER_ACK_WAIT, most_tries=0)


def recorded_sends() -> ConsumerSpec:
    """What Rosey is to say, for the same memory."""
    heard = (subjects.send("*"),)
    return ConsumerSpec(SENDS, "recorder", heard, RECORDER_ACK_WAIT, most_tries=0)


def wanted_streams(plugins: Iterable[str]) -> list[StreamConfig]:
    return core_streams() + [config for plugin in plugins for config in plugin_streams(plugin)]


def wanted_consumers(plugins: Iterable[str], connections: Iterable[str]) -> list[ConsumerSpec]:
    consumers = [events_consumer(), heard_consumer(), recorded_events(), recorded_sends()]
    consumers += [sends_consumer(connection) for connection in connections]
    for plugin in plugins:
        consumers += [commands_consumer(plugin), replies_consumer(plugin)]
        if plugin == CORE:
            consumers.append(manager_consumer())
    return consumers


async def declare(
    js: JetStreamContext, plugins: Sequence[str] = (), connections: Sequence[str] = ()
) -> None:
    """Creates what is missing and changes what differs; needs no deletion, may run twice."""
    for config in wanted_streams(plugins):
        await _stream_as(js, config)
    for bucket in buckets():
        await _bucket_as(js, bucket)
    # Last: who finds his consumer finds everything.
    for spec in wanted_consumers(plugins, connections):
        await js.add_consumer(spec.stream, spec.config)


async def _stream_as(js: JetStreamContext, config: StreamConfig) -> None:
    try:
        await js.add_stream(config)
    except BadRequestError:
        await js.update_stream(config)


async def _bucket_as(js: JetStreamContext, config: KeyValueConfig) -> None:
    try:
        await js.create_key_value(config)
    except BadRequestError:
        known = (await js.stream_info(f"KV_{config.bucket}")).config
        await js.update_stream(
            known.evolve(
                max_age=config.ttl or 0.0,
                max_bytes=config.max_bytes,
                max_msgs_per_subject=config.history,
                allow_direct=True,
                allow_msg_ttl=True,
                subject_delete_marker_ttl=config.limit_marker_ttl,
                republish=config.republish,
            )
        )
