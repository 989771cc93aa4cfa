"""The base of durable rooms: the only part of the kit that needs Temporal."""

from rosey.durable.base import Durable, carried, handlers
from rosey.durable.orders import Kept, Order, Turn

__all__ = ["Durable", "Kept", "Order", "Turn", "carried", "handlers"]
