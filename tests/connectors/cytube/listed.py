"""A scripted site with a playlist: what a CyTube server says to each request, written once more."""

from typing import Any

from tests.connectors.cytube.scripted import ENTRY, Line, Site

PERMISSIONS = (
    "chat seeplaylist playlistadd playlistnext playlistdelete playlistmove playlistjump "
    "playlistclear playlistshuffle playlistlock playlistaddlive playlistaddcustom "
    "playlistaddrawfile"
)


class ListSite(Site):
    """`quick` additions are refused as too quick; of a `deaf` one nothing is heard."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[dict[str, Any]] = []
        self.current: int | None = None
        self.locked = True
        self.quick = 0
        self.deaf = False
        self.allowed = dict.fromkeys(PERMISSIONS.split(), 1.0)
        self._uids = 0

    @property
    def requests(self) -> list[Line]:
        """What was asked of the playlist."""
        return [line for line in self.heard if line[0] not in ("login", "joinChannel")]

    async def _on_event(self, event: str, sid: str, *payload: Any) -> None:
        if event == "joinChannel":
            self.script[event] = self._entry()
        await super()._on_event(event, sid, *payload)
        deed = getattr(self, f"_{event}", None)
        if deed and not self.deaf:
            await self._send(sid, deed(*payload))

    def _entry(self) -> list[Line]:
        played: list[Line] = []
        if self.current is not None:
            played = [("setCurrent", self.current)] * 2 + [self._changed(20)]
        return [
            ("rank", 1),
            ("setPermissions", self.allowed),
            ("setPlaylistLocked", self.locked),
            self._total(),
            ("playlist", self.items),
            *played,
            ENTRY[2],
        ]

    def _queue(self, asked: dict[str, Any]) -> list[Line]:
        fail = {"link": "https://youtu.be/x", "id": asked["id"]}
        if self.quick:
            self.quick -= 1
            return [("queueFail", {"msg": "You are adding videos too quickly", **fail})]
        if any(item["media"]["id"] == asked["id"] for item in self.items):
            return [("queueFail", {"msg": "This item is already on the playlist", **fail})]
        media = {
            "id": asked["id"] if asked["type"] != "cu" else "cu:aGFzaA==",
            "type": asked["type"],
            "title": asked.get("title") or asked["id"].strip("_"),
            "seconds": 60,
        }
        uid = self._uid()
        item = {"media": media, "uid": uid, "temp": True, "queueby": "Rosey"}
        place = self._place(self.current) + 1 if asked["pos"] == "next" else len(self.items)
        after = self.items[place - 1]["uid"] if place else "prepend"
        self.items.insert(place, item)
        told = [("queue", {"item": item, "after": after}), self._total()]
        return told + (self._play(uid) if self.current is None else [])

    def _delete(self, uid: int) -> list[Line]:
        place = self._place(uid)
        if place < 0:
            return []
        del self.items[place]
        told: list[Line] = [("delete", {"uid": uid}), self._total()]
        if uid != self.current:
            return told
        self.current = None
        for following in (self.items[place:] + self.items)[:1]:
            told += self._play(following["uid"])
        return told

    def _moveMedia(self, asked: dict[str, Any]) -> list[Line]:
        item = self.items.pop(self._place(asked["from"]))
        after = asked["after"]
        self.items.insert(0 if after == "prepend" else self._place(after) + 1, item)
        return [("moveVideo", asked)]

    def _jumpTo(self, uid: int) -> list[Line]:
        before, self.current = self.current, None
        assert before is not None
        return self._delete(before) + self._play(uid)

    def _playNext(self) -> list[Line]:
        assert self.current is not None
        return self._delete(self.current)

    def _clearPlaylist(self) -> list[Line]:
        self.items, self.current = [], None
        return [("playlist", []), self._total()]

    def _shufflePlaylist(self) -> list[Line]:
        playing = self.items.pop(self._place(self.current))
        self.items = [playing, *reversed(self.items)]
        for item in self.items:
            item["uid"] = self._uid()
        self.current = self.items[0]["uid"]
        return [("playlist", self.items), ("setCurrent", self.current), self._changed(20)]

    def _togglePlaylistLock(self) -> list[Line]:
        self.locked = not self.locked
        return [("setPlaylistLocked", self.locked)]

    def _play(self, uid: int) -> list[Line]:
        self.current = uid
        return [("setCurrent", uid), self._changed(-3), ("mediaUpdate", {"currentTime": 20})]

    def _changed(self, at: float) -> Line:
        media = self.items[self._place(self.current)]["media"]
        return "changeMedia", {**media, "currentTime": at, "paused": at < 0}

    def _total(self) -> Line:
        return "setPlaylistMeta", {"count": len(self.items), "rawTime": 0, "time": "00:00"}

    def _place(self, uid: object) -> int:
        """-1 when it is not there."""
        return next((n for n, item in enumerate(self.items) if item["uid"] == uid), -1)

    def _uid(self) -> int:
        self._uids += 1
        return self._uids - 1
