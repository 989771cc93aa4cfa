"""From a line to a command: pure. The commands come from the plugins that are there."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from rosey.events import ChatCommand, PluginPresence
from rosey.room_commands import CORE

NEAR = 0.75
LONGEST_WORD = 32

OWN = (
    ChatCommand(action="help", words=["help"], usage="[command]", help="What Rosey can do"),
    ChatCommand(action="info", words=["info", "about"], help="Who Rosey is"),
    ChatCommand(action="status", words=["status"], help="How Rosey is doing"),
)


@dataclass(frozen=True)
class Found:
    """A command and what was typed after its words."""

    plugin: str
    command: ChatCommand
    rest: str


@dataclass(frozen=True)
class Group:
    """The first word of two-word commands, without a second one that is known."""

    word: str
    commands: list[ChatCommand]


@dataclass(frozen=True)
class Unknown:
    """No command; `near` is one it was perhaps meant to be."""

    word: str
    near: str | None


Resolved = Found | Group | Unknown | None
Table = dict[str, tuple[str, ChatCommand]]


def table(presences: Iterable[PluginPresence]) -> Table:
    """All chat words with their plugins; Rosey's own come first and cannot be taken."""
    words: Table = {word: (CORE, command) for command in OWN for word in command.words}
    for presence in sorted(presences, key=lambda each: (each.plugin != CORE, each.plugin)):
        for command in presence.commands:
            for word in command.words:
                words.setdefault(word, (presence.plugin, command))
    return words


def resolve(text: str, prefix: str, words: Table) -> Resolved:
    """What a line asks for; None when it is no command at all."""
    line = text.strip()
    if not line.startswith(prefix):
        return None
    typed = line[len(prefix) :].split(maxsplit=2)
    if not typed or not _is_word(typed[0]) or line[len(prefix)].isspace():
        return None
    first = fold(typed[0])
    if len(typed) > 1 and (found := words.get(f"{first} {fold(typed[1])}")):
        return Found(*found, rest=typed[2].strip() if len(typed) > 2 else "")
    if found := words.get(first):
        return Found(*found, rest=" ".join(line[len(prefix) :].split(maxsplit=1)[1:]))
    group = [command for word, (_, command) in words.items() if word.split()[0] == first]
    if group:
        return Group(first, group)
    firsts = {word.split()[0] for word in words}
    near = get_close_matches(first, sorted(firsts), n=1, cutoff=NEAR)
    return Unknown(first, near[0] if near else None)


def fold(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


def _is_word(word: str) -> bool:
    return len(word) <= LONGEST_WORD and any(char.isalnum() for char in word)
