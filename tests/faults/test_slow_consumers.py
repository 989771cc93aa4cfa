"""Somebody does not keep up: nobody else suffers, it is told, and what is kept comes later."""

import asyncio
import socket

import pytest

from rosey import streams, subjects
from rosey.bus import Bus, Delivery, Incoming
from tests.consuming import consume
from tests.faults.chain import Chain
from tests.servers import NatsServer, until

SUBJECT = "rosey.platform.fake.media"
FRAME = b"x" * 1_000_000
# More than the server keeps for a client (64 MiB) and a client for a handler (128 MB).
FRAMES = 160


async def test_those_who_do_not_keep_up_hurt_nobody(
    chain: Chain, nats: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Incoming] = []
    release = asyncio.Event()
    kept: list[Incoming] = []

    async def hear(incoming: Incoming) -> None:
        heard.append(incoming)

    async def dawdle(incoming: Incoming) -> None:
        await release.wait()
        kept.append(incoming)

    slow = await chain.connect("slow")
    await slow.subscribe(SUBJECT, dawdle)
    quick = await chain.connect("quick")
    await quick.subscribe(SUBJECT, hear)
    for listening in (slow, quick):
        await listening.client.flush()  # the server knows of them before anything is sent
    with socket.create_connection(("127.0.0.1", nats.port)) as deaf:
        deaf.sendall(f'CONNECT {{"verbose": false}}\r\nSUB {SUBJECT} 1\r\n'.encode())
        for number in range(1, FRAMES + 1):
            await chain.bus.publish(SUBJECT, FRAME)
            # Both of them read; only the deaf one is a burden to the server.
            await until(lambda n=number: len(heard) == n and slow.client.stats["in_msgs"] >= n, 20)
        await chain.until_rolled(chain.roll(), patience=3)
    await until(lambda: "Slow Consumer" in _log(nats), 20, "the server's log of the deaf one")
    assert "we do not keep up with rosey.platform.fake.media" in caplog.text
    assert slow.dropped > 0
    release.set()
    await until(lambda: len(kept) == FRAMES - slow.dropped)
    await slow.publish(SUBJECT, b"again")
    await until(lambda: kept[-1].data == b"again")
    assert slow.is_connected


def _log(nats: NatsServer) -> str:
    return (nats.folder / "nats.log").read_text()


async def test_a_slow_handler_gets_everything_later(probe: Bus) -> None:
    """It has no more in hand than its consumer allows; another on the same stream is not held."""
    release = asyncio.Event()
    begun: list[bytes] = []
    done: list[bytes] = []
    quick: list[bytes] = []

    async def slow(delivery: Delivery) -> None:
        begun.append(delivery.data)
        await release.wait()
        assert len(begun) - len(done) <= 4
        done.append(delivery.data)

    async def fast(delivery: Delivery) -> None:
        quick.append(delivery.data)

    heard = [subjects.MESSAGE]
    await consume(probe, streams.EVENTS, "slow", heard, slow, ack_wait=0.5, at_once=4)
    await consume(probe, streams.EVENTS, "fast", heard, fast)
    sent = [str(number).encode() for number in range(60)]
    for number, data in enumerate(sent):
        await probe.store(subjects.MESSAGE, data, f"m-{number}")
    await until(lambda: quick == sent)
    # The server hands out no fifth one, though the first four are older than their time.
    await asyncio.sleep(1.2)
    assert begun == sent[:4]
    release.set()
    await until(lambda: len(done) == 60)
    assert begun == done == sent
