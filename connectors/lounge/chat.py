"""Chat lines and private messages (PROTOCOL sections 7 and 8)."""

from __future__ import annotations

import re
import time
from typing import Any

from connectors.lounge import commands, text
from connectors.lounge.house import House
from connectors.lounge.limits import Rate
from connectors.lounge.names import valid_user
from connectors.lounge.permissions import MODERATOR, SITE
from connectors.lounge.room import Room, now_ms
from connectors.lounge.session import Session

Meta = dict[str, Any]

MUTED = "You have been muted on this channel."
_SHOUT: tuple[float, Meta] = (
    1.5,
    {"addClass": "shout", "addClassToNameAndTimestamp": True, "forceShowName": True},
)
_SITE_FLAIR = {"labelclass": "label-danger", "icon": "glyphicon-globe"}
_STYLES: dict[str, tuple[float, Meta]] = {
    "me": (0, {"addClass": "action", "action": True}),
    "sp": (0, {"addClass": "spoiler"}),
    "say": _SHOUT,
    "shout": _SHOUT,
    "rcv": _SHOUT,
    "a": (SITE, {"superadminflair": _SITE_FLAIR, "forceShowName": True}),
}
_DRINK = re.compile(r"/d(-?[0-9]*)")
_MOST_DRINKS = 10_000


def chat_msg(house: House, session: Session, data: dict[str, Any]) -> None:
    room = _room(session)
    if not room.may(session, "chat"):
        return
    msg = text.whole(data["msg"], house.settings.chat_length)
    if _too_new(house, session, room, msg):
        return
    if not room.options["allow_ascii_control"]:
        msg = text.without_controls(msg)
    if text.blank(msg) or not session.name:
        return
    meta = _flair(session, data)
    if msg.startswith("/d") and room.may(session, "drink"):
        called = _drink(room, msg, meta)
        if called is None:
            return
        msg = called
    speak(house, session, msg, meta)


def speak(house: House, session: Session, msg: str, meta: Meta) -> None:
    """A line that passed the first checks, or what /me and its like left of one."""
    room = _room(session)
    if "/afk" not in msg:
        room.set_afk(session, False)
    if _too_fast(session, _rate(house, session, room)):
        return
    if msg.startswith(">"):
        meta["addClass"] = "greentext"
    if msg.startswith("/"):
        word, _, rest = msg[1:].partition(" ")
        if word in _STYLES:
            _speak_in_style(house, session, word, rest, meta)
            return
        command = commands.COMMANDS.get(word)
        if command:
            command(house, session, rest)
            return
    if session.muted and not session.shadow:
        session.send("noflood", {"action": "chat", "msg": MUTED})
        return
    line = {
        "username": session.name,
        "msg": _html(room, msg),
        "meta": meta,
        "time": now_ms(),
    }
    if session.shadow:
        _say_in_shadow(room, line)
    else:
        room.say(line)


def _speak_in_style(house: House, session: Session, word: str, rest: str, meta: Meta) -> None:
    least, look = _STYLES[word]
    if session.rank >= least:
        speak(house, session, rest, meta | look)


def pm(house: House, session: Session, data: dict[str, Any]) -> None:
    room = _room(session)
    if not session.name:
        session.error("You must be signed in to send PMs")
        return
    to = data["to"][:100].lower()
    if to == session.key:
        session.error("You can't PM yourself!")
        return
    if not valid_user(to):
        session.error(f"PM failed: {to} isn't a valid username.")
        return
    msg = text.whole(data["msg"], house.settings.chat_length)
    if _too_new(house, session, room, msg) or _too_fast(session, house.chat_rate):
        return
    receiver = room.find(to)
    if receiver is None:
        session.error(f"PM failed: {to} isn't connected to this channel.")
        return
    meta = _flair(session, data)
    if msg.startswith(">"):
        meta["addClass"] = "greentext"
    line = {
        "username": session.name,
        "msg": _html(room, msg),
        "meta": meta,
        "time": now_ms(),
        "to": receiver.name,
    }
    room.broadcast("pm", line, to=(receiver, session))


def _room(session: Session) -> Room:
    assert session.room is not None
    return session.room


def _html(room: Room, msg: str) -> str:
    """Unregistered rooms have no filters, but links."""
    return text.render(msg, filters=room.registered, links=bool(room.options["enable_link_regex"]))


def _flair(session: Session, data: dict[str, Any]) -> Meta:
    """Of what a client sends only a moderator's own rank counts."""
    flair = (data.get("meta") or {}).get("modflair")
    if session.rank >= MODERATOR and flair == session.rank and not isinstance(flair, bool):
        return {"modflair": flair}
    return {}


def _rate(house: House, session: Session, room: Room) -> Rate | None:
    if room.options["chat_antiflood"] and not session.is_moderator():
        guard = room.options["chat_antiflood_params"]
        return Rate(guard["burst"], guard["sustained"], guard["cooldown"])
    return house.chat_rate


def _too_fast(session: Session, rate: Rate | None) -> bool:
    if rate is None or not session.chat_limit.refuses(rate, time.monotonic()):
        return False
    session.cooldown(rate.wait_ms)
    return True


def _too_new(house: House, session: Session, room: Room, msg: str) -> bool:
    delay = room.options["new_user_chat_delay"]
    link_delay = room.options["new_user_chat_link_delay"]
    if not (delay or link_delay) or session.is_moderator():
        return False
    known = house.seen_since(session)
    if known < delay:
        reason = "NEW_USER_CHAT"
    elif known < link_delay and text.has_link(msg):
        reason = "NEW_USER_CHAT_LINK"
    else:
        return False
    session.send("spamFiltered", {"reason": reason})
    return True


def _drink(room: Room, msg: str, meta: Meta) -> str | None:
    """What is shown of a drink call, or None. `/d3 cheers` counts three, `/d-1` takes one back."""
    called = _DRINK.match(msg)
    count, shown = 1, msg[2:].strip() + " drink!"
    if called and called[1].lstrip("-"):
        count = int(called[1])
        if abs(count) > _MOST_DRINKS:
            return None
        rest = msg[called.end() :].strip()
        shown = f"{rest} drink! (x{count})" if rest or count > 0 else ""
    room.drinks += count
    room.broadcast("drinkCount", room.drinks)
    if not shown:
        return None
    meta["addClass"] = "drink"
    meta["forceShowName"] = True
    return shown


def _say_in_shadow(room: Room, line: dict[str, Any]) -> None:
    """The sender, other shadow-muted people and the anonymous see nothing unusual."""
    moderators = room.at_least(MODERATOR)
    others = [who for who in room.members if who not in moderators and (who.shadow or not who.name)]
    room.broadcast("chatMsg", line, to=others)
    room.broadcast("chatMsg", line | {"meta": line["meta"] | {"shadow": True}}, to=moderators)
