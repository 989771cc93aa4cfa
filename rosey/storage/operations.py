"""What is written about a room, as operations of a batch. Pure.

What adds up, or may be only once, carries a key made of the id of what it tells of, so that it
counts once in whatever batches it comes again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel

from rosey import ids
from rosey.events import Action, Message, Sent
from rosey.names import name_key

Operation = dict[str, Any]


class UserAction(BaseModel):
    """What somebody did besides talking; `kind` is join, leave, update or the like."""

    id: str
    channel: str
    username: str
    kind: str
    detail: str = ""
    at: AwareDatetime


def key(what: str, *parts: object) -> str:
    """An idempotency key."""
    return ids.derive("k", what, *parts)


def said(message: Message, keep_text: bool = True) -> list[Operation]:
    """A line of chat. Rosey's own count for nobody, and private ones are not written at all."""
    if message.pm:
        return []
    found = [_text_of(message)] if keep_text else []
    if message.own:
        return found
    person = met(message.id, message.channel, message.user.name, message.sent_at)
    person["update"]["$inc"] = {"lines": 1}
    room = _upsert("channels", {"channel": message.channel}, {"$inc": {"lines": 1}})
    return [*found, person, room | {"idempotency_key": key("room", message.id)}]


def talked(messages: Sequence[Message]) -> list[Operation]:
    """Many lines at once, none of which is written yet: what they say, and what they add up to.

    They have no keys: the lines themselves may each be there only once, and with them the rest.
    """
    if not messages:
        return []
    found: list[Operation] = [
        {"op": "insert", "table": "chat", "values": [_line(message) for message in messages]}
    ]
    people: dict[tuple[str, str], list[Message]] = {}
    rooms: dict[str, int] = {}
    for message in messages:
        if not message.own:
            who = (message.channel, name_key(message.user.name))
            people.setdefault(who, []).append(message)
            rooms[message.channel] = rooms.get(message.channel, 0) + 1
    found += [_talker(*who, lines) for who, lines in people.items()]
    found += [
        _upsert("channels", {"channel": room}, {"$inc": {"lines": lines}})
        for room, lines in rooms.items()
    ]
    return found


def _talker(channel: str, name: str, lines: Sequence[Message]) -> Operation:
    times = [message.sent_at for message in lines]
    update = {
        "$set": {"username": lines[-1].user.name},
        "$min": {"first_seen": min(times)},
        "$max": {"last_seen": max(times)},
        "$inc": {"lines": len(lines)},
    }
    return _upsert("users", {"channel": channel, "name_key": name}, update)


def met(id: str, channel: str, name: str, at: datetime) -> Operation:
    """Somebody was there at that time; `id` is that of the event that tells of it."""
    person = {"channel": channel, "name_key": name_key(name)}
    update = {"$set": {"username": name}, "$min": {"first_seen": at}, "$max": {"last_seen": at}}
    return _upsert("users", person, update) | {"idempotency_key": key("met", id, person)}


def did(action: UserAction) -> Operation:
    """An entry of the log of actions."""
    values = action.model_dump(exclude={"id"}) | {"action_id": action.id}
    return {
        "op": "insert",
        "table": "actions",
        "values": values,
        "idempotency_key": key("action", action.id),
    }


def sent(action: Action, at: datetime) -> list[Operation]:
    """Something Rosey is to do; private lines are not written at all."""
    if action.kind == "pm":
        return []
    values = {"channel": action.channel, "kind": action.kind, "text": action.text}
    return [_outbound("sent", action.id, values, at)]


def shown(sent: Sent) -> list[Operation]:
    """It was done. That it was to be done may be heard only later."""
    if sent.kind == "pm":
        return []
    values = {"channel": sent.channel, "kind": sent.kind, "sent_at": sent.sent_at}
    return [_outbound("shown", sent.action_id, values, sent.sent_at)]


def counted(channel: str, users: int, at: datetime) -> list[Operation]:
    """So many people were in the room; the last of a minute goes into its history."""
    room = {"channel": channel}
    minute = {**room, "at": at.replace(second=0, microsecond=0)}
    found = [
        _upsert("channels", room, {"$set": {"users": users}, "$max": {"users_at": at}}),
        _upsert("user_counts", minute, {"$set": {"users": users}}),
    ]
    if users:
        fewer = {**room, "$or": [{"peak_users": None}, {"peak_users": {"$lt": users}}]}
        peak = {"$set": {"peak_users": users, "peak_at": at}}
        found.append({"op": "update", "table": "channels", "filter": fewer, "update": peak})
    return found


def _text_of(message: Message) -> Operation:
    return {
        "op": "insert",
        "table": "chat",
        "values": _line(message),
        "idempotency_key": key("chat", message.id),
    }


def _line(message: Message) -> dict[str, Any]:
    """A row of `chat`."""
    return {
        "message_id": message.id,
        "channel": message.channel,
        "username": message.user.name,
        "text": message.text,
        "sent_at": message.sent_at,
        "own": message.own,
    }


def _outbound(what: str, action_id: str, values: Mapping[str, Any], at: datetime) -> Operation:
    update = {"$set": values, "$min": {"at": at}}
    operation = _upsert("outbound", {"action_id": action_id}, update)
    return operation | {"idempotency_key": key(what, action_id)}


def _upsert(table: str, filter: Mapping[str, Any], update: Mapping[str, Any]) -> Operation:
    return {"op": "update", "table": table, "filter": filter, "update": update, "upsert": True}
