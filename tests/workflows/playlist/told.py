"""What a room's frames say of its list, read as PROTOCOL.md has it and by nobody's code."""

from collections import Counter
from typing import Any, NamedTuple


class There(NamedTuple):
    """An item of the list."""

    uid: int
    type: str
    id: str
    by: str
    temp: bool


class Told:
    """The list, what plays, and everything that has been on since the beginning.

    `name` is whose requests are the queue's own.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.items: list[There] = []
        self.current: int | None = None
        self.on: tuple[str, str] | None = None
        self.starts: list[tuple[str, str]] = []
        self.waited: Counter[tuple[str, str]] = Counter()  # whatever was to be played once
        self._ours: Counter[tuple[str, str]] = Counter()
        self._is_new = True

    def joined(self) -> None:
        self._is_new = True

    def ours(self, type: str, id: str) -> None:
        """Something is asked for by the queue: it counts, whatever the list calls it."""
        self.waited[type, id] += 1
        self._ours[type, id] += 1

    def take(self, name: str, data: Any) -> None:
        match name:
            case "playlist":
                self._replace([_there(each) for each in data])
            case "queue":
                item = _there(data["item"])
                self._insert(item, data["after"])
                self._know_embed(item)
                self._wait(item)
            case "delete":
                self._take_off([data["uid"]])
            case "moveVideo":
                item = self._of(data["from"])
                self.items.remove(item)
                self._insert(item, data["after"])
            case "setTemp":
                was = self._of(data["uid"])
                self.items[self.items.index(was)] = now = was._replace(temp=data["temp"])
                if now.temp and not was.temp:
                    self._wait(now)
            case "setCurrent":
                self.current = data
            case "changeMedia":
                self._start((data["type"], data["id"]))
            case "setPlaylistMeta" if data["count"] == 0:
                self.on = self.current = None

    @property
    def by(self) -> str:
        """Who has put on what plays."""
        return next((each.by for each in self.items if each.uid == self.current), "")

    def waiting(self) -> list[int]:
        """The uids of what is still to be played once, in the order in which it comes."""
        uids = [each.uid for each in self.items]
        at = uids.index(self.current) if self.current in uids else -1
        after = self.items[at + 1 :] + self.items[: max(at, 0)]
        return [each.uid for each in after if each.temp or self._is_ours(each)]

    def _start(self, media: tuple[str, str]) -> None:
        if media == self.on:
            return
        self.on = media
        self.starts.append(media)
        self._ours[media] = 0

    def _wait(self, item: There) -> None:
        if item.temp and not self._is_ours(item):
            self.waited[item.type, item.id] += 1

    def _is_ours(self, item: There) -> bool:
        return item.by == self.name and self._ours[item.type, item.id] > 0

    def _know_embed(self, item: There) -> None:
        """What was asked for as a piece of HTML is called by a hash on the list."""
        html = next(
            (key for key in self._ours if key[0] == item.type == "cu" and key[1][0] == "<"), None
        )
        if html and item.by == self.name:
            del self._ours[html]
            self._ours[item.type, item.id] = 1

    def _take_off(self, uids: list[int]) -> None:
        """What is ours and is taken off is not ours when somebody puts it there again."""
        for item in [each for each in self.items if each.uid in uids and self._is_ours(each)]:
            self._ours[item.type, item.id] = 0
        self.items = [each for each in self.items if each.uid not in uids]

    def _replace(self, items: list[There]) -> None:
        known = Counter((each.type, each.id) for each in self.items)
        there = Counter((each.type, each.id) for each in items)
        if self._is_new:
            self.waited += Counter(
                (each.type, each.id) for each in items if each.temp and each[1:3] not in known
            )
        else:
            self._take_off([each.uid for each in self.items if not there[each.type, each.id]])
        self.items, self._is_new = items, False

    def _of(self, uid: int) -> There:
        return next(each for each in self.items if each.uid == uid)

    def _insert(self, item: There, after: int | str) -> None:
        places: dict[int | str, int] = {each.uid: place for place, each in enumerate(self.items, 1)}
        self.items.insert(0 if after == "prepend" else places.get(after, len(places)), item)


def _there(item: dict[str, Any]) -> There:
    media = item["media"]
    return There(item["uid"], media["type"], media["id"], item["queueby"], item["temp"])
