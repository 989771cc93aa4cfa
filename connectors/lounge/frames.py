"""The shapes that a client's frames must have (PROTOCOL section 3)."""

from __future__ import annotations

from typing import Any

MISSING = object()
"""The payload of an event that came without one."""

SHAPES: dict[str, dict[str, str]] = {
    "chatMsg": {"msg": "string", "meta": "object,optional"},
    "pm": {"to": "string", "msg": "string", "meta": "object,optional"},
    "queue": {
        "id": "string,boolean",
        "type": "string",
        "pos": "string",
        "title": "string,boolean,optional",
        "duration": "number,optional",
        "temp": "boolean,optional",
    },
    "setTemp": {"uid": "number", "temp": "boolean"},
    "moveMedia": {"from": "number", "after": "string,number"},
    "assignLeader": {"name": "string"},
    "mediaUpdate": {
        "id": "string",
        "currentTime": "number",
        "paused": "boolean,optional",
        "type": "string,optional",
    },
    "clonePlaylist": {"name": "string"},
    "deletePlaylist": {"name": "string"},
    "queuePlaylist": {"name": "string", "pos": "string", "temp": "boolean,optional"},
    "newPoll": {
        "title": "string",
        "opts": "array",
        "obscured": "boolean",
        "timeout": "number,optional",
        "retainVotes": "boolean,optional",
    },
    "vote": {"option": "number"},
    "setChannelRank": {"name": "string", "rank": "number"},
    "unban": {"id": "number", "name": "string"},
    "searchMedia": {"query": "string", "source": "string,optional"},
    "uncache": {"id": "string"},
    "setChannelCSS": {"css": "string"},
    "setChannelJS": {"js": "string"},
    "setMotd": {"motd": "string"},
}


def problem(event: str, payload: Any) -> str | None:
    """What is wrong with the payload of a checked event, or None. Unchecked ones have no shape."""
    shape = SHAPES.get(event)
    if shape is None:
        return None
    if not isinstance(payload, dict):
        return f"Expected type object, got {type_name(payload)}"
    for key, types in shape.items():
        allowed = types.split(",")
        if key not in payload:
            if "optional" in allowed:
                continue
            return f"Missing key: {types}:{key}"
        found = type_name(payload[key])
        if found not in allowed:
            return f"Expected key {key} to be of type {types}, instead got {found}"
    for key in payload:
        if key not in shape:
            return f"Extra key: {key[:100]}"
    return None


def type_name(value: Any) -> str:
    """The type as JavaScript calls it."""
    if value is MISSING:
        return "undefined"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
