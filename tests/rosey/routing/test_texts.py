"""What Rosey herself says."""

import pytest

from rosey.events import ChatCommand
from rosey.routing import texts
from rosey.routing.commands import Group, table
from tests.rosey.routing.test_commands import WORDS, command, presence


def test_help_lists_what_this_person_may_use() -> None:
    words = dict(WORDS)
    words["rig"] = ("dice", command("rig", rank=2))
    words["secret"] = ("dice", command("secret", hidden=True))
    assert texts.help_all("!", words, 0) == (
        "I know !a, !flip, !help, !info, !roll, !status, !trivia. More: !help <one>"
    )
    assert "$rig" in texts.help_all("$", words, 2)
    assert "secret" not in texts.help_all("!", words, 255)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("roll", "!roll [notation] — Roll dice: 2d6+3, d20, 4d6kh3, adv or dis. (also !dice)"),
        ("!Roll ", "!roll [notation] — Roll dice: 2d6+3, d20, 4d6kh3, adv or dis. (also !dice)"),
        ("trivia stop", "!trivia stop — End the game (who started it, or a moderator)."),
        (
            "trivia",
            "!trivia takes: start [questions] [category] · hint · skip · stop · scores · "
            "stats [user] · leaderboard [how many]",
        ),
        ("xyzzy", "I know no command 'xyzzy'. !help lists what there is."),
        ("x" * 100, f"I know no command {'x' * 29 + '…'!r}. !help lists what there is."),
    ],
)
def test_help_about_one(wanted: str, told: str) -> None:
    assert texts.help_one("!", wanted, WORDS) == told


def test_help_about_a_plugin_lists_its_commands_unless_a_command_has_that_word() -> None:
    words = table(
        [
            presence(
                "coin",
                command("flip", "toss", usage="[times]"),
                command("coins count"),
                command("rig", hidden=True),
            ),
            presence("shy", command("psst", hidden=True)),
            presence("dice", command("dice", usage="[notation]"), command("d6")),
        ]
    )
    coin = "coin has !flip [times] · !coins count. More: !help <one>"
    assert texts.help_one("!", "coin", words) == coin
    assert texts.help_one("!", "!Coin ", words) == coin
    assert texts.help_one("$", "coins", words) == "$coins takes: count"
    assert texts.help_one("!", "dice", words) == "!dice [notation]"
    assert texts.help_one("!", "shy", words).startswith("I know no command 'shy'.")


def test_a_command_is_explained_with_its_rank() -> None:
    rig = ChatCommand(action="rig", words=["rig"], rank=2)
    assert texts.explain("!", rig) == "!rig [moderator and up]"
    assert texts.no_rank("!", rig) == "!rig is for moderators and up."


def test_a_group_hides_what_is_hidden() -> None:
    group = Group("pet", [command("pet feed", usage="<food>"), command("pet eat", hidden=True)])
    assert texts.group_help("!", group) == "!pet takes: feed <food>"


def test_status_tells_the_living_from_the_dead() -> None:
    states = {"dice": True, "trivia": False}
    assert texts.status(states) == "Router ✓, dice ✓, trivia ✗ not answering"
    assert texts.status({}) == "Router ✓, no plugins"


def test_short_sentences() -> None:
    assert texts.unknown("!", "rol", "roll") == "I know no !rol. Did you mean !roll?"
    assert texts.cooling("!", command("roll"), 0.2) == "!roll again in 1 s, please."
    assert texts.cooling("!", command("roll"), 9.6) == "!roll again in 10 s, please."
    assert "not running" in texts.away("dice")
    assert texts.full("dice").endswith("Please try again in a minute.")
    assert texts.slow("dice") == "dice is restarting; your command waits."


def test_what_answers_stats_and_the_like_is_her_memory() -> None:
    assert texts.slow("core") == "My memory is restarting; your command waits."
    assert texts.away("core").startswith("My memory is not running right now")
    assert texts.full("core").startswith("My memory has more to do")
    assert texts.status({"core": False}) == "Router ✓, my memory ✗ not answering"
    assert texts.status({"core.manager": True}) == "Router ✓, my plugin manager ✓"
    assert texts.away("core", "set").startswith("My plugin manager is not running right now")
    assert texts.away("core", "stats").startswith("My memory is not running right now")
    assert texts.full("core", "set").startswith("My plugin manager has more to do")
    assert texts.slow("core", "plugin_reload") == "That takes a moment; I am at it."
    assert "$help" in texts.info("$")
