"""What may happen in a room, as events with ids of their own."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from core.recorder.facts import Fact
from rosey import ids, subjects
from rosey.events import (
    Action,
    ConnectionEvent,
    Media,
    MediaEvent,
    Message,
    Sent,
    User,
    UserEvent,
)

ROOM = "lounge/lobby"
BEGIN = datetime(2026, 5, 3, 12, 0, 0, 250_000, UTC)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def line(text: str, user: str = "bob", seconds: float = 0, **more: bool) -> Fact:
    sent_at = at(seconds)
    message = Message(
        id=ids.message_id(ROOM, sent_at, user, text),
        channel=ROOM,
        user=User(name=user),
        text=text,
        sent_at=sent_at,
        **more,
    )
    return Fact(subjects.PM if message.pm else subjects.MESSAGE, message)


def came(user: str, seconds: float) -> Fact:
    return _person(subjects.USER_JOIN, User(name=user), seconds)


def left(user: str, seconds: float) -> Fact:
    return _person(subjects.USER_LEAVE, User(name=user), seconds)


def changed(user: User, seconds: float) -> Fact:
    return _person(subjects.USER_UPDATE, user, seconds)


def up(seconds: float, users: Iterable[str] = (), name: str = "Rosey") -> Fact:
    there = [User(name=each) for each in (name, *users)]
    return _connection(subjects.CONNECTION_UP, seconds, name=name, users=there)


def down(seconds: float) -> Fact:
    return _connection(subjects.CONNECTION_DOWN, seconds)


def plays(title: str, seconds: float) -> Fact:
    event = MediaEvent(
        id=ids.derive("u", title, seconds),
        channel=ROOM,
        at=at(seconds),
        media=Media(type="yt", id="x", title=title),
    )
    return Fact(subjects.MEDIA_CHANGE, event)


def to_say(id: str, text: str, kind: str = "say") -> Fact:
    to = "bob" if kind == "pm" else ""
    return Fact(subjects.send("lounge"), Action(id=id, channel=ROOM, kind=kind, text=text, to=to))


def was_said(id: str, seconds: float, kind: str = "say") -> Fact:
    sent = Sent(action_id=id, channel=ROOM, sent_at=at(seconds), kind=kind)
    return Fact(subjects.SENT, sent)


def id_of(fact: Fact) -> str:
    return str(getattr(fact.event, "id", "") or getattr(fact.event, "action_id", ""))


def _person(subject: str, user: User, seconds: float) -> Fact:
    event_id = ids.derive("u", subject, user.name, seconds)
    return Fact(subject, UserEvent(id=event_id, channel=ROOM, user=user, at=at(seconds)))


def _connection(subject: str, seconds: float, **more: object) -> Fact:
    event_id = ids.derive("u", subject, ROOM, seconds)
    event = {"id": event_id, "channel": ROOM, "at": at(seconds), "reason": "so", **more}
    return Fact(subject, ConnectionEvent.model_validate(event))
