"""The last lines of each room, kept over a restart or a kill."""

from __future__ import annotations

import json
import logging
import os
from collections import deque
from pathlib import Path
from typing import Any

log = logging.getLogger("rosey.lounge")

Line = dict[str, Any]
KEPT = 15
_COMPACT_AFTER = 2000


class History:
    """One file for all rooms: a JSON object a line, written before the line is broadcast.

    Written without fsync: it survives the end of the process, not of the machine.
    A torn last line is ignored. Without a path nothing is kept.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._rooms: dict[str, deque[Line]] = {}
        self._file = -1
        self._appended = 0
        if path is not None:
            self._read(path)
            self._compact()

    def lines(self, room: str) -> deque[Line]:
        """The lines of a room; the room appends to it only through `add`."""
        return self._rooms.setdefault(room, deque(maxlen=KEPT))

    def add(self, room: str, line: Line) -> None:
        self.lines(room).append(line)
        self._append({"room": room, "line": line})

    def clear(self, room: str) -> None:
        self.lines(room).clear()
        self._append({"room": room})

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _read(self, path: Path) -> None:
        if not path.exists():
            return
        for raw in path.read_bytes().split(b"\n"):
            try:
                entry = json.loads(raw)
                room, line = entry["room"], entry.get("line")
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
            if not isinstance(room, str):
                continue
            if isinstance(line, dict):
                self.lines(room).append(line)
            else:
                self.lines(room).clear()

    def _append(self, entry: dict[str, Any]) -> None:
        if self._file < 0:
            return
        try:
            os.write(self._file, json.dumps(entry).encode() + b"\n")
        except OSError as error:
            log.warning("chat history is no longer kept: %s", error)
            self.close()
            return
        self._appended += 1
        if self._appended >= _COMPACT_AFTER:
            self._compact()

    def _compact(self) -> None:
        assert self._path is not None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(self._path.name + ".new")
        fresh_file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fresh_file, "w", encoding="utf-8") as file:
            for room, lines in self._rooms.items():
                file.writelines(json.dumps({"room": room, "line": line}) + "\n" for line in lines)
        fresh.replace(self._path)
        self.close()
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._appended = 0
