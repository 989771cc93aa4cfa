"""Ids that are derived, never random, so that delivering twice has the effect of once."""

from datetime import datetime
from hashlib import sha256


def derive(prefix: str, *parts: object) -> str:
    """`<prefix>-` and 20 hex digits of the parts; free of dots and spaces."""
    # With their lengths, so that no part can pretend to be two; half characters are text too.
    texts = [str(part).encode(errors="surrogatepass") for part in parts]
    digest = sha256(b"".join(b"%d:%b" % (len(text), text) for text in texts)).hexdigest()
    return f"{prefix}-{digest[:20]}"


def message_id(channel: str, sent_at: datetime, user: str, text: str, ordinal: int = 0) -> str:
    """`ordinal` counts equal lines of one person at the same platform millisecond."""
    return derive("m", channel, round(sent_at.timestamp() * 1000), user.lower(), text, ordinal)


def command_id(message: str, plugin: str) -> str:
    return derive("c", message, plugin)


def heard_id(event: str, plugin: str, action: str) -> str:
    """For a command that an event led to; the same line may also be an answer to a question."""
    return derive("c", event, plugin, action)


def tick_id(plugin: str, handler: str, channel: str, tick: int) -> str:
    """What a timer says in a channel; `tick` counts its intervals since 1970."""
    return derive("a", plugin, handler, channel, tick)


def reply_id(command: str) -> str:
    return f"r-{command}"


def announcement_id(workflow_id: str, run_id: str, activity_id: str) -> str:
    return derive("a", workflow_id, run_id, activity_id)


def numbered(parent: str, number: int) -> str:
    """The id of the n-th action of a reply, or the n-th line of a split action."""
    return f"{parent}-{number}"


def event_id(cause: str, counter: int) -> str:
    """`cause` is a command's or an announcement's id."""
    return derive("e", cause, counter)
