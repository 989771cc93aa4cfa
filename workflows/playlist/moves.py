"""What an order does to the queue. Pure; time comes in as an argument."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from rosey.contracts.media import FoundMedia, LookedUp
from rosey.durable import Order
from rosey.events import Happening, Outcome
from rosey.names import name_key
from rosey.ranks import Rank
from workflows.playlist import autoplay, forecast, limits, people, player, rules, texts
from workflows.playlist import order as turns
from workflows.playlist.entries import entry_of
from workflows.playlist.models import Entry, Playing, Request, Room

MOST_REQUESTS = 100


# -- adding ------------------------------------------------------------------------------------


def add(room: Room, order: Order, now: datetime) -> Outcome:
    """Notes the wish; what it means is looked up, and the answer said afterwards."""
    text = order.text.strip()
    words = text.split()
    at_once = len(words) > 1 and words[-1].lower() == "next"
    if at_once and order.rank < Rank.MODERATOR:
        return _no("Only moderators can add something to play next.")
    if at_once:
        text = text[: -len("next")].rstrip()
    if not text:
        return _no(texts.usage("!"))
    asked_at = order.sent_at or now
    if over := limits.before_show(room, order.rank, asked_at):
        return _no(texts.refused(over, room.settings, asked_at))
    free = limits.is_free(room, order.rank)
    if not free and (over := limits.before_look_up(room, order.user, asked_at)):
        return _no(texts.refused(over, room.settings, asked_at))
    if len(room.requests) >= MOST_REQUESTS:
        return _no("❌ Too many requests are being looked up; try again in a minute.")
    room.requests.append(
        Request(
            id=order.id or f"{room.era}-by-hand-{room.numbers}-{len(room.requests)}",
            user=order.user,
            rank=order.rank,
            text=text,
            next=at_once,
            at=asked_at,
        )
    )
    limits.note_add(room, order.user, asked_at)
    return Outcome()


def looked_up(room: Room, request: Request, found: LookedUp, now: datetime) -> Outcome:
    """The answer to a request: it is in the queue now, or why not."""
    room.requests = [each for each in room.requests if each.id != request.id]
    if found.media is None:
        limits.give_back(room, request)
        return Outcome(say=[texts.nothing_found(found.problem or "That cannot be found.")])
    if over := limits.after_look_up(room, request, found.media, now):
        limits.give_back(room, request)
        return Outcome(say=[texts.refused(over, room.settings, now)])
    entry, told = _take(room, request, found.media, now)
    index = room.queue.index(entry)
    start = forecast.starts(room.queue, room.playing, now)[index]
    about = " ".join(filter(None, [texts.when(start, now), texts.turn(entry, room.queue)]))
    return Outcome(say=[texts.added(entry, index + 1, about)], events=told)


def _take(
    room: Room, request: Request, media: FoundMedia, now: datetime
) -> tuple[Entry, list[Happening]]:
    """It is in the queue from now on."""
    entry = _entry(room, request, media, now)
    _leave(room, autoplay.gives_way(room, media))
    if request.next:
        index = turns.put_next(room.queue, entry)
    else:
        index = turns.place(room.queue, entry, room.turns, room.settings.fair)
    room.news.added.append(player.item_of(entry))
    return entry, [player.told("item_added", entry, by=request.user, position=index + 1)]


def load(room: Room, order: Order, now: datetime) -> Outcome:
    """Several known items at once, each within its person's limits but that of the rate."""
    given = [FoundMedia.model_validate(each) for each in (order.event or {}).get("items", [])]
    told: list[Happening] = []
    why = ""
    for number, media in enumerate(given):
        request = Request(
            id=f"{order.id}-{number}", user=order.user, rank=order.rank, text=media.id, at=now
        )
        if over := limits.of_known(room, request, media, now):
            why = why or texts.refused(over, room.settings, now)
            continue
        told += _take(room, request, media, now)[1]
    return Outcome(say=[texts.loaded(len(told), len(given) - len(told), why)], events=told)


