"""What a burst would have Rosey say again and again."""

import time

TELL_EVERY = 5.0


class Sparingly:
    """What is told once in five seconds in a burst, where more would bury the room."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, ...], float] = {}

    def due(self, *about: str) -> bool:
        """Whether to tell it now; then it is noted as told."""
        now = time.monotonic()
        self._told = {each: at for each, at in self._told.items() if now - at < TELL_EVERY}
        if about in self._told:
            return False
        self._told[about] = now
        return True
