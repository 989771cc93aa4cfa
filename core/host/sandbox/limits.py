"""What a process may take: memory, open files. The processor's share is the host's business.

The number of processes is not limited: that counts all of a user's, and no new ones can be made.
"""

import resource
from pathlib import Path

from core.errors import UserError

MEGABYTE = 2**20
FILES = 256
STACK = 8 * MEGABYTE
# Less than this for the plugin itself, and it would die of its first import.
LEAST_LEFT = 16 * MEGABYTE


def apply(name: str, memory: int) -> None:
    """`memory` in MB, for all of the process. Raises UserError when it has more by now."""
    taken, wanted = _taken(), memory * MEGABYTE
    if wanted < taken + LEAST_LEFT:
        raise UserError(
            f"{name} cannot start: its plugin.toml allows it {memory} MB of memory, and Rosey's "
            f"own part of the process takes {taken // MEGABYTE} MB. "
            f"Allow it {(taken + LEAST_LEFT) // MEGABYTE + 1} MB or more in limits.memory."
        )
    _lower(resource.RLIMIT_DATA, wanted)
    _lower(resource.RLIMIT_STACK, STACK)
    _lower(resource.RLIMIT_NOFILE, FILES)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (limit, limit))


def _taken() -> int:
    """What RLIMIT_DATA counts, in bytes; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData")), 0)
