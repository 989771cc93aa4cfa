"""A clock is set forwards or backwards by an hour: ours, or the platform's.

Who is alive is judged without clocks (tests/core/router/test_presence.py), offers by their renewal
(tests/activities/connection/test_activity.py), cool-downs by the platform's times
(tests/rosey/routing/test_policy.py).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from rosey import clock, streams, subjects
from rosey.events import Execute, Executed, PluginEvent
from rosey.platform import PlatformError
from rosey.plugin import Context, Plugin
from tests.core.stage import stored
from tests.faults.chain import Chain
from tests.servers import until

HOUR = timedelta(hours=1)
Move = Callable[[timedelta], None]


@pytest.fixture
def our_clock(monkeypatch: pytest.MonkeyPatch) -> Move:
    """Sets the clock of all our processes."""
    shift = [timedelta()]

    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + shift[0])

    def move(by: timedelta) -> None:
        shift[0] += by

    return move


def the_rooms_clock(chain: Chain, shift: timedelta) -> None:
    chain.room.room.clock = lambda: datetime.now(UTC) + shift


async def away(chain: Chain, *moves: Callable[[], object]) -> None:
    """The room is lost, things happen, and Rosey is back."""
    room = chain.room.room
    room.closed = PlatformError("closed for a moment")
    room.drop()
    await until(lambda: chain.session.connected_since is None)
    for move in moves:
        move()
    room.closed = None
    await until(lambda: chain.session.connected_since is not None)


@pytest.mark.parametrize("by", [HOUR, -HOUR], ids=["forwards", "backwards"])
async def test_our_clock_jumps(chain: Chain, our_clock: Move, by: timedelta) -> None:
    await chain.until_rolled(chain.roll())
    our_clock(by)
    await chain.until_rolled(chain.roll(), patience=2)
    chain.say("!status")
    await until(lambda: any("dice ✓" in line for line in chain.room.said))
    asked = Execute(action="roll", channel=chain.room.channel, text="d6").wire()
    executed = Executed.read(await chain.bus.request(subjects.execute("dice"), asked))
    assert executed.say
    # A router that starts now has to hear of dice once more before it believes its time.
    second = await chain.route()
    await until(lambda: second._presences.alive("dice"))
    our_clock(-by)
    await chain.until_rolled(chain.roll(), patience=2)
    await until(lambda: second._presences.alive("dice"))


@pytest.mark.parametrize(
    ("by", "obeyed"), [(HOUR, False), (-HOUR, True)], ids=["forwards", "backwards"]
)
async def test_our_clock_jumps_while_the_room_is_away(
    chain: Chain, our_clock: Move, by: timedelta, obeyed: bool
) -> None:
    """What was said meanwhile may look too old to be obeyed: then it is told, and that was all."""
    await chain.until_rolled(chain.roll())
    missed: list[int] = []
    await away(chain, lambda: our_clock(by), lambda: missed.append(chain.roll()))
    await chain.until_rolled(chain.roll())
    assert (missed[0] in chain.rolled) == obeyed
    assert (await chain.room.ups())[-1].gap != obeyed
    our_clock(-by)
    await away(chain, lambda: missed.append(chain.roll()))
    await chain.until_rolled(missed[1])
    await chain.room.until_done()
    assert len(chain.rolled) == len(set(chain.rolled))


@pytest.mark.parametrize("by", [HOUR, -HOUR], ids=["forwards", "backwards"])
async def test_the_rooms_clock_jumps_and_is_set_right(chain: Chain, by: timedelta) -> None:
    """What is said while we are away is obeyed before, between and after."""
    await chain.until_rolled(chain.roll())
    for shift in (by, timedelta()):
        the_rooms_clock(chain, shift)
        await chain.until_rolled(chain.roll(), patience=2)
    missed: list[int] = []
    await away(chain, lambda: missed.append(chain.roll()))
    await chain.until_rolled(*missed)
    await chain.room.until_done()
    await chain.check_once()
    assert not (await chain.room.ups())[-1].gap


async def test_a_command_never_took_less_than_no_time(chain: Chain, our_clock: Move) -> None:
    """The clock is set back while its handler is at work."""
    dice = Plugin("dice")

    @dice.command("flip")
    async def flip(ctx: Context) -> str:
        """Works."""
        our_clock(-HOUR)
        return "heads"

    await chain.dice.stop()
    await chain.plugin("dice", dice)
    chain.say("!flip")
    await until(lambda: "heads" in chain.room.said)
    ((subject, data),) = await stored(chain.bus, streams.events_of("dice"), 1)
    assert subject == "dice.command_succeeded"
    assert 0 <= PluginEvent.read(data).data["seconds"] < 5
