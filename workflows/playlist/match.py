"""Finding what we know on a list whose uids may all be new. Pure."""

from collections.abc import Iterable

from rosey.names import name_key
from workflows.playlist.models import Entry, Stood


def pair(entries: Iterable[Entry], items: list[Stood], own: str) -> set[int]:
    """Gives each entry the uid of its item, or none; returns the uids that were given.

    The same uid with the same media is the same item. Otherwise the first item with that media
    that is left and was queued by Rosey, or by anybody for what stood on the list before.
    """
    entries = list(entries)
    stood = [entry.id for entry in entries if entry.uid is not None]
    given: set[int] = set()
    for entry in entries:
        same = (item for item in items if item.uid == entry.uid and _same(entry, item))
        found = next(same, None)
        entry.uid = found.uid if found else None
        given |= {found.uid} if found else set()
    ours = [item for item in items if name_key(item.by) == name_key(own)]
    for candidates in (ours, items):
        for entry in entries:
            if entry.uid is not None or (candidates is items and entry.id not in stood):
                continue
            left = (item for item in candidates if item.uid not in given and _same(entry, item))
            if found := next(left, None):
                entry.uid = found.uid
                given.add(found.uid)
    return given


def kept_its_uids(before: list[Stood], after: list[Stood]) -> bool:
    """Whether the list is still the one that was known, and was not loaded afresh since.

    A list that was loaded counts from 0. One that did so before and has lost its end may have
    been loaded or shortened; it is taken for loaded, so that nothing is lost.
    """
    known = [_handle(item) for item in before]
    now = [_handle(item) for item in after]
    counts_from_0 = [item.uid for item in after] == list(range(len(after)))
    if counts_from_0 and now[: len(known)] != known:
        return False
    return any(handle in known for handle in now)


def _handle(item: Stood) -> tuple[int, str, str]:
    return item.uid, item.type, item.media_id


def _same(entry: Entry, item: Stood) -> bool:
    return entry.type == item.type and item.media_id in (entry.media_id, entry.stood_id)
