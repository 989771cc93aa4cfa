"""Whether a disk takes anything more."""

import errno
import os
from pathlib import Path

# Said by a full disk, a quota that is used up, and a limit on a process's files.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
ROOM_BYTES = 2**20
FILE_NAME = ".room"


def is_full(problem: OSError) -> bool:
    """Whether it failed for want of room."""
    return problem.errno in FULL


def check_room(folder: Path) -> None:
    """Writes a megabyte to the folder and takes it away again. Raises OSError."""
    file = folder / FILE_NAME
    try:
        # What cannot be compressed needs all of its room.
        file.write_bytes(os.urandom(ROOM_BYTES))
    finally:
        file.unlink(missing_ok=True)
