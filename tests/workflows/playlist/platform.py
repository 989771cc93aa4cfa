"""A platform's list in memory, as CyTube behaves: for rules, not for sockets."""

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

from rosey.contracts.playlist import Edit
from rosey.events import (
    ActionRefused,
    ConnectionEvent,
    Media,
    MediaEvent,
    Outcome,
    PlaylistChange,
    PlaylistItem,
    Sent,
    User,
    Wire,
)
from rosey.ids import numbered
from workflows.playlist import heard, people, plan
from workflows.playlist.models import Pending, Room

START = datetime(2026, 1, 2, 20, tzinfo=UTC)
CHANNEL = "lounge/lobby"
ROSEY = "Rosey"


class FakeList:
    """The list, and the frames that tell of it, which wait in `frames` until they are heard."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.now = START
        self.items: list[PlaylistItem] = []
        self.current: int | None = None
        self.began = START
        self.saved: list[PlaylistItem] = []
        self.uids = 0
        self.frames: deque[tuple[str, Wire]] = deque()
        self.edits: deque[tuple[str, str, Edit]] = deque()
        self.session = 0
        self.denied: set[str] = set()
        self.refusals: dict[str, tuple[str, str]] = {}  # media and the code and reason of a no
        self.lengths: dict[str, float] = {}  # what the platform finds out by itself
        self.connected = False
        self.said: list[str] = []
        self.happened: list[tuple[str, dict[str, Any]]] = []

    # -- what Rosey does -------------------------------------------------------------------

    def plan(self) -> bool:
        """Asks for the next edits; False when there is nothing to do."""
        people.park(self.room, self.now)
        wishes = plan.next_edits(self.room)
        self.room.looked = self.room.looked or bool(wishes)
        self.room.edits += bool(wishes)
        for number, (edit, entry) in enumerate(wishes):
            action = numbered(f"p-{self.room.edits}", number)
            self.room.pending[action] = Pending(edit=edit, entry=entry, at=self.now)
            self.edits.append((self.room.platform.session, action, edit))
        return bool(wishes)

    def carry_out(self) -> None:
        """The oldest edit that was asked for."""
        session, action, edit = self.edits.popleft()
        if not self.connected:
            return
        if session not in ("", f"u-{self.session}"):
            self._refuse(action, edit, "gone", "of another session")
            return
        if edit.kind == "add" and (refusal := self.refusals.pop(edit.media_id, None)):
            self._refuse(action, edit, *refusal)
            return
        try:
            uid = self._do(edit)
        except PermissionError as problem:
            self._refuse(action, edit, "permission", str(problem))
        except LookupError as problem:
            self._refuse(action, edit, "gone", str(problem))
        else:
            sent = Sent(action_id=action, channel=CHANNEL, sent_at=self.now, uid=uid)
            self.frames.append(("on_sent", sent))

    def hear(self) -> None:
        """The oldest frame reaches the queue."""
        action, event = self.frames.popleft()
        self.tell(action, event)

    def tell(self, action: str, event: Wire) -> None:
        outcomes = heard.heard(self.room, action, event.model_dump(mode="json"), self.now)
        self.note(*outcomes)

    def note(self, *outcomes: Outcome) -> None:
        for outcome in outcomes:
            self.said += outcome.say
            self.happened += [(event.name, event.data) for event in outcome.events]

    def settle(self) -> None:
        """Until nothing is left to be done or heard."""
        for _ in range(2_000):
            if self.frames:
                self.hear()
            elif self.edits:
                self.carry_out()
            elif not self.plan():
                return
        raise AssertionError("the list never comes to rest")

    # -- what people do on the platform ----------------------------------------------------

    def join(self, first: bool = False, users: tuple[str, ...] = ()) -> None:
        """Rosey comes into the room, for the first time in her process or again."""
        self.frames.clear()
        self.session += 1
        self.connected = True
        event = ConnectionEvent(
            id=f"u-{self.session}",
            channel=CHANNEL,
            at=self.now,
            first=first,
            name=ROSEY,
            users=[User(name=name, rank=1) for name in (ROSEY, *users)],
        )
        self.frames.append(("on_connection_up", event))
        self._whole()
        self._tell_current()

    def leave(self) -> None:
        self.connected = False
        self.frames.append(
            ("on_connection_down", ConnectionEvent(id="u", channel=CHANNEL, at=self.now))
        )

    def save(self) -> None:
        """The server saves the list; after a crash of it this is what comes back."""
        self.saved = list(self.items)

    def restart(self, keep: int | None = None, saved: bool = False) -> None:
        """The server comes back with the first `keep` items, or with those of its last save."""
        items = self.saved if saved else self.items[:keep]
        self.items = [item.model_copy(update={"uid": uid}) for uid, item in enumerate(items)]
        self.began = self.now
        self.uids = len(self.items)
        self.current = self.items[0].uid if self.items else None

    def queue(
        self,
        by: str,
        media: str,
        at: str = "end",
        temp: bool = True,
        seconds: float = 60,
        type: str = "yt",
    ) -> int:
        """Somebody adds an item; a custom embed gets an id of the platform's own."""
        uid, self.uids = self.uids, self.uids + 1
        seconds = self.lengths.get(media, seconds)
        id = f"cu:{abs(sum(map(ord, media)))}" if type == "cu" else media
        thing = Media(type=type, id=id, title=media, seconds=seconds)
        item = PlaylistItem(uid=uid, media=thing, queued_by=by, temp=temp)
        place = len(self.items)
        if at == "next" and self.current is not None:
            place = self._index(self.current) + 1
        after = self.items[place - 1].uid if place else "prepend"
        self.items.insert(place, item)
        self._change("added", [item], uid=uid, after=after)
        if self.current is None:
            self._play(uid)
        return uid

    def delete(self, uid: int) -> None:
        """Takes one off; when it plays, the next one starts."""
        index = self._index(uid)
        del self.items[index]
        self._change("removed", uid=uid)
        if uid == self.current:
            self._play(self.items[index % len(self.items)].uid if self.items else None)

    def move(self, uid: int, after: int | None) -> None:
        item = self.items.pop(self._index(uid))
        place = 0 if after is None else self._index(after) + 1
        self.items.insert(place, item)
        self._change("moved", uid=uid, after="prepend" if after is None else after)

    def shuffle(self, order: list[int]) -> None:
        """The current item goes first and goes on; everything has a new uid."""
        on = [item for item in self.items if item.uid == self.current]
        rest = [item for item in self.items if item.uid != self.current]
        mixed = sorted(rest, key=lambda item: order[item.uid % len(order)])
        self.items = []
        for item in [*on, *mixed]:
            self.items.append(item.model_copy(update={"uid": self.uids}))
            self.uids += 1
        self.current = self.items[0].uid if on else None
        self._whole()
        self._tell_current()

    def clear(self) -> None:
        self.items, self.current = [], None
        self._whole()
        if self.connected:
            self.frames.append(("on_media_end", self._media(None)))

    def end(self) -> None:
        """What plays comes to its end."""
        if self.current is None:
            return
        item = self.items[self._index(self.current)]
        self.now += timedelta(seconds=item.media.seconds + 5)
        self.next()

    def next(self) -> None:
        """The next one starts; a temporary item is deleted."""
        if self.current is None:
            return
        index = self._index(self.current)
        if self.items[index].temp:
            self.delete(self.current)
        else:
            self._play(self.items[(index + 1) % len(self.items)].uid)

    # -- inside ----------------------------------------------------------------------------

    def _do(self, edit: Edit) -> int | None:
        if edit.kind == "look":
            self._change(
                "replaced",
                list(self.items),
                current=self.current,
                position=0.0,
                session=f"u-{self.session}",
                name=ROSEY,
            )
            return None
        if edit.kind in self.denied:
            raise PermissionError(f"no {edit.kind}")
        if edit.kind == "add":
            return self.queue(ROSEY, edit.media_id, edit.at, seconds=edit.seconds, type=edit.type)
        if edit.kind == "skip":
            self.next()
            return None
        assert edit.uid is not None
        item = self.items[self._index(edit.uid)]
        if item.media.id != edit.media_id:
            raise LookupError("another")
        if edit.kind == "remove":
            self.delete(edit.uid)
        else:
            self.move(edit.uid, edit.after)
        return None

    def _refuse(self, action: str, edit: Edit, code: str, reason: str) -> None:
        refused = ActionRefused(
            action_id=action,
            channel=CHANNEL,
            kind=f"media_{edit.kind}",
            code=code,
            reason=reason,
            at=self.now,
        )
        self.frames.append(("on_refused", refused))

    def _index(self, uid: int) -> int:
        for index, item in enumerate(self.items):
            if item.uid == uid:
                return index
        raise LookupError("not there")

    def _play(self, uid: int | None) -> None:
        self.current, self.began = uid, self.now
        if uid is None:
            self._frame("on_media_end", self._media(None))
        else:
            self._tell_current()

    def _tell_current(self) -> None:
        if self.current is not None:
            self._frame("on_media_change", self._media(self.current))

    def _media(self, uid: int | None) -> MediaEvent:
        if uid is None:
            return MediaEvent(id="v", channel=CHANNEL, at=self.now)
        media = self.items[self._index(uid)].media
        position = (self.now - self.began).total_seconds() if media.seconds else 0
        return MediaEvent(
            id="v", channel=CHANNEL, at=self.now, uid=uid, media=media, position=position
        )

    def _whole(self) -> None:
        self._change("replaced", list(self.items))

    def _change(self, kind: str, items: list[PlaylistItem] | None = None, **more: Any) -> None:
        change = PlaylistChange(
            id="p", channel=CHANNEL, at=self.now, kind=kind, items=items or [], **more
        )
        self._frame("on_playlist_change", change)

    def _frame(self, action: str, event: Wire) -> None:
        if self.connected:
            self.frames.append((action, event))
