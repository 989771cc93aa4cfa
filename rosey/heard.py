"""What plugins can hear of rooms, and how a function becomes a handler of it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

from rosey.cooldowns import CoolDowns
from rosey.events import (
    ActionRefused,
    ChatCommand,
    ConnectionEvent,
    Line,
    MediaEvent,
    Message,
    Outcome,
    PlaylistChange,
    PluginEvent,
    Sent,
    UserEvent,
)

if TYPE_CHECKING:
    from rosey.plugin import Answer, Context, Handler

PREFIX = "rosey.events."
# What plugins tell of has a name of its own here: `plugins.playlist.item_started`.
PLUGINS = "plugins."
_OF_PLUGIN = re.compile(r"[a-z][a-z0-9]*\.[a-z][a-z0-9_]*")
# Of these two only what became of changes of the playlist is told: lines would flood.
AboutActions = Sent | ActionRefused
TOLD_KINDS = "media_"
RoomEvent = Message | UserEvent | MediaEvent | PlaylistChange | ConnectionEvent | AboutActions
EVENTS: dict[str, type[RoomEvent]] = {
    "message": Message,
    "pm": Message,
    "user.join": UserEvent,
    "user.leave": UserEvent,
    "user.update": UserEvent,
    "media.change": MediaEvent,
    "media.end": MediaEvent,
    "playlist.change": PlaylistChange,
    "connection.up": ConnectionEvent,
    "connection.down": ConnectionEvent,
    "sent": Sent,
    "refused": ActionRefused,
}


def action_of(event: str) -> str:
    """The action by which a plugin is told: `on_user_join`."""
    return f"on_{event.replace('.', '_')}"


def subject_of(event: str) -> str:
    """What a manifest must list for it: `rosey.events.user.join`, `rosey.plugins.dice.rolled`."""
    return f"rosey.{event}" if event.startswith(PLUGINS) else PREFIX + event


def id_of(event: RoomEvent | PluginEvent) -> str:
    """By which it is known that an event is the same again."""
    return event.action_id if isinstance(event, AboutActions) else event.id


def time_of(event: RoomEvent | PluginEvent) -> datetime:
    """When it happened."""
    return event.sent_at if isinstance(event, Message | Sent) else event.at


def listener(event: str, handler: Callable[[Context, Any], Awaitable[Answer]]) -> Handler:
    """A handler of the event as its model. Raises ValueError for an event that there is not."""
    if event not in EVENTS:
        raise ValueError(f"{event!r} is no event; there are: {', '.join(EVENTS)}")
    return _reading(EVENTS[event], handler)


def of_plugin(event: str) -> str:
    """The name here of `playlist.item_started`. Raises ValueError for what is no such event."""
    if not _OF_PLUGIN.fullmatch(event):
        raise ValueError(f"{event!r} is no plugin's event; one looks like playlist.item_started")
    return PLUGINS + event


def plugin_listener(handler: Callable[[Context, Any], Awaitable[Answer]]) -> Handler:
    """A handler of what a plugin tells of, as PluginEvent."""
    return _reading(PluginEvent, handler)


def _reading(
    model: type[RoomEvent | PluginEvent], handler: Callable[[Context, Any], Awaitable[Answer]]
) -> Handler:
    @wraps(handler)
    async def run(ctx: Context) -> Answer:
        return await handler(ctx, model.model_validate(ctx.command.event))

    return run


def trigger(
    pattern: str,
    handler: Callable[[Context, re.Match[str]], Awaitable[Answer]],
    cooldown: float,
    room_cooldown: float,
) -> Handler:
    """A handler of lines in which the pattern is found, in small letters or large.

    Raises ValueError for a pattern that cannot be read.
    """
    try:
        wanted = re.compile(pattern, re.IGNORECASE)
    except re.error as problem:
        raise ValueError(f"the trigger {pattern!r} is no pattern: {problem}") from problem
    rule = ChatCommand(action="trigger", words=[], cooldown=cooldown, room_cooldown=room_cooldown)
    rests = CoolDowns()

    @wraps(handler)
    async def run(ctx: Context) -> Answer:
        found = wanted.search(ctx.text)
        if found is None:
            return None
        given = ctx.command
        if rests.wait(given.channel, given.user.name, given.plugin, rule, given.sent_at) > 0:
            return None
        return await handler(ctx, found)

    return run


def together(handlers: list[Handler]) -> Handler:
    """One handler that runs all of them, in order."""

    async def run(ctx: Context) -> Answer:
        errors = [_keep(ctx, await handler(ctx)) for handler in handlers]
        return Outcome(error=next(filter(None, errors), None))

    return run


def _keep(ctx: Context, answer: Answer) -> str | None:
    """Adds an answer to what is said and told already; gives its error."""
    if answer is None or isinstance(answer, str):
        answer = Outcome(say=[answer] if answer else [])
    ctx.lines += [*answer.lines, *(Line(text=text) for text in answer.say)]
    ctx.events += answer.events
    return answer.error
