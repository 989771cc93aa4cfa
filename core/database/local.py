"""SQLite in threads of its own, where all the work of one request is one step.

By way of a driver that is waited for, each statement would go to another thread and come back, and
that costs several times what SQLite itself does.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, CursorResult, Dialect, Engine, Executable

Found = TypeVar("Found")


class Executes(Protocol):
    """What work is given, whatever the database: a connection that carries out statements."""

    @property
    def dialect(self) -> Dialect: ...

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]: ...


Work = Callable[[Executes], Awaitable[Found]]


class Local:
    """The threads, each with a connection of `engine` while it works."""

    def __init__(self, engine: Engine, threads: int) -> None:
        self.engine = engine
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="sqlite")

    async def read(self, work: Work[Found], **options: Any) -> Found:
        """What `work` gives; it changes nothing and waits for nothing but its connection."""

        def look(step: "Step") -> Found:
            with self.engine.connect().execution_options(**options) as connection:
                return step.run(connection, work)

        return await self._in_a_thread(look)

    async def write(self, work: Work[Found]) -> Found:
        """As `read`, in one transaction: nothing of it is kept when it raises."""

        def transact(step: "Step") -> Found:
            with self.engine.begin() as connection:
                return step.run(connection, work)

        return await self._in_a_thread(transact)

    async def _in_a_thread(self, job: Callable[["Step"], Found]) -> Found:
        step = Step()
        future = asyncio.get_running_loop().run_in_executor(self._threads, job, step)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            # Whoever has the turn to write keeps it until the file is free again. An interruption
            # between two statements is lost.
            while not future.done():
                step.interrupt()
                await asyncio.wait([future], timeout=0.05)
            future.exception()  # nobody else will ask for it
            raise

    async def close(self) -> None:
        """What is at work is let finish."""
        await asyncio.to_thread(self._threads.shutdown)
        self.engine.dispose()


class Step:
    """One job in its thread, and the way to end it from outside."""

    def __init__(self) -> None:
        self._driver: Any = None
        self._is_unwanted = False
        self._lock = threading.Lock()

    def run(self, connection: Connection, work: Work[Found]) -> Found:
        with self._lock:
            if self._is_unwanted:
                raise asyncio.CancelledError
            self._driver = connection.connection.driver_connection
        try:
            return _to_its_end(work(_Awaited(connection)))
        finally:
            with self._lock:
                self._driver = None

    def interrupt(self) -> None:
        with self._lock:
            self._is_unwanted = True
            if self._driver is not None:
                self._driver.interrupt()


class _Awaited:
    """A connection whose answers can be awaited, and are there already."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        return self._connection.dialect

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        return self._connection.execute(statement, parameters)


def _to_its_end(work: Awaitable[Found]) -> Found:
    """Without an event loop, since nothing here is waited for."""
    assert isinstance(work, Coroutine)
    try:
        work.send(None)
    except StopIteration as end:
        found: Found = end.value
        return found
    work.close()
    raise RuntimeError("the work waits for something besides its connection")
