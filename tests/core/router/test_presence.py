"""Who is alive, whatever the clocks of the machines show."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from core.router.presence import Presences
from rosey.events import ChatCommand, PluginPresence

ROLL = ChatCommand(action="roll", words=["roll"])


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets seconds pass."""
    clock = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])

    def pass_by(seconds: float) -> None:
        clock[0] += seconds

    return pass_by


def word(seconds: float = 0.0, *commands: ChatCommand) -> PluginPresence:
    """What dice says whose clock is so many seconds ahead."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return PluginPresence(plugin="dice", version="1.0.0", alive_at=at, commands=list(commands))


def test_a_word_counts_for_five_seconds(later: Callable[[float], None]) -> None:
    presences = Presences()
    presences.hear("dice", word())
    later(5)
    assert presences.states() == {"dice": True}
    later(0.1)
    assert presences.states() == {"dice": False}


@pytest.mark.parametrize("ahead", [-3600, -6, 6, 3600])
def test_one_that_is_renewed_is_alive_and_no_longer_than_another(
    later: Callable[[float], None], ahead: float
) -> None:
    presences = Presences()
    presences.hear("dice", word(ahead))
    assert not presences.alive("dice")
    later(2)
    presences.hear("dice", word(ahead + 2))
    assert presences.alive("dice")
    later(5.1)
    assert not presences.alive("dice")


async def test_after_a_silence_of_the_bus_all_have_time_again(
    later: Callable[[float], None],
) -> None:
    presences = Presences()
    presences.hear("dice", word())
    later(20)
    assert not presences.alive("dice")
    await presences.wait_again()
    assert presences.states() == {"dice": True}
    assert not presences.alive("trivia")
    later(5.1)
    assert not presences.alive("dice")


def test_what_changes_the_commands() -> None:
    presences = Presences()
    assert presences.hear("dice", word(0, ROLL))
    assert not presences.hear("dice", word(2, ROLL))
    assert presences.hear("dice", word(4))
    assert presences.actions("dice") == set()
    assert presences.hear("dice", None)
    assert not presences.hear("dice", None)
    assert not presences.alive("dice")
    assert list(presences.known) == []


def test_what_a_plugin_hears_is_what_it_is_there_for() -> None:
    presences = Presences()
    assert presences.hear("dice", word())
    assert not presences.hear("dice", word())
    assert presences.hear("dice", word().model_copy(update={"hears": ["user.join"]}))
    assert not presences.hear("dice", word().model_copy(update={"hears": ["user.join"]}))
    assert presences.hear("dice", word())


def test_the_room_s_own_commands_have_two_who_answer(later: Callable[[float], None]) -> None:
    presences = Presences()
    at = datetime.now(UTC)
    for key, action in (("core", "stats"), ("core.manager", "set")):
        commands = [ChatCommand(action=action, words=[action])]
        own = PluginPresence(plugin="core", version="1.0.0", alive_at=at, commands=commands)
        later(4)
        presences.hear(key, own)
    assert presences.actions("core") == {"stats", "set"}
    assert presences.alive("core", "stats")
    assert presences.alive("core", "set")
    later(2)
    assert not presences.alive("core", "stats")
    assert presences.alive("core", "set")
    assert presences.states() == {"core": False, "core.manager": True}


@pytest.mark.parametrize("key", ["trivia", "core", "core.manager", "dices.dice"])
def test_nobody_speaks_for_another(key: str) -> None:
    """Else a plugin could put a word of its own, for everybody, on a command for administrators."""
    presences = Presences()
    with pytest.raises(ValueError, match="it speaks for 'dice'"):
        presences.hear(key, word(0, ROLL))
    assert list(presences.known) == []
