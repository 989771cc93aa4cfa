"""NATS is killed twenty times while a room talks and asks; Rosey's processes live through it.

Answers from before and after a crash may come in another order: what was on its way is handed out
again later.
"""

import asyncio
from contextlib import suppress
from itertools import count

from tests.faults.chain import Chain
from tests.servers import NatsServer, until

KILLS = 20
PAUSE = 0.02  # between two lines of the load


async def _talk(chain: Chain) -> None:
    """Chatter, and every fourth line a command."""
    for number in count():
        if number % 4:
            chain.say(f"chatter {number}")
        else:
            chain.roll()
        await asyncio.sleep(PAUSE)


async def test_twenty_kills_under_load(chain: Chain, nats: NatsServer) -> None:
    talking = asyncio.create_task(_talk(chain))
    for kill in range(KILLS):
        said, answered = len(chain.texts), len(chain.rolled)
        nats.kill()
        await until(lambda said=said: len(chain.texts) > said + 5)
        await asyncio.to_thread(nats.start)
        # Half of the crashes hit it while it catches up, half when it is at work again.
        if kill % 2:
            await until(lambda answered=answered: len(chain.rolled) > answered, 10, "an answer")
        else:
            await until(lambda said=said: len(chain.texts) > said + 10)
    talking.cancel()
    with suppress(asyncio.CancelledError):
        await talking
    last = chain.roll()
    await chain.until_rolled(*range(1, last + 1), patience=25)
    await chain.room.until_done()
    assert sorted(chain.rolled) == list(range(1, last + 1))
    await chain.check_once()
    # All is as before: what is asked now is answered in its order.
    after = [chain.roll() for _ in range(20)]
    await chain.until_rolled(*after)
    assert chain.rolled[-20:] == after
