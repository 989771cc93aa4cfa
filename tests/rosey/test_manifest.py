"""Manifests: what ships is sound, and each mistake gets a sentence with file, key and way out."""

import json
from pathlib import Path
from typing import Any

import pytest

from rosey.manifest import (
    ManifestError,
    PluginManifest,
    find_plugins,
    load_connector,
    load_plugin,
)
from tests import vectors

CHECKOUT = Path(__file__).resolve().parents[2]
GOOD = """
name = "weather"
version = "1.2.3"
summary = "Rain or shine"
entry = "plugins.weather.commands:plugin"
"""
CONNECTOR = """
platform = "irc"
class = "connectors.irc:Connector"
settings = "connectors.irc:Settings"
workflow = "workflows.connection:Connection"
activities = ["activities.connection:activities"]
"""


def load(tmp_path: Path, text: str, name: str = "weather") -> PluginManifest:
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    (folder / "plugin.toml").write_text(text, encoding="utf-8")
    return load_plugin(folder)


def test_the_least_a_manifest_says(tmp_path: Path) -> None:
    manifest = load(tmp_path, GOOD)
    assert manifest.trust == "untrusted"
    assert manifest.actions == []
    assert not manifest.storage.tables
    assert not manifest.storage.keys
    assert (manifest.limits.memory, manifest.limits.cpu) == (256, 0.5)


def test_everything_a_trusted_plugin_may_say(tmp_path: Path) -> None:
    manifest = load(
        tmp_path,
        GOOD
        + """
trust = "trusted"
aliases = ["weather-report"]
hears = ["rosey.events.>"]
actions = ["say", "pm"]
events = ["forecast_made"]
services = ["quote.random"]
hosts = ["api.weather.example"]
workflows = ["workflows.weather.workflow:Weather"]
activities = ["activities.chat:activities"]
settings = "plugins.weather.models:Settings"
[storage]
keys = true
[storage.tables.places]
fields = [{ name = "town", type = "string", required = true }, { name = "seen", type = "datetime" }]
[limits]
memory = 512
cpu = 2
messages = 5
""",
    )
    assert manifest.hears == ["rosey.events.>"]
    town, seen = manifest.storage.tables["places"].fields
    assert (town.name, town.type, town.required) == ("town", "string", True)
    assert (seen.name, seen.type, seen.required) == ("seen", "datetime", False)
    assert manifest.storage.has_tables
    assert manifest.limits.messages == 5


def test_an_untrusted_plugin_may_hear_single_events(tmp_path: Path) -> None:
    manifest = load(tmp_path, GOOD + 'hears = ["rosey.events.user.join"]')
    assert manifest.hears == ["rosey.events.user.join"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ('name = "Weather"', "name: String should match pattern"),
        ('name = "we.ather"', "name: String should match pattern"),
        (f'name = "{"w" * 33}"', "name: String should have at most 32 characters"),
        ('name = "rosey"', "name: 'rosey' is reserved for Rosey herself"),
        ('name = "core"', "name: 'core' is reserved for Rosey herself"),
        ('name = "rain"', "name: is 'rain', but the folder is 'weather'; they must be the same"),
        ('version = "1.2"', "version: String should match pattern"),
        ("version = 1", "version: Input should be a valid string"),
        ('summary = ""', "summary: String should have at least 1 character"),
        ('entry = "plugins.weather"', "entry: String should match pattern"),
        ('entry = "os:system; rm"', "entry: String should match pattern"),
        ('trust = "total"', "trust: Input should be 'trusted' or 'untrusted'"),
        ('action = ["say"]', "action: is no known key; did you mean 'actions'?"),
        ("xyzzy = 1", "xyzzy: is no known key"),
        ('hears = ["rosey.events.messages"]', "hears: 'rosey.events.messages' is not one of rosey"),
        ('actions = ["media_play"]', "actions: 'media_play' is not one of say, pm, media_add"),
        ('events = ["a.b"]', "events.0: String should match pattern"),
        ('services = ["quote"]', "services.0: String should match pattern"),
        ('aliases = ["Weather"]', "aliases.0: String should match pattern"),
        (
            "[storage.tables.weather-x]\nfields = [{name = 'a', type = 'text'}]",
            "storage.tables.weather-x: String should match pattern",
        ),
        ("[storage.tables.places]\nfields = []", "storage.tables.places.fields: List should have"),
        (
            "[storage.tables.places]\nfields = [{name = 'id', type = 'text'}]",
            "storage.tables.places.fields.0.name: 'id' is there without being declared",
        ),
        (
            "[storage]\nmigrations = true",
            'storage.migrations: only a plugin with trust = "trusted" may have these',
        ),
        ("[storage]\nrows = 5", "storage.rows: is no known key"),
        ("[limits]\nmemory = 1", "limits.memory: Input should be greater than or equal to 32"),
        ("[limits]\ncpu = 0", "limits.cpu: Input should be greater than 0"),
        (
            'workflows = ["w:W"]',
            'workflows: only a plugin with trust = "trusted" may have these',
        ),
        (
            'activities = ["a:a"]',
            'activities: only a plugin with trust = "trusted" may have these',
        ),
        ('hosts = ["example.org"]', 'hosts: only a plugin with trust = "trusted" may have these'),
        ('hears = ["rosey.events.>"]', 'hears: "rosey.events.>" needs trust = "trusted"'),
    ],
)
def test_each_mistake_gets_a_sentence(tmp_path: Path, change: str, told: str) -> None:
    key = change.split(" =")[0] + " ="
    kept = [line for line in GOOD.strip().split("\n") if not line.startswith(key)]
    with pytest.raises(ManifestError) as refused:
        load(tmp_path, "\n".join([*kept, change]))
    assert str(refused.value).startswith(f"{tmp_path / 'weather' / 'plugin.toml'}: {told}")
    assert "\n" not in str(refused.value)


