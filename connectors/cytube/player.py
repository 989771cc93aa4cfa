"""What plays, and the playlist."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from connectors.cytube.frames import Film, Gone, Item, Kept, Moved, Playing, Queued, Tick, Total
from connectors.cytube.moment import Event, Moment
from rosey import subjects
from rosey.events import Media, MediaEvent, PlaylistChange, PlaylistItem

_EARLIER = 2.0  # seconds behind the expected position that tell a new start from a repeat


def _media(film: Film) -> Media:
    return Media(type=film.type, id=film.id, title=film.title, seconds=film.seconds)


def _item(item: Item) -> PlaylistItem:
    return PlaylistItem(
        uid=item.uid, media=_media(item.media), queued_by=item.queueby, temp=item.temp
    )


class Player:
    """The media that plays (`position` seconds at `as_of`) and the list it comes from.

    The server says only after a new list which of its items plays, so the list is told of then.
    """

    def __init__(self) -> None:
        self.media: Media | None = None
        self.position = 0.0
        self.paused = False
        self.as_of: datetime | None = None
        self.items: list[PlaylistItem] = []
        self.current: int | None = None
        self.locked: bool | None = None
        self._told: int | None = None  # the uid of what was told to play, while uids are the same
        self._untold: Moment | None = None  # when the list came that nobody has been told of
        self.rules: dict[str, Callable[[Any, Moment], list[Event]]] = {
            "setCurrent": self.point,
            "changeMedia": self.change,
            "mediaUpdate": self.tick,
            "setPlaylistMeta": self.total,
            "playlist": self.replace,
            "queue": self.add,
            "delete": self.remove,
            "moveVideo": self.move,
            "setTemp": self.keep,
            "setPlaylistLocked": self.lock,
        }

    def take(self, name: str, frame: Any, moment: Moment) -> list[Event]:
        """One of the frames in `rules`."""
        late = [] if name in ("setCurrent", "playlist") else self.tell_list()
        return late + self.rules[name](frame, moment)

    def tell_list(self) -> list[Event]:
        """The list that came lately, if nobody has been told of it."""
        moment, self._untold = self._untold, None
        if moment is None:
            return []
        return [self._playlist_change("replaced", moment, self.items, current=self.current)]

    def point(self, uid: int, moment: Moment) -> list[Event]:
        """`setCurrent`."""
        self.current = uid
        return self.tell_list()

    def change(self, frame: Playing, moment: Moment) -> list[Event]:
        """`changeMedia`, which comes again for what plays already."""
        media = _media(frame)
        other = None not in (self._told, self.current) and self._told != self.current
        again = self._same(media) and not other and not self._restarted(frame, moment.at)
        self.media, self._told = media, self.current
        self._tick(frame.position, frame.paused, moment.at)
        return [] if again else [self._media_event(subjects.MEDIA_CHANGE, media, moment)]

    def tick(self, frame: Tick, moment: Moment) -> list[Event]:
        """`mediaUpdate`."""
        self._tick(frame.position, frame.paused, moment.at)
        return []

    def total(self, frame: Total, moment: Moment) -> list[Event]:
        """`setPlaylistMeta`: an empty list is the only sign that nothing plays any more."""
        return [] if frame.count else self._end(moment)

    def replace(self, frame: list[Item], moment: Moment) -> list[Event]:
        """`playlist`. After a shuffle every uid is a new one, also of what plays on."""
        self.items = [_item(item) for item in frame]
        self._untold = moment
        if self._index(self.current) is None:
            ended = [] if frame else self._end(moment)
            self.current = self._told = None
            return [] if frame else [*self.tell_list(), *ended]
        return self.tell_list()

    def add(self, frame: Queued, moment: Moment) -> list[Event]:
        """`queue`."""
        item = _item(frame.item)
        self._insert(item, frame.after)
        return [self._playlist_change("added", moment, [item], uid=item.uid, after=frame.after)]

    def remove(self, frame: Gone, moment: Moment) -> list[Event]:
        """`delete`."""
        self._take(frame.uid)
        return [self._playlist_change("removed", moment, uid=frame.uid)]

    def move(self, frame: Moved, moment: Moment) -> list[Event]:
        """`moveVideo`."""
        item = self._take(frame.uid)
        if item is not None:
            self._insert(item, frame.after)
        return [self._playlist_change("moved", moment, uid=frame.uid, after=frame.after)]

    def keep(self, frame: Kept, moment: Moment) -> list[Event]:
        """`setTemp`."""
        index = self._index(frame.uid)
        if index is None:
            return []
        item = self.items[index].model_copy(update={"temp": frame.temp})
        self.items[index] = item
        return [self._playlist_change("changed", moment, [item], uid=frame.uid)]

    def lock(self, locked: bool, moment: Moment) -> list[Event]:
        """`setPlaylistLocked`."""
        if locked == self.locked:
            return []
        self.locked = locked
        return [self._playlist_change("locked", moment, locked=locked)]

    def _same(self, media: Media) -> bool:
        return self.media is not None and (self.media.type, self.media.id) == (media.type, media.id)

    def _restarted(self, frame: Playing, now: datetime) -> bool:
        """Whether the same media starts anew rather than being told of again."""
        if self.as_of is None or not frame.seconds:
            return False
        expected = self.position
        if not self.paused:
            expected += (now - self.as_of).total_seconds()
        return frame.position < expected - _EARLIER

    def _tick(self, position: float, paused: bool, now: datetime) -> None:
        self.position, self.paused, self.as_of = position, paused, now

    def _end(self, moment: Moment) -> list[Event]:
        if self.media is None:
            return []
        ended = self._media_event(subjects.MEDIA_END, self.media, moment)
        self.media = self.current = self._told = None
        return [ended]

    def _index(self, uid: int | str | None) -> int | None:
        return next((n for n, item in enumerate(self.items) if item.uid == uid), None)

    def _take(self, uid: int) -> PlaylistItem | None:
        index = self._index(uid)
        return None if index is None else self.items.pop(index)

    def _insert(self, item: PlaylistItem, after: int | str) -> None:
        before = self._index(after)
        if after == "prepend":
            self.items.insert(0, item)
        elif before is None:
            self.items.append(item)
        else:
            self.items.insert(before + 1, item)

    def _media_event(self, subject: str, media: Media, moment: Moment) -> Event:
        return subject, MediaEvent(
            id=moment.id("v"),
            channel=moment.channel,
            at=moment.at,
            media=media,
            uid=self.current,
            position=self.position,
            paused=self.paused,
        )

    def _playlist_change(
        self,
        kind: str,
        moment: Moment,
        items: list[PlaylistItem] | None = None,
        uid: int | None = None,
        after: int | str | None = None,
        locked: bool | None = None,
        current: int | None = None,
    ) -> Event:
        return subjects.PLAYLIST_CHANGE, PlaylistChange(
            id=moment.id("p"),
            channel=moment.channel,
            at=moment.at,
            kind=kind,
            items=items or [],
            uid=uid,
            after=after,
            locked=locked,
            current=current,
        )
