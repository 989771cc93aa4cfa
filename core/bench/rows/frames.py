"""From a platform's frame to the bus: a burst, and a steady stream."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Awaitable, Callable

from core.bench import peer
from core.bench.figures import Bar, Figure, median, percentile
from core.bench.processes import BenchError, until
from core.bench.sender import frame
from core.bench.sizes import Sizes
from core.bench.stand import ROSEY, SITE, Stand
from rosey import subjects
from rosey.bus import Bus, Incoming
from rosey.events import Message

PATIENCE = 30.0
_tags = itertools.count(1)


async def burst(stand: Stand, sizes: Sizes) -> list[Figure]:
    """Many frames at once from a sender that costs nothing."""
    rates, floors, wrong = [], [], 0
    await stand.join(count=sizes.frames)
    for turn in range(sizes.times):
        stand.say(f"burst: {turn + 1} of {sizes.times}")
        floors.append(await _counted(stand, sizes.frames))
        seconds, heard = await _heard(stand, sizes.frames)
        rates.append(sizes.frames / seconds)
        wrong += sum(number != at for at, number in enumerate(heard))
        wrong += abs(sizes.frames - len(heard))
    return [
        Figure("burst", "lost or out of order", wrong, "", bar=Bar(0)),
        Figure(
            *("burst", "frames to the bus", median(rates), "/s"),
            floor=median(floors),
            floor_name="a Socket.IO client that only counts the frames",
            bar=Bar(3_000, at_least=True),
        ),
    ]


async def paced(stand: Stand, sizes: Sizes) -> list[Figure]:
    """How long a frame is under way when they come one by one."""
    values: list[float] = []
    floors: list[float] = []
    await stand.join()
    for turn in range(sizes.times):
        stand.say(f"frame: {turn + 1} of {sizes.times}")
        floors += await _delays(stand, sizes, peer.NAME, peer.FRAMES, lambda data: data.decode())
        values += await _delays(stand, sizes, ROSEY, subjects.MESSAGE, _text)
    floor = "a Socket.IO client that passes frames on to NATS unread"
    found = []
    for share, limit in ((0.5, 1.0), (0.99, 10.0)):
        figure = Figure(
            *("frame", f"frame to message, p{share * 100:g}", percentile(values, share), "ms"),
            floor=percentile(floors, share),
            floor_name=floor,
            bar=Bar(limit),
        )
        found.append(figure)
    return found


async def _counted(stand: Stand, count: int) -> float:
    """Frames a second of the client that only counts."""
    done = asyncio.Event()

    async def seen(_: Incoming) -> None:
        done.set()

    async with _Heard(stand.bus, peer.COUNTED, seen):
        seconds = await _send(stand, peer.NAME, _lines(count), done.wait)
    return count / seconds


async def _heard(stand: Stand, count: int) -> tuple[float, list[int]]:
    """Seconds until as many messages were on the bus, and their numbers as they came."""
    tag = f"{next(_tags)}"
    heard: list[bytes] = []
    done = asyncio.Event()

    async def hear(incoming: Incoming) -> None:
        heard.append(incoming.data)
        if len(heard) >= count:
            done.set()

    async with _Heard(stand.bus, subjects.MESSAGE, hear):
        seconds = await _send(stand, ROSEY, _lines(count, tag), done.wait)
        # A repeat would come behind the last one.
        await stand.bus.client.flush()
    messages = [Message.read(data) for data in heard]
    ours = [one.text.split() for one in messages if one.channel == f"{SITE}/{SITE}"]
    return seconds, [int(words[1]) for words in ours if words[0] == tag]


async def _send(
    stand: Stand, name: str, frames: bytes, done: Callable[[], Awaitable[object]]
) -> float:
    began = time.perf_counter()
    stand.sender.send(name, frames)
    try:
        async with asyncio.timeout(PATIENCE):
            await done()
    except TimeoutError:
        raise BenchError(f"frames to {name} did not all arrive in {PATIENCE:g} s") from None
    return time.perf_counter() - began


async def _delays(
    stand: Stand, sizes: Sizes, name: str, subject: str, text: Callable[[bytes], str]
) -> list[float]:
    """Milliseconds from each frame's sending to its message here; the text carries the time."""
    delays: list[float] = []
    count = round(sizes.paced_rate * sizes.paced_seconds)

    async def hear(incoming: Incoming) -> None:
        now = time.perf_counter_ns()
        words = text(incoming.data).split()
        if words[0] == "at":
            delays.append((now - int(words[1])) / 1e6)

    async with _Heard(stand.bus, subject, hear):
        began = time.perf_counter()
        for number in range(count):
            await asyncio.sleep(began + number / sizes.paced_rate - time.perf_counter())
            stamp = time.perf_counter_ns()
            stand.sender.send(name, frame(f"at {stamp}", time.time_ns() // 1_000_000))
        with contextlib.suppress(BenchError):
            await until(lambda: len(delays) >= count, PATIENCE, "")
    if len(delays) != count:
        raise BenchError(f"of {count} frames to {name} {len(delays)} arrived in {PATIENCE:g} s")
    return delays


class _Heard:
    """Hears a subject for as long as the block lasts."""

    def __init__(self, bus: Bus, subject: str, hear: Callable[[Incoming], Awaitable[None]]) -> None:
        self._bus = bus
        self._subject = subject
        self._hear = hear

    async def __aenter__(self) -> None:
        self._subscription = await self._bus.subscribe(self._subject, self._hear)
        await self._bus.client.flush()

    async def __aexit__(self, *_: object) -> None:
        await self._subscription.unsubscribe()


def _lines(count: int, tag: str = "") -> bytes:
    now = time.time_ns() // 1_000_000
    return b"".join(frame(f"{tag} {number}", now + number // 3) for number in range(count))


def _text(data: bytes) -> str:
    message = Message.read(data)
    return message.text if message.channel == f"{SITE}/{SITE}" else "-"
