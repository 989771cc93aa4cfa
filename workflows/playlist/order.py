"""Whose turn it is: people take turns, whatever somebody put in a place stays there. Pure.

Each person's items stand in rounds one after another, and in every round people come in the same
order, that in which they began to wait. So between two items of one person there is at most one of
each other. What has played counts: its person's next item belongs to the round after, whenever it
is added. A person of weight 2 has two items a round. An item's round is fixed when it is added, so
nothing that waits is ever overtaken by what is added later, unless it is its person's turn.
"""

from collections.abc import Sequence

from rosey.names import name_key
from workflows.playlist.models import Entry, Had, Turns


def place(queue: list[Entry], entry: Entry, turns: Turns, fair: bool) -> int:
    """Puts it where it belongs and returns its index there."""
    waiting = [each for each in queue if _same_turns(each, entry)]
    had = turns.had.get(name_key(entry.added_by))
    if waiting:
        last = max(waiting, key=lambda each: each.round)
        entry.turn = last.turn
        entry.round = max(turns.now, last.round + 1 / entry.weight)
    elif had:
        entry.turn = had.turn
        entry.round = max(turns.now, had.next)
    else:
        entry.turn, turns.next_turn = turns.next_turn, turns.next_turn + 1
        entry.round = turns.now
    index = _index(queue, entry) if fair else _end(queue)
    queue.insert(index, entry)
    return index


def _end(queue: Sequence[Entry]) -> int:
    """Behind all that somebody has asked for."""
    return next((n for n, each in enumerate(queue) if each.filler), len(queue))


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
    while index < _end(queue) and queue[index].pinned:
        index += 1
    return index


def put_next(queue: list[Entry], entry: Entry) -> int:
    """Before everything but what was put there before; returns its index."""
    entry.pinned = entry.next = True
    index = 0
    while index < len(queue) and queue[index].next:
        index += 1
    queue.insert(index, entry)
    return index


def move(queue: list[Entry], entry: Entry, index: int) -> None:
    """Puts an entry that is there where somebody wants it."""
    queue.remove(entry)
    entry.pinned, entry.next, entry.filler = True, False, False
    queue.insert(max(0, min(index, len(queue))), entry)


def take(queue: list[Entry], entry: Entry, fair: bool) -> None:
    """Takes one out; where people take turns, its person's later ones each come a turn sooner."""
    later = [each for each in queue[queue.index(entry) + 1 :] if _same_turns(each, entry)]
    queue.remove(entry)
    if entry.pinned:
        return
    rounds = [entry.round, *(each.round for each in later)]
    for each, sooner in zip(later, rounds, strict=False):
        each.round = sooner
        if fair:
            queue.remove(each)
            queue.insert(_index(queue, each), each)


def came_back(queue: list[Entry], key: str, turns: Turns, fair: bool) -> None:
    """Turns went by while somebody was away: he comes once more in this round, and so on.

    Unless he has had his turn in it.

    `key`: his name in small letters; he has something waiting that is in no fixed place.
    """
    own = [each for each in queue if not each.pinned and name_key(each.added_by) == key]
    first = own[0]
    if (first.round, first.turn) > (turns.now, turns.turn):
        return
    had = turns.had.get(key)
    soonest, turn = max(turns.now, had.next if had else turns.now), turns.next_turn
    turns.next_turn += 1
    for each in own:
        each.turn = turn
        each.round = max(each.round, soonest)
        soonest = each.round + 1 / each.weight
        if fair:
            queue.remove(each)
            queue.insert(_index(queue, each), each)


def started(turns: Turns, entry: Entry) -> None:
    """The rotation has come to this one."""
    if entry.pinned:
        return
    turns.now, turns.turn = max((turns.now, turns.turn), (entry.round, entry.turn))
    turns.had[name_key(entry.added_by)] = Had(next=entry.round + 1 / entry.weight, turn=entry.turn)
    turns.had = {key: had for key, had in turns.had.items() if had.next > turns.now}
