"""`plugin.toml` of a stranger: what is wrong with it, with what is allowed."""

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.installed.files import LARGEST_FILE
from core.installed.problems import NotFit
from rosey.manifest import ACTION_KINDS, HEARD, PluginManifest

LONGEST_SHOWN = 60
LONGEST_VERSION = 32

ALLOWED = {
    "name": "small letters and digits, beginning with a letter, as in coin",
    "version": "three numbers, as in 1.0.0",
    "summary": "a sentence of at most 200 letters",
    "entry": "where the plugin is, as in coin.commands:plugin",
    "trust": '"trusted" or "untrusted"',
    "aliases": "a list of other names: small letters, digits and '-'",
    "hears": f"a list of {', '.join(HEARD)}",
    "actions": f"a list of {', '.join(ACTION_KINDS)}",
    "events": "a list of names of small letters, digits and '_'",
    "services": 'a list of other plugins\' methods, as in "weather.now"',
    "storage": "a table: tables or migrations, and keys",
    "storage.keys": "true or false",
    "storage.migrations": "true or false",
    "storage.tables": "a table for each: its fields",
    "limits": "a table: memory, cpu, messages",
    "limits.memory": "megabytes, 32 to 65536",
    "limits.cpu": "processor cores, above 0 and at most 64",
    "limits.messages": "messages a second, above 0 and at most 1000",
    "hosts": "a list of names of machines",
    "workflows": "a list of classes, as in coin.workflow:Coin",
    "activities": "a list of functions, as in activities.chat:activities",
    "people": "a list of tables: table and field or keys, then what, forget, remains",
    "settings": "a pydantic model, as in coin.settings:Settings",
}


def read_manifest(file: Path) -> PluginManifest:
    """Raises NotFit with a line for each thing that is wrong."""
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise NotFit("plugin.toml is far too large.")
        manifest = PluginManifest.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as problem:
        raise NotFit(f"plugin.toml cannot be read: {problem.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise NotFit(f"plugin.toml is no valid TOML: {problem}.") from None
    except ValidationError as problem:
        raise NotFit(*(_line(each) for each in problem.errors(include_url=False))) from None
    wrong = list(_beyond(manifest))
    if wrong:
        raise NotFit(*wrong)
    return manifest


def _beyond(manifest: PluginManifest) -> list[str]:
    """What only matters for a plugin that does not come with Rosey."""
    wrong = []
    if len(manifest.version) > LONGEST_VERSION or not manifest.version.isascii():
        wrong.append(f"plugin.toml: version: allowed: {ALLOWED['version']}")
    if manifest.storage.migrations:
        wrong.append(
            "plugin.toml: storage.migrations: only plugins that come with Rosey have migrations; "
            "declare the tables in [storage.tables]"
        )
    own = [("entry", manifest.entry), *(("workflows", each) for each in manifest.workflows)]
    own += [("settings", manifest.settings)] if manifest.settings else []
    for key, named in [*own, *(("activities", each) for each in manifest.activities)]:
        top = named.partition(":")[0].partition(".")[0]
        if top != manifest.name and not (key == "activities" and top == "activities"):
            wrong.append(
                f"plugin.toml: {key}: {named} is not in the plugin's own package; it begins with "
                f"{manifest.name}, as in {manifest.name}.commands:plugin"
            )
    return wrong


def _line(error: Any) -> str:
    place = [str(part) for part in error["loc"] if part != "[key]"]
    key = ".".join(place)
    said = f"plugin.toml: {key}: " if key else "plugin.toml: "
    if error["type"] == "extra_forbidden":
        known = _known(place[:-1])
        near = get_close_matches(place[-1], known, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"{said}is no known key" + (f"; allowed: {', '.join(known)}" if known else "") + hint
    if error["type"] == "value_error":
        return said + str(error["msg"]).removeprefix("Value error, ")
    allowed = _allowed(place) or error["msg"]
    if error["type"] == "missing":
        return f"{said}is missing; allowed: {allowed}"
    return f"{said}{repr(error['input'])[:LONGEST_SHOWN]} does not fit; allowed: {allowed}"


def _known(place: list[str]) -> list[str]:
    """The keys of the table at `place`."""
    depth = len(place)
    keys = [each.split(".") for each in [*ALLOWED, *PluginManifest.model_fields]]
    return sorted({each[depth] for each in keys if each[:depth] == place and len(each) > depth})


def _allowed(place: list[str]) -> str:
    """What the nearest key that is known may say."""
    while place:
        if found := ALLOWED.get(".".join(place)):
            return found if place[-1] not in ("tables", "storage") else ""
        place = place[:-1]
    return ""
