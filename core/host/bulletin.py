"""What the host tells of itself: runtime.json, the warnings of `status`, and events on the bus."""

import logging
from collections.abc import Callable
from pathlib import Path

from core.runtime import Runtime
from rosey import clock, ids, subjects
from rosey.events import Health

log = logging.getLogger("core.host")


class Bulletin:
    """`say` tells who typed `up`. `unsaid`: events that the bus has not stored yet, in order."""

    def __init__(self, data: Path, runtime: Runtime, say: Callable[[str], None]) -> None:
        self._data = data
        self._runtime = runtime
        self._say = say
        self._lines: dict[str, list[str]] = {}
        self._wrong: dict[str, str] = {}
        self.unsaid: list[Health] = []

    def write(self) -> None:
        """Brings runtime.json up to date. A disk that does not take it is a warning, no end."""
        try:
            self._runtime.write(self._data)
        except OSError as problem:
            line = f"The host cannot write to {self._data}: {problem.strerror}. Make room there."
            if self._put("runtime", [line]):
                log.warning("%s", line)
        else:
            if self._put("runtime", []):
                self._runtime.write(self._data)

    def refresh(self) -> None:
        """Tries again what could not be written."""
        if self._lines.get("runtime"):
            self.write()

    def warn(self, about: str, lines: list[str]) -> None:
        """All that is to be said about it at the moment, a sentence each."""
        if self._put(about, lines):
            self.write()

    def turn(self, about: str, wrong: str, well: str) -> None:
        """What is wrong with it now, or nothing; said once at each change, `well` at its end."""
        before = self._wrong.get(about, "")
        if wrong == before:
            return
        self._wrong[about] = wrong
        what, now = wrong or well, clock.now()
        self._say(what)
        self.warn(about, [wrong] if wrong else [])
        id = ids.derive("h", subjects.HEALTH, about, now.timestamp())
        self.unsaid.append(Health(id=id, at=now, ok=not wrong, about=about, what=what))

    def _put(self, about: str, lines: list[str]) -> bool:
        """Whether that is news."""
        if self._lines.get(about, []) == lines:
            return False
        self._lines[about] = lines
        self._runtime.warnings = [line for each in self._lines.values() for line in each]
        return True
