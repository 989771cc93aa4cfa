"""Who may do what, how often, and what a plugin may have Rosey do."""

from rosey.cooldowns import CoolDowns
from rosey.events import Action, Message, Reply
from rosey.manifest import PluginManifest
from rosey.routing import texts
from rosey.routing.commands import Found

LONGEST_TEXT = 2_000
MOST_ACTIONS = 20


def refusal(
    message: Message, prefix: str, found: Found, alive: bool, cooldowns: CoolDowns
) -> str | None:
    """Why a command is not taken, in a sentence; None notes its use for the cool-down."""
    if message.user.rank < found.command.rank:
        return texts.no_rank(prefix, found.command)
    if not alive:
        return texts.away(found.plugin, found.command.action)
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
