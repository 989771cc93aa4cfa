"""runtime.json in the data folder: where a running Rosey listens, and what it is made of.

Plain dataclasses, so that `status` starts quickly.
"""

import dataclasses
import fcntl
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import UserError

FILE_NAME = "runtime.json"
LOCK_NAME = "rosey.lock"


class NotRunning(UserError):
    """No Rosey runs on this data folder."""

    def __init__(self, data: Path) -> None:
        super().__init__(
            f"No Rosey is running on {data}; start it with bin/rosey up, or name its data folder "
            "with --data DIR."
        )


@dataclass
class Addresses:
    """Where the servers listen. What this Rosey did not start itself may be None."""

    nats: str
    temporal: str
    nats_monitoring: str | None = None
    temporal_ui: str | None = None
    lounge: str | None = None


@dataclass
class ProcessState:
    """One process of the host. `started_at` is RFC 3339 UTC, `memory_mb` resident megabytes.

    `box`: what is enforced against a plugin that is not trusted, in words.
    """

    pid: int | None = None
    state: str = "waiting"
    restarts: int = 0
    started_at: str | None = None
    memory_mb: float | None = None
    last_error: str | None = None
    box: str | None = None


@dataclass
class Runtime:
    """A running Rosey. `pid` is the host's own, None when only addresses are known.

    `violations`: how often each name on the bus has tried what it may not.
    `warnings`: what somebody should look at, a sentence each.
    """

    addresses: Addresses
    pid: int | None = None
    processes: dict[str, ProcessState] = field(default_factory=dict)
    violations: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, table: dict[str, Any]) -> "Runtime":
        """Unknown fields are ignored. Raises KeyError, TypeError, AttributeError for nonsense."""
        return cls(
            addresses=_known(Addresses, table["addresses"]),
            pid=table.get("pid"),
            processes={
                name: _known(ProcessState, each)
                for name, each in table.get("processes", {}).items()
            },
            violations=dict(table.get("violations", {})),
            warnings=[str(line) for line in table.get("warnings", [])],
        )

    def write(self, data: Path) -> None:
        """Replaces the file in one step: a reader sees the old one or the new one."""
        temporary = data / f"{FILE_NAME}.new"
        temporary.write_text(json.dumps(self.as_dict(), indent=2) + "\n")
        temporary.replace(data / FILE_NAME)


def read(data: Path) -> Runtime | None:
    """What the file says, None when there is none or it makes no sense."""
    try:
        return Runtime.from_dict(json.loads((data / FILE_NAME).read_text()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def find(data: Path) -> Runtime:
    """The running Rosey; ROSEY_NATS_URL and TEMPORAL_ADDRESS win over its file.

    Raises NotRunning when an address is known from neither.
    """
    runtime = read(data)
    if runtime is not None and not (alive(runtime.pid) and held(data)):
        runtime = None
    nats, temporal = os.environ.get("ROSEY_NATS_URL"), os.environ.get("TEMPORAL_ADDRESS")
    if runtime is None:
        if not (nats and temporal):
            raise NotRunning(data)
        return Runtime(Addresses(nats=nats, temporal=temporal))
    runtime.addresses.nats = nats or runtime.addresses.nats
    runtime.addresses.temporal = temporal or runtime.addresses.temporal
    return runtime


def held(data: Path) -> bool:
    """Whether a host, or a child it left behind, still holds the data folder."""
    try:
        with (data / LOCK_NAME).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def alive(pid: int | None) -> bool:
    """Whether a process with this id exists."""
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _known(kind: type[Any], table: dict[str, Any]) -> Any:
    names = {each.name for each in dataclasses.fields(kind)}
    return kind(**{name: value for name, value in table.items() if name in names})
