"""Events on disk while NATS is away, for the process that comes after this one.

A folder of segments: lines are appended to the newest, and a segment is removed as a whole once
nothing in it is wanted. Nothing is ever rewritten, so a kill can tear only the last line of one.
There is no fsync: what is written outlives the process, not a loss of power. What of a segment was
stored before a kill goes out once more, and its id makes it once.
"""

import errno
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

log = logging.getLogger("activities.connection")

BOUND = 64 * 1024 * 1024  # bytes
SEGMENTS = 64  # that the bound is divided into
SUFFIX = ".jsonl"


class Spooled(NamedTuple):
    """An event as it goes to NATS."""

    subject: str
    id: str
    data: bytes


def to_line(event: Spooled) -> bytes:
    """One line, whatever the text in it; its data is JSON."""
    fields = [event.subject, event.id, event.data.decode()]
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def from_lines(content: bytes) -> tuple[list[Spooled], int]:
    """The events of a segment, and how many lines are torn."""
    found: list[Spooled] = []
    torn = 0
    for line in content.split(b"\n"):
        event = _from_line(line)
        if event:
            found.append(event)
        else:
            torn += bool(line)
    return found, torn


def _from_line(line: bytes) -> Spooled | None:
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    match fields:
        case [str(subject), str(id), str(data)]:
            return Spooled(subject, id, data.encode())
    return None


@dataclass(slots=True, eq=False)
class Segment:
    """A file of so many bytes with so many events that are still wanted."""

    path: Path
    size: int = 0
    wanted: int = 0


class Spool:
    """The spool of one connection in one data folder: owned by the process that holds it.

    It never raises: what the disk does not take is not here, and that is said once.
    """

    def __init__(self, folder: Path, bound: int = BOUND) -> None:
        self.folder = folder
        self._bound = bound
        self._places: dict[str, Segment] = {}
        self._size = 0
        self._number = 0
        self._newest: Segment | None = None
        self._file = -1
        self._complained = False

    def __len__(self) -> int:
        return len(self._places)

    @property
    def is_full(self) -> bool:
        """At its bound, which is passed by one event at most."""
        return self._size >= self._bound

    def load(self) -> list[Spooled]:
        """What an earlier process left, oldest first."""
        found: list[Spooled] = []
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            try:
                self._number = max(self._number, int(path.stem))
                content = path.read_bytes()
            except (OSError, ValueError) as problem:
                log.error("%s was not read, and its events were not sent: %s", path, problem)
                continue
            events, torn = from_lines(content)
            if torn:
                log.warning("%s: left out what was torn when its process ended (%d)", path, torn)
            segment = self._begin(path, len(content))
            for event in events:
                if event.id not in self._places:
                    self._place(event.id, segment)
                    found.append(event)
            self._remove_unwanted(segment)
        return found

    def add(self, event: Spooled) -> bool:
        """Whether it is on disk now."""
        if event.id in self._places:
            return True
        if self.is_full:
            return False
        try:
            self._place(event.id, self._append(to_line(event)))
        except OSError as problem:
            self._end_newest()
            if not self._complained:
                self._complained = True
                log.error(
                    "%s cannot be written (%s): events wait for NATS in memory,"
                    " and are lost if this process ends before it is back",
                    *(self.folder, problem),
                )
            return False
        return True

    def gone(self, id: str) -> None:
        """The event was stored, or is given up."""
        segment = self._places.pop(id, None)
        if segment:
            segment.wanted -= 1
            self._remove_unwanted(segment)

    def close(self) -> None:
        """Leaves on disk what was not stored."""
        self._end_newest()

    # -- segments --------------------------------------------------------------------------

    def _begin(self, path: Path, size: int = 0) -> Segment:
        self._size += size
        return Segment(path, size)

    def _place(self, id: str, segment: Segment) -> None:
        self._places[id] = segment
        segment.wanted += 1

    def _append(self, line: bytes) -> Segment:
        if self._newest and self._newest.size >= self._bound // SEGMENTS:
            self._end_newest()
        segment = self._newest or self._create()
        written = os.write(self._file, line)
        segment.size += written
        self._size += written
        if written < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return segment

    def _create(self) -> Segment:
        """The next segment; what is said in private is for the owner alone."""
        self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.folder.chmod(0o700)
        self._number += 1
        path = self.folder / f"{self._number:012}{SUFFIX}"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        self._newest = self._begin(path)
        return self._newest

    def _end_newest(self) -> None:
        segment, self._newest = self._newest, None
        if segment:
            os.close(self._file)
            self._remove_unwanted(segment)

    def _remove_unwanted(self, segment: Segment) -> None:
        if segment.wanted:
            return
        if segment is self._newest:
            self._newest = None
            os.close(self._file)
        self._size -= segment.size
        try:
            segment.path.unlink(missing_ok=True)
        except OSError as problem:
            log.error("%s was sent, but cannot be removed: %s", segment.path, problem)