def _entry(room: Room, request: Request, media: FoundMedia, now: datetime) -> Entry:
    moderator = request.rank >= Rank.MODERATOR
    weight = room.settings.weight_moderator if moderator else 1
    free = limits.is_free(room, request.rank)
    return entry_of(room, media, now, request.user, weight=weight, free=free)


# -- what is there -----------------------------------------------------------------------------


def remove(room: Room, order: Order) -> Outcome:
    """One's own item, by its number or the last; a moderator takes out anybody's."""
    entry = _chosen(room, order)
    if isinstance(entry, Outcome):
        return entry
    if not _may(entry, order):
        return _no(f"Only {entry.added_by or 'its owner'} or a moderator can remove that.")
    turns.take(room.queue, entry, room.settings.fair)
    _leave(room, [entry])
    removed = player.told("item_removed", entry, by=order.user)
    return Outcome(say=[texts.taken(entry, order.user)], events=[removed])


def _chosen(room: Room, order: Order) -> Entry | Outcome:
    """The entry of that number; without one, the last of one's own."""
    text = order.text.strip().lstrip("#")
    if not text:
        own = [each for each in room.queue if name_key(each.added_by) == name_key(order.user)]
        return own[-1] if own else _no(texts.NOTHING_YOURS)
    found = numbered(room, text)
    return found or _no(f"There is no #{text[:20]}; {_numbers(room)}")


def numbered(room: Room, text: str) -> Entry | None:
    """The entry with that number in the queue, from 1."""
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= len(room.queue):
        return None
    return room.queue[int(text[:9]) - 1]


def _numbers(room: Room) -> str:
    count = len(room.queue)
    return f"the queue has 1 to {count}." if count else "the queue is empty."


def _may(entry: Entry, order: Order) -> bool:
    own = name_key(entry.added_by) == name_key(order.user)
    return own or order.rank >= Rank.MODERATOR


def move(room: Room, order: Order) -> Outcome:
    """`3 1`: what is third comes first. For moderators."""
    if order.rank < Rank.MODERATOR:
        return _no("Only moderators can move items.")
    words = order.text.replace("#", " ").replace(" to ", " ").split()
    if len(words) != 2:
        return _no("Which item, and where to? For example: !move 3 1")
    entry, place = numbered(room, words[0]), numbered(room, words[1])
    if entry is None or place is None:
        return _no(f"Both must be numbers of the queue; {_numbers(room)}")
    index = room.queue.index(place)
    turns.move(room.queue, entry, index)
    happened = player.told("item_moved", entry, by=order.user, position=index + 1)
    return Outcome(say=[texts.moved(entry, index + 1)], events=[happened])


def shuffle(room: Room, order: Order, random: Random) -> Outcome:
    """For moderators."""
    if order.rank < Rank.MODERATOR:
        return _no("Only moderators can shuffle the queue.")
    if len(room.queue) < 2:
        return _no("There is nothing to shuffle: fewer than 2 items wait.")
    random.shuffle(room.queue)
    for entry in room.queue:
        entry.pinned, entry.next = True, False
    autoplay.last_of_all(room)
    shuffled = Happening(name="queue_shuffled", data={"by": order.user, "items": len(room.queue)})
    return Outcome(say=[texts.shuffled(len(room.queue))], events=[shuffled])


def clear(room: Room, order: Order) -> Outcome:
    """Empties the queue; what plays goes on. For moderators."""
    if order.rank < Rank.MODERATOR:
        return _no("Only moderators can empty the queue.")
    gone, room.queue = room.queue, []
    count = len(gone) + len(room.held) + len(room.requests)
    for request in room.requests:
        limits.give_back(room, request)
    room.requests.clear()
    room.held.clear()
    _leave(room, gone)
    cleared = Happening(name="queue_cleared", data={"by": order.user, "items": count})
    return Outcome(say=[texts.emptied(count, order.user)], events=[cleared] if count else [])


def _leave(room: Room, gone: list[Entry]) -> None:
    """What stands on the platform's list has to be taken off it."""
    asked = {each.entry for each in room.pending.values() if each.edit.kind == "add"}
    room.leaving += [entry for entry in gone if entry.uid is not None or entry.id in asked]


