"""Votes to skip what plays: one for each address (PROTOCOL section 12)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Voters:
    """Who is in the room; bots and the anonymous count too."""

    total: int
    afk: int
    no_permission: int

    @property
    def eligible(self) -> int:
        return self.total - self.afk - self.no_permission

    def need(self, ratio: float) -> int:
        return max(1, math.ceil(self.eligible * ratio))


def count(people: Iterable[tuple[bool, bool]]) -> Voters:
    """Of each: whether he may vote, and whether he is away."""
    total = afk = no_permission = 0
    for may, away in people:
        total += 1
        no_permission += not may
        afk += may and away
    return Voters(total, afk, no_permission)


class Votes:
    """`begun` from the first vote on until the next item, even if it is taken back."""

    def __init__(self) -> None:
        self.begun = False
        self._addresses: set[str] = set()

    def __len__(self) -> int:
        return len(self._addresses)

    def cast(self, address: str) -> bool:
        """False if there is a vote from that address already."""
        if address in self._addresses:
            return False
        self.begun = True
        self._addresses.add(address)
        return True

    def withdraw(self, address: str) -> None:
        self._addresses.discard(address)

    def clear(self) -> None:
        self.begun = False
        self._addresses.clear()

    def tally(self, voters: Voters, ratio: float) -> dict[str, int]:
        """The payload of a `voteskip` frame."""
        return {"count": len(self), "need": voters.need(ratio) if self.begun else 0}

    def passed(self, voters: Voters, ratio: float) -> bool:
        return self.begun and len(self) >= voters.need(ratio)

    def result(self, voters: Voters, ratio: float) -> str:
        """What everybody is told when it passes."""
        return (
            f"Voteskip passed: {len(self)}/{voters.eligible} skipped; "
            f"eligible voters: {voters.eligible} = total ({voters.total}) - AFK ({voters.afk}) "
            f"- no permission ({voters.no_permission}); ratio = {ratio:g}"
        )
