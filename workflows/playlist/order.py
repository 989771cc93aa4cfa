"""Whose turn it is: people take turns, whatever somebody put in a place stays there. Pure.

Each person's items stand in rounds one after another, and in every round people come in the same
order, that in which they began to wait. So between two items of one person there is at most one of
each other. What plays now counts: its person's next item belongs to the round after. A person of
weight 2 has two items a round. An item's round is fixed when it is added, so nothing that waits is
ever overtaken by what is added later, unless it is its person's turn.
"""

from collections.abc import Sequence

from rosey.names import name_key
from workflows.playlist.models import Entry, Playing, Turns


def place(
    queue: list[Entry], entry: Entry, turns: Turns, playing: Playing | None, fair: bool
) -> int:
    """Puts it where it belongs and returns its index there."""
    before = [each for each in [_on(playing), *queue] if each and _same_turns(each, entry)]
    if before:
        last = max(before, key=lambda each: each.round)
        entry.turn = last.turn
        entry.round = max(turns.now, last.round + 1 / entry.weight)
    else:
        entry.turn, turns.next_turn = turns.next_turn, turns.next_turn + 1
        entry.round = turns.now
    index = _index(queue, entry) if fair else len(queue)
    queue.insert(index, entry)
    return index


def _on(playing: Playing | None) -> Entry | None:
    return playing.entry if playing else None


def _same_turns(one: Entry, other: Entry) -> bool:
    """Whether they share a person's turns; what somebody put in its place takes none."""
    return not one.pinned and name_key(one.added_by) == name_key(other.added_by)


def _index(queue: Sequence[Entry], entry: Entry) -> int:
    """Behind the last that comes before it in the rotation, and what was put behind that."""
    before = [
        index
        for index, each in enumerate(queue)
        if not each.pinned and (each.round, each.turn) <= (entry.round, entry.turn)
    ]
    index = before[-1] + 1 if before else 0
    while index < len(queue) and queue[index].pinned:
        index += 1
    return index


def put_next(queue: list[Entry], entry: Entry) -> int:
    """Before everything but what was put there before; returns its index."""
    entry.pinned = True
    index = 0
    while index < len(queue) and queue[index].pinned:
        index += 1
    queue.insert(index, entry)
    return index


def move(queue: list[Entry], entry: Entry, index: int) -> None:
    """Puts an entry that is there where somebody wants it."""
    queue.remove(entry)
    entry.pinned = True
    queue.insert(max(0, min(index, len(queue))), entry)


def take(queue: list[Entry], entry: Entry) -> None:
    """Takes one out; its person's later ones each come a turn sooner."""
    later = [each for each in queue[queue.index(entry) + 1 :] if _same_turns(each, entry)]
    queue.remove(entry)
    if entry.pinned:
        return
    rounds = [entry.round, *(each.round for each in later)]
    for each, sooner in zip(later, rounds, strict=False):
        queue.remove(each)
        each.round = sooner
        queue.insert(_index(queue, each), each)


def started(turns: Turns, entry: Entry) -> None:
    """The rotation has come to this one."""
    if not entry.pinned:
        turns.now = max(turns.now, entry.round)
