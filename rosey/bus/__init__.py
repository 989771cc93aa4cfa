"""The bus: NATS with JetStream behind a small class."""

from rosey.bus.bucket import Bucket, Mirror
from rosey.bus.client import Bus, BusError, Incoming
from rosey.bus.consumer import Consumer, Delivery, Poison
from rosey.bus.login import Login

__all__ = [
    "Bucket",
    "Bus",
    "BusError",
    "Consumer",
    "Delivery",
    "Incoming",
    "Login",
    "Mirror",
    "Poison",
]
