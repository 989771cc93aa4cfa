"""Changes of the playlist: what is sent for each, and which frame says what became of it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.cytube.room import Room
from connectors.cytube.text import to_text
from connectors.cytube.wire import plain
from rosey.contracts.playlist import Edit
from rosey.events import PlaylistChange, PlaylistItem
from rosey.platform import NotTaken, Occurrence

# The server looks things up one after another, up to 20 s each; all else it does at once.
LOOK_UP_SECONDS = 25.0
SECONDS = 5.0
TOO_QUICKLY = "too quickly"
_LONGEST_REASON = 300
_LONGEST_TITLE = 100

_PERMISSIONS = {
    "add": ("seeplaylist", "playlistadd"),
    "remove": ("seeplaylist", "playlistdelete"),
    "move": ("seeplaylist", "playlistmove"),
    "jump": ("seeplaylist", "playlistjump"),
    "skip": ("playlistjump",),
    "clear": ("seeplaylist", "playlistclear"),
    "shuffle": ("seeplaylist", "playlistshuffle"),
    "lock": ("playlistlock",),
}


@dataclass(frozen=True, slots=True)
class Done:
    """It was confirmed; an addition with the item it became."""

    item: PlaylistItem | None = None


Verdict = Done | PermissionError | LookupError | None
Judge = Callable[[Occurrence], Verdict]


@dataclass(frozen=True, slots=True)
class Request:
    """What to send, and who tells from a frame what became of it, within `seconds`.

    `payload` is None for an event that has none.
    """

    event: str
    payload: Any
    judge: Judge
    seconds: float = SECONDS

    def verdict(self, occurrence: Occurrence) -> Verdict:
        """What a frame that came after it says of it, if it does."""
        payload = occurrence.payload
        if occurrence.name == "errorMsg" and isinstance(payload, dict):
            message = str(payload.get("msg", ""))
            if message.startswith(f"Unexpected error for message {self.event}:"):
                return NotTaken(plain(message, _LONGEST_REASON))
        if occurrence.family == "error":
            return None
        return self.judge(occurrence)


def missing_permission(edit: Edit, room: Room) -> str | None:
    """The first permission that we have not and would need, where the server says nothing."""
    return next((each for each in _PERMISSIONS[edit.kind] if not room.may(each)), None)


def request_of(edit: Edit, room: Room) -> Request | None:
    """How to ask for it; None when it is so already.

    What may not be added next is added at the end. Raises LookupError when what it is about is not
    there, PermissionError for what cannot be one change here.
    """
    return _REQUESTS[edit.kind](edit, room)


def _add(edit: Edit, room: Room) -> Request:
    if edit.type == "yp":
        raise NotTaken("A playlist is not one item; its videos have to be added one by one.")
    title = edit.title.strip()[:_LONGEST_TITLE]
    payload: dict[str, Any] = {
        "id": edit.media_id,
        "type": edit.type,
        "pos": edit.at if room.may("playlistnext") else "end",
        "temp": True,
        **({"title": title} if title else {}),
        # CyTube finds both out by itself for most kinds; the lounge takes our word.
        **({"duration": edit.seconds} if edit.seconds > 0 else {}),
    }

    def judge(occurrence: Occurrence) -> Verdict:
        if occurrence.name == "queueFail":
            return _failed(occurrence.payload, edit.media_id)
        for change in _changes(occurrence, "added"):
            item = change.items[0]
            ours = item.queued_by.lower() == room.name.lower()
            if ours and _is_asked_for(item, edit, title):
                return Done(item)
        return None

    return Request("queue", payload, judge, LOOK_UP_SECONDS)


def _is_asked_for(item: PlaylistItem, edit: Edit, title: str) -> bool:
    if item.media.type != edit.type:
        return False
    if edit.type == "cu":  # its id has become a hash
        return not title or item.media.title == title
    return item.media.id == edit.media_id


def _failed(payload: Any, media_id: str) -> Verdict:
    if not isinstance(payload, dict) or payload.get("id") not in (media_id, None):
        return None
    reason = plain(to_text(str(payload.get("msg", ""))), _LONGEST_REASON)
    return NotTaken(reason or "The room did not take it, and did not say why.")


def _remove(edit: Edit, room: Room) -> Request:
    uid = _uid(edit, room)

    def judge(occurrence: Occurrence) -> Verdict:
        if any(change.uid == uid for change in _changes(occurrence, "removed")):
            return Done()
        return _swept(occurrence, room, uid)

    return Request("delete", uid, judge)


def _move(edit: Edit, room: Room) -> Request | None:
    uid = _uid(edit, room)
    if edit.after == uid:
        return None
    if edit.after is not None:
        _item(room, edit.after)
    after = "prepend" if edit.after is None else edit.after

    def judge(occurrence: Occurrence) -> Verdict:
        moves = _changes(occurrence, "moved")
        if any((change.uid, change.after) == (uid, after) for change in moves):
            return Done()
        return _swept(occurrence, room, uid)

    return Request("moveMedia", {"from": uid, "after": after}, judge)


def _jump(edit: Edit, room: Room) -> Request | None:
    uid = _uid(edit, room)
    if uid == room.player.current:
        return None

    def judge(occurrence: Occurrence) -> Verdict:
        if occurrence.name == "setCurrent" and occurrence.payload == uid:
            return Done()
        return _swept(occurrence, room, uid)

    return Request("jumpTo", uid, judge)


def _skip(edit: Edit, room: Room) -> Request:
    current = room.player.current
    if current is None:
        raise LookupError("Nothing is playing.")
    if edit.uid not in (None, current):
        raise LookupError("Something else is playing by now.")

    def judge(occurrence: Occurrence) -> Verdict:
        gone = any(change.uid == current for change in _changes(occurrence, "removed"))
        return Done() if gone or occurrence.name == "setCurrent" else None

    return Request("playNext", None, judge)


def _clear(edit: Edit, room: Room) -> Request:
    def judge(occurrence: Occurrence) -> Verdict:
        return Done() if occurrence.name == "playlist" and not room.player.items else None

    return Request("clearPlaylist", None, judge)


def _shuffle(edit: Edit, room: Room) -> Request:
    return Request("shufflePlaylist", None, _named("playlist"))


def _lock(edit: Edit, room: Room) -> Request:
    return Request("togglePlaylistLock", None, _named("setPlaylistLocked"))


_REQUESTS: dict[str, Callable[[Edit, Room], Request | None]] = {
    "add": _add,
    "remove": _remove,
    "move": _move,
    "jump": _jump,
    "skip": _skip,
    "clear": _clear,
    "shuffle": _shuffle,
    "lock": _lock,
}


def _named(name: str) -> Judge:
    return lambda occurrence: Done() if occurrence.name == name else None


def _changes(occurrence: Occurrence, kind: str) -> list[PlaylistChange]:
    events = [event for _, event in occurrence.events]
    return [each for each in events if isinstance(each, PlaylistChange) and each.kind == kind]


def _swept(occurrence: Occurrence, room: Room, uid: int) -> Verdict:
    """Whether a whole new list has come that has it no more."""
    if occurrence.name == "playlist" and not _find(room, uid):
        return _gone()
    return None


def _uid(edit: Edit, room: Room) -> int:
    """That of the edit, which must be there and hold the media that is expected."""
    if edit.uid is None:
        raise LookupError("It was not said which item.")
    media = _item(room, edit.uid).media
    if (edit.type or media.type, edit.media_id or media.id) != (media.type, media.id):
        raise _gone()
    return edit.uid


def _item(room: Room, uid: int) -> PlaylistItem:
    item = _find(room, uid)
    if item is None:
        raise _gone()
    return item


def _find(room: Room, uid: int) -> PlaylistItem | None:
    return next((item for item in room.player.items if item.uid == uid), None)


def _gone() -> LookupError:
    return LookupError("It is not on the playlist any more.")
