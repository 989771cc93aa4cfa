"""What is heard of the room, as orders bring it. Pure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from rosey.events import ActionRefused, ConnectionEvent, MediaEvent, Outcome, Sent, UserEvent
from rosey.events import PlaylistChange as ListChange
from workflows.playlist import answers, follow, moves, people, player, whole_list
from workflows.playlist.models import Room

# Seconds after which an answer to an edit will not come any more: its process has died.
PATIENCE = 60
# Who does not answer is asked less and less often, at last about once an hour.
MOST_DOUBLINGS = 6


def heard(room: Room, action: str, event: dict[str, Any], now: datetime) -> list[Outcome]:
    """What the room is to be told of it; an event that nobody here listens for is nothing."""
    if action not in EARS:
        return []
    model, ear = EARS[action]
    return ear(room, model.model_validate(event), now)


def patience_ends(room: Room) -> datetime | None:
    """When the oldest edit that was not answered is given up."""
    oldest = min((each.at for each in room.pending.values()), default=None)
    return oldest + _patience(room) if oldest else None


def _patience(room: Room) -> timedelta:
    return timedelta(seconds=PATIENCE * 2 ** min(room.unanswered, MOST_DOUBLINGS))


def give_up(room: Room, now: datetime) -> None:
    """Forgets edits that nobody answers; what they did shows on the list."""
    before = now - _patience(room)
    given_up = [id for id, each in room.pending.items() if each.at <= before]
    for action_id in given_up:
        del room.pending[action_id]
        room.platform.tried = ""
        room.platform.known = room.looked = False
    room.unanswered += bool(given_up)


def _up(room: Room, event: ConnectionEvent, now: datetime) -> list[Outcome]:
    room.unanswered = 0
    follow.came_up(room, event)
    return []


def _down(room: Room, event: ConnectionEvent, now: datetime) -> list[Outcome]:
    follow.went_down(room)
    return []


def _list(room: Room, event: ListChange, now: datetime) -> list[Outcome]:
    if event.kind == "replaced":
        if event.session:
            follow.looked(room, event)
        return whole_list.replaced(room, event, event.at)
    return follow.one_change(room, event, event.at)


def _media(room: Room, event: MediaEvent, now: datetime) -> list[Outcome]:
    return player.start(room, event) if event.media else []


def _media_end(room: Room, event: MediaEvent, now: datetime) -> list[Outcome]:
    return player.finish(room, event.at)


def _came(room: Room, event: UserEvent, now: datetime) -> list[Outcome]:
    people.joined(room, event)
    return _votes(room, event)


def _left(room: Room, event: UserEvent, now: datetime) -> list[Outcome]:
    people.left(room, event)
    return _votes(room, event)


def _votes(room: Room, event: UserEvent) -> list[Outcome]:
    """With fewer people there fewer votes are enough."""
    lines = moves.count_votes(room, event.at)
    return [Outcome(say=lines)] if lines else []


def _sent(room: Room, event: Sent, now: datetime) -> list[Outcome]:
    media, room.unanswered = event.media, 0
    seconds, title = (media.seconds, media.title) if media else (0.0, "")
    return answers.done(room, event.action_id, event.uid, seconds, title, now)


def _refused(room: Room, event: ActionRefused, now: datetime) -> list[Outcome]:
    room.unanswered = 0
    return answers.refused(room, event.action_id, event.code, event.reason)


Ear = Callable[[Room, Any, datetime], list[Outcome]]
EARS: dict[str, tuple[type[BaseModel], Ear]] = {
    "on_connection_up": (ConnectionEvent, _up),
    "on_connection_down": (ConnectionEvent, _down),
    "on_playlist_change": (ListChange, _list),
    "on_media_change": (MediaEvent, _media),
    "on_media_end": (MediaEvent, _media_end),
    "on_user_join": (UserEvent, _came),
    "on_user_update": (UserEvent, _came),
    "on_user_leave": (UserEvent, _left),
    "on_sent": (Sent, _sent),
    "on_refused": (ActionRefused, _refused),
}
