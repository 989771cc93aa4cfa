"""What a server keeps, in memory: streams with their durables, buckets, and who listens.

Limits of size and age are not kept.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import dataclass, field
from random import choice
from typing import Protocol

from nats.js.api import Header, PubAck, StreamConfig

from rosey.bus.bucket import Heard
from rosey.bus.consumer import Word
from rosey.bus.incoming import Incoming
from rosey.streams import ConsumerSpec
from rosey.subjects import matches
from rosey.testing.matching import republished


def after(delay: float, action: Callable[[], None]) -> asyncio.TimerHandle:
    """In nobody's context, as what comes from another process."""
    return asyncio.get_running_loop().call_later(delay, action, context=Context())


@dataclass
class Kept:
    """A message of a stream."""

    seq: int
    subject: str
    data: bytes
    headers: dict[str, str]


class Taker(Protocol):
    """One who takes from a durable."""

    def take(self, kept: Kept, tries: int) -> None: ...


@dataclass
class InHand:
    """Handed out and not yet acknowledged."""

    tries: int
    timer: asyncio.TimerHandle


class Durable:
    """A consumer's place in a stream, shared by all who take from it."""

    def __init__(self, stream: "Stream", spec: ConsumerSpec, seen: int = 0) -> None:
        self.stream = stream
        self.spec = spec
        self.takers: deque[Taker] = deque()
        self._seen = seen
        self._in_hand: dict[int, InHand] = {}
        self._again: deque[int] = deque()

    @property
    def is_settled(self) -> bool:
        """Whether all that the stream has for it is acknowledged."""
        return not self._in_hand and not any(self._wants(kept) for kept in self._unseen())

    def _unseen(self) -> Iterator[Kept]:
        return itertools.islice(self.stream.messages, self._seen, None)

    def _wants(self, kept: Kept) -> bool:
        return any(matches(pattern, kept.subject) for pattern in self.spec.subjects)

    def wake(self) -> None:
        """Hands out what is due as soon as the one who speaks is done."""
        after(0.0, self._hand_out)

    def answer(self, reply: str, word: Word, delay: float) -> None:
        seq, _, tries = reply.partition(" ")
        held = self._in_hand.get(int(seq))
        if held is None:
            return
        if word in ("+ACK", "+TERM"):
            held.timer.cancel()
            del self._in_hand[int(seq)]
            if int(seq) in self._again:
                self._again.remove(int(seq))
            self.wake()
        elif held.tries == int(tries) and int(seq) not in self._again:
            held.timer.cancel()
            held.timer = self._later(int(seq), self.spec.ack_wait if word == "+WPI" else delay)

    def _later(self, seq: int, delay: float) -> asyncio.TimerHandle:
        return after(delay, lambda: self._overdue(seq))

    def _overdue(self, seq: int) -> None:
        self._again.append(seq)
        self._hand_out()

    def _hand_out(self) -> None:
        while self.takers and (seq := self._due()) is not None:
            held = self._in_hand.get(seq)
            tries = held.tries + 1 if held else 1
            self._in_hand[seq] = InHand(tries, self._later(seq, self.spec.ack_wait))
            self.takers[0].take(self.stream.messages[seq - 1], tries)
            self.takers.rotate(-1)

    def _due(self) -> int | None:
        if self._again:
            return self._again.popleft()
        if len(self._in_hand) >= self.spec.at_once:
            return None
        for kept in self._unseen():
            self._seen = kept.seq
            if self._wants(kept):
                return kept.seq
        return None


@dataclass
class Stream:
    """Messages in order, each id once."""

    config: StreamConfig
    messages: list[Kept] = field(default_factory=list)
    durables: dict[str, Durable] = field(default_factory=dict)
    _ids: dict[str, tuple[int, float]] = field(default_factory=dict)

    def holds(self, subject: str) -> bool:
        return any(matches(pattern, subject) for pattern in self.config.subjects or ())

    def keep(self, subject: str, data: bytes, headers: dict[str, str]) -> PubAck:
        name, now = self.config.name or "", asyncio.get_running_loop().time()
        id = headers.get(Header.MSG_ID)
        if id is not None:
            seq, at = self._ids.get(id, (0, 0.0))
            if seq and now - at < (self.config.duplicate_window or 0.0):
                return PubAck(stream=name, seq=seq, duplicate=True)
            self._ids[id] = (len(self.messages) + 1, now)
        self.messages.append(Kept(len(self.messages) + 1, subject, data, dict(headers)))
        for durable in self.durables.values():
            durable.wake()
        return PubAck(stream=name, seq=len(self.messages))


@dataclass
class Values:
    """A bucket: values, when each is over, and who is told. `ttl` is for all."""

    ttl: float | None = None
    values: dict[str, bytes] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    listeners: list[Heard] = field(default_factory=list)
    _timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)

    def write(self, key: str, value: bytes | None, ttl: float | None = None) -> None:
        if timer := self._timers.pop(key, None):
            timer.cancel()
        self.revisions[key] = self.revisions.get(key, 0) + 1
        if value is None:
            self.values.pop(key, None)
        else:
            self.values[key] = value
            if lasts := ttl or self.ttl:
                self._timers[key] = after(lasts, lambda: self.write(key, None))
        for heard in list(self.listeners):
            after(0.0, lambda heard=heard: heard(key, value))  # type: ignore[misc]


class Listener(Protocol):
    """A subscription; those of one `queue` share what they hear."""

    subject: str
    queue: str

    def hear(self, incoming: Incoming) -> None: ...


class Memory:
    """A server's worth of it; what several MemoryBuses share."""

    def __init__(self) -> None:
        self.streams: dict[str, Stream] = {}
        self.buckets: dict[str, Values] = {}
        self.listeners: list[Listener] = []

    def send(
        self, subject: str, data: bytes, headers: dict[str, str] | None, reply: str = ""
    ) -> tuple[bool, PubAck | None]:
        """Whether anybody heard it, and where it is kept."""
        heard = self._tell(Incoming(subject, data, reply, dict(headers or {})))
        stream = next((one for one in self.streams.values() if one.holds(subject)), None)
        if stream is None:
            return heard, None
        ack = stream.keep(subject, data, headers or {})
        rule = stream.config.republish
        if rule and not ack.duplicate and (second := republished(rule, subject)):
            origin = {"Nats-Stream": ack.stream, "Nats-Subject": subject}
            origin["Nats-Sequence"] = str(ack.seq)
            self._tell(Incoming(second, data, "", (headers or {}) | origin))
        return True, ack

    def _tell(self, incoming: Incoming) -> bool:
        groups: dict[str, list[Listener]] = {}
        listening = [one for one in self.listeners if matches(one.subject, incoming.subject)]
        for listener in listening:
            if listener.queue:
                groups.setdefault(listener.queue, []).append(listener)
            else:
                listener.hear(incoming)
        for members in groups.values():
            choice(members).hear(incoming)
        return bool(listening)
