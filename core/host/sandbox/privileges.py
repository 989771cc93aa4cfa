"""What root may do beyond files of its own, given up for good."""

import contextlib
import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

from core.host.sandbox.calls import LIBC, call, prctl

SET_NO_NEW_PRIVS = 38
DROP_FROM_BOUNDING_SET = 24
AMBIENT, CLEAR_ALL = 47, 4
LAST_CAPABILITY = 63
VERSION_3 = 0x20080522
CAN_IGNORE_MODES = 1 << 1


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Half(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def no_new_privileges() -> None:
    """No program it starts can be more than it is; the rest of the box needs this. OSError."""
    prctl(SET_NO_NEW_PRIVS, 1)


def drop_capabilities(paths: Iterable[Path]) -> None:
    """All of them, but for reading `paths` that are another user's. Raises OSError."""
    kept = CAN_IGNORE_MODES if os.geteuid() == 0 and _of_others(paths) else 0
    for number in range(LAST_CAPABILITY + 1):
        with contextlib.suppress(OSError):  # it has none to drop, or the kernel knows fewer
            prctl(DROP_FROM_BOUNDING_SET, number)
    with contextlib.suppress(OSError):
        prctl(AMBIENT, CLEAR_ALL)
    halves = (_Half * 2)(_Half(kept, kept, 0), _Half(0, 0, 0))
    call(LIBC.capset, ctypes.byref(_Header(VERSION_3, 0)), ctypes.byref(halves))


def _of_others(paths: Iterable[Path]) -> bool:
    """Whether root needs more than its own permissions for them, as under sudo in a home."""
    everything = {each for path in paths for each in (path, *path.absolute().parents)}
    return any(path.stat().st_uid != os.geteuid() for path in everything if path.exists())