def test_tables_are_declared_or_migrated_and_not_both(tmp_path: Path) -> None:
    migrated = f'{GOOD}trust = "trusted"\n[storage]\nmigrations = true\n'
    assert load(tmp_path, migrated).storage.has_tables
    declared = "[storage.tables.places]\nfields = [{name = 'town', type = 'string'}]"
    with pytest.raises(ManifestError, match="storage: tables are declared here or made by migra"):
        load(tmp_path, migrated + declared)


SCHEMAS = vectors.load("row_schema")


PEOPLE = """
storage.migrations = true
trust = "trusted"
[[people]]
table = "places"
field = "found_by"
what = "places you found"
"""


def test_what_is_kept_about_people(tmp_path: Path) -> None:
    manifest = load(tmp_path, f'{GOOD}{PEOPLE}forget = "delete"')
    assert [each.forget for each in manifest.people] == ["delete"]
    nameless = 'forget = { found_by = "somebody", found_at = "" }\nremains = "the places"'
    (people,) = load(tmp_path, f"{GOOD}{PEOPLE}{nameless}").people
    assert people.forget == {"found_by": "somebody", "found_at": ""}


@pytest.mark.parametrize(
    ("forget", "told"),
    [
        ('"keep"', "people.0: remains: say what stays, and why"),
        ('{ found_by = "" }', "people.0: remains: say what stays, and why"),
        ('{ town = "" }\nremains = "x"', "people.0: forget: 'found_by' would still name"),
        ('"never"', "people.0.forget"),
    ],
)
def test_what_is_said_about_people_must_be_whole(tmp_path: Path, forget: str, told: str) -> None:
    with pytest.raises(ManifestError, match=told):
        load(tmp_path, f"{GOOD}{PEOPLE}forget = {forget}")


def test_people_are_in_tables(tmp_path: Path) -> None:
    text = f'{GOOD}{PEOPLE}forget = "delete"'.replace("storage.migrations = true", "")
    with pytest.raises(ManifestError, match="people: the plugin keeps no tables"):
        load(tmp_path, text)


@pytest.mark.parametrize("vector", SCHEMAS, ids=vectors.ids(SCHEMAS))
def test_declared_tables_are_checked(tmp_path: Path, vector: dict[str, Any]) -> None:
    asked = vector["in"]
    name = asked.get("table_name", "places")
    schema = asked.get("schema", {"fields": [{"name": "a", "type": "string"}]})
    if isinstance(name, str):
        text = f"{GOOD}[storage.tables]\n{json.dumps(name)} = {_toml(schema)}\n"
    else:
        # A key of TOML is always text; here the whole is no table of tables.
        text = f"{GOOD}[storage]\ntables = {_toml(name)}\n"
    if vector["out"]["valid"]:
        assert list(load(tmp_path, text).storage.tables) == [name]
    else:
        with pytest.raises(ManifestError, match=r"plugin\.toml: storage\.tables"):
            load(tmp_path, text)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(value)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as refused:
        load(tmp_path, 'name = "weather"\nvers = "1.0.0"')
    told = str(refused.value).split("\n")
    assert len(told) == 4
    assert any("vers: is no known key; did you mean 'version'?" in line for line in told)
    assert any("summary: Field required" in line for line in told)


