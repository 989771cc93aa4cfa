"""What a room lets people ask for, and when that passes. Pure; time comes in as an argument."""

from datetime import datetime, timedelta

from rosey.contracts.media import FoundMedia
from rosey.names import name_key
from rosey.ranks import Rank
from workflows.playlist import forecast, lately, rules
from workflows.playlist.models import Entry, Request, Room
from workflows.playlist.rules import Over, Standing


def is_free(room: Room, rank: float) -> bool:
    """Whether no limits hold for somebody of that rank."""
    return rank >= room.settings.unlimited_rank


def before_show(room: Room, rank: float, now: datetime) -> Over | None:
    """Whether a show is about to begin: then only moderators add."""
    if room.lock is None or rank >= Rank.MODERATOR or now >= room.lock.until:
        return None
    return Over(limit="show", until=max(now, room.lock.begins))


def before_look_up(room: Room, user: str, now: datetime) -> Over | None:
    """The limits that do not depend on what it is."""
    if len(room.queue) + len(room.requests) >= room.settings.max_queue:
        return _passing(room, Over(limit="queue_full"), user, now)
    over = rules.over_limit(_standing(room, user), 0, room.settings, now)
    return _passing(room, over, user, now) if over else None


def note_add(room: Room, user: str, at: datetime) -> None:
    """Somebody adds something; what is older than the window is forgotten."""
    since = at - timedelta(seconds=room.settings.rate_limit_seconds)
    room.added.setdefault(name_key(user), []).append(at)
    lately = {key: [each for each in times if each > since] for key, times in room.added.items()}
    room.added = {key: times for key, times in lately.items() if times}


def give_back(room: Room, request: Request) -> None:
    """What came to nothing is not counted as an add."""
    lately = room.added.get(name_key(request.user), [])
    if request.at in lately:
        lately.remove(request.at)


def after_look_up(room: Room, request: Request, media: FoundMedia, now: datetime) -> Over | None:
    """The limits that depend on what it is."""
    settings = room.settings
    if settings.types and media.type not in settings.types:
        return Over(limit="type")
    if not settings.duplicates and _is_here(room, media):
        return Over(limit="duplicate")
    if is_free(room, request.rank):
        return None
    if over := lately.too_soon(room, media, now):
        return over
    return over_length(room, request.user, media.seconds, now)


def of_known(room: Room, request: Request, media: FoundMedia, now: datetime) -> Over | None:
    """All limits but the rate, for what needs no look-up."""
    if over := before_show(room, request.rank, now):
        return over
    if len(room.queue) >= room.settings.max_queue:
        return _passing(room, Over(limit="queue_full"), request.user, now)
    most = room.settings.max_items_per_user
    if not is_free(room, request.rank) and len(_own(room, request.user)) >= most:
        return _passing(room, Over(limit="max_items"), request.user, now)
    return after_look_up(room, request, media, now)


def over_length(room: Room, user: str, seconds: float, now: datetime) -> Over | None:
    """Whether an item is too long, by itself or with what its person has waiting."""
    settings = room.settings
    if settings.max_item_duration and seconds > settings.max_item_duration:
        return Over(limit="item_length")
    whole = sum(entry.seconds for entry in _own(room, user)) + seconds
    if settings.max_duration_per_user and whole > settings.max_duration_per_user:
        return _passing(room, Over(limit="max_duration"), user, now, seconds)
    return None


def _passing(room: Room, over: Over, user: str, now: datetime, seconds: float = 0) -> Over:
    """Says when it passes if things go on as they are: when enough of what waits has begun."""
    settings = room.settings
    waiting = room.queue if over.limit == "queue_full" else _own(room, user)
    begins = dict(
        zip(
            (entry.id for entry in room.queue),
            forecast.starts(room.queue, room.playing, now),
            strict=True,
        )
    )
    count, whole = len(waiting), sum(entry.seconds for entry in waiting) + seconds
    for entry in waiting:
        if entry.parked:
            continue
        count, whole = count - 1, whole - entry.seconds
        enough = {
            "queue_full": count < settings.max_queue,
            "max_items": count < settings.max_items_per_user,
            "max_duration": whole <= settings.max_duration_per_user,
        }
        if enough.get(over.limit):
            begin = begins[entry.id]
            known = not begin.at_least and begin.at > now
            return over.model_copy(update={"until": begin.at}) if known else over
    return over


def _standing(room: Room, user: str) -> Standing:
    """What somebody has waiting, with what is still being looked up for him."""
    own = _own(room, user)
    asked = sum(name_key(each.user) == name_key(user) for each in room.requests)
    return Standing(
        items=len(own) + asked,
        seconds=sum(entry.seconds for entry in own),
        added=room.added.get(name_key(user), []),
    )


def _own(room: Room, user: str) -> list[Entry]:
    """What counts for somebody; a show is nobody's."""
    key = name_key(user)
    return [each for each in room.queue if name_key(each.added_by) == key and not each.show]


def _is_here(room: Room, media: FoundMedia) -> bool:
    key = (media.type, media.id)
    on = room.playing
    asked = [entry for entry in room.queue if not entry.filler]
    here = [*asked, *([on.entry] if on and on.entry else [])]
    playing = on is not None and (on.type, on.media_id) == key
    return playing or any((entry.type, entry.media_id) == key for entry in here)
