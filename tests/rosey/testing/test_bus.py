"""The twin has all that the bus has: what it does not do itself must work without a server."""

from rosey.bus import Bus
from rosey.testing import MemoryBus

# Written in terms of what the twin has; the contract suite shows each.
SHARED = {
    *("publish", "request", "subscribe", "store", "keep", "store_soon", "sending", "handling"),
    *("consume", "made", "forget", "mirror", "ended"),
}


def test_nothing_of_the_bus_is_left_to_the_server() -> None:
    public = {name for name in vars(Bus) if not name.startswith("_")}
    assert public - set(vars(MemoryBus)) == SHARED
