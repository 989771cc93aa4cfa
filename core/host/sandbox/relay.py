"""Carries what a process with a network of its own says to NATS, and to nobody else."""

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress

from core.errors import UserError
from rosey.tasks import end

# A plugin has one connection; each takes two of the host's descriptors.
MOST_CONNECTIONS = 8
MOST_SERVERS = 64
CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 2.0
AGAIN_SECONDS = 1.0
BYTES = 2**16
RESET = struct.pack("ii", 1, 0)

Servers = Sequence[tuple[str, int]]
log = logging.getLogger(__name__)


@asynccontextmanager
async def relayed(name: str, servers: Callable[[], Servers]) -> AsyncIterator[socket.socket]:
    """Carries for the process `name` until the end of the block.

    Gives the end of a channel that is handed to the process and then closed here. `servers` is
    asked once the process listens.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        task = asyncio.create_task(_relay(name, ours, servers))
        try:
            yield theirs
        finally:
            (ended,) = await end(task)
            if isinstance(ended, Exception):
                log.error("%s could not reach NATS any more", name, exc_info=ended)


async def _relay(name: str, channel: socket.socket, servers: Callable[[], Servers]) -> None:
    with ExitStack() as stack:
        try:
            listening = [stack.enter_context(each) for each in await _received(channel)]
            if not listening:
                return  # it has no network of its own, and says so itself
            places = servers()
        except (OSError, UserError) as problem:
            log.warning("%s cannot reach NATS: %s", name, problem)
            return
        if len(listening) != len(places):
            log.warning("%s cannot reach NATS: its addresses have changed meanwhile", name)
            return
        slots = asyncio.Semaphore(MOST_CONNECTIONS)
        async with asyncio.TaskGroup() as group:
            for listener, place in zip(listening, places, strict=True):
                group.create_task(_accept(name, listener, place, slots, group))


async def _received(channel: socket.socket) -> list[socket.socket]:
    """What the process listens on; nothing when it ends or has not come so far."""
    channel.setblocking(False)
    loop, there = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(channel, there.set)
    try:
        await there.wait()
    finally:
        loop.remove_reader(channel)
    flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)  # Linux has it
    _, descriptors, _, _ = socket.recv_fds(channel, 1, MOST_SERVERS, flags)
    return [socket.socket(fileno=each) for each in descriptors]


async def _accept(
    name: str,
    listener: socket.socket,
    server: tuple[str, int],
    slots: asyncio.Semaphore,
    group: asyncio.TaskGroup,
) -> None:
    listener.setblocking(False)
    loop = asyncio.get_running_loop()
    while True:
        await slots.acquire()
        try:
            inner, _ = await loop.sock_accept(listener)
        except OSError as problem:  # as when the host has no more descriptors
            slots.release()
            log.warning("%s cannot connect to NATS for now: %s", name, problem)
            await asyncio.sleep(AGAIN_SECONDS)
            continue
        carrying = group.create_task(_carry(inner, *server))
        carrying.add_done_callback(lambda _: slots.release())


async def _carry(inner: socket.socket, host: str, port: int) -> None:
    """One connection, until one of both ends it."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            from_server, to_server = await asyncio.open_connection(host, port)
    except OSError:
        # As near as can be to what it would have been told itself.
        inner.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        inner.close()
        return
    except BaseException:  # who is cancelled here leaves nobody who would close it
        inner.close()
        raise
    from_plugin, to_plugin = await asyncio.open_connection(sock=inner)
    pouring = [
        asyncio.create_task(_pour(from_plugin, to_server)),
        asyncio.create_task(_pour(from_server, to_plugin)),
    ]
    try:
        await asyncio.wait(pouring, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end(*pouring)
        await _close(to_server, to_plugin)


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """No faster than the sink takes it."""
    while data := await source.read(BYTES):
        sink.write(data)
        await sink.drain()


async def _close(*writers: asyncio.StreamWriter) -> None:
    """What is on its way may still arrive."""
    try:
        for each in writers:
            each.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                closing = (each.wait_closed() for each in writers)
                await asyncio.gather(*closing, return_exceptions=True)
    finally:
        for each in writers:
            each.transport.abort()
