"""Seccomp: which questions the kernel does not even hear from a process.

A program for the kernel's own small machine (classic BPF), run at every system call. It looks at
numbers only, never at what a pointer points to.
"""

import ctypes
import errno
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from core.host.sandbox import syscalls
from core.host.sandbox.calls import IS_LINUX, prctl

SET_SECCOMP, MODE_FILTER = 22, 2
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
# Load a word, go on when equal / at least / any bit set, keep some bits, return.
LOAD, IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT, KEEP_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

CLONE_THREAD = 0x10000
UNIX, INET, INET6, STREAM, TYPE_BITS, TCP = 1, 2, 10, 1, 0xF, 6
# Connects without asking Landlock.
FAST_OPEN = 0x20000000
ACCESS_MODE, TRUNCATE = 0x3, 0x200
PARENT_DEATH_SIGNAL = 1
# Typing into the terminal it was started from; having signals sent to somebody.
BAD_IOCTLS = (0x5412, 0x541C, 0x8901, 0x8902)
# Signals to somebody else, and news of a folder.
BAD_FCNTLS = (8, 15, 1026)

Instruction = tuple[int, int, int, int]
Block = list[Instruction]


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("yes", ctypes.c_uint8),
        ("no", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("first", ctypes.POINTER(_Instruction)))


@dataclass(frozen=True)
class Machine:
    """A processor: its mark, and the numbers it gives to calls; what it lacks is None."""

    mark: int
    numbers: dict[str, int | None]


def machine(name: str = "") -> Machine | None:
    """This computer's, None when its numbers are not known."""
    name = name or platform.machine()
    if not IS_LINUX or name not in ARCHITECTURES or sys.maxsize < 2**32:
        return None
    column = list(ARCHITECTURES).index(name)
    numbers = {call: pair[column] for call, pair in syscalls.NUMBERS.items()}
    return Machine(ARCHITECTURES[name], numbers)


def restrict(known: Machine) -> None:
    """For this thread and all it starts, for good. Needs `no_new_privs`. Raises OSError."""
    code = program(known, os.getpid())
    lines = (_Instruction * len(code))(*(_Instruction(*each) for each in code))
    given = _Program(len(code), lines)
    prctl(SET_SECCOMP, MODE_FILTER, ctypes.addressof(given))


def program(known: Machine, pid: int) -> Block:
    """What the kernel runs; `pid` is the only process that may be sent signals."""
    no = REFUSE | errno.EPERM
    code: Block = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (IF_EQUAL, 1, 0, known.mark),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER_AT),
        # Newer calls than these, and those of x86's other tables.
        (IF_AT_LEAST, 0, 1, syscalls.FIRST_UNKNOWN),
        (RETURN, 0, 0, REFUSE | errno.ENOSYS),
    ]
    blocks: dict[str, Block] = {
        **{name: [(RETURN, 0, 0, no)] for name in syscalls.REFUSED},
        **{name: [(RETURN, 0, 0, REFUSE | errno.EACCES)] for name in syscalls.LISTENING},
        # The C library then does with the older ones, whose arguments can be seen.
        **{name: [(RETURN, 0, 0, REFUSE | errno.ENOSYS)] for name in ("clone3", "openat2")},
        "clone": [*_argument(0), (IF_ANY_BIT, 1, 0, CLONE_THREAD), *_ends(no)],
        "socket": _socket(),
        "socketpair": _socketpair(),
        **{name: _only(0, (pid,), no) for name in syscalls.SIGNALLING},
        "prlimit64": _only(0, (0, pid), no),
        "prctl": _none_of(0, (PARENT_DEATH_SIGNAL,), no),
        "ioctl": _none_of(1, BAD_IOCTLS, no),
        "fcntl": _none_of(1, BAD_FCNTLS, no),
        "open": _no_truncating_read(1, no),
        "openat": _no_truncating_read(2, no),
        "sendto": _without(3, FAST_OPEN, no),
        "sendmsg": _without(2, FAST_OPEN, no),
        "sendmmsg": _without(3, FAST_OPEN, no),
    }
    for name, block in blocks.items():
        number = known.numbers[name]
        if number is not None:
            code += [(IF_EQUAL, 0, len(block), number), *block]
    return [*code, (RETURN, 0, 0, ALLOW)]


def _socket() -> Block:
    """TCP alone: no datagrams, no raw packets, no local sockets, and none of TCP's relatives."""
    return [
        *_argument(0),
        (IF_EQUAL, 1, 0, INET),
        (IF_EQUAL, 0, 6, INET6),
        *_argument(1),
        (KEEP_BITS, 0, 0, TYPE_BITS),
        (IF_EQUAL, 0, 3, STREAM),
        *_argument(2),
        (IF_EQUAL, 2, 0, 0),
        (IF_EQUAL, 1, 0, TCP),
        *_ends(REFUSE | errno.EACCES),
    ]


def _socketpair() -> Block:
    """A pair of datagrams could be made to speak to somebody else's socket."""
    return [
        *_argument(0),
        (IF_EQUAL, 0, 3, UNIX),
        *_argument(1),
        (KEEP_BITS, 0, 0, TYPE_BITS),
        (IF_EQUAL, 1, 0, STREAM),
        *_ends(REFUSE | errno.EACCES),
    ]


def _only(index: int, allowed: Iterable[int], otherwise: int) -> Block:
    values = list(allowed)
    tests = [(IF_EQUAL, len(values) - at, 0, value) for at, value in enumerate(values)]
    return [*_argument(index), *tests, *_ends(otherwise)]


def _none_of(index: int, refused: Iterable[int], otherwise: int) -> Block:
    values = list(refused)
    tests = [(IF_EQUAL, len(values) - at, 0, value) for at, value in enumerate(values)]
    return [*_argument(index), *tests, (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, otherwise)]


def _without(index: int, bits: int, otherwise: int) -> Block:
    return [*_argument(index), (IF_ANY_BIT, 0, 1, bits), *_ends(otherwise)]


def _no_truncating_read(index: int, otherwise: int) -> Block:
    """Older Landlock lets who may read a file empty it so."""
    return [
        *_argument(index),
        (KEEP_BITS, 0, 0, ACCESS_MODE | TRUNCATE),
        (IF_EQUAL, 0, 1, TRUNCATE),
        *_ends(otherwise),
    ]


def _argument(index: int) -> Block:
    """Its lower half: the kernel looks at no more of those we ask for."""
    return [(LOAD, 0, 0, ARGUMENTS_AT + 8 * index)]


def _ends(otherwise: int) -> Block:
    return [(RETURN, 0, 0, otherwise), (RETURN, 0, 0, ALLOW)]
