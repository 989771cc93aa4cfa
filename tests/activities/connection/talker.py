"""A process with an outbox, to be killed: events `m-0` to `m-<last>`, the later half at a word.

Says "stored" when the first half is, and "said" when the rest has been taken.
"""

import asyncio
import sys
from pathlib import Path

from activities.connection.outbox import Outbox
from activities.connection.spool import Spool
from rosey.bus import Bus
from tests.activities.connection.numbered import FRAMES, event


def report(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def talk(url: str, folder: Path, count: int) -> None:
    outbox = Outbox(await Bus.connect(url, "talker"), Spool(folder))
    outbox.start()
    for number in range(count // 2):
        event(outbox, number)
    await outbox.flushed(30)
    report("stored")
    await asyncio.to_thread(sys.stdin.readline)
    for number in range(count // 2, count):
        outbox.frame(FRAMES, b"frame")
        event(outbox, number)
        await asyncio.sleep(0)
    report("said")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(talk(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
