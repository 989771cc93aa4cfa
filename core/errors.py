"""Errors that a person reads: one sentence, no traceback."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """What happened, why, and what to do; the command line prints it and ends with `exit_code`."""

    exit_code = 1


class Away(UserError):
    """A server that the process needs does not answer; EX_TEMPFAIL tells the host so."""

    exit_code = 75


class UnknownName(UserError):
    """A name that does not exist, with those that do."""

    exit_code = 2

    def __init__(self, kind: str, name: str, allowed: Iterable[str]) -> None:
        self.name = name
        super().__init__(f"There is no {kind} {name!r}; {choices(name, allowed)}.")


def choices(name: str, allowed: Iterable[str]) -> str:
    """The allowed names, and the nearest one when `name` looks like a slip of the finger."""
    names = sorted(allowed)
    if not names:
        return "there is none"
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"allowed: {', '.join(names)}{hint}"