def restore(room: Room, order: Order) -> Outcome:
    """Puts back what the room lost. For moderators."""
    if order.rank < Rank.MODERATOR:
        return _no("Only moderators can do that.")
    back, room.held = room.held, []
    room.queue[:0] = back
    return Outcome(say=[texts.put_back(len(back)) if back else "Nothing was lost."])


def forget(room: Room, order: Order) -> Outcome:
    """Lets go what the room lost. For moderators."""
    if order.rank < Rank.MODERATOR:
        return _no("Only moderators can do that.")
    gone, room.held = room.held, []
    if not gone:
        return _no("Nothing was lost.")
    events = [player.told("item_removed", entry, by=order.user) for entry in gone]
    return Outcome(say=[f"{texts.items(len(gone))} let go."], events=events)


# -- what plays --------------------------------------------------------------------------------


def skip(room: Room, order: Order) -> Outcome:
    """For moderators; one's own item, where the room lets people."""
    on = room.playing
    if on is None:
        return _no("Nothing is playing.")
    own = room.settings.skip_own and on.by and name_key(on.by) == name_key(order.user)
    if order.rank < Rank.MODERATOR and not own:
        return _no("Only moderators can skip; !voteskip asks everybody.")
    if refusal := _no_skip(room, on):
        return _no(refusal)
    on.skipped_by = order.user
    return Outcome(say=[texts.skipping(on, order.user)])


def vote(room: Room, order: Order, now: datetime) -> Outcome:
    """A vote to skip; it passes when enough of those who watch want it."""
    on, votes, settings = room.playing, room.votes, room.settings
    at = order.sent_at or now
    if on is None:
        return _no("Nothing is playing.")
    if refusal := _no_skip(room, on):
        return _no(refusal)
    if votes.passed_at and at < votes.passed_at + timedelta(seconds=settings.vote_cooldown):
        left = votes.passed_at + timedelta(seconds=settings.vote_cooldown) - at
        return _no(f"A vote has just passed; vote again in {texts.span(left.total_seconds())}.")
    _lapse(room, at)
    if name_key(order.user) in votes.cast:
        return _no(f"You have voted already. {_tally(room)}")
    votes.cast[name_key(order.user)] = at
    voted = Happening(name="skip_voted", data={"by": order.user, "votes": len(votes.cast)})
    return Outcome(say=count_votes(room, at) or [_tally(room)], events=[voted])


def count_votes(room: Room, at: datetime) -> list[str]:
    """What is said when enough of those who watch want it, also since others have left."""
    on, votes = room.playing, room.votes
    _lapse(room, at)
    count = len(votes.cast)
    if on is None or on.skipped_by or not count or count < _needed(room):
        return []
    on.skipped_by = "a vote"
    votes.passed_at = at
    return [texts.voted(on, count)]


def _lapse(room: Room, at: datetime) -> None:
    lapse = timedelta(seconds=room.settings.vote_seconds)
    cast = room.votes.cast
    room.votes.cast = {who: when for who, when in cast.items() if at - when < lapse}


def _no_skip(room: Room, on: Playing) -> str:
    """Why it cannot be skipped, if so."""
    if on.skipped_by:
        return "It is being skipped already."
    cannot = room.platform.cannot
    return texts.cannot("skip", cannot["skip"]) if {"skip", "remove"} <= set(cannot) else ""


def _tally(room: Room) -> str:
    return texts.vote(len(room.votes.cast), _needed(room))


def _needed(room: Room) -> int:
    settings = room.settings
    return rules.votes_needed(people.watching(room), settings.vote_share, settings.vote_least)


def _no(sentence: str) -> Outcome:
    return Outcome(say=[sentence])


AT_ONCE: dict[str, Callable[[Room, Order], Outcome]] = {
    "remove": remove,
    "move": move,
    "clear": clear,
    "restore": restore,
    "forget": forget,
    "skip": skip,
}
