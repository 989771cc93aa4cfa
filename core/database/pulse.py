"""Whether the database can be used, looked at all the time and told when it changes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from sqlalchemy import delete

from core.database.keys import GET, now, put
from core.database.own_tables import keys
from core.database.problems import Away, Refusal
from core.database.quick import Quick
from core.database.store import Store
from core.errors import UserError
from rosey.contracts.storage import LARGEST_VALUE

log = logging.getLogger("core.database")

BEAT = 0.4
# A database that does not answer this little question in so many seconds is away.
PATIENCE = 0.8
# A look that writes takes longer, and a file that is locked is worth waiting for.
WRITE_PATIENCE = 4.0
TELL_AGAIN = 10.0
# Prefixed as the service's own tables, so it is nobody's key.
OWNER, KEY = "db", "look"
NOT_YET = "The database is being prepared; try again."

Tell = Callable[[bool, str], Awaitable[None]]


class Pulse:
    """`prepare` makes the database fit for use once; `tell(ok, what)` hears of every change.

    `problem` is a sentence for as long as something is wrong.
    """

    def __init__(self, store: Store, prepare: Callable[[], Awaitable[None]], tell: Tell) -> None:
        self._store = store
        self._prepare = prepare
        self._tell = tell
        self._quick = Quick(store, PATIENCE)
        self._look_now = asyncio.Event()
        self._told: str | None = NOT_YET
        self._told_at = float("-inf")
        self.is_prepared = False
        self.problem: str | None = NOT_YET

    def note(self, away: Away) -> None:
        """Somebody could not use the database; whether it is a passing thing is looked at."""
        self.problem = str(away)
        self._look_now.set()

    async def run(self) -> None:
        """Until cancelled. Raises the UserError of `prepare`."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT):
                    await self._look_now.wait()
            self._look_now.clear()
            await self.look()

    async def look(self) -> None:
        """Looks once, and tells what is to be told."""
        problem = await self._find()
        self.problem = problem
        at = asyncio.get_running_loop().time()
        if problem == self._told and (problem is None or at - self._told_at < TELL_AGAIN):
            return
        if problem != self._told:
            log.log(logging.WARNING if problem else logging.INFO, problem or "the database is well")
        self._told, self._told_at = problem, at
        await self._tell(problem is None, problem or "The database is well again.")

    async def close(self) -> None:
        await self._quick.close()

    async def _find(self) -> str | None:
        """What is wrong. While something is, only a write shows that it no longer is."""
        is_suspect = self.problem is not None
        try:
            if not self.is_prepared:
                await self._prepare()
                self.is_prepared = True
            await self._quick.rows(GET, OWNER, KEY, now())
            if is_suspect:
                async with asyncio.timeout(WRITE_PATIENCE):
                    await self._write()
        except TimeoutError:
            return "The database does not answer."
        except Refusal as refusal:
            return str(refusal)
        except UserError:
            raise
        except Exception:  # the looking must go on, or nobody hears when it is well again
            log.exception("the database could not be looked at")
            return "The database cannot be used; the service's log says why."
        return None

    async def _write(self) -> None:
        """As much as one key may hold, because on a full disk there may be room for less."""
        async with self._store.write() as connection:
            await put(connection, OWNER, KEY, f'"{"x" * (LARGEST_VALUE - 2)}"', 0)
        async with self._store.write() as connection:
            await connection.execute(delete(keys).where(keys.c.plugin == OWNER))
