"""The 8-ball in a room that speaks another language."""

import pytest
from pydantic import ValidationError

from core.plugin_host.settings_desk import check
from core.plugins import PLUGINS
from plugins.eightball.commands import Settings, plugin
from plugins.eightball.rules import KEYS, KINDS
from rosey.settings import CheckSettings
from rosey.testing import Room
from rosey.texts import Texts

TEXTS = Texts.load(PLUGINS / "eightball" / "texts", strict=True)
GERMAN = TEXTS.languages["de"]
ANSWERS = {GERMAN[key]: english for english, key in KEYS.items()}


def test_all_is_translated_and_no_two_answers_are_the_same() -> None:
    assert GERMAN.keys() == TEXTS.languages["en"].keys()
    assert len(ANSWERS) == len(KINDS) == 20


async def test_a_room_set_to_german_hears_german() -> None:
    async with Room(plugin, settings={"language": "de"}) as room:
        (line,) = await room.says("alice", "!8ball Regnet  es?")
        assert line.startswith("🎱 „Regnet es?“ ")
        assert line.removeprefix("🎱 „Regnet es?“ ").removesuffix(".") in ANSWERS
        assert await room.says("bob", "!8ball") == [
            "Frag mich etwas, zum Beispiel: !8ball Wird es regnen?"
        ]


async def test_a_room_set_to_nothing_hears_english() -> None:
    async with Room(plugin) as room:
        (line,) = await room.says("alice", "!8ball Will it rain?")
        assert line.removeprefix("🎱 “Will it rain?” ").removesuffix(".") in KINDS


@pytest.mark.in_memory
async def test_an_answer_is_of_the_same_kind_in_every_language() -> None:
    heard = set()
    async with Room(plugin, settings={"language": "de"}, seed=8) as room:
        for number in range(300):
            (line,) = await room.says(f"guest{number}", "!8ball Ja?")
            answer = line.removeprefix("🎱 „Ja?“ ").removesuffix(".")
            heard.add(answer)
            assert room.events[-1].data == {"kind": KINDS[ANSWERS[answer]]}
    assert heard == set(ANSWERS)


def test_only_a_language_that_has_a_file_can_be_set() -> None:
    assert Settings(language="de").language == "de"
    with pytest.raises(ValidationError):
        Settings(language="fr")
    checked = check(Settings, CheckSettings(typed={"language": "fr"}))
    (problem,) = checked.problems
    assert (problem.option, problem.text) == ("language", "one of de, en, not 'fr'")
    (option,) = check(Settings, CheckSettings(typed={"language": "de"})).options
    assert (option.value, option.default, option.allowed) == ("de", "en", "one of de, en")
