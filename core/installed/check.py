"""Whether a plugin can be installed, and what is in it."""

from pathlib import Path

from core.host.sandbox.imports import scan
from core.installed import child, environment, names
from core.installed.places import SITE
from core.installed.problems import NotFit
from core.installed.source import Package
from core.installed.words import asks
from rosey.events import ChatCommand


def unread(package: Package, data: Path | None) -> list[str]:
    """What is wrong with it before a line of its code has run."""
    return [*names.taken_names(package.manifest, data), *scanned(package)]


def scanned(package: Package) -> list[str]:
    """What the code of an untrusted plugin imports and may not."""
    return [] if package.manifest.trust == "trusted" else scan(package.folder)


def run(package: Package, data: Path | None) -> list[ChatCommand]:
    """Fetches what it needs, imports it apart from us and lists its commands. Raises NotFit."""
    manifest = package.manifest
    if lacking := environment.needed(manifest.name, package.dependencies):
        environment.provide(manifest.name, lacking, package.folder.parent / SITE)
    found = child.look(package.folder)
    words = [word for command in found.commands for word in command.words]
    wrong = [*found.problems, *names.taken_words(manifest.name, words, data)]
    if wrong:
        raise NotFit(*wrong)
    return found.commands


def lacks(package: Package, commands: list[ChatCommand]) -> list[str]:
    """What people will miss in it, though it works."""
    lines = []
    if not package.readme.strip():
        lines.append("There is no README.md, or it is empty.")
    if not commands and not package.manifest.hears:
        lines.append("It has no commands and hears nothing, so nobody will notice it.")
    lines += [
        f"The command {command.words[0]} has no docstring, so !help has nothing to say of it."
        for command in commands
        if not command.help and not command.hidden
    ]
    return lines


def described(package: Package, commands: list[ChatCommand]) -> list[str]:
    """What it asks for and its commands, for a person."""
    lines = asks(package.manifest, package.dependencies)
    return [*lines, *(f"  !{usage(command)}" for command in commands)]


def usage(command: ChatCommand) -> str:
    """As it is typed, with what it is for."""
    typed = " ".join(part for part in (command.words[0], command.usage) if part)
    return f"{typed}: {command.help}" if command.help else typed
