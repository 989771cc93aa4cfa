"""A stream has reached its limits and takes nothing new: it is said, and goes on with room."""

import time

import pytest

from rosey import streams, subjects
from rosey.bus import Bus
from rosey.events import Execute, Executed
from tests.faults.chain import Chain
from tests.servers import until

FULL = "dice has more to do than it can keep up with"
COMMANDS = streams.commands_of("dice")


async def bound(bus: Bus, stream: str, messages: int) -> None:
    """Lets a stream keep only so many messages, -1 for as many as there come."""
    config = (await bus.js.stream_info(stream)).config
    await bus.js.update_stream(config.evolve(max_msgs=messages))


async def test_a_full_plugin_is_told_of_at_once_and_holds_nobody_up(chain: Chain) -> None:
    first = [chain.roll() for _ in range(3)]
    await chain.until_rolled(*first)
    await bound(chain.bus, COMMANDS, 3)
    began = time.monotonic()
    for _ in range(5):
        chain.roll()
    chain.say("!help roll")
    await until(lambda: any("Roll dice" in line for line in chain.room.said))
    await until(lambda: any(FULL in line for line in chain.room.said))
    assert time.monotonic() - began < 2
    asked = Execute(action="roll", channel=chain.room.channel, text="d6").wire()
    executed = Executed.read(await chain.bus.request(subjects.execute("dice"), asked))
    assert executed.error
    assert executed.error.startswith(FULL)
    # As when the oldest commands expire.
    await chain.bus.js.purge_stream(COMMANDS)
    last = chain.roll()
    await chain.until_rolled(last)
    # One sentence for five commands, and no word of a command that waits.
    assert chain.rolled == [*first, last]
    assert len(chain.room.said) == len([*first, last]) + 2
    await chain.check_once()


async def test_who_asks_in_private_is_told_in_private(chain: Chain) -> None:
    await bound(chain.bus, COMMANDS, 0)
    await chain.bus.js.purge_stream(COMMANDS)
    await bound(chain.bus, COMMANDS, 1)
    await chain.until_rolled(chain.roll())
    chain.room.room.join("bob")
    chain.room.room.whisper("bob", "Rosey", "!roll")
    await until(lambda: any(FULL in line for line in chain.room.whispered))
    assert not any(FULL in line for line in chain.room.said)


@pytest.mark.parametrize("stream", [streams.replies_of("dice"), streams.SENDS])
async def test_answers_wait_for_room(
    chain: Chain, caplog: pytest.LogCaptureFixture, stream: str
) -> None:
    """What was accepted is answered, however long that takes."""
    await chain.until_rolled(chain.roll())
    await bound(chain.bus, stream, 1)
    waiting = [chain.roll() for _ in range(3)]
    await until(lambda: caplog.text.count("its stream is full") >= 3)
    assert chain.rolled == [1]
    await bound(chain.bus, stream, -1)
    await chain.until_rolled(*waiting)
    await chain.room.until_done()
    assert sorted(chain.rolled) == [1, *waiting]
    await chain.check_once()
