"""The room as its frames tell it: a pure reducer from frames to state and normalized events."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import JsonValue, ValidationError

from connectors.cytube.frames import (
    FAMILIES,
    SHAPES,
    UNREADABLE,
    Away,
    Chat,
    Flood,
    Login,
    Marked,
    Named,
    Options,
    Person,
    Private,
    Ranked,
)
from connectors.cytube.moment import Event, Moment
from connectors.cytube.people import Change, People
from connectors.cytube.player import Player
from connectors.cytube.text import to_text
from connectors.cytube.wire import sound
from rosey import subjects
from rosey.events import Message, UserEvent, utc
from rosey.ids import message_id
from rosey.platform import Entry, Occurrence, RoomState

_REMEMBERED = 200
_BACKLOG = 100
_STYLES = ("action", "greentext", "spoiler", "shout", "drink")
_LONGEST_NAME = 100


class Room:
    """One session in one room. Frames before the first `userlist` are history and state."""

    def __init__(self, channel: str, name: str, session: int) -> None:
        """`channel` is a channel key, `name` our own, `session` the session's start in ms."""
        self.channel = channel
        self.name = name
        self.rank = -1.0
        self.entered = False
        self.backlog: list[Message] = []
        self.malformed = 0
        self.motd = ""
        self.leader = ""
        self.permissions: dict[str, float] = {}
        self.user_count = 0
        self.flood: Flood | None = None
        self.people = People()
        self.player = Player()
        self._session = session
        self._frames = 0
        self._replayed: list[Chat] = []
        self._seen: OrderedDict[tuple[str, float, str, str], int] = OrderedDict()
        self._rules: dict[str, Callable[[Any, Moment], list[Event]]] = {
            "chatMsg": self._chat,
            "pm": self._private,
            "userlist": self._userlist,
            "addUser": self._came,
            "userLeave": self._left,
            "setUserRank": self._ranked,
            "setUserMeta": self._marked,
            "setAFK": self._away,
            **{name: partial(self.player.take, name) for name in self.player.rules},
        }

    def take(self, name: object, payload: Any, at: datetime) -> Occurrence:
        """What one frame, received at `at`, means. Never raises, whatever the frame holds."""
        self._frames += 1
        return self._take(_title(name), sound(payload), at)

    def _take(self, name: str, payload: Any, at: datetime) -> Occurrence:
        payload = _published(name, payload)
        shape = SHAPES.get(name)
        if shape is None:
            self.malformed += name == UNREADABLE
            return Occurrence(family=FAMILIES.get(name, "state"), name=name, payload=payload)
        try:
            frame = shape.validate_python(payload)
        except ValidationError as error:
            self.malformed += 1
            about = {"reason": _reason(error), "frame": payload}
            return Occurrence(family="error", name=name, payload=about)
        rule = self._rules.get(name)
        if rule is None:
            self._note(name, frame)
            events = []
        else:
            events = rule(frame, Moment(self.channel, self._session, self._frames, at))
        return Occurrence(family=FAMILIES[name], name=name, payload=payload, events=events)

    def entry(self) -> Entry:
        """How the session begins; complete once `entered`."""
        return Entry(name=self.name, rank=self.rank, backlog=self.backlog)

    def may(self, permission: str) -> bool:
        """Whether our rank reaches a permission; one that the room does not list nobody has."""
        if self.rank >= self.permissions.get(permission, float("inf")):
            return True
        # There are others for while the list is unlocked: `oplaylistadd` beside `playlistadd`.
        unlocked = self.player.locked is False and permission.startswith("playlist")
        return unlocked and self.rank >= self.permissions.get(f"o{permission}", float("inf"))

    def state(self) -> RoomState:
        player = self.player
        playing = player.media
        return RoomState(
            users=[user.model_dump(exclude_none=True) for user in self.people],
            rank=self.rank,
            motd=self.motd,
            permissions=self.permissions,
            media=playing and {**playing.model_dump(), "paused": player.paused},
            position=player.position if playing else 0.0,
            paused=player.paused if playing else False,
            media_at=player.as_of.isoformat() if playing and player.as_of else None,
            user_count=self.user_count,
            playlist=list(player.items),
            current=player.current,
            locked=player.locked,
        )

    def _note(self, name: str, frame: Any) -> None:
        """Frames that change the state and mean nothing to others."""
        if name == "rank":
            self.rank = frame
        elif name == "setPermissions":
            self.permissions = frame
        elif name == "setMotd":
            self.motd = frame
        elif name == "usercount":
            self.user_count = int(frame)
        elif name == "setLeader":
            self.leader = frame
        elif isinstance(frame, Options):
            self.flood = frame.chat_antiflood_params if frame.chat_antiflood else None
        elif isinstance(frame, Login) and frame.success and frame.name:
            self.name = frame.name

    def _chat(self, frame: Chat, moment: Moment) -> list[Event]:
        from_server = frame.username.startswith("[")  # no person's name can
        if from_server or frame.meta.get("shadow"):
            return []
        if not self.entered:
            self._replayed = [*self._replayed[1 - _BACKLOG :], frame]
            return []
        return [(subjects.MESSAGE, self._message(frame))]

    def _private(self, frame: Private, moment: Moment) -> list[Event]:
        return [(subjects.PM, self._message(frame, pm=True))]

    def _message(self, frame: Chat, pm: bool = False) -> Message:
        sent_at = utc(frame.time)
        plain = "<" not in frame.msg and "&" not in frame.msg
        text = frame.msg if plain else to_text(frame.msg)
        # A private line is no part of the replayed history, so it is not counted with it.
        origin = f"{self.channel}/pm" if pm else self.channel
        ordinal = self._ordinal(origin, frame.time, frame.username.lower(), text)
        return Message(
            id=message_id(origin, sent_at, frame.username, text, ordinal),
            channel=self.channel,
            user=self.people.find(frame.username),
            text=text,
            sent_at=sent_at,
            pm=pm,
            own=frame.username.lower() == self.name.lower(),
            metadata=_metadata(frame),
        )

    def _ordinal(self, *line: Any) -> int:
        ordinal = self._seen.pop(line, -1) + 1
        self._seen[line] = ordinal
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return ordinal

    def _userlist(self, frame: list[Person], moment: Moment) -> list[Event]:
        changes = self.people.replace(frame)
        if self.entered:
            return self._user_events(changes, moment)
        self.entered = True
        self.backlog = [self._message(line) for line in self._replayed]
        self._replayed = []
        return self.player.tell_list()

    def _came(self, frame: Person, moment: Moment) -> list[Event]:
        return self._user_events(self.people.add(frame), moment)

    def _left(self, frame: Named, moment: Moment) -> list[Event]:
        return self._user_events(self.people.leave(frame), moment)

    def _ranked(self, frame: Ranked, moment: Moment) -> list[Event]:
        return self._user_events(self.people.rank(frame), moment)

    def _marked(self, frame: Marked, moment: Moment) -> list[Event]:
        return self._user_events(self.people.mark(frame), moment)

    def _away(self, frame: Away, moment: Moment) -> list[Event]:
        return self._user_events(self.people.away(frame), moment)

    def _user_events(self, changes: list[Change], moment: Moment) -> list[Event]:
        return [
            (
                subject,
                UserEvent(id=moment.id("u", part), channel=self.channel, user=user, at=moment.at),
            )
            for part, (subject, user) in enumerate(changes)
        ]


def _title(name: object) -> str:
    text: str = sound(name if isinstance(name, str) else repr(name))
    return text[:_LONGEST_NAME]


def _published(name: str, payload: Any) -> Any:
    """The room's password stands in `channelOpts`; only whether there is one is passed on."""
    if name == "channelOpts" and isinstance(payload, dict):
        return {**payload, "password": bool(payload.get("password"))}
    return payload


def _metadata(frame: Chat) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    if frame.meta:
        style = frame.meta.get("addClass")
        if style in _STYLES:
            found[style] = True
        if frame.meta.get("action") is True:
            found["action"] = True
    if isinstance(frame, Private):
        found["to"] = frame.to
    return found


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
