"""Landlock: which files a process may open and which TCP ports it may connect to.

For the calling thread and all it starts, for good; needs `no_new_privs`, not root.
"""

import ctypes
import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from core.host.sandbox.calls import IS_LINUX, LIBC, call

# The same numbers on every processor.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION = 1
PATH_BENEATH, NET_PORT = 1, 2

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_DIR, MAKE_REG = 1 << 7, 1 << 8
REFER, TRUNCATE, IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
BIND_TCP, CONNECT_TCP = 1, 2
SCOPE_ABSTRACT_SOCKETS, SCOPE_SIGNALS = 1, 2

READ = READ_FILE | READ_DIR
# No links, pipes or sockets: somebody else could be led astray by them.
OWN = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE

FIRST_WITH_PORTS, FIRST_WITH_SCOPES = 4, 6


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


class _Port(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


def version() -> int:
    """What this kernel can, 0 for nothing: 1 files, 3 truncating, 4 TCP ports, 6 signals."""
    if not IS_LINUX:
        return 0
    try:
        return _syscall(CREATE_RULESET, None, 0, ASK_VERSION)
    except OSError as problem:
        if problem.errno in (errno.ENOSYS, errno.EOPNOTSUPP):
            return 0
        raise


def restrict(read: Iterable[Path], own: Path, ports: Iterable[int], abi: int) -> None:
    """From here on only `read` can be read, `own` be written, and `ports` be connected to.

    `abi` is what `version` says; less stands for an older kernel. Raises OSError.
    """
    handled = _files(abi)
    ruleset = _create(handled, abi)
    try:
        for path in read:
            _allow_path(ruleset, path, READ & handled)
        _allow_path(ruleset, own, OWN & handled)
        _allow_path(ruleset, Path(os.devnull), (READ_FILE | WRITE_FILE) & handled)
        if abi >= FIRST_WITH_PORTS:
            for port in ports:
                rule = _Port(CONNECT_TCP, port)
                _syscall(ADD_RULE, ruleset, NET_PORT, ctypes.byref(rule), 0)
        _syscall(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _files(abi: int) -> int:
    """Everything that a kernel of this version can refuse."""
    last = {1: 12, 2: 13, 3: 14, 4: 14}.get(abi, 15)
    return int((1 << (last + 1)) - 1)


def _create(handled: int, abi: int) -> int:
    attributes = _Ruleset(
        handled,
        BIND_TCP | CONNECT_TCP if abi >= FIRST_WITH_PORTS else 0,
        SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS if abi >= FIRST_WITH_SCOPES else 0,
    )
    return _syscall(CREATE_RULESET, ctypes.byref(attributes), ctypes.sizeof(attributes), 0)


def _allow_path(ruleset: int, path: Path, allowed: int) -> None:
    """A path that is not there cannot be allowed, and need not be."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            allowed &= OF_FILES
        rule = _Beneath(allowed, descriptor)
        _syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(descriptor)


def _syscall(number: int, *arguments: object) -> int:
    given = (ctypes.c_long(each) if isinstance(each, int) else each for each in arguments)
    return call(LIBC.syscall, ctypes.c_long(number), *given)
