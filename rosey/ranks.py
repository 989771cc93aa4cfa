"""Ranks: the platform's numbers, which are fractional and compared with >=."""

from enum import Enum


class Rank(float, Enum):
    """Named ranks; a person's rank is any float, so compare with >= and never with ==."""

    ANONYMOUS = -1.0
    GUEST = 0.0
    USER = 1.0
    LEADER = 1.5
    MODERATOR = 2.0
    ADMIN = 3.0
    OWNER = 4.0
    CREATOR = 5.0
    SITE = 255.0


def title(rank: float) -> str:
    """The name of the highest named rank that `rank` reaches, for messages."""
    reached = [named for named in Rank if rank >= named.value]
    return max(reached, key=lambda named: named.value).name.lower() if reached else "anonymous"
