"""Who may do what, how often, and what a plugin may have Rosey do."""

import time
from collections import OrderedDict
from datetime import datetime

from rosey.events import Action, ChatCommand, Reply
from rosey.manifest import PluginManifest

REMEMBERED = 10_000
TELL_EVERY = 5.0
LONGEST_TEXT = 2_000
MOST_ACTIONS = 20


class CoolDowns:
    """When each person may use a command again. Times are the platform's."""

    def __init__(self) -> None:
        self._used: OrderedDict[tuple[str, str, str], datetime] = OrderedDict()

    def wait(
        self, channel: str, user: str, plugin: str, command: ChatCommand, now: datetime
    ) -> float:
        """Seconds still to wait; 0 notes the use. A refused try does not lengthen the wait."""
        if command.cooldown <= 0:
            return 0.0
        key = (channel, user.lower(), f"{plugin}.{command.action}")
        last = self._used.get(key)
        left = command.cooldown - (now - last).total_seconds() if last else 0.0
        # The same moment is the same line, delivered again. When the platform's clock is set back
        # by far, its times cannot be compared with earlier ones.
        if 0 < left <= 2 * command.cooldown and now != last:
            return left
        self._used[key] = now
        self._used.move_to_end(key)
        while len(self._used) > REMEMBERED:
            self._used.popitem(last=False)
        return 0.0


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


def allowed_actions(reply: Reply, manifest: PluginManifest | None) -> tuple[list[Action], str]:
    """The reply's actions as far as the plugin's manifest goes, and what was refused."""
    allowed: list[Action] = []
    refused: list[str] = []
    for action in reply.actions[:MOST_ACTIONS]:
        if manifest is None or action.kind not in manifest.actions:
            refused.append(f"{action.kind} is not in the manifest")
        elif action.channel != reply.channel:
            refused.append(f"{action.channel} is not the reply's channel")
        else:
            allowed.append(action.model_copy(update={"text": tidy(action.text)}))
    if len(reply.actions) > MOST_ACTIONS:
        refused.append(f"more than {MOST_ACTIONS} actions")
    return allowed, "; ".join(refused)


def tidy(text: str) -> str:
    """Without control characters and of bearable length; line breaks stay."""
    clean = "".join(char if char == "\n" or char.isprintable() else " " for char in text)
    return clean if len(clean) <= LONGEST_TEXT else clean[: LONGEST_TEXT - 1] + "…"
