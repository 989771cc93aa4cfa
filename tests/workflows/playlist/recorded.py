"""A captured scene as one of its people saw it, heard by a queue through the real reducer.

What that person put on the list is taken for the queue's own edits: it was asked for with `!add`,
and the frames that came say what became of it, as the connector would judge them.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from connectors.cytube import edits
from connectors.cytube.room import Room as Session
from rosey.contracts.media import FoundMedia, LookedUp
from rosey.contracts.playlist import Edit
from rosey.durable import Order
from rosey.events import ActionRefused, ConnectionEvent, Outcome, Sent, Wire, utc
from rosey.platform import NotTaken, Occurrence
from rosey.ranks import Rank
from tests.connectors.cytube.captures import frames
from tests.workflows.playlist.told import Told
from workflows.playlist import heard, moves, order
from workflows.playlist.models import Pending, Room, Settings

CHANNEL = "cytube/lounge"
NO_FRAMES = {"connect_error", "(raw)", "newPoll (ack)"}  # of the library that recorded
QUIET_MS = 100
SETTINGS = Settings(
    ahead=20, fair=False, duplicates=True, max_items_per_user=100, park=False, restore="always"
)


class Seen:
    """The queue, and beside it what the frames alone imply (`told`)."""

    def __init__(self, person: str, answer_first: bool) -> None:
        self.person = person
        self.answer_first = answer_first
        self.room = Room(channel=CHANNEL, era="era", settings=SETTINGS, loaded=True)
        self.session: Session | None = None
        self.told = Told(person)
        self.said: list[str] = []
        self.happened: list[tuple[str, dict[str, Any]]] = []
        self.asked: Counter[str] = Counter()
        self.sessions = 0
        self._before: list[Occurrence] = []
        self._open: dict[str, edits.Request] = {}

    # -- frames ----------------------------------------------------------------------------

    def connect(self, ms: int) -> None:
        self.session = Session(CHANNEL, self.person, ms)
        self.told.joined()
        self._before.clear()

    def leave(self, at: datetime) -> None:
        assert self.session
        entered, self.session = self.session.entered, None
        self._open.clear()
        if entered:
            self._hear("on_connection_down", ConnectionEvent(id="d", channel=CHANNEL, at=at))

    def take(self, name: str, payload: Any, at: datetime) -> None:
        """A frame that came."""
        assert self.session
        self.told.take(name, payload)
        entered = self.session.entered
        occurrence = self.session.take(name, payload, at)
        self._before.append(occurrence)
        if not self.session.entered:
            return
        if not entered:
            self._up(at)
        for each in self._before:
            self._pass_on(each, at)
        self._before.clear()

    def _up(self, at: datetime) -> None:
        assert self.session
        self.sessions += 1
        up = ConnectionEvent(
            id=f"u-{self.sessions}",
            channel=CHANNEL,
            at=at,
            name=self.session.name,
            users=list(self.session.people),
        )
        self._hear("on_connection_up", up)

    def _pass_on(self, occurrence: Occurrence, at: datetime) -> None:
        if self.answer_first:
            self._judge(occurrence, at)
        for subject, event in occurrence.events:
            self._hear("on_" + subject.removeprefix("rosey.events.").replace(".", "_"), event)
        if not self.answer_first:
            self._judge(occurrence, at)

    # -- edits -----------------------------------------------------------------------------

    def ask(self, wish: dict[str, Any], at: datetime) -> None:
        """This person has put something on the list: as if Rosey had, asked with `!add`."""
        assert self.session
        entry = self._waiting(wish) or self._added(wish, at)
        edit = Edit(
            kind="add",
            type=wish["type"],
            media_id=wish["id"],
            title=wish.get("title", ""),
            at=wish["pos"],
        )
        action = f"p-{len(self.happened)}-{sum(self.asked.values())}-{at.timestamp()}"
        self.room.pending[action] = Pending(edit=edit, entry=entry, at=at)
        if missing := edits.missing_permission(edit, self.session):
            self._refuse(action, "permission", missing, at)
            return
        try:
            request = edits.request_of(edit, self.session)
        except NotTaken as problem:
            self._refuse(action, "refused", str(problem), at)
            return
        assert request
        self._open[action] = request

    def give_up(self, at: datetime) -> None:
        """What has not been answered is not permitted: the server is silent then."""
        for action in list(self._open):
            del self._open[action]
            self._refuse(action, "permission", "The room did not answer.", at)

    def _waiting(self, wish: dict[str, Any]) -> str:
        """The entry that is tried once more, if it waits already."""
        same = [
            entry.id
            for entry in self.room.queue
            if entry.uid is None and (entry.type, entry.media_id) == (wish["type"], wish["id"])
        ]
        asked = {each.entry for each in self.room.pending.values()}
        return next((id for id in same if id not in asked), "")

    def _added(self, wish: dict[str, Any], at: datetime) -> str:
        self.asked[wish["id"]] += 1
        wanted = Order(
            id=f"c-{sum(self.asked.values())}",
            action="add",
            user=self.person,
            rank=Rank.ADMIN,
            text=wish["id"],
            sent_at=at,
        )
        self._note([moves.add(self.room, wanted, at)])
        media = FoundMedia(type=wish["type"], id=wish["id"], title=wish.get("title", ""))
        before = {entry.id for entry in self.room.queue}
        self._note([moves.looked_up(self.room, self.room.requests[-1], LookedUp(media=media), at)])
        [new] = [entry for entry in self.room.queue if entry.id not in before]
        if wish["pos"] == "next":
            order.move(self.room.queue, new, 0)
        self.told.ours(wish["type"], wish["id"])
        return new.id

    def _judge(self, occurrence: Occurrence, at: datetime) -> None:
        """What the frame says of the edits under way: each frame answers one."""
        for action, request in self._open.items():
            verdict = request.verdict(occurrence)
            if verdict is None:
                continue
            del self._open[action]
            if isinstance(verdict, edits.Done):
                uid = verdict.item.uid if verdict.item else None
                media = verdict.item.media if verdict.item else None
                self._hear(
                    "on_sent",
                    Sent(action_id=action, channel=CHANNEL, sent_at=at, uid=uid, media=media),
                )
            else:
                code = "refused" if isinstance(verdict, NotTaken) else "permission"
                self._refuse(action, code, str(verdict), at)
            return

    def _refuse(self, action: str, code: str, reason: str, at: datetime) -> None:
        refused = ActionRefused(
            action_id=action, channel=CHANNEL, kind="media_add", code=code, reason=reason, at=at
        )
        self._hear("on_refused", refused)

    # -- what came of it -------------------------------------------------------------------

    def _hear(self, action: str, event: Wire) -> None:
        at = getattr(event, "at", None) or getattr(event, "sent_at", None)
        assert isinstance(at, datetime)
        self._note(heard.heard(self.room, action, event.model_dump(mode="json"), at))

    def _note(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            assert not outcome.error
            self.said += outcome.say
            self.happened += [(event.name, event.data) for event in outcome.events]

    def items(self, name: str) -> list[dict[str, Any]]:
        return [data["item"] for event, data in self.happened if event == name]


def people(scene: str) -> list[str]:
    """Who comes into the room. `Rosey-back` is Rosey again, unless she was there still."""
    seats = {frame["seat"] for frame in frames(scene) if frame["event"] == "userlist"}
    return sorted({_person(scene, seat) for seat in seats})


def _person(scene: str, seat: str) -> str:
    name = seat.partition("-")[0]
    begins, end = _first(scene, seat, "connect"), _first(scene, name, "disconnect")
    return name if end is None or begins is None or end < begins else seat


def _first(scene: str, seat: str, event: str) -> int | None:
    found = (f["ms"] for f in frames(scene) if f["seat"] == seat and f["event"] == event)
    return next(found, None)


def watch(scene: str, person: str, answer_first: bool = False) -> Iterator[Seen]:
    """Plays the scene, and stops for a look whenever nothing came for a while, and at its end."""
    seen = Seen(person.partition("-")[0], answer_first)
    own = [frame for frame in frames(scene) if _person(scene, frame["seat"]) == person]
    at = utc(own[0]["ts"])
    for frame, following in zip(own, [*own[1:], None], strict=True):
        at = utc(frame["ts"])
        name, payload = frame["event"], frame.get("data")
        if frame["dir"] == "out":
            if (
                name == "queue"
                and seen.session
                and isinstance(payload, dict)
                and _is_sound(payload)
            ):
                seen.ask(payload, at)
        elif name == "connect":
            seen.connect(frame["ts"])
        elif name == "disconnect" and seen.session:
            seen.give_up(at)
            yield seen
            seen.leave(at)
        elif frame["dir"] == "in" and name not in NO_FRAMES and seen.session:
            seen.take(name, payload, at)
        if following and following["ms"] - frame["ms"] > QUIET_MS and seen.session:
            yield seen
    seen.give_up(at)
    yield seen


def _is_sound(wish: dict[str, Any]) -> bool:
    """What the connector can ask for; other requests are those of a broken client."""
    return wish.get("pos") in ("end", "next") and wish.get("duration", 0) is not None
