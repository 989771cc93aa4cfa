"""The router: lines become commands, replies become actions. It keeps nothing of its own."""

import asyncio
import logging
from collections.abc import Callable, Collection

from core.backpressure import store_when_there_is_room
from core.config import Config
from core.plugins import ROOM
from core.room_settings import RoomSettings
from core.router import leftovers
from core.router.heard import Heard
from core.router.presence import Presences
from core.router.readers import Readers
from core.router.sparingly import Sparingly
from core.router.told import Told
from core.router.turns import Turns
from rosey import channels, ids, streams, subjects, tasks
from rosey.bus import Bus, BusError, Delivery, Mirror, StreamFull
from rosey.channels import Channel
from rosey.cooldowns import CoolDowns
from rosey.events import Action, Command, Listening, Message, PluginPresence, Reply, Sent
from rosey.manifest import PluginManifest
from rosey.routing import texts
from rosey.routing.commands import OWN, Found, Group, Table, Unknown, resolve, table
from rosey.routing.exchange import actions_of, command_of, own_answer
from rosey.routing.policy import refusal

log = logging.getLogger("core.router")

SLOW_AFTER = 2.0
LOOK_EVERY = 1.0


class Router:
    """One of possibly several; they share their consumers."""

    def __init__(
        self,
        bus: Bus,
        config: Callable[[], Config],
        manifests: dict[str, PluginManifest],
    ) -> None:
        self.bus = bus
        self._config = config
        self._settings = RoomSettings(config)
        self._manifests = {**manifests, ROOM.name: ROOM}
        self._readers = Readers(bus, self._on_reply)
        self._turns = Turns(bus, lambda: self._manifests)
        self._words: Table = table([])
        self._presences = Presences()
        self._heard = Heard(bus, config, self._settings, self._presences, self._manifests)
        self._told = Told(bus, self._heard.on_plugin_event)
        self._listening: dict[str, dict[str, Listening]] = {}
        self._open: Mirror | None = None
        self._cooldowns = CoolDowns()
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        self._watches: set[asyncio.Task[None]] = set()
        self._telling_full = Sparingly()

    async def start(self) -> None:
        """Reads who is there and what is open, then begins to take messages and replies."""
        connections = [connection.name for connection in self._config().connections]
        await self.bus.declare(self._manifests, connections)
        # Before anything else: lines that waited for the bus come at once.
        self.bus.on_reconnect(self._presences.wait_again)
        await self._settings.follow(self.bus)
        await self.bus.mirror(subjects.PLUGINS_BUCKET, self._plugin_changed)
        self._open = await self.bus.mirror(subjects.LISTENING_BUCKET, self._listening_changed)
        await self._readers.read(self._manifests)
        await self.bus.consume(streams.events_consumer(), self._on_event)
        await self.bus.consume(streams.heard_consumer(), self._heard.on_event)
        await self._told.read(self._manifests)

    async def learn(self, manifests: dict[str, PluginManifest]) -> None:
        """Goes on with other plugins than those it began with. Raises BusError."""
        known = {**manifests, ROOM.name: ROOM}
        await self.bus.declare(known)
        self._manifests = known
        self._heard.learn(known)
        await self._readers.read(known)
        await self._told.read(known)

    async def sweep(self, plugins: Collection[str]) -> bool:
        """Deletes what others than these have left on the bus; whether all is gone.

        Raises BusError.
        """
        return await leftovers.sweep(self.bus, plugins, self._presences.alive)

    async def stop(self) -> None:
        await self._turns.end()
        await tasks.end(*self._watches)

    # -- what is known ---------------------------------------------------------------------

    def _plugin_changed(self, key: str, value: bytes | None) -> None:
        try:
            fresh = PluginPresence.read(value) if value is not None else None
            if self._presences.hear(key, fresh):
                self._words = table(self._presences.known)
                self._heard.know()
        except ValueError as problem:
            log.warning("the entry of plugin %s cannot be used: %s", key, problem)

    def _listening_changed(self, key: str, value: bytes | None) -> None:
        plugin, _, token = key.partition(".")
        try:
            channel = channels.from_token(token)
            entry = Listening.read(value) if value is not None else None
        except ValueError as problem:
            log.warning("the open question %s cannot be read: %s", key, problem)
            return
        here = self._listening.setdefault(channel, {})
        if entry is not None:
            here[plugin] = entry
            return
        here.pop(plugin, None)
        if not here:
            del self._listening[channel]

    # -- lines -----------------------------------------------------------------------------

    async def _on_event(self, delivery: Delivery) -> None:
        if delivery.subject == subjects.SENT:
            await self._on_sent(Sent.read(delivery.data))
            return
        message = Message.read(delivery.data)
        if not message.own:
            await self._on_message(message, delivery.seq)

    async def _on_sent(self, sent: Sent) -> None:
        """Notes when an open question was shown, for the answers to it.

        Once more when it is told again: then the bus may not have taken it the first time.
        """
        assert self._open
        for plugin, entry in self._listening.get(sent.channel, {}).items():
            known = entry.shown_at not in (None, sent.sent_at)
            if entry.action_id == sent.action_id and not known:
                entry.shown_at = sent.sent_at
                key = f"{plugin}.{channels.token(sent.channel)}"
                await self._open.put(key, entry.wire())
                return

    async def _on_message(self, message: Message, seq: int) -> None:
        prefix = self._config().channel(message.channel).prefix
        match resolve(message.text, prefix, self._words):
            case Found() as found:
                await self._on_command(message, seq, prefix, found)
            case Group() as group:
                if any(self._is_on(message.channel, name) for name in self._owners(group)):
                    await self._say(message, texts.group_help(prefix, group))
            case Unknown(word, near) if near:
                await self._say(message, texts.unknown(prefix, word, near))
            case None:
                if not message.pm:
                    await self._on_plain(message, seq)
                if self._heard.in_lines:
                    await self._heard.on_line(message, seq)

    async def _on_plain(self, message: Message, seq: int) -> None:
        """A line that open questions wait for goes to each plugin that asked one."""
        for plugin, entry in list(self._listening.get(message.channel, {}).items()):
            if self._is_on(message.channel, plugin):
                command = self._command(message, seq, plugin, "answer", message.text)
                command.plain, command.shown_at = True, entry.shown_at
                await self._give(command, message)

    async def _on_command(self, message: Message, seq: int, prefix: str, found: Found) -> None:
        if found.command in OWN:
            states = self._presences.states()
            answer = texts.own(found, prefix, self._words, message.user.rank, states)
            await self._say(message, answer)
            return
        if not self._is_on(message.channel, found.plugin):
            return
        alive = self._presences.alive(found.plugin, found.command.action)
        if refused := refusal(message, prefix, found, alive, self._cooldowns):
            await self._say(message, refused)
            return
        command = self._command(message, seq, found.plugin, found.command.action, found.rest)
        entry = self._listening.get(message.channel, {}).get(found.plugin)
        command.shown_at = entry.shown_at if entry else None
        self._watch(command, message)
        await self._give(command, message)

    async def _give(self, command: Command, message: Message) -> None:
        """Puts the command before its plugin, or tells the room that no more are taken."""
        try:
            await self._store(command)
        except StreamFull as problem:
            log.warning("%s was not taken: %s", command.id, problem)
            if waiting := self._waiting.get(command.id):
                waiting.cancel()
            asker = message.user.name if message.pm else ""
            if self._telling_full.due(message.channel, command.plugin, asker):
                await self._say(message, texts.full(command.plugin, command.action))

    def _command(self, message: Message, seq: int, plugin: str, action: str, text: str) -> Command:
        prefix = self._config().channel(message.channel).prefix
        return command_of(message, plugin, action, text, seq=seq, prefix=prefix)

    async def _store(self, command: Command) -> None:
        subject = subjects.command(command.plugin, command.action)
        await self.bus.store(subject, command.wire(), command.id)

    def _is_on(self, channel: str, plugin: str) -> bool:
        return self._settings.of(channel, plugin) is not None

    def _owners(self, group: Group) -> set[str]:
        return {plugin for plugin, command in self._words.values() if command in group.commands}

    # -- programs --------------------------------------------------------------------------

    async def execute(self, command: Command, patience: float) -> Reply:
        """Gives a command a program asked for, and waits for its reply.

        Raises TimeoutError; raises BusError when the plugin is not there, StreamFull when it has
        too much to do.
        """
        if not self._presences.alive(command.plugin, command.action):
            raise BusError(texts.away(command.plugin, command.action))
        known = self._presences.actions(command.plugin)
        if command.action not in known:
            raise BusError(f"{command.plugin} takes: {', '.join(sorted(known))}.")
        if not self._is_on(command.channel, command.plugin):
            raise BusError(f"{command.plugin} is switched off in {command.channel}.")
        waiting = self._waiting.setdefault(command.id, asyncio.get_running_loop().create_future())
        deadline = asyncio.get_running_loop().time() + patience
        try:
            await self._store(command)
            while True:
                # It may be a repetition, or another router may have heard the reply.
                if reply := await self._stored_reply(command):
                    return reply
                left = deadline - asyncio.get_running_loop().time()
                try:
                    return await asyncio.wait_for(
                        asyncio.shield(waiting), max(0, min(left, LOOK_EVERY))
                    )
                except TimeoutError:
                    if left <= 0:
                        raise
        finally:
            self._waiting.pop(command.id, None)

    async def _stored_reply(self, command: Command) -> Reply | None:
        """The answer that a command has got, whoever asked for it; None while it is at work."""
        subject = subjects.reply(command.plugin, ids.reply_id(command.id))
        data = await self.bus.last(streams.replies_of(command.plugin), subject)
        return Reply.read(data) if data else None

    # -- replies ---------------------------------------------------------------------------

    async def _on_reply(self, plugin: str, delivery: Delivery) -> None:
        reply = Reply.read(delivery.data)
        waiting = self._waiting.get(reply.command_id or "")
        if waiting and not waiting.done():
            waiting.set_result(reply)
        if not self._is_on(reply.channel, plugin):
            return
        actions, refused = actions_of(reply, self._manifests.get(plugin))
        if refused:
            log.warning("%s asked for more than it may: %s", plugin, refused)
        await self._turns.take(plugin, len(actions))
        # It may have been switched off or removed while it waited.
        if plugin in self._manifests and self._is_on(reply.channel, plugin):
            await asyncio.gather(*(self._send(action) for action in actions))

    async def _send(self, action: Action) -> None:
        subject = subjects.send(Channel.parse(action.channel).connection)
        await store_when_there_is_room(self.bus, subject, action.wire(), action.id)

    async def _say(self, message: Message, text: str) -> None:
        """Rosey's own answer, where she was asked."""
        await self._send(own_answer(message, text))

    # -- patience --------------------------------------------------------------------------

    def _watch(self, command: Command, message: Message) -> None:
        """Tells the asker when a command waits, once, after two seconds without a reply."""
        waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[command.id] = waiting

        async def watch() -> None:
            try:
                await asyncio.wait_for(waiting, SLOW_AFTER)
            except TimeoutError:
                if await self._stored_reply(command) is None:
                    await self._say(message, texts.slow(command.plugin, command.action))
            finally:
                self._waiting.pop(command.id, None)

        task = asyncio.create_task(watch(), name=f"watch {command.id}")
        self._watches.add(task)
        task.add_done_callback(self._watches.discard)
