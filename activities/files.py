"""Files that an operator keeps: read when they are first needed and when they change."""

from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

Stamp = tuple[int, int]
Content = TypeVar("Content")


class KeptFiles(Generic[Content]):
    """What `load` makes of each file; it may give None for one that cannot be used.

    For threads, since reading waits for the disk.
    """

    def __init__(self, load: Callable[[Path], Content | None]) -> None:
        self._load = load
        self._lock = Lock()
        self._known: dict[Path, tuple[Stamp, Content | None]] = {}

    def read(self, files: Iterable[Path]) -> list[Content]:
        """What stands in these files now, in their order; of others nothing is kept."""
        with self._lock:
            self._known = {file: self._current(file) for file in files}
            return [content for _, content in self._known.values() if content is not None]

    def _current(self, file: Path) -> tuple[Stamp, Content | None]:
        stamp = _stamp(file)
        known = self._known.get(file)
        return known if known and known[0] == stamp else (stamp, self._load(file))


def _stamp(file: Path) -> Stamp:
    """Time of the last change (ns) and size in bytes; zeros for a file that has just gone."""
    try:
        status = file.stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)
