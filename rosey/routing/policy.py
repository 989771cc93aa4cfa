"""Who may do what, how often, and what a plugin may have Rosey do."""

from collections import OrderedDict
from datetime import datetime

from rosey.events import Action, ChatCommand, Message, Reply
from rosey.manifest import PluginManifest
from rosey.routing import texts
from rosey.routing.commands import Found

REMEMBERED = 10_000
LONGEST_TEXT = 2_000
MOST_ACTIONS = 20


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


def refusal(
    message: Message, prefix: str, found: Found, alive: bool, cooldowns: CoolDowns
) -> str | None:
    """Why a command is not taken, in a sentence; None notes its use for the cool-down."""
    if message.user.rank < found.command.rank:
        return texts.no_rank(prefix, found.command)
    if not alive:
        return texts.away(found.plugin)
    wait = cooldowns.wait(
        message.channel, message.user.name, found.plugin, found.command, message.sent_at
    )
    return texts.cooling(prefix, found.command, wait) if wait > 0 else None


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
