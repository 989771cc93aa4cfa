"""What Rosey says to who asks what she keeps about him. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.recorder import kept as keeping
from rosey.manifest import People

AWAY = "I cannot look that up right now: the database is not answering. Please try again soon."
AWAY_MIDWAY = (
    "The database went away before I was done, so some of it may still be there. Please say it "
    "again soon."
)
BROKEN = "I cannot look that up: a plugin's description is broken. Please tell whoever runs me."
GUEST_FORGET = (
    "I cannot know that it is you: anybody may come as {name} without a password. Log in with an "
    "account of that name and ask again, or ask an admin of the room to say "
    "{prefix}mydata forget {name}."
)
GUEST_EXPORT = (
    "I cannot know that it is you: anybody may come as {name} without a password. Log in with an "
    "account of that name and ask again, or ask whoever runs me."
)
SOMEBODY_ELSE = (
    "Only admins of the room may have somebody else forgotten. {prefix}mydata forget is about you."
)


@dataclass(frozen=True)
class Kept:
    """So much of one kind about a person."""

    owner: str
    people: People
    count: int


@dataclass(frozen=True)
class About:
    """About whom something is asked, and whether he asks himself, as a guest perhaps."""

    name: str
    is_asker: bool
    is_guest: bool
    prefix: str

    def is_withheld(self, people: People) -> bool:
        """What is of all rooms is not for a guest, who may be somebody else in another."""
        return self.is_guest and people.everywhere

    def reached(self, kept: Iterable[Kept]) -> list[Kept]:
        """Without what is withheld."""
        return [each for each in kept if not self.is_withheld(each.people)]

    @property
    def forget(self) -> str:
        """What is said to have it forgotten."""
        return f"{self.prefix}mydata forget{'' if self.is_asker else f' {self.name}'}"


def nothing(about: About, kept: Sequence[Kept] = ()) -> str:
    """To whom is unknown."""
    who = "you" if about.is_asker else about.name
    withheld = _withheld(about, kept)
    return f"I keep nothing {'else ' if withheld else ''}about {who}.{withheld}"


def no_file() -> str:
    """When the disk takes nothing."""
    return "I could not write your file. Please tell whoever runs me."


def exported(about: About, kept: Sequence[Kept], path: str) -> str:
    """How much there is of what, and where it is; of what is at its most there may be more."""
    rows = [each.count for each in kept if not each.people.keys]
    keys = [each.count for each in kept if each.people.keys]
    most_rows, most_keys = keeping.MOST_ROWS, keeping.MOST_KEYS
    newest = (
        f" Of each only the newest {most_rows:,} are in it."
        if max(rows, default=0) >= most_rows
        else ""
    )
    first = ""
    if max(keys, default=0) >= most_keys:
        first = f" Of keys only the first {most_keys:,} of each are in it."
    return (
        f"I keep about you: {_counts(about.reached(kept))}. All of it is in the file {path} now; "
        f"whoever runs me can give it to you.{newest}{first}{_withheld(about, kept)}"
    )


def sure(about: About, kept: Sequence[Kept], days: int) -> str:
    """What would become of it."""
    reached = about.reached(kept)
    parts = [
        _addressed(about),
        _sentence("I would delete for good", _deleted(reached)),
        _sentence("I would take your name off", _unnamed(reached)),
        _remains(reached, days),
        _withheld(about, kept).strip(),
        _warning(about),
        f"Say {about.forget} yes if you want that.",
    ]
    return " ".join(filter(None, parts))


def forgotten(about: About, kept: Sequence[Kept], days: int) -> str:
    """What became of it."""
    reached = about.reached(kept)
    parts = [
        _sentence("Deleted", _deleted(reached)),
        _sentence("Your name is off", _unnamed(reached)),
        _remains(reached, days),
    ]
    told = " ".join(filter(None, parts))
    if not told:
        return nothing(about, kept)
    return " ".join(filter(None, [_addressed(about), told])) + _withheld(about, kept)


def _addressed(about: About) -> str:
    return (
        "" if about.is_asker else f"This is about {about.name}, as I would tell it to {about.name}:"
    )


def _warning(about: About) -> str:
    if not about.is_guest:
        return ""
    return (
        f"Anybody may come as {about.name} without a password, so some of it may be somebody "
        "else's."
    )


def _withheld(about: About, kept: Iterable[Kept]) -> str:
    """Begins with a blank."""
    counts = _counts(each for each in kept if about.is_withheld(each.people))
    if not counts:
        return ""
    return (
        f" I leave alone: {counts}. A guest's name may be somebody else's in another room; an "
        f"admin can say {about.prefix}mydata forget {about.name}."
    )


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
    return ", ".join(
        f"{each.people.what} ({each.count:,}{', from all rooms' if each.people.everywhere else ''})"
        for each in kept
        if each.count
    )


def _sentence(head: str, rest: str) -> str:
    return f"{head}: {rest}." if rest else ""
