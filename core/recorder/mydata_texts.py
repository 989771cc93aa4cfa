"""What Rosey says to who asks what she keeps about him. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.recorder.mydata import Kept

AWAY = "I cannot look that up right now: the database is not answering. Please try again soon."
AWAY_MIDWAY = (
    "The database went away before I was done, so some of it may still be there. Please say it "
    "again soon."
)
BROKEN = "I cannot look that up: a plugin's description is broken. Please tell whoever runs me."


def nothing() -> str:
    """To whom is unknown."""
    return "I keep nothing about you."


def no_file() -> str:
    """When the disk takes nothing."""
    return "I could not write your file. Please tell whoever runs me."


def exported(kept: Sequence[Kept], path: str, most: int) -> str:
    """How much there is of what, and where it is; of what has `most` rows there may be more."""
    is_cut = any(each.count >= most for each in kept)
    newest = f" Of each only the newest {most:,} are in it." if is_cut else ""
    return (
        f"I keep about you: {_counts(kept)}. All of it is in the file {path} now; whoever runs me "
        f"can give it to you.{newest}"
    )


def sure(kept: Sequence[Kept], days: int, prefix: str) -> str:
    """What would become of it."""
    asked = f"Say {prefix}mydata forget yes if you want that."
    return " ".join(
        filter(
            None,
            [
                _sentence("I would delete for good", _deleted(kept)),
                _sentence("I would take your name off", _unnamed(kept)),
                _remains(kept, days),
                asked,
            ],
        )
    )


def forgotten(kept: Sequence[Kept], days: int) -> str:
    """What became of it."""
    parts = [
        _sentence("Deleted", _deleted(kept)),
        _sentence("Your name is off", _unnamed(kept)),
        _remains(kept, days),
    ]
    return " ".join(filter(None, parts)) or nothing()


def _deleted(kept: Iterable[Kept]) -> str:
    return _counts(each for each in kept if each.people.forget == "delete")


def _unnamed(kept: Iterable[Kept]) -> str:
    return _counts(each for each in kept if isinstance(each.people.forget, dict))


def _remains(kept: Iterable[Kept], days: int) -> str:
    reasons = [
        each.people.remains.replace("{days}", str(days))
        for each in kept
        if each.count and each.people.remains
    ]
    return _sentence("There stays", "; ".join(dict.fromkeys(reasons)))


def _counts(kept: Iterable[Kept]) -> str:
    return ", ".join(f"{each.people.what} ({each.count:,})" for each in kept if each.count)


def _sentence(head: str, rest: str) -> str:
    return f"{head}: {rest}." if rest else ""
