"""The list of a room: its order, and what becomes of the current item. No clock, no sockets."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from connectors.lounge.media import Media, length

MOST = 4000
PREPEND = "prepend"
APPEND = "append"


@dataclass(eq=False)
class Item:
    """`temp`: it goes when it has been played. `queueby` is empty for the anonymous."""

    uid: int
    media: Media
    temp: bool
    queueby: str

    def frame(self) -> dict[str, Any]:
        return {
            "media": self.media.frame(),
            "uid": self.uid,
            "temp": self.temp,
            "queueby": self.queueby,
        }


class Playlist:
    """The items in order; `current` is one of them, or None when nothing plays."""

    def __init__(self, locked: bool) -> None:
        self.items: list[Item] = []
        self.current: Item | None = None
        self.locked = locked
        self._next_uid = 0

    def find(self, uid: float) -> Item | None:
        return next((item for item in self.items if item.uid == uid), None)

    def find_media(self, id: str) -> Item | None:
        return next((item for item in self.items if item.media.id == id), None)

    def add(self, media: Media, temp: bool, by: str, *, following: bool = False) -> Item:
        """At the end, or right after the current item."""
        item = Item(self._uid(), media, temp, by)
        at = len(self.items)
        if following and self.current:
            at = self.items.index(self.current) + 1
        self.items.insert(at, item)
        return item

    def before(self, item: Item) -> int | str:
        """What a `queue` frame calls `after`: the uid in front of an item, or "prepend"."""
        at = self.items.index(item)
        return self.items[at - 1].uid if at else PREPEND

    def after(self, item: Item) -> Item:
        """Who plays after an item: the first comes again after the last."""
        return self.items[(self.items.index(item) + 1) % len(self.items)]

    def remove(self, item: Item) -> None:
        """If it was the current one the one after it is, or nothing if it was alone."""
        if item is self.current:
            heir = self.after(item)
            self.current = None if heir is item else heir
        self.items.remove(item)

    def skip(self) -> Item | None:
        """On to the next; returns the item that went because it was temporary."""
        old = self.current
        if old is None:
            return None
        if old.temp:
            self.remove(old)
            return old
        self.current = self.after(old)
        return None

    def jump(self, item: Item) -> Item | None:
        """On to an item; returns the one that went because it was temporary."""
        old, self.current = self.current, item
        if old is None or old is item or not old.temp:
            return None
        self.items.remove(old)
        return old

    def move(self, item: Item, after: float | str) -> bool:
        """Behind the item with a uid, or to an end; False if there is no such place."""
        goal = None if isinstance(after, str) else self.find(after)
        if goal is item or (goal is None and after not in (PREPEND, APPEND)):
            return False
        self.items.remove(item)
        if goal:
            self.items.insert(self.items.index(goal) + 1, item)
        else:
            self.items.insert(0 if after == PREPEND else len(self.items), item)
        return True

    def shuffle(self, chance: random.Random) -> None:
        """The current item goes first; every item gets a new uid."""
        rest = [item for item in self.items if item is not self.current]
        chance.shuffle(rest)
        self.items = ([self.current] if self.current else []) + rest
        for item in self.items:
            item.uid = self._uid()

    def clear(self) -> None:
        self.items.clear()
        self.current = None

    def load(self, items: list[Item], current: int | None, locked: bool) -> None:
        """What was kept; uids start from 0. `current` is a place in the list."""
        self.items = items
        self.current = items[current] if current is not None else None
        self.locked = locked
        self.count_afresh()

    def count_afresh(self) -> None:
        """Uids from 0 on, as each time a room is opened again."""
        self._next_uid = 0
        for item in self.items:
            item.uid = self._uid()

    def meta(self) -> dict[str, Any]:
        """The payload of `setPlaylistMeta`."""
        total = sum(item.media.seconds for item in self.items)
        return {"count": len(self.items), "rawTime": total, "time": length(total)}

    def queued_by(self, name: str) -> list[Item]:
        return [item for item in self.items if item.queueby.lower() == name.lower()]

    def _uid(self) -> int:
        uid, self._next_uid = self._next_uid, self._next_uid + 1
        return uid
