"""What the database service says is wrong with it is a warning for as long as it says so."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.config import NatsConfig
from core.host import troubles as warning
from core.host.backlog import watch
from core.host.troubles import Troubles
from rosey import subjects
from rosey.bus import Bus, Incoming
from rosey.events import Health
from tests.servers import NatsServer, until


class Told:
    """What `status` would show."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, lines: list[str]) -> None:
        self.lines = lines


def health(ok: bool, what: str, about: str = "database") -> bytes:
    return Health(id="h-1", at=datetime.now(UTC), ok=ok, about=about, what=what).wire()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def troubles(told: Told) -> AsyncIterator[Troubles]:
    troubles = Troubles(told)
    yield troubles
    troubles.close()
    assert told.lines == []


async def say(troubles: Troubles, data: bytes) -> None:
    await troubles.hear(Incoming(subjects.HEALTH, data, ""))


async def test_it_lasts_until_all_is_well(troubles: Troubles, told: Told) -> None:
    await say(troubles, health(False, "The disk is full."))
    assert told.lines == ["The disk is full."]
    await say(troubles, health(False, "The disk is on fire."))
    assert told.lines == ["The disk is on fire."]
    await say(troubles, health(True, "Well again."))
    assert told.lines == []


async def test_what_is_not_told_again_is_over(
    troubles: Troubles, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warning, "FORGET_AFTER", 0.3)
    loop = asyncio.get_running_loop()
    began = loop.time()
    while loop.time() - began < 0.6:
        await say(troubles, health(False, "The disk is full."))
        assert told.lines == ["The disk is full."]
        await asyncio.sleep(0.1)  # twice as long in all as it would last untold
    await until(lambda: told.lines == [], 5)


async def test_a_plugin_that_says_too_much_is_told_of_beside_the_database(
    troubles: Troubles, told: Told
) -> None:
    await say(troubles, health(False, "The disk is full."))
    await say(troubles, health(False, "dice talks too much.", "messages of dice"))
    await say(troubles, health(False, "trivia too.", "messages of trivia"))
    assert told.lines == ["The disk is full.", "dice talks too much.", "trivia too."]
    await say(troubles, health(True, "Fine.", "messages of dice"))
    assert told.lines == ["The disk is full.", "trivia too."]


async def test_what_others_say_is_not_shown(troubles: Troubles, told: Told) -> None:
    await say(troubles, health(False, "Too many wait.", "EVENTS/router"))
    await say(troubles, b"nonsense")
    assert told.lines == []


async def test_the_host_hears_it_on_the_bus(
    bus: Bus, nats: NatsServer, told: Told, tmp_path: Path
) -> None:
    def warn(about: str, lines: list[str]) -> None:
        if about == "services":
            told(lines)

    watching = asyncio.create_task(watch(tmp_path, NatsConfig(), nats.url, warn, []))
    # What is said before the host listens is said again later.
    while not told.lines:
        await bus.publish(subjects.HEALTH, health(False, "The disk is full."))
        await asyncio.sleep(0.05)
    assert told.lines == ["The disk is full."]
    await bus.publish(subjects.HEALTH, health(True, "Well again."))
    await until(lambda: told.lines == [])
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
