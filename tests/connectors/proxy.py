"""A TCP proxy whose lines a test can cut."""

import asyncio


class Proxy:
    """Passes everything on to a port of this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self._flowing.set()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        """Ends every connection without a goodbye."""
        for writer in self._open:
            writer.transport.abort()

    def freeze(self) -> None:
        """Keeps every connection but passes nothing on any more."""
        self._flowing.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        both = {writer, there_writer}
        self._open |= both
        async with asyncio.TaskGroup() as group:
            group.create_task(self._copy(reader, there_writer))
            group.create_task(self._copy(there_reader, writer))
        self._open -= both

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass  # the end of a connection, however it came
        finally:
            writer.close()
