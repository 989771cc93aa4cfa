"""The filter's program, run by a small machine of our own for both processors."""

import errno

import pytest

from core.host.sandbox import seccomp, syscalls
from core.host.sandbox.seccomp import ALLOW, KILL, REFUSE, Block, Machine

PID = 4711
EPERM, EACCES, ENOSYS = (REFUSE | each for each in (errno.EPERM, errno.EACCES, errno.ENOSYS))


@pytest.fixture(params=["x86_64", "aarch64"])
def known(request: pytest.FixtureRequest) -> Machine:
    found = seccomp.machine(request.param)
    assert found is not None
    return found


def ran(code: Block, mark: int, number: int, *arguments: int) -> int:
    """What the program returns; the words are those the kernel gives it."""
    words = {0: number, 4: mark}
    words |= {16 + 8 * at: value & 0xFFFFFFFF for at, value in enumerate(arguments)}
    at, loaded = 0, 0
    while True:
        what, yes, no, value = code[at]
        at += 1
        match what:
            case seccomp.LOAD:
                loaded = words[value]
            case seccomp.KEEP_BITS:
                loaded &= value
            case seccomp.RETURN:
                return value
            case seccomp.IF_EQUAL:
                at += yes if loaded == value else no
            case seccomp.IF_AT_LEAST:
                at += yes if loaded >= value else no
            case seccomp.IF_ANY_BIT:
                at += yes if loaded & value else no
            case _:
                raise AssertionError(f"no such instruction: {what}")


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("execve", (), EPERM),
        ("ptrace", (), EPERM),
        ("fchmodat", (), EPERM),
        ("listen", (), EACCES),
        ("clone3", (), ENOSYS),
        ("clone", (0x3D0F00,), ALLOW),
        ("clone", (0x1200011,), EPERM),
        ("socket", (2, 1, 0), ALLOW),
        ("socket", (10, 0x80801, 6), ALLOW),
        ("socket", (2, 1, 262), EACCES),
        ("socket", (2, 2, 0), EACCES),
        ("socket", (1, 1, 0), EACCES),
        ("socket", (16, 3, 0), EACCES),
        ("socketpair", (1, 0x80801, 0), ALLOW),
        ("socketpair", (1, 2, 0), EACCES),
        ("socketpair", (2, 1, 0), EACCES),
        ("kill", (PID, 9), ALLOW),
        ("kill", (1, 9), EPERM),
        ("kill", (-1, 9), EPERM),
        ("tgkill", (PID, 1, 9), ALLOW),
        ("prlimit64", (0, 1), ALLOW),
        ("prlimit64", (PID, 1), ALLOW),
        ("prlimit64", (1, 1), EPERM),
        ("prctl", (1, 0), EPERM),
        ("prctl", (15, 0), ALLOW),
        ("ioctl", (0, 0x5412), EPERM),
        ("ioctl", (0, 0x5421), ALLOW),
        ("fcntl", (3, 8), EPERM),
        ("fcntl", (3, 4), ALLOW),
        ("openat", (-100, 0, 0x200), EPERM),
        ("openat", (-100, 0, 0x241), ALLOW),
        ("openat", (-100, 0, 0x80000), ALLOW),
        ("sendto", (3, 0, 0, 0x20000000), EPERM),
        ("sendmsg", (3, 0, 0x4000), ALLOW),
    ],
)
def test_calls(known: Machine, name: str, arguments: tuple[int, ...], expected: int) -> None:
    number = known.numbers[name]
    assert number is not None
    assert ran(seccomp.program(known, PID), known.mark, number, *arguments) == expected


def test_what_is_not_named_is_allowed_and_what_is_newer_is_not_there(known: Machine) -> None:
    code = seccomp.program(known, PID)
    named = {number for number in known.numbers.values() if number is not None}
    free = set(range(syscalls.FIRST_UNKNOWN)) - named
    assert {ran(code, known.mark, number) for number in free} == {ALLOW}
    assert ran(code, known.mark, syscalls.FIRST_UNKNOWN) == ENOSYS
    assert ran(code, known.mark, 0x40000000) == ENOSYS


def test_another_processor_s_calls_end_the_process(known: Machine) -> None:
    assert ran(seccomp.program(known, PID), 0x40000003, 1) == KILL


def test_each_name_is_decided_once() -> None:
    names = [*syscalls.REFUSED, *syscalls.LISTENING, *syscalls.SIGNALLING]
    assert len(names) == len(set(names))
    assert set(names) < set(syscalls.NUMBERS)


def test_an_unknown_processor() -> None:
    assert seccomp.machine("riscv64") is None
