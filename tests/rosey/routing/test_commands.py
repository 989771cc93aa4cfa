"""From a line to a command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.plugins import load, manifests
from rosey.events import ChatCommand, PluginPresence
from rosey.room_commands import CORE
from rosey.routing.commands import OWN, Found, Group, Table, Unknown, fold, resolve, table
from tests.rosey.orders import SOME_TIME


def presence(plugin: str, *commands: ChatCommand) -> PluginPresence:
    return PluginPresence(
        plugin=plugin, version="1.0.0", alive_at=SOME_TIME, commands=list(commands)
    )


def command(*words: str, **fields: object) -> ChatCommand:
    return ChatCommand.model_validate({"action": words[0].split()[-1], "words": words} | fields)


def shipped() -> Table:
    return table(
        presence(name, *load(manifest.entry).commands)
        for name, manifest in manifests().items()
        if name in ("dice", "trivia")
    )


WORDS = shipped()


@pytest.mark.parametrize(
    ("line", "plugin", "action", "rest"),
    [
        ("!roll", "dice", "roll", ""),
        ("!ROLL 2d6+3", "dice", "roll", "2d6+3"),
        ("  !roll  2d6 + 3  ", "dice", "roll", "2d6 + 3"),
        ("!dice d20", "dice", "roll", "d20"),
        ("!trivia start", "trivia", "start", ""),
        ("!Trivia  START  5  video games ", "trivia", "start", "5  video games"),
        ("!a paris", "trivia", "answer", "paris"),
        ("!a", "trivia", "answer", ""),
        ("!help", CORE, "help", ""),
        ("!about", CORE, "info", ""),
        ("!ｒｏｌｌ", "dice", "roll", ""),
        ("!roll\td6", "dice", "roll", "d6"),
        ("!roll\nd6", "dice", "roll", "d6"),
    ],
)
def test_commands_are_found(line: str, plugin: str, action: str, rest: str) -> None:
    found = resolve(line, "!", WORDS)
    assert isinstance(found, Found)
    assert (found.plugin, found.command.action, found.rest) == (plugin, action, rest)


@pytest.mark.parametrize(
    "line",
    ["", "!", "!!", "!?", "! roll", "roll", "hello !roll", "!…", "?!", "!" + "x" * 33, "!\troll"],
)
def test_what_is_no_command(line: str) -> None:
    assert resolve(line, "!", WORDS) is None


def test_a_group_without_a_second_word_that_is_known() -> None:
    for line in ("!trivia", "!trivia please", "!TRIVIA strat"):
        found = resolve(line, "!", WORDS)
        assert isinstance(found, Group)
        assert found.word == "trivia"
        assert {one.action for one in found.commands} >= {"start", "hint", "skip", "stop"}


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("!rol", "roll"),
        ("!rolll d6", "roll"),
        ("!trvia start", "trivia"),
        ("!halp", "help"),
        ("!flop", "flip"),
        ("!xyzzy", None),
        ("!weather", None),
    ],
)
def test_an_unknown_one_may_be_near_to_one(line: str, near: str | None) -> None:
    found = resolve(line, "!", WORDS)
    assert isinstance(found, Unknown)
    assert found.near == near


@pytest.mark.parametrize("prefix", ["!", "$", "..", "?!"])
def test_a_room_has_a_prefix_of_its_own(prefix: str) -> None:
    assert isinstance(resolve(f"{prefix}roll d6", prefix, WORDS), Found)
    assert resolve("%roll d6", prefix, WORDS) is None


def test_rosey_s_own_words_cannot_be_taken_and_others_go_to_the_first() -> None:
    words = table(
        [
            presence("zebra", command("roll"), command("help")),
            presence("apple", command("roll"), command("status", "core")),
        ]
    )
    assert words["help"][0] == words["status"][0] == CORE
    assert words["roll"][0] == "apple"
    assert words["core"][0] == "apple"
    assert set(table([])) == {word for one in OWN for word in one.words}


def test_words_of_the_room_s_memory_come_before_a_plugin_s() -> None:
    ours = presence("core", command("stats"), command("help"))
    words = table([presence("apple", command("stats")), ours])
    assert words["stats"] == (CORE, ours.commands[0])
    assert words["help"][1] in OWN


@given(st.text(max_size=60), st.sampled_from(["!", "..", "?"]))
def test_any_line_is_understood_or_left_alone(line: str, prefix: str) -> None:
    found = resolve(line, prefix, WORDS)
    assert found is None or line.strip().startswith(prefix)
    found = resolve(prefix + line, prefix, WORDS)
    if isinstance(found, Unknown):
        assert found.word == fold(line.split()[0])


@given(st.sampled_from(sorted(WORDS)), st.text(max_size=30))
def test_what_follows_the_words_is_left_as_it_is(word: str, rest: str) -> None:
    found = resolve(f"!{word} x{rest}x", "!", WORDS)
    assert isinstance(found, Found)
    if found.command == WORDS[word][1]:
        assert found.rest.split() == f"x{rest}x".split()
