"""Announcements: lines nobody asked for, said once however often the activity is tried."""

import asyncio
import logging
from datetime import datetime

from pydantic import ValidationError
from temporalio import activity

from rosey import channels, clock, ids, subjects
from rosey.bus import Bucket, Bus
from rosey.contracts.chat import ANNOUNCE, ASK, Announced, Announcement
from rosey.events import Action, Listening, PluginEvent, Reply

log = logging.getLogger("activities.chat")

FIRST_LOOK = 0.01
LATER_LOOKS = 0.25


class ChatActivities:
    """Speaks with the rights of one plugin."""

    def __init__(self, bus: Bus, plugin: str) -> None:
        self.bus = bus
        self.plugin = plugin

    @activity.defn(name=ANNOUNCE)
    async def announce(self, announcement: Announcement) -> Announced:
        """Hands the lines to the router and publishes the events."""
        cause = _announcement_id()
        if announcement.stop_listening:
            bucket = self.bus.bucket(subjects.LISTENING_BUCKET)
            await bucket.delete(self._key(announcement.channel))
        return await self._say(cause, announcement)

    @activity.defn(name=ASK)
    async def ask(self, announcement: Announcement) -> Announced:
        """Asks a question and waits, sending heartbeats, until the room has been shown it."""
        cause = _announcement_id()
        action_id = ids.numbered(cause, len(announcement.lines) - 1)
        bucket = self.bus.bucket(subjects.LISTENING_BUCKET)
        key = self._key(announcement.channel)
        known = await _entry(bucket, key)
        if known is None or known.action_id != action_id:
            await bucket.put(key, Listening(action_id=action_id).wire())
        await self._say(cause, announcement)
        return Announced(action_id=action_id, shown_at=await _shown(bucket, key, action_id))

    async def _say(self, cause: str, announcement: Announcement) -> Announced:
        actions = [
            Action(id=ids.numbered(cause, number), channel=announcement.channel, text=line)
            for number, line in enumerate(announcement.lines)
        ]
        stored = [
            self.bus.store(
                subjects.event(self.plugin, event.name),
                PluginEvent(
                    id=ids.event_id(cause, number),
                    plugin=self.plugin,
                    event=event.name,
                    channel=announcement.channel,
                    at=clock.now(),
                    data=event.data,
                ).wire(),
                ids.event_id(cause, number),
            )
            for number, event in enumerate(announcement.events)
        ]
        if actions:
            reply = Reply(id=cause, channel=announcement.channel, actions=actions)
            stored.append(self.bus.store(subjects.reply(self.plugin, cause), reply.wire(), cause))
        await asyncio.gather(*stored)
        return Announced(action_id=actions[-1].id if actions else "")

    def _key(self, channel: str) -> str:
        return f"{self.plugin}.{channels.token(channel)}"


def _announcement_id() -> str:
    info = activity.info()
    return ids.announcement_id(info.workflow_id or "", info.workflow_run_id or "", info.activity_id)


async def _shown(bucket: Bucket, key: str, action_id: str) -> datetime | None:
    """Waits for the router to note the platform's time; None when the question was withdrawn."""
    pause = FIRST_LOOK
    while True:
        activity.heartbeat()
        if activity.is_cancelled():  # and a library lost the exception that says so
            raise asyncio.CancelledError
        entry = await _entry(bucket, key)
        if entry is None or entry.action_id != action_id:
            return None
        if entry.shown_at:
            return entry.shown_at
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LATER_LOOKS)


async def _entry(bucket: Bucket, key: str) -> Listening | None:
    """The open question; one that cannot be read is none."""
    value = await bucket.get(key)
    try:
        return Listening.read(value) if value else None
    except ValidationError as problem:
        log.warning("the open question %s cannot be read: %s", key, problem)
        return None
