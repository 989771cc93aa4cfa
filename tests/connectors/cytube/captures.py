"""The frames a real server sent, replayed into a `Room`."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from connectors.cytube.room import Room
from rosey.events import MediaEvent, Message, PlaylistChange, UserEvent, Wire, utc
from rosey.platform import Occurrence

_CAPTURES = Path(__file__).parents[2] / "data" / "cytube" / "captures"
_LIBRARY = {"disconnect", "connect_error", "(raw)", "newPoll (ack)"}  # no frames of the room


@dataclass
class Session:
    """One seat's connection: the room after its last frame, and what each frame meant."""

    room: Room
    occurrences: list[Occurrence] = field(default_factory=list)

    def events(self) -> list[tuple[str, Wire]]:
        return [pair for occurrence in self.occurrences for pair in occurrence.events]

    def messages(self) -> list[Message]:
        return [event for _, event in self.events() if isinstance(event, Message)]

    def people(self) -> list[tuple[str, UserEvent]]:
        return [(s, event) for s, event in self.events() if isinstance(event, UserEvent)]

    def media(self) -> list[tuple[str, str]]:
        """The last part of the subject and the title."""
        return [
            (subject.rpartition(".")[2], event.media.title)
            for subject, event in self.events()
            if isinstance(event, MediaEvent) and event.media
        ]

    def playlist(self) -> list[PlaylistChange]:
        return [event for _, event in self.events() if isinstance(event, PlaylistChange)]


def scenes() -> list[str]:
    return sorted(path.stem for path in _CAPTURES.glob("*.jsonl"))


@cache
def frames(scene: str) -> list[dict[str, Any]]:
    lines = (_CAPTURES / f"{scene}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def sessions(scene: str) -> dict[str, Session]:
    """By seat; of a seat that connected twice, the last connection."""
    found: dict[str, Session] = {}
    for frame in frames(scene):
        seat, event = frame["seat"], frame["event"]
        if frame["dir"] != "in" or event in _LIBRARY:
            continue
        if event == "connect":
            found[seat] = Session(Room("cytube/lounge", _name(seat), frame["ts"]))
        else:
            at: datetime = utc(frame["ts"])
            occurrence = found[seat].room.take(event, frame.get("data"), at)
            found[seat].occurrences.append(occurrence)
    return found


def session(scene: str, seat: str) -> Session:
    return sessions(scene)[seat]


def _name(seat: str) -> str:
    """`Rosey-back` is Rosey again."""
    return seat.partition("-")[0]
