"""What orders about shows do to the room. Pure; time comes in as an argument."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from rosey import ids
from rosey.contracts.media import FoundMedia
from rosey.contracts.shows import ShowAnswer, ShowBegins, ShowPlan, ShowSoon, ShowWish
from rosey.durable import Order
from rosey.events import Happening, Outcome
from rosey.ranks import Rank
from rosey.shows import early
from workflows.playlist import order as turns
from workflows.playlist import player, show_texts, show_words
from workflows.playlist.entries import entry_of
from workflows.playlist.models import Entry, Lock, Room

HELP = 'Schedule a show: {"text": "\\"Friday Horror\\" friday 20:00 list horror"}; without: a list'
MOST_WISHES = 20
# A lock whose show never comes ends so long after its time.
GRACE = timedelta(minutes=1)

Kind = Literal["schedule_show", "cancel_show", "start_show", "list_shows"]


# -- what people ask ---------------------------------------------------------------------------


def schedule(room: Room, order: Order, now: datetime) -> Outcome:
    """Notes the wish, whose answer is said afterwards; without words, to list them."""
    if not order.text.strip():
        return _note(room, order, now, "list_shows")
    if order.rank < Rank.MODERATOR:
        return _no(show_texts.FOR_MODERATORS)
    settings, asked_at = room.settings, order.sent_at or now
    try:
        typed = show_words.read(order.text, asked_at, settings.zone)
    except show_words.Unclear as problem:
        return _no(show_texts.unclear(str(problem)))
    when, lead = typed.when, settings.show_lead
    before = lead if when.at else early(when.clock, settings.zone, lead, asked_at.date())
    plan = ShowPlan(
        id=_id(room, order, now),
        channel=room.channel,
        name=typed.name,
        saved_list=typed.saved_list,
        by=order.user,
        zone=settings.zone,
        lead=lead,
        early=before,
        at=when.at,
        clock=when.clock,
        weekday=when.weekday,
    )
    return _note(room, order, now, "schedule_show", plan.name, plan)


def cancel(room: Room, order: Order, now: datetime) -> Outcome:
    return _named(room, order, now, "cancel_show")


def at_once(room: Room, order: Order, now: datetime) -> Outcome:
    return _named(room, order, now, "start_show")


def _named(room: Room, order: Order, now: datetime, kind: Kind) -> Outcome:
    if order.rank < Rank.MODERATOR:
        return _no(show_texts.FOR_MODERATORS)
    if not order.text.strip():
        return _no(show_texts.WHICH)
    try:
        name = show_words.whole_name(order.text)
    except show_words.Unclear as problem:
        return _no(f"{problem} {show_texts.WHICH}")
    return _note(room, order, now, kind, name)


def _note(
    room: Room,
    order: Order,
    now: datetime,
    kind: Kind,
    name: str = "",
    plan: ShowPlan | None = None,
) -> Outcome:
    if len(room.wishes) >= MOST_WISHES:
        return _no("❌ Too much is asked about shows at once; try again in a minute.")
    wish = ShowWish(
        id=_id(room, order, now),
        kind=kind,
        channel=room.channel,
        by=order.user,
        name=name,
        plan=plan,
    )
    room.wishes.append(wish)
    return Outcome()


def _id(room: Room, order: Order, now: datetime) -> str:
    return order.id or ids.derive("s", room.era, now.isoformat(), len(room.wishes), order.text)


def answered(room: Room, wish: ShowWish, answer: ShowAnswer | None, now: datetime) -> Outcome:
    """What came of a wish; None when nobody could see to it."""
    if answer is None or answer.problem:
        return _no(f"❌ {answer.problem if answer else show_texts.FAILED}")
    if wish.kind == "list_shows":
        return Outcome(say=show_texts.listed(answer.shows, now))
    show = answer.shows[0]
    about = {"name": show.plan.name, "list": show.plan.saved_list, "by": wish.by}
    if wish.kind == "schedule_show":
        following = show.next.isoformat() if show.next else None
        told = Happening(name="show_scheduled", data={**about, "next": following})
        return Outcome(say=[show_texts.scheduled(show, answer.films)], events=[told])
    if wish.kind == "cancel_show":
        if room.lock and room.lock.name == show.plan.name:
            room.lock = None
        told = Happening(name="show_cancelled", data=about)
        return Outcome(say=[show_texts.cancelled(show)], events=[told])
    return Outcome()


# -- what a show tells -------------------------------------------------------------------------


def soon(room: Room, order: Order, now: datetime) -> Outcome:
    """It begins soon: until then only moderators add."""
    if order.rank < Rank.MODERATOR:
        return _no(show_texts.FOR_MODERATORS)
    show = ShowSoon.model_validate(order.event)
    until = show.begins + GRACE
    if now >= until:
        return Outcome()
    if show.films != 0:
        room.lock = Lock(name=show.name, begins=show.begins, until=until)
    return Outcome(say=[show_texts.soon(show, now)])


def begin(room: Room, order: Order, now: datetime) -> Outcome:
    """Its items come first, in their order; what plays ends by itself."""
    if order.rank < Rank.MODERATOR:
        return _no(show_texts.FOR_MODERATORS)
    show = ShowBegins.model_validate(order.event)
    if room.lock and room.lock.name == show.name:
        room.lock = None
    if not show.items:
        return _no(show_texts.cannot_begin(show))
    entries, added = [], []
    for number, media in enumerate(_to_show(room, show.items), 1):
        entry = _waiting(room, media)
        if entry is None:
            entry = entry_of(room, media, now, show.by, pinned=True, free=True, show=True)
            room.news.added.append(player.item_of(entry))
            added.append(player.told("item_added", entry, by=show.by, position=number))
        entries.append(entry)
    room.queue[:0] = entries
    about = {"name": show.name, "list": show.saved_list, "by": show.by, "items": len(entries)}
    started = Happening(name="show_started", data=about)
    return Outcome(say=[show_texts.begins(show, entries, room.playing)], events=[started, *added])


def _to_show(room: Room, items: Sequence[FoundMedia]) -> list[FoundMedia]:
    """Without what is on and, where the same thing may not wait twice, what came before."""
    on = room.playing
    left_out = {(on.type, on.media_id)} if on else set()
    found = []
    for media in items:
        if (media.type, media.id) in left_out:
            continue
        found.append(media)
        if not room.settings.duplicates:
            left_out.add((media.type, media.id))
    return found


def _waiting(room: Room, media: FoundMedia) -> Entry | None:
    """What waits already is moved: its person's later ones each come a turn sooner."""
    key = (media.type, media.id)
    entry = next((each for each in room.queue if (each.type, each.media_id) == key), None)
    if entry is None:
        return None
    turns.take(room.queue, entry, room.settings.fair)
    entry.pinned = entry.free = entry.show = True
    entry.next = entry.parked = entry.filler = False
    return entry


def _no(sentence: str) -> Outcome:
    return Outcome(say=[sentence])


ORDERS: dict[str, Callable[[Room, Order, datetime], Outcome]] = {
    "schedule": schedule,
    "schedule_cancel": cancel,
    "schedule_now": at_once,
    "show_soon": soon,
    "show": begin,
}
