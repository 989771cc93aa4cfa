"""Who reads the replies of which plugin."""

from collections.abc import Awaitable, Callable, Collection
from functools import partial

from rosey import streams
from rosey.bus import Bus, Consumer, Delivery

Handle = Callable[[str, Delivery], Awaitable[None]]


class Readers:
    """A consumer for each plugin; `handle` is given the plugin's name and the reply."""

    def __init__(self, bus: Bus, handle: Handle) -> None:
        self._bus = bus
        self._handle = handle
        self._consumers: dict[str, Consumer] = {}

    async def read(self, plugins: Collection[str]) -> None:
        """From now on the replies of these, and of no others."""
        for plugin in sorted(set(plugins) - self._consumers.keys()):
            handle = partial(self._handle, plugin)
            spec = streams.replies_consumer(plugin)
            self._consumers[plugin] = await self._bus.consume(spec, handle)
        for plugin in self._consumers.keys() - set(plugins):
            await self._consumers.pop(plugin).stop()
