"""From a message to its command, and from a reply to what is to be done about it: pure."""

from rosey import ids
from rosey.events import NOBODY, Action, Command, Message, PluginEvent, Reply
from rosey.heard import RoomEvent, action_of, id_of, time_of
from rosey.manifest import PluginManifest
from rosey.routing.policy import allowed_actions, tidy

ROSEY = "rosey"  # in ids of what the router says itself; no plugin is called that


def command_of(
    message: Message, plugin: str, action: str, text: str, *, seq: int = 0, prefix: str = "!"
) -> Command:
    """The order to a plugin that a message is; `text` is what was typed after its words."""
    return Command(
        id=ids.command_id(message.id, plugin),
        plugin=plugin,
        action=action,
        channel=message.channel,
        user=message.user,
        text=text,
        args=text.split(),
        sent_at=message.sent_at,
        seq=seq,
        pm=message.pm,
        prefix=prefix,
    )


def command_of_event(
    name: str, event: RoomEvent | PluginEvent, plugin: str, seq: int = 0, prefix: str = "!"
) -> Command:
    """What a plugin is told of an event: a command that nobody typed."""
    action = action_of(name)
    line = event if isinstance(event, Message) else None
    return Command(
        id=ids.heard_id(id_of(event), plugin, action),
        plugin=plugin,
        action=action,
        channel=event.channel,
        user=getattr(event, "user", NOBODY),
        text=line.text if line else "",
        sent_at=time_of(event),
        seq=seq,
        pm=line.pm if line else False,
        prefix=prefix,
        event=event.model_dump(mode="json", exclude_none=True),
    )


def actions_of(reply: Reply, manifest: PluginManifest | None) -> tuple[list[Action], str]:
    """What a reply has Rosey do, its error among it, and what was refused of it."""
    actions, refused = allowed_actions(reply, manifest)
    if reply.error:
        actions.append(line(ids.numbered(reply.id, len(reply.actions)), reply, reply.error))
    return actions, refused


def own_answer(message: Message, text: str) -> Action:
    """Rosey's own answer to a message, where she was asked."""
    reply_id = ids.reply_id(ids.command_id(message.id, ROSEY))
    asked = Reply(id=reply_id, channel=message.channel, to=message.user.name if message.pm else "")
    return line(ids.numbered(reply_id, 0), asked, text)


def line(action_id: str, reply: Reply, text: str) -> Action:
    """A line where the reply goes."""
    return Action(
        id=action_id,
        channel=reply.channel,
        kind="pm" if reply.to else "say",
        to=reply.to,
        text=tidy(text),
    )