def test_files_that_are_no_manifests(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"plugin\.toml is missing"):
        load_plugin(tmp_path / "nowhere")
    with pytest.raises(ManifestError, match="is no valid TOML"):
        load(tmp_path, "name = ")
    (tmp_path / "weather" / "plugin.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(ManifestError, match="is no valid TOML"):
        load_plugin(tmp_path / "weather")
    (tmp_path / "folder" / "plugin.toml").mkdir(parents=True)
    with pytest.raises(ManifestError, match="cannot be read: Is a directory"):
        load_plugin(tmp_path / "folder")


def test_plugins_are_found_by_their_folder(tmp_path: Path) -> None:
    load(tmp_path, GOOD)
    (tmp_path / "notes").mkdir()
    assert find_plugins(tmp_path) == {"weather": tmp_path / "weather"}
    assert find_plugins(tmp_path / "nowhere") == {}


def test_a_connector_manifest(tmp_path: Path) -> None:
    path = tmp_path / "connector.toml"
    path.write_text(CONNECTOR)
    assert load_connector(tmp_path).connector == "connectors.irc:Connector"
    path.write_text(CONNECTOR + "secret = 1")
    with pytest.raises(ManifestError, match="secret: is no known key"):
        load_connector(tmp_path)
    path.write_text(CONNECTOR.replace('platform = "irc"', ""))
    with pytest.raises(ManifestError, match="platform: Field required"):
        load_connector(tmp_path)


PLUGINS = find_plugins(CHECKOUT / "plugins")


@pytest.mark.parametrize("name", sorted(PLUGINS))
def test_what_ships_is_sound(name: str) -> None:
    from core.plugins import load as load_object

    manifest = load_plugin(PLUGINS[name])
    plugin = load_object(manifest.entry)
    assert plugin.name == name
    assert plugin.commands
    settings = [manifest.settings] if manifest.settings else []
    for named in [*manifest.workflows, *manifest.activities, *settings]:
        assert callable(load_object(named))


def test_dice_asks_for_no_more_than_to_speak() -> None:
    manifest = load_plugin(PLUGINS["dice"])
    assert manifest.trust == "untrusted"
    assert manifest.actions == ["say", "pm"]
    assert not manifest.storage.has_tables
    assert not manifest.storage.keys


KEPT = """
[storage]
keys = true
[storage.tables.places]
fields = [{name = 'town', type = 'string'}, {name = 'size', type = 'integer'}]
[[people]]
what = "places"
forget = "delete"
"""


def test_what_is_kept_for_all_rooms_and_under_keys(tmp_path: Path) -> None:
    (people,) = load(tmp_path, f'{GOOD}{KEPT}table = "places"\nfield = "town"').people
    assert people.everywhere
    here = KEPT.replace("'size', type = 'integer'", "'channel', type = 'string'")
    (people,) = load(tmp_path, f'{GOOD}{here}table = "places"\nfield = "town"').people
    assert not people.everywhere
    for keys, everywhere in (
        ("{user}", True),
        ("seen:{user}", True),
        ("seen/{user}/*", True),
        ("{channel}:{user}:last", False),
        ("seen:{user}:{channel}:*", False),
    ):
        (people,) = load(tmp_path, f'{GOOD}{KEPT}keys = "{keys}"').people
        assert (people.keys, people.everywhere) == (keys, everywhere)


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("", "people.0: say either table and field, or keys"),
        ('table = "places"', "people.0: say either table and field, or keys"),
        ('table = "places"\nfield = "town"\nkeys = "{user}"', "people.0: say either table and"),
        ('keys = "seen"', "people.0: keys: 'seen' must have {user} once"),
        ('keys = "{user}{user}"', "must have {user} once"),
        ('keys = "{name}:{user}"', "must have {user} once"),
        ('keys = "seen:*"', "must have {user} once"),
        ('keys = "seen:{user}*"', "may end in :[*] or /[*]"),
        ('keys = "*:{user}"', "may end in :[*] or /[*]"),
        ('table = "towns"\nfield = "town"', "people: 'towns' is not one of places"),
        ('table = "places"\nfield = "name"', "people: places has no field 'name'"),
        ('table = "places"\nfield = "size"', "people: 'size' is no text, so it names nobody"),
    ],
)
def test_what_is_kept_about_people_is_where_it_says(tmp_path: Path, where: str, told: str) -> None:
    with pytest.raises(ManifestError, match=told):
        load(tmp_path, f"{GOOD}{KEPT}{where}")


def test_what_becomes_of_it_must_be_possible(tmp_path: Path) -> None:
    nameless = f'{GOOD}{KEPT}table = "places"\nfield = "town"'.replace(
        'forget = "delete"', 'forget = {town = "", mayor = ""}\nremains = "x"'
    )
    with pytest.raises(ManifestError, match="people: places has no field 'mayor'"):
        load(tmp_path, nameless)
    emptied = f'{GOOD}{KEPT}keys = "{{user}}"'.replace(
        'forget = "delete"', 'forget = {town = ""}\nremains = "x"'
    )
    with pytest.raises(ManifestError, match='forget: what is under keys is "delete" or "keep"'):
        load(tmp_path, emptied)
    keyless = f'{GOOD}{KEPT}keys = "{{user}}"'.replace("keys = true", "")
    with pytest.raises(ManifestError, match="people: the plugin keeps no keys: keys = true in"):
        load(tmp_path, keyless)
