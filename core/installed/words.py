"""What a manifest asks for, in words, and what a newer one asks for beyond an older. Pure."""

import re
from dataclasses import dataclass

from rosey.manifest import PluginManifest

HEARS = {
    "rosey.events.message": "every line people say",
    "rosey.events.pm": "private lines to Rosey",
    "rosey.events.user.join": "who comes",
    "rosey.events.user.leave": "who goes",
    "rosey.events.user.update": "who gets another rank or is away",
    "rosey.events.media.change": "what begins to play",
    "rosey.events.media.end": "when nothing plays any more",
    "rosey.events.playlist.change": "changes of the playlist",
    "rosey.events.connection.up": "when Rosey enters a room",
    "rosey.events.connection.down": "when Rosey loses a room",
    "rosey.events.sent": "what Rosey has said, and changed on the playlist",
    "rosey.events.refused": "what Rosey could not change on the playlist",
    "rosey.events.>": "everything that happens in every room",
}
# What every plugin needs, and has.
KIT = re.compile(r"rosey\s*(?:$|[\[<>=!~;(])")
SAYS = {
    "say": "lines in rooms",
    "pm": "private lines to people",
    "media_add": "adding to the playlist",
    "media_remove": "removing from the playlist",
    "media_move": "moving items of the playlist",
    "media_jump": "playing another item",
    "media_skip": "skipping what plays",
    "media_clear": "emptying the playlist",
    "media_shuffle": "shuffling the playlist",
    "media_lock": "locking and unlocking the playlist",
    "media_look": "looking at the playlist",
}
# What may differ without the plugin being able to do more.
HARMLESS = {"name", "version", "summary", "entry", "aliases", "events", "settings", "limits"}
# What is compared item by item below.
COMPARED = {"trust", "hears", "actions", "services", "storage", "hosts", "workflows", "activities"}


@dataclass(frozen=True)
class Wish:
    """One thing a plugin asks for: under which heading, and in words."""

    heading: str
    words: str


def wishes(manifest: PluginManifest, dependencies: list[str]) -> list[Wish]:
    """Everything it asks for but its limits."""
    storage = manifest.storage
    asked = {
        "hears": [HEARS.get(each, each) for each in manifest.hears],
        "says": [SAYS.get(each, each) for each in manifest.actions],
        "keeps": [
            *(f"a table {name}" for name in storage.tables),
            *(["keys and values"] if storage.keys else []),
        ],
        "calls": manifest.services,
        "reaches": manifest.hosts,
        "runs": [*manifest.workflows, *manifest.activities],
        "brings": [each for each in dependencies if not KIT.match(each)],
    }
    return [Wish(heading, words) for heading, all in asked.items() for words in all]


def asks(manifest: PluginManifest, dependencies: list[str]) -> list[str]:
    """Lines for a person."""
    found = wishes(manifest, dependencies)
    lines = [f"{manifest.name} {manifest.version}: {manifest.summary}", *_trust(manifest)]
    for heading, nothing in (
        ("hears", "its own commands, nothing else"),
        ("says", "nothing"),
        ("keeps", "nothing"),
        ("calls", "no other plugin"),
        ("reaches", ""),
        ("runs", ""),
        ("brings", "nothing but itself"),
    ):
        words = [wish.words for wish in found if wish.heading == heading]
        if words or nothing:
            lines.append(f"  {heading:<8} {', '.join(words) or nothing}")
    limits = manifest.limits
    lines.append(
        f"  {'limits':<8} {limits.memory} MB of memory, {limits.cpu:g} processor cores, "
        f"{limits.messages:g} messages a second"
    )
    return lines


def _trust(manifest: PluginManifest) -> list[str]:
    if manifest.trust == "untrusted":
        return []
    return [
        "  TRUSTED  it runs with your own rights on this machine; what stands below is what it "
        "says, and nothing holds it to that"
    ]


def more(
    old: PluginManifest,
    old_dependencies: list[str],
    new: PluginManifest,
    new_dependencies: list[str],
) -> list[str]:
    """What the new one wants beyond the old one; empty when nobody need be asked."""
    known = set(wishes(old, old_dependencies))
    lines = [
        f"{wish.heading} {wish.words}"
        for wish in wishes(new, new_dependencies)
        if wish not in known
    ]
    if new.trust == "trusted" and old.trust != "trusted":
        lines.insert(0, "is trusted: it runs with your own rights on this machine")
    for name, unit in (
        ("memory", "MB of memory"),
        ("cpu", "processor cores"),
        ("messages", "messages a second"),
    ):
        before, after = getattr(old.limits, name), getattr(new.limits, name)
        if after > before:
            lines.append(f"may use {after:g} {unit} instead of {before:g}")
    lines += [
        f"says something else of {key}: {getattr(new, key)!r}"
        for key in type(new).model_fields
        if key not in HARMLESS | COMPARED and getattr(new, key) != getattr(old, key)
    ]
    return lines
