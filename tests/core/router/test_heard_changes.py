"""What becomes of changes of the playlist is told to who hears it, in the order it happened."""

from datetime import UTC, datetime

import nats.errors
import pytest
from nats.js.api import PubAck

from rosey import subjects
from rosey.bus import Bus
from rosey.events import MediaEvent, PlaylistChange, Wire
from rosey.heard import PREFIX
from tests.core.router.test_heard import done, heard, listen, listener, manifest, refused
from tests.core.stage import ROOM, Stage


async def test_of_what_was_done_only_changes_of_the_playlist_are_told(stage: Stage) -> None:
    await listen(stage, listener("sent", "refused"), rights=manifest(">", trust="trusted"))
    for number, kind in enumerate(("say", "pm", "media_add", "mediation", "media_skip")):
        sent = done(f"a-{number}", kind)
        await stage.bus.store(subjects.SENT, sent.wire(), sent.action_id)
        no = refused(f"a-{number}", kind)
        await stage.bus.store(subjects.REFUSED, no.wire(), f"n-{number}")
    told = [(one["action"], one["event"]["action_id"]) for one in await heard(stage)]
    assert told == [
        ("on_sent", "a-2"),
        ("on_refused", "a-2"),
        ("on_sent", "a-4"),
        ("on_refused", "a-4"),
    ]


async def test_the_events_of_a_room_are_told_in_order_though_the_bus_stumbles(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of different kinds: an item is on the list before the word of its action."""
    await listen(stage, listener("playlist.change", "sent", "media.change"))
    real = Bus._keep_once
    stumbles = iter([True, False, True])

    async def stumbling(self: Bus, subject: str, data: bytes, headers: dict[str, str]) -> PubAck:
        if ".on_" in subject and next(stumbles, False):
            raise nats.errors.TimeoutError
        return await real(self, subject, data, headers)

    monkeypatch.setattr(Bus, "_keep_once", stumbling)
    at = datetime.now(UTC)
    for number in range(10):
        events: list[tuple[str, Wire]] = [
            ("playlist.change", PlaylistChange(id=f"p-{number}", channel=ROOM, at=at, kind="x")),
            ("sent", done(f"a-{number}")),
            ("media.change", MediaEvent(id=f"v-{number}", channel=ROOM, at=at)),
        ]
        for name, event in events:
            await stage.bus.store(PREFIX + name, event.wire(), f"{name[0]}-{number}")
    told = [one["event"].get("action_id") or one["event"]["id"] for one in await heard(stage)]
    assert told == [f"{kind}-{number}" for number in range(10) for kind in "pav"]
    assert next(stumbles, None) is None
