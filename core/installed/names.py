"""Names and words a stranger's plugin may not have, because somebody has them."""

import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.installed import places, shelf
from core.plugins import PLUGINS, ROOM, load
from rosey.manifest import PluginManifest, find_plugins, load_plugin
from rosey.room_commands import FIRST_WORDS
from rosey.routing.commands import OWN

# Processes of every Rosey; a plugin's process has the plugin's name.
PROCESSES = ("router", "database", "lounge", "recorder", "nats", "temporal", "host", "operator")


def taken_names(manifest: PluginManifest, data: Path | None) -> Iterator[str]:
    """Why it cannot be called so; what is installed under its own name is itself."""
    name = manifest.name
    if name in PROCESSES:
        yield f"plugin.toml: name: {name} is a part of Rosey; choose another name."
    elif name in find_plugins(PLUGINS):
        yield f"plugin.toml: name: a plugin {name} comes with Rosey; choose another name."
    elif importlib.util.find_spec(name) is not None:
        yield f"plugin.toml: name: Python knows another module {name}; choose another name."
    others = _others(name, data)
    for alias in manifest.aliases:
        owner = next((each for each, names in others.items() if alias in names), None)
        if owner:
            yield f"plugin.toml: aliases: {alias} is a name of {owner}; take it out."
    for other, names in others.items():
        if name in names and name != other:
            yield f"plugin.toml: name: {name} is another name of {other}; choose another name."


def taken_words(name: str, words: Iterable[str], data: Path | None) -> Iterator[str]:
    """Commands that somebody else answers."""
    owners = _words(name, data)
    for word in words:
        first = word.split()[0]
        owner = owners.get(word) or owners.get(first)
        if owner and owner != name:
            yield f"The command {word} is one of {owner}; give it another word."


def _others(name: str, data: Path | None) -> dict[str, set[str]]:
    """Every other plugin with all its names."""
    folders = find_plugins(PLUGINS)
    if data:
        folders = {**places.current_folders(data), **folders}
    manifests = [load_plugin(folder) for each, folder in folders.items() if each != name]
    return {each.name: {each.name, *each.aliases} for each in manifests}


def _words(name: str, data: Path | None) -> dict[str, str]:
    """Words, and first words of two, with who answers them."""
    owners: dict[str, str] = {}
    if data:
        for each in places.names(data):
            record = shelf.current(data, each)
            if record and each != name:
                owners |= _with_firsts(record.words, each)
    for folder in find_plugins(PLUGINS).values():
        manifest = load_plugin(folder)
        owners |= _of_plugin(manifest)
    owners |= dict.fromkeys(FIRST_WORDS, ROOM.name)
    return owners | {word: "Rosey herself" for command in OWN for word in command.words}


def _of_plugin(manifest: PluginManifest) -> dict[str, str]:
    words = [word for command in load(manifest.entry).commands for word in command.words]
    return _with_firsts(words, manifest.name)


def _with_firsts(words: Iterable[str], owner: str) -> dict[str, str]:
    return {part: owner for word in words for part in (word, word.split()[0])}
