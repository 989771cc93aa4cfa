"""The platform's whole list at once: after joining, after a shuffle, after a clear. Pure."""

from datetime import datetime, timedelta

from rosey.events import Media, MediaEvent, Outcome
from rosey.events import PlaylistChange as ListChange
from workflows.playlist import follow, forecast, match, player, texts
from workflows.playlist.models import Entry, Room, Votes


def replaced(room: Room, change: ListChange, now: datetime) -> list[Outcome]:
    """Finds what is ours on the list, and sees to what is not there any more."""
    platform = room.platform
    joined, before = not platform.known, platform.items
    there = [entry for entry in room.queue if entry.uid is not None]
    platform.items = [follow.stood_of(item) for item in change.items]
    platform.known = True
    platform.current = change.current
    on = room.playing.entry if room.playing else None
    everything = [*([on] if on else []), *room.queue, *room.leaving]
    known = match.pair(everything, platform.items, platform.name)
    room.leaving = [entry for entry in room.leaving if entry.uid is not None]
    same_list = not joined or match.kept_its_uids(before, platform.items)
    platform.reloaded = not same_list
    free_at = _free_at(room, now)
    told = _what_played(room, same_list, now)
    lost = [entry for entry in there if entry.uid is None]
    if on and on in room.queue:
        lost.insert(0, on)
    if joined and same_list:
        told += _while_away(room, lost, free_at, now)
    elif lost:
        told += _lost(room, lost, joined)
    for stood in platform.items:
        if stood.uid not in known:
            told += follow.adopt(room, stood, now)
    if not joined:
        follow.follow_order(room, set())
    return told + _playing(room, change) + _welcome(room, joined)


def _playing(room: Room, change: ListChange) -> list[Outcome]:
    """What plays, when the list tells that too."""
    stood = next((each for each in room.platform.items if each.uid == change.current), None)
    if stood is None or change.position is None:
        return []
    media = Media(type=stood.type, id=stood.media_id, title=stood.title, seconds=stood.seconds)
    return player.start(
        room,
        MediaEvent(
            id=change.id,
            channel=change.channel,
            at=change.at,
            media=media,
            uid=stood.uid,
            position=change.position,
        ),
    )


def _free_at(room: Room, now: datetime) -> datetime:
    """When what plays was to make place for the next."""
    on = room.playing
    if on is None:
        return now
    return on.started_at + timedelta(seconds=on.seconds + forecast.BETWEEN)


def _what_played(room: Room, same_list: bool, now: datetime) -> list[Outcome]:
    """Whether it still does, has ended meanwhile, or was lost."""
    on = room.playing
    if on is None:
        return []
    if on.entry is None:
        key = f"{on.type}:{on.media_id}"
        same = (item.uid for item in room.platform.items if player.media_key(item) == key)
        on.uid = next(same, None)
    else:
        on.uid = on.entry.uid
    if on.uid is not None:
        return []
    over = on.seconds > 0 and now >= on.started_at + timedelta(seconds=on.seconds)
    unwanted = on.skipped_by or room.settings.restore == "never"
    if same_list or over or unwanted or on.entry is None:
        return player.finish(room, now)
    on.entry.pinned = True
    room.queue.insert(0, on.entry)
    room.playing, room.votes = None, Votes(passed_at=room.votes.passed_at)
    return []


def _lost(room: Room, lost: list[Entry], joined: bool) -> list[Outcome]:
    """Items that are not on the list any more: taken away by people, or lost by the server."""
    if not joined:
        left = len(room.queue) - len(lost)
        return [follow.removed(room, lost, texts.cleared(len(lost), left))]
    match room.settings.restore:
        case "always":
            return [Outcome(say=[texts.put_back(len(lost))])]
        case "ask":
            for entry in lost:
                room.queue.remove(entry)
            room.held += lost
            return [Outcome(say=[texts.held(len(room.held))])]
    return [follow.removed(room, lost, texts.dropped(len(lost)))]


def _while_away(room: Room, lost: list[Entry], free_at: datetime, now: datetime) -> list[Outcome]:
    """What there was time for has played; the rest was taken off the list by somebody."""
    told = []
    for entry, begin in zip(lost, forecast.starts(lost, None, free_at), strict=True):
        if begin.at + timedelta(seconds=entry.seconds) > now:
            told.append(follow.removed(room, [entry]))
        else:
            room.queue.remove(entry)
            told += player.played_unseen(room, entry, begin.at)
    return told


def _welcome(room: Room, joined: bool) -> list[Outcome]:
    """After a restart the room hears what has come through it."""
    if not (joined and room.recovering):
        return []
    room.recovering = False
    count = sum(not entry.filler for entry in room.queue)
    if not count:
        return []
    if room.settings.restore != "never":
        return [Outcome(say=[texts.recovered(count)])]
    room.leaving += [entry for entry in room.queue if entry.uid is not None]
    return [follow.removed(room, list(room.queue), texts.not_recovered(count))]
