"""Becomes another program that dies with its parent, even when that is killed with -9.

`python -S -E spawn.py SIGNAL PARENT_PID -- PROGRAM ARGUMENT...`
Only the standard library, and as little of it as possible: every child starts through here.
"""

import os
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(number: int) -> None:
    """Asks Linux to send the signal when the parent ends; elsewhere children may outlive it."""
    if sys.platform != "linux":
        return
    import ctypes

    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")


def main(arguments: list[str]) -> None:
    number, parent, separator, *program = arguments
    if separator != "--" or not program:
        raise SystemExit("usage: spawn.py SIGNAL PARENT_PID -- PROGRAM ARGUMENT...")
    die_with_parent(int(number))
    if os.getppid() != int(parent):
        raise SystemExit("the parent ended before its child began")
    try:
        os.execvp(program[0], program)  # noqa: S606
    except OSError as error:
        raise SystemExit(f"{program[0]} cannot be started: {error.strerror}") from None


if __name__ == "__main__":
    main(sys.argv[1:])
