"""A crash between each two steps of a message's way, and where it is shown that nothing of it is
lost and nothing takes effect twice. What the table names is elsewhere; the rest is here.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from activities.connection.session import Session
from activities.connection.spool import Spool
from rosey import ids, streams, subjects
from rosey.bus import Bus, Delivery
from rosey.events import Wire
from tests.activities.connection.stage import CONNECTION
from tests.activities.connection.test_crash_points import (
    Mortal,
    MortalConnector,
    MortalOutbox,
    silence_of_the_dead,
)
from tests.core.router.test_crash_points import Mortal as MortalRouterBus
from tests.core.stage import settled, stored
from tests.faults.chain import Chain, dead_letters
from tests.servers import NatsServer, until

__all__ = ["silence_of_the_dead"]

CONNECTOR = "tests.activities.connection"
ROUTER = "tests.core.router.test_crash_points"
HOST = "tests.core.plugin_host.test_crash_points"
WHERE = {
    "a frame has come, its event is not stored": (
        "tests.faults.test_steps",
        "test_a_line_is_obeyed_once_wherever_the_connector_dies",
    ),
    "the event is stored, the record does not know": (
        "tests.faults.test_steps",
        "test_a_line_is_obeyed_once_wherever_the_connector_dies",
    ),
    "the record is cut short while it is saved": (
        f"{CONNECTOR}.test_coming_and_going",
        "test_a_save_that_the_end_cuts_short_is_made_good",
    ),
    "before and after the router stores a command": (
        ROUTER,
        "test_a_command_is_said_once_wherever_the_router_dies",
    ),
    "before and after the router stores an answer of its own": (
        "tests.faults.test_steps",
        "test_an_own_answer_is_said_once_wherever_the_router_dies",
    ),
    "before and after the plugin stores its reply, its end, its event": (
        HOST,
        "test_a_command_has_one_reply_and_one_end_wherever_its_process_dies",
    ),
    "the next try of a handler ends differently": (
        HOST,
        "test_two_tries_that_end_differently_have_one_end",
    ),
    "a command has come, nothing is stored": (
        HOST,
        "test_another_takes_over_after_a_second_and_a_half",
    ),
    "the workflow has taken a command, its host does not know": (
        "tests.temporal.test_mailbox_retries",
        "test_what_passes_is_sent_again_under_the_same_id",
    ),
    "an announcement's activity is tried again": (
        "tests.activities.chat.test_chat",
        "test_an_announcement_is_stored_once_however_often_it_is_tried",
    ),
    "a reply has come; before and after the router stores an action": (
        ROUTER,
        "test_a_command_is_said_once_wherever_the_router_dies",
    ),
    "an action has come, is noted, sent, shown, confirmed, recorded, acknowledged": (
        f"{CONNECTOR}.test_crash_points",
        "test_a_line_is_said_once_wherever_its_process_dies",
    ),
    "the same for what nobody can see in the room's history": (
        f"{CONNECTOR}.test_crash_points",
        "test_a_private_line_is_never_said_twice",
    ),
    "before and after a message that cannot be used is set aside": (
        "tests.faults.test_steps",
        "test_what_is_set_aside_is_there_once",
    ),
    "NATS itself, anywhere": (
        "tests.faults.test_many_kills",
        "test_twenty_kills_under_load",
    ),
    "all processes, in a whole game": (
        "tests.end_to_end.test_party",
        "test_a_whole_game_while_every_process_is_killed",
    ),
}


@pytest.mark.parametrize("step", WHERE)
def test_every_step_is_shown_somewhere(step: str) -> None:
    module, name = WHERE[step]
    assert callable(getattr(import_module(module), name))


class HearingOutbox(MortalOutbox):
    """Its process dies with the command that alice gave: before or after a stream has it."""

    def event(
        self, subject: str, event: Wire, id: str, stored: Callable[[], None] | None = None
    ) -> None:
        if getattr(event, "text", "").startswith("!roll"):
            self.owner.passed("heard")
            noted = stored

            def stored() -> None:
                self.owner.passed("line stored")
                if noted and not self.owner.dead:
                    noted()

        super().event(subject, event, id, stored)


@pytest.mark.parametrize("point", ["heard", "line stored"])
async def test_a_line_is_obeyed_once_wherever_the_connector_dies(
    nats: NatsServer, probe: Bus, tmp_path: Path, point: str
) -> None:
    chain = Chain(nats.url, probe, tmp_path / "spool")
    async with chain.stack:
        await chain.route()
        await chain.plugin()
        mortal = await Mortal.connect(nats.url, "mortal")
        mortal.die_at = point
        connector = chain.room.connector(MortalConnector)
        connector.bus = mortal
        session = Session(mortal, CONNECTION, chain.room.channel, connector, chain.room.spool)
        session.outbox = outbox = HearingOutbox(mortal, Spool(chain.room.spool))
        outbox.owner = mortal
        await chain.room.stay(session)
        chain.say("good evening")
        await chain.room.until_saved(lambda record: record.seen_at > 0)
        number = chain.roll()
        await until(lambda: mortal.dead)
        await outbox.close(0)
        await chain.room.leave(session)
        await mortal.drain()

        await chain.room.join()
        chain.stack.push_async_callback(chain.room.close)
        await chain.until_rolled(number)
        await chain.room.until_done()
        await chain.check_once()


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_an_own_answer_is_said_once_wherever_the_router_dies(
    nats: NatsServer, probe: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    monkeypatch.setattr(streams, "ROUTER_ACK_WAIT", 0.3)
    _silence(monkeypatch)
    chain = Chain(nats.url, probe, tmp_path / "spool")
    async with chain.stack:
        chain.session = await chain.room.join()
        chain.stack.push_async_callback(chain.room.close)
        mortal = await MortalRouterBus.connect(nats.url, "mortal")
        mortal.before = before
        first = await chain.route(mortal)
        chain.say("!info")
        await until(lambda: mortal.dead)
        await first.stop()
        await mortal.drain()

        await chain.route()
        await until(lambda: chain.room.said)
        await settled(probe, streams.EVENTS, "router")
        await chain.room.until_done()
        assert len(chain.room.said) == 1
        await chain.check_once()


def _silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead router acknowledges nothing."""
    for name in ("ack", "retry", "bury", "working"):
        method = getattr(Delivery, name)

        async def unless_dead(delivery: Delivery, *args: Any, method: Any = method) -> None:
            if not getattr(delivery.consumer.bus, "dead", False):
                await method(delivery, *args)

        monkeypatch.setattr(Delivery, name, unless_dead)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_what_is_set_aside_is_there_once(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    """The first to take it dies when it is about to be set aside, or has been."""
    real = Delivery.bury
    tries: list[int] = []

    async def bury(delivery: Delivery, reason: str) -> None:
        tries.append(delivery.tries)
        if len(tries) == 1:
            delivery.settled = True  # the server is told nothing
            if before:
                return
        await real(delivery, reason)

    monkeypatch.setattr(Delivery, "bury", bury)
    await chain.bus.store(subjects.command("dice", "roll"), b"nonsense", ids.derive("c", "bad"))
    await until(lambda: len(tries) == 2)
    await settled(chain.bus, streams.commands_of("dice"), "dice")
    (letter,) = await dead_letters(chain.bus, streams.commands_of("dice"))
    assert letter[0] == b"nonsense"
    assert len(await stored(chain.bus, streams.DEAD, 1)) == 1
