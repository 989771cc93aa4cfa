"""The playlist of a room in memory: it does what it is told, unless the test wants it refused."""

from collections.abc import Callable
from random import Random
from typing import Any

from rosey.contracts.playlist import Edit
from rosey.events import Media, PlaylistItem
from rosey.platform import NotTaken

Tell = Callable[[str, dict[str, Any]], None]


class FakePlaylist:
    """`tell` is told of changes: `list`, `queue`, `delete`, `move`, `lock`, `media` and `end`.

    The first item plays as soon as it is there, and what has played is gone.
    """

    def __init__(self, tell: Tell) -> None:
        self.items: list[PlaylistItem] = []
        self.playing: PlaylistItem | None = None
        self.locked = False
        self._tell = tell
        self._refusals: list[str] = []
        self._uids = 0
        self._random = Random(0)

    @property
    def current(self) -> int | None:
        """The uid of what plays."""
        return self.playing.uid if self.playing else None

    def fail(self, *reasons: str) -> None:
        """The next additions are refused, one with each."""
        self._refusals += reasons

    def carry_out(self, edit: Edit, by: str) -> PlaylistItem | None:
        """Raises PermissionError when it is refused, LookupError when the item is not there."""
        if edit.kind == "add":
            return self.add(edit, by)
        deeds: dict[str, Callable[[Edit], None]] = {
            "remove": lambda edit: self.remove(self._index(edit)),
            "move": self._move,
            "jump": lambda edit: self._play(self._index(edit)),
            "skip": self._skip,
            "clear": lambda edit: self.clear(),
            "shuffle": lambda edit: self.shuffle(),
            "lock": lambda edit: self.lock(not self.locked),
        }
        deeds[edit.kind](edit)
        return None

    def add(self, edit: Edit, by: str) -> PlaylistItem:
        if self._refusals:
            raise NotTaken(self._refusals.pop(0))
        media = Media(type=edit.type, id=edit.media_id, title=edit.title, seconds=edit.seconds)
        if any((item.media.type, item.media.id) == (media.type, media.id) for item in self.items):
            raise NotTaken("This item is already on the playlist")
        item = PlaylistItem(uid=self._next_uid(), media=media, queued_by=by)
        playing = self._place(self.current)
        index = playing + 1 if edit.at == "next" and playing is not None else len(self.items)
        self._insert(index, "queue", item)
        if self.current is None:
            self._play(index)
        return item

    def remove(self, index: int) -> None:
        item = self.items.pop(index)
        self._tell("delete", {"uid": item.uid})
        if item == self.playing:
            self._play(index if index < len(self.items) else 0)

    def clear(self) -> None:
        self.items = []
        self._show()
        self._play(0)

    def shuffle(self) -> None:
        """Every item gets a new uid; what plays goes first and plays on."""
        playing = self._place(self.current)
        first = [self.items.pop(playing)] if playing is not None else []
        self._random.shuffle(self.items)
        self.items = [
            item.model_copy(update={"uid": self._next_uid()}) for item in [*first, *self.items]
        ]
        self.playing = self.items[0] if self.items else None
        self._show()

    def lock(self, locked: bool) -> None:
        self.locked = locked
        self._tell("lock", {"locked": locked})

    def whole(self) -> dict[str, Any]:
        """What somebody is told who comes."""
        return {"items": [item.model_dump() for item in self.items], "current": self.current}

    def _move(self, edit: Edit) -> None:
        index = self._index(edit)
        if edit.after == edit.uid:
            return
        if edit.after is not None and self._place(edit.after) is None:
            raise _gone()
        item = self.items.pop(index)
        after = self._place(edit.after)
        self._insert(0 if after is None else after + 1, "move", item)

    def _skip(self, edit: Edit) -> None:
        playing = self._place(self.current)
        if playing is None:
            raise LookupError("Nothing is playing.")
        if edit.uid not in (None, self.current):
            raise LookupError("Something else is playing by now.")
        self.remove(playing)

    def _insert(self, index: int, what: str, item: PlaylistItem) -> None:
        before = self.items[index - 1].uid if index else "prepend"
        self.items.insert(index, item)
        self._tell(what, {"item": item.model_dump(), "after": before})

    def _play(self, index: int) -> None:
        """What played before is gone, for it is temporary."""
        ended, item = self.playing, self.items[index] if self.items else None
        if item == ended:
            return
        self.playing = item
        if ended and ended in self.items:
            self.items.remove(ended)
            self._tell("delete", {"uid": ended.uid})
        if on := item or ended:
            self._tell("media" if item else "end", {"item": on.model_dump()})

    def _show(self) -> None:
        self._tell("list", self.whole())

    def _index(self, edit: Edit) -> int:
        """Where the item of the edit is. Raises LookupError when it is not, or is another."""
        index = self._place(edit.uid)
        if index is None:
            raise _gone()
        media = self.items[index].media
        if (edit.type or media.type, edit.media_id or media.id) != (media.type, media.id):
            raise _gone()
        return index

    def _place(self, uid: int | None) -> int | None:
        return next((n for n, item in enumerate(self.items) if item.uid == uid), None)

    def _next_uid(self) -> int:
        self._uids += 1
        return self._uids - 1


def _gone() -> LookupError:
    return LookupError("It is not on the playlist any more.")
