"""A command at its handler: from what it is given to an outcome, and to the reply. No bus here."""

import logging

from rosey import ids
from rosey.events import Action, Command, Line, Outcome, Reply
from rosey.manifest import PluginManifest
from rosey.plugin import Context, Plugin, Refused

LARGEST_ANSWER = 256 * 1024


async def handle(
    plugin: Plugin, manifest: PluginManifest, context: Context, log: logging.Logger
) -> Outcome:
    """What the handler makes of it; its own bugs become one sentence with an id."""
    command = context.command
    handler = plugin.handlers.get(command.action)
    if handler is None:
        return Outcome(error=f"{command.plugin} has no command {command.action!r}.")
    try:
        return _checked(manifest, context, await handler(context))
    except Refused as refusal:
        return Outcome(error=str(refusal))
    except Exception:  # whatever a plugin does wrong is its own failure, told in one line
        short = command.id[-6:]
        log.exception("%s %s failed (id %s)", command.plugin, command.action, short)
        return Outcome(
            error=f"{command.plugin} failed at {command.action!r} (id {short}). "
            "Its log says why; other commands still work."
        )


def _checked(manifest: PluginManifest, context: Context, answer: object) -> Outcome:
    """The answer with the lines and events noted on the way. Raises for what cannot be sent."""
    if answer is None or isinstance(answer, str):
        answer = Outcome(say=[answer] if answer else [])
    if not isinstance(answer, Outcome):
        raise TypeError(f"a handler answers a line, an Outcome or nothing, not {answer!r:.80}")
    outcome = answer.model_copy(
        update={
            "lines": [*context.lines, *answer.lines],
            "events": [*context.events, *answer.events],
        }
    )
    for event in outcome.events:
        if event.name not in manifest.events:
            raise ValueError(f"the event {event.name!r} is not in the plugin's manifest")
    size = len(outcome.model_dump_json().encode())
    if size > LARGEST_ANSWER:
        raise ValueError(f"an answer of {size} bytes; at most {LARGEST_ANSWER} can be sent")
    return outcome


def reply_to(command: Command, outcome: Outcome) -> Reply | None:
    """The reply with its lines; what nobody asked for needs none unless it led to something.

    Nobody is told what went wrong at an event, which was nobody's command.
    """
    error = outcome.error if command.event is None else None
    actions = _actions(command, outcome, reply_id := ids.reply_id(command.id))
    if (command.plain or command.event is not None) and not (actions or error):
        return None
    return Reply(
        id=reply_id,
        channel=command.channel,
        command_id=command.id,
        to=_asker(command),
        actions=actions,
        error=error,
    )


def announcement_of(command: Command, outcome: Outcome) -> Reply | None:
    """What is said without having been asked for, under the command's own id; None for nothing."""
    actions = _actions(command, outcome, command.id)
    return Reply(id=command.id, channel=command.channel, actions=actions) if actions else None


def _actions(command: Command, outcome: Outcome, id: str) -> list[Action]:
    lines = [*outcome.lines, *(Line(text=text) for text in outcome.say)]
    asker = _asker(command)
    return [
        Action(
            id=ids.numbered(id, number),
            channel=command.channel,
            kind="pm" if line.to or asker else "say",
            to=line.to or asker,
            text=line.text,
        )
        for number, line in enumerate(lines)
    ]


def _asker(command: Command) -> str:
    """Whoever asked by private message."""
    return command.user.name if command.pm else ""
