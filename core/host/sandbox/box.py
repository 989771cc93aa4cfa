"""The box: entered by a process before it loads code that nobody vouches for, never left again."""

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import UserError
from core.host.sandbox import landlock, limits, network, privileges, seccomp
from core.host.sandbox.calls import IS_LINUX

KINDS = ("fs", "network", "exec", "memory", "cpu")
OTHER_SYSTEM = "only Linux can do that"
NO_LANDLOCK = "this kernel has no Landlock, which Linux 5.13 brought, or it is switched off"
NO_PORTS = "only Linux 6.7 and newer can refuse TCP by its port"
NO_SECCOMP = "this kernel has no filter for system calls, or its processor is not known to Rosey"
NO_HOST = "no host watches this process; bin/rosey up does"
NO_RELAY = "no host carries to NATS for it; bin/rosey up does"


@dataclass(frozen=True)
class Box:
    """What a process may do.

    It may read `read`, write to `own` alone, and connect by TCP to `ports` alone. `memory` in MB,
    `cpu` in cores; `watched` when a host sees to its share of those. `keep`: descriptors that stay
    open beside the standard three. `relay`: who carries its connections, so that it can have a
    network of its own, where nothing else is.
    """

    name: str
    read: Sequence[Path]
    own: Path
    ports: Sequence[int]
    memory: int
    cpu: float
    watched: bool = False
    keep: Sequence[int] = ()
    relay: network.Relay | None = None


@dataclass
class Enforced:
    """Which of KINDS the kernel or the host sees to, and of the others why not.

    `partly`: what is lacking of those that are enforced.
    """

    kinds: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    partly: dict[str, str] = field(default_factory=dict)
    own_network: bool = False

    def __str__(self) -> str:
        but = {kind: f" ({what})" for kind, what in self.partly.items()}
        kinds = ", ".join(kind + but.get(kind, "") for kind in self.kinds)
        words = f"enforced: {kinds or 'nothing'}"
        lacking = "; ".join(f"{kind} ({why})" for kind, why in self.missing.items())
        return f"{words} / not enforced: {lacking}" if lacking else words


def enter(box: Box, abi: int | None = None) -> Enforced:
    """For good, and for all of this process, which must have but one thread.

    `abi`: the version of Landlock, this kernel's unless given. Raises UserError for a limit the
    process is beyond already, OSError for what the kernel has and yet does not do.
    """
    if threading.active_count() > 1:
        raise RuntimeError("the box is entered before there are threads")
    shared = _leave_network(box)
    _close_others(box.keep)
    version, filtered = 0, False
    if IS_LINUX:
        limits.apply(box.name, box.memory)
        privileges.no_new_privileges()
        privileges.drop_capabilities((*box.read, box.own))
        version = landlock.version() if abi is None else abi
        if version:
            landlock.restrict(box.read, box.own, box.ports, version)
        filtered = _filter()
    missing = _missing(box, version, filtered, shared)
    kinds = [kind for kind in KINDS if kind not in missing]
    partly = {}
    if shared and "network" in kinds:
        partly["network"] = f"TCP {_named(box)} at any address: {shared}"
    return Enforced(kinds, missing, _remarks(box, missing, shared), partly, not shared)


def _leave_network(box: Box) -> str:
    """Why it shares the network with everybody else; "" when it has one of its own."""
    if not IS_LINUX:
        return OTHER_SYSTEM
    if box.relay is None:
        return NO_RELAY
    why = network.why_not(box.relay, (*box.read, box.own))
    if not why:
        network.enter(box.relay)
    return why


def _filter() -> bool:
    """Whether the kernel has taken the filter."""
    known = seccomp.machine()
    with suppress(OSError):
        if known is not None:
            seccomp.restrict(known)
            return True
    return False


def _missing(box: Box, abi: int, filtered: bool, shared: str) -> dict[str, str]:
    other = "" if IS_LINUX else OTHER_SYSTEM
    no_filter = other or ("" if filtered else NO_SECCOMP)
    no_ports = "" if abi >= landlock.FIRST_WITH_PORTS else f"{NO_PORTS}, and {shared}"
    why = {
        "fs": other or ("" if abi else NO_LANDLOCK) or no_filter,
        "network": other or (no_ports if shared else "") or no_filter,
        "exec": no_filter,
        "memory": "" if box.watched else other,
        "cpu": "" if box.watched else NO_HOST,
    }
    return {kind: reason for kind, reason in why.items() if reason}


def _named(box: Box) -> str:
    return "port " + " and ".join(str(port) for port in box.ports)


def _remarks(box: Box, missing: dict[str, str], shared: str) -> list[str]:
    """What lies within what is enforced, and is worth knowing."""
    remarks = []
    if "network" not in missing:
        where = f"TCP {_named(box)} can be reached at any address"
        way = where if shared else "NATS can be reached, through the host"
        remarks.append(f"{way}, nothing else at all")
    if "fs" not in missing:
        remarks.append("whether a file exists can be seen, what is in it cannot")
        remarks.append(f"how much it writes to {box.own} is not limited")
    return remarks


def _close_others(keep: Sequence[int]) -> None:
    """What was open before the box stays open in it; the kernel asks only who opens."""
    first = 3
    for descriptor in sorted(keep):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def require(enforced: Enforced, name: str) -> None:
    """Raises UserError when something is missing."""
    if enforced.missing:
        lacking = "; ".join(f"{kind}: {why}" for kind, why in enforced.missing.items())
        raise UserError(
            f'{name} is not trusted, and sandbox = "require" wants all of its box; here is missing '
            f'{lacking}. Trust it in its plugin.toml, or set sandbox = "auto" in rosey.toml.'
        )
