"""What a person reads about a bad plugin.toml, and about a good one."""

from pathlib import Path

import pytest

from core.installed.manifest import ALLOWED, read_manifest
from core.installed.problems import NotFit
from core.installed.words import HEARS, SAYS, asks, more
from rosey.manifest import ACTION_KINDS, HEARD, PluginManifest

GOOD = {"name": "coin", "version": "1.0.0", "summary": "Flips", "entry": "coin:plugin"}


def manifest(**more: object) -> PluginManifest:
    return PluginManifest.model_validate(GOOD | more)


def wrong(place: Path, text: str, **instead: str) -> list[str]:
    lines = [f'{key} = "{value}"' for key, value in (GOOD | instead).items() if value]
    file = place / "plugin.toml"
    file.write_text("\n".join([*lines, text]))
    with pytest.raises(NotFit) as problem:
        read_manifest(file)
    return problem.value.reasons


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nmae = 5", "nmae: is no known key; allowed: actions, activities, "),
        ("nmae = 5", "did you mean name?"),
        ("[limits]\nmemry = 5", "limits.memry: is no known key; allowed: cpu, memory, messages; "),
        ("hears = 5", "hears: 5 does not fit; allowed: a list of rosey.events.message, "),
        ("actions = ['dance']", "actions: 'dance' is not one of say, pm"),
        ("[limits]\nmemory = 'much'", "limits.memory: 'much' does not fit; allowed: megabytes, 32"),
        ("trust = 'maybe'", 'trust: \'maybe\' does not fit; allowed: "trusted" or "untrusted"'),
        ("hosts = ['a']", 'hosts: only a plugin with trust = "trusted" may have these'),
        ("aliases = ['A B']", "aliases.0: 'A B' does not fit; allowed: a list of other names"),
        ("[storage]\nkeys = 'a'", "storage.keys: 'a' does not fit; allowed: true or false"),
        ("trust = 'trusted'\n[storage]\nmigrations = true", "only plugins that come with Rosey"),
        ("settings = 'core.config:Config'", "settings: core.config:Config is not in the plugin's"),
        ("a = ", "is no valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    assert said in "\n".join(wrong(tmp_path, text))


def test_everything_wrong_is_named_at_once(tmp_path: Path) -> None:
    assert wrong(tmp_path, "", name="Coin", version="1", entry="coin", summary="") == [
        "plugin.toml: name: 'Coin' does not fit; allowed: small letters and digits, beginning with "
        "a letter, as in coin",
        "plugin.toml: version: '1' does not fit; allowed: three numbers, as in 1.0.0",
        "plugin.toml: summary: is missing; allowed: a sentence of at most 200 letters",
        "plugin.toml: entry: 'coin' does not fit; allowed: where the plugin is, as in "
        "coin.commands:plugin",
    ]


@pytest.mark.parametrize("version", ["1.0." + "9" * 40, "1.0.٣"])
def test_versions_that_make_no_folder(tmp_path: Path, version: str) -> None:
    assert "version: " in wrong(tmp_path, "", version=version)[0]


def test_every_key_has_words() -> None:
    assert set(PluginManifest.model_fields) <= set(ALLOWED)
    assert set(HEARS) == set(HEARD)
    assert set(SAYS) == set(ACTION_KINDS)


def test_what_a_plugin_asks_for() -> None:
    assert asks(
        manifest(
            hears=["rosey.events.user.join"],
            actions=["say", "pm"],
            services=["weather.now"],
            storage={"keys": True},
            limits={"cpu": 0.25},
        ),
        ["rosey[durable]>=0.1", "roseywood"],
    ) == [
        "coin 1.0.0: Flips",
        "  hears    who comes",
        "  says     lines in rooms, private lines to people",
        "  keeps    keys and values",
        "  calls    weather.now",
        "  brings   roseywood",
        "  limits   256 MB of memory, 0.25 processor cores, 20 messages a second",
    ]


def test_more_is_what_was_not_asked_before() -> None:
    old = manifest(actions=["say"], limits={"memory": 64, "messages": 5})
    new = manifest(
        version="2.0.0",
        summary="Flips more",
        aliases=["coins"],
        events=["flipped"],
        actions=["pm"],
        limits={"memory": 32, "messages": 6.5},
        storage={"tables": {"flips": {"fields": [{"name": "side", "type": "string"}]}}},
    )
    assert more(old, [], new, ["yarl"]) == [
        "says private lines to people",
        "keeps a table flips",
        "brings yarl",
        "may use 6.5 messages a second instead of 5",
    ]
    assert more(new, ["yarl"], old, []) == [
        "says lines in rooms",
        "may use 64 MB of memory instead of 32",
    ]


def test_a_key_nobody_has_thought_of_is_asked_for() -> None:
    class Later(PluginManifest):
        camera: bool = False

    old, new = Later.model_validate(GOOD), Later.model_validate(GOOD | {"camera": True})
    assert more(old, [], new, []) == ["says something else of camera: True"]
    assert more(old, [], old, []) == []
