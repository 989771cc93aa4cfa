"""The queue's wishes about the platform's own list, on their way to the connector."""

from temporalio import activity

from rosey import ids, subjects
from rosey.bus import Bus
from rosey.contracts.playlist import EDIT_PLAYLIST, Edits
from rosey.events import Action, Reply


class EditActivities:
    """Asks with the rights of one plugin."""

    def __init__(self, bus: Bus, plugin: str) -> None:
        self.bus = bus
        self.plugin = plugin

    @activity.defn(name=EDIT_PLAYLIST)
    async def edit_playlist(self, edits: Edits) -> None:
        """Hands the edits to the router, once however often this is tried."""
        actions = [
            Action(
                id=ids.numbered(edits.id, number),
                channel=edits.channel,
                kind=f"media_{edit.kind}",
                args={"session": edits.session, **edit.model_dump(mode="json")},
            )
            for number, edit in enumerate(edits.edits)
        ]
        reply = Reply(id=edits.id, channel=edits.channel, actions=actions)
        await self.bus.store(subjects.reply(self.plugin, edits.id), reply.wire(), edits.id)
