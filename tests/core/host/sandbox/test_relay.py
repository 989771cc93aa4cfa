"""What carries to NATS from outside, with a listening socket of our own for the process's."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from core.errors import UserError
from core.host.ports import free_port
from core.host.sandbox.relay import MOST_CONNECTIONS, Servers, relayed
from tests.servers import until

MUCH = os.urandom(2**20) * 4
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def carried(servers: Callable[[], Servers]) -> AsyncIterator[int]:
    """The port that is carried."""
    async with relayed("hostile", servers) as channel:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            socket.send_fds(channel, [b"."], [listening.fileno()])
            port: int = listening.getsockname()[1]
        channel.close()
        yield port


@asynccontextmanager
async def server(handle: Handle) -> AsyncIterator[Servers]:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(once, "127.0.0.1", 0)
    async with listening:
        yield [listening.sockets[0].getsockname()]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(2**16):
        writer.write(data)
        await writer.drain()


async def connected(stack: AsyncExitStack, port: int) -> Streams:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stack.callback(writer.close)
    return reader, writer


async def test_every_byte_arrives_both_ways() -> None:
    async with AsyncExitStack() as stack, asyncio.timeout(60):
        there = await stack.enter_async_context(server(echo))
        port = await stack.enter_async_context(carried(lambda: there))
        reader, writer = await connected(stack, port)
        writer.write(MUCH)
        assert await reader.readexactly(len(MUCH)) == MUCH


async def test_last_words_arrive_before_the_end() -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"-ERR 'go away'\r\n")
        heard.append(await reader.read())

    async with AsyncExitStack() as stack, asyncio.timeout(60):
        there = await stack.enter_async_context(server(listen))
        port = await stack.enter_async_context(carried(lambda: there))
        reader, writer = await connected(stack, port)
        assert await reader.readline() == b"-ERR 'go away'\r\n"
        writer.write(MUCH)
        writer.close()
        await until(lambda: heard, 30)
        assert heard == [MUCH]


async def test_who_does_not_read_stops_the_sender() -> None:
    sent = 0
    stopped = asyncio.Event()

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while True:
            writer.write(bytes(2**16))
            drain = asyncio.create_task(writer.drain())
            _, waits = await asyncio.wait([drain], timeout=5)
            if waits:
                stopped.set()
            await drain
            sent += 2**16

    async with AsyncExitStack() as stack, asyncio.timeout(120):
        there = await stack.enter_async_context(server(flood))
        port = await stack.enter_async_context(carried(lambda: there))
        reader, _ = await connected(stack, port)
        stack.callback(reader._transport.abort)  # type: ignore[attr-defined]
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await stopped.wait()
        assert sent < 64 * 2**20


async def test_one_process_has_so_many_connections_and_no_more() -> None:
    arrived = 0

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal arrived
        arrived += 1
        writer.write(b"+")
        await reader.read()

    async with AsyncExitStack() as stack, asyncio.timeout(60):
        there = await stack.enter_async_context(server(hold))
        port = await stack.enter_async_context(carried(lambda: there))
        held = [await connected(stack, port) for _ in range(MOST_CONNECTIONS)]
        for reader, _ in held:
            await reader.readexactly(1)
        reader, _ = await connected(stack, port)
        waiting = asyncio.create_task(reader.readexactly(1))
        await asyncio.wait([waiting], timeout=0.3)
        assert arrived == MOST_CONNECTIONS
        held[0][1].close()
        assert await waiting == b"+"


async def test_a_server_that_is_away() -> None:
    place = ("127.0.0.1", free_port())
    async with AsyncExitStack() as stack, asyncio.timeout(60):
        port = await stack.enter_async_context(carried(lambda: [place]))
        for _ in range(2 * MOST_CONNECTIONS):  # one that only looks whether somebody is there
            socket.create_connection(("127.0.0.1", port), 5).close()
        reader, _ = await connected(stack, port)
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        listening = await asyncio.start_server(echo, *place)
        await stack.enter_async_context(listening)
        reader, writer = await connected(stack, port)
        writer.write(b"x")
        assert await reader.readexactly(1) == b"x"


async def test_nobody_knows_where_nats_is(caplog: pytest.LogCaptureFixture) -> None:
    def servers() -> Servers:
        raise UserError("No Rosey is running.")

    async with carried(servers) as port:
        await until(lambda: "hostile cannot reach NATS: No Rosey is running." in caplog.text, 30)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_all_ends_with_the_process() -> None:
    async with AsyncExitStack() as stack, asyncio.timeout(60):
        there = await stack.enter_async_context(server(echo))
        async with carried(lambda: there) as port:
            reader, writer = await connected(stack, port)
            writer.write(b"x")
            assert await reader.readexactly(1) == b"x"
        assert await reader.read() == b""
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_a_process_that_never_listens() -> None:
    async with relayed("hostile", list) as channel:
        channel.close()
