"""What was heard, to be asked by tests."""

from rosey.bus import Delivery, Incoming
from tests.servers import until


class Ear:
    """A handler of both kinds that only remembers."""

    def __init__(self) -> None:
        self.all: list[Incoming | Delivery] = []

    async def __call__(self, message: Incoming | Delivery) -> None:
        self.all.append(message)

    @property
    def data(self) -> list[bytes]:
        return [one.data for one in self.all]

    @property
    def subjects(self) -> list[str]:
        return [one.subject for one in self.all]

    async def until(self, *data: bytes) -> None:
        """Waits for as many messages; they must be these, in this order."""
        await until(lambda: len(self.all) >= len(data), what=f"{data!r}")
        assert self.data == list(data)
