"""How often something may be used."""

from collections import OrderedDict
from datetime import datetime

from rosey.events import ChatCommand

REMEMBERED = 10_000


class CoolDowns:
    """When each person, and a room, may use a command again. Times are the platform's."""

    def __init__(self) -> None:
        self._used: OrderedDict[tuple[str, ...], tuple[datetime, str]] = OrderedDict()

    def wait(
        self, channel: str, user: str, plugin: str, command: ChatCommand, now: datetime
    ) -> float:
        """Seconds still to wait; 0 notes the use. A refused try does not lengthen the wait."""
        use = (now, user.lower())
        room = (channel, f"{plugin}.{command.action}")
        spans = {(*room, user.lower()): command.cooldown, room: command.room_cooldown}
        left = max(self._left(key, use, span) for key, span in spans.items())
        if left > 0:
            return left
        for key, span in spans.items():
            if span > 0:
                self._note(key, use)
        return 0.0

    def _left(self, key: tuple[str, ...], use: tuple[datetime, str], span: float) -> float:
        last = self._used.get(key)
        left = span - (use[0] - last[0]).total_seconds() if last else 0.0
        # The same person at the same moment is the same line, delivered again. When the platform's
        # clock is set back by far, its times cannot be compared with earlier ones.
        return left if 0 < left <= 2 * span and use != last else 0.0

    def _note(self, key: tuple[str, ...], use: tuple[datetime, str]) -> None:
        self._used[key] = use
        self._used.move_to_end(key)
        while len(self._used) > REMEMBERED:
            self._used.popitem(last=False)
