"""The bus: NATS with JetStream behind a small class."""

from rosey.bus.bucket import Bucket, Mirror
from rosey.bus.client import Bus
from rosey.bus.consumer import Consumer, Delivery, Poison
from rosey.bus.errors import BusError, StreamFull
from rosey.bus.incoming import Incoming, Subscribed
from rosey.bus.login import Login
from rosey.bus.middleware import Metrics, Middleware

__all__ = [
    "Bucket",
    "Bus",
    "BusError",
    "Consumer",
    "Delivery",
    "Incoming",
    "Login",
    "Metrics",
    "Middleware",
    "Mirror",
    "Poison",
    "StreamFull",
    "Subscribed",
]
