"""What a service says is wrong with it: a warning for as long as it goes on saying so."""

import asyncio
import logging
from collections.abc import Callable

from pydantic import ValidationError

from rosey.bus import Incoming
from rosey.events import Health

log = logging.getLogger("core.host")

# `about` of what the database service tells, and the beginning of that of what the router tells of
# a plugin. What waits on the bus the host knows by itself.
ABOUT_DATABASE = "database"
ABOUT_MESSAGES = "messages of "
# What is not told again in so many seconds is over, or nobody is left to tell of it.
FORGET_AFTER = 30.0

Warn = Callable[[list[str]], None]


class Troubles:
    """`warn` gets all that is to be said at the moment, a sentence each."""

    def __init__(self, warn: Warn) -> None:
        self._warn = warn
        self._what: dict[str, str] = {}
        self._until: dict[str, asyncio.TimerHandle] = {}

    async def hear(self, incoming: Incoming) -> None:
        """A Health message from the bus."""
        try:
            health = Health.read(incoming.data)
        except ValidationError as problem:
            log.warning("%s makes no sense: %s", incoming.subject, problem)
            return
        if health.about != ABOUT_DATABASE and not health.about.startswith(ABOUT_MESSAGES):
            return
        self._forget(health.about)
        if not health.ok:
            loop = asyncio.get_running_loop()
            self._what[health.about] = health.what
            self._until[health.about] = loop.call_later(FORGET_AFTER, self._over, health.about)
        self._warn(list(self._what.values()))

    def close(self) -> None:
        """Warns of nothing more."""
        for about in list(self._what):
            self._over(about)

    def _over(self, about: str) -> None:
        self._forget(about)
        self._warn(list(self._what.values()))

    def _forget(self, about: str) -> None:
        self._what.pop(about, None)
        if timer := self._until.pop(about, None):
            timer.cancel()
