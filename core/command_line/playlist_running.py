"""An old queue for a room whose playlist runs: its workflow has the queue, and is given more."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from temporalio.client import Client

from core.errors import UserError
from core.old_queue import OldItem
from rosey import clock, ids
from rosey.contracts.playlist import Item
from rosey.contracts.playlist_import import BRING_IN, BringIn, BroughtIn, BroughtItem
from rosey.events import Command, User
from rosey.names import name_key
from rosey.ranks import Rank
from temporal.mailbox import Mailboxes, Undeliverable

PLUGIN = "playlist"
WORKFLOW = "Playlist"
# Seconds for each part, whatever else the machine has to do.
PATIENCE = 30.0
# Items of a part; what a room hears of them has to fit into one message.
MOST_AT_ONCE = 50


class HandedOver(BaseModel):
    """What a running queue did. `before`: all of it was done by an attempt a while ago."""

    channel: str
    added: int = 0
    known: int = 0
    waiting: int = 0
    before: bool = False


class _Playing(BaseModel):
    model_config = ConfigDict(extra="ignore")
    entry: Item | None = None


class _Now(BaseModel):
    model_config = ConfigDict(extra="ignore")
    playing: _Playing | None = None


class _Waiting(BaseModel):
    model_config = ConfigDict(extra="ignore")
    items: list[Item] = []


async def waiting(client: Client, channel: str) -> list[Item]:
    """What plays and waits there. Raises UserError when nobody answers."""
    mailboxes, asking = Mailboxes(client, PLUGIN), _command(channel, "look", ids.derive("i", 0))
    try:
        async with asyncio.timeout(PATIENCE):
            on = await mailboxes.ask(WORKFLOW, "now", asking, _Now)
            queue = await mailboxes.ask(WORKFLOW, "queue", asking, _Waiting)
    except (TimeoutError, Undeliverable) as problem:
        raise UserError(_silent(channel)) from problem
    playing = [on.playing.entry] if on and on.playing and on.playing.entry else []
    return [*playing, *(queue.items if queue else [])]


async def hand_over(
    client: Client, channel: str, old: Sequence[OldItem], now: datetime
) -> HandedOver:
    """Gives the workflow the items, part after part; the same again does nothing more.

    Raises UserError when it does not answer.
    """
    mailboxes, run = Mailboxes(client, PLUGIN), secrets.token_hex(8)
    done, all_before = HandedOver(channel=channel), True
    try:
        for number, items, is_last in _parts(old):
            id = ids.derive("i", channel, number, [each.model_dump_json() for each in items])
            part = BringIn(items=items, run=run, before=done.added, last=is_last)
            command = _command(channel, BRING_IN, id, now)
            command.event = part.model_dump(mode="json")
            async with asyncio.timeout(PATIENCE):
                outcome = await mailboxes.deliver(WORKFLOW, command)
            if not outcome.events:
                why = outcome.error or "it does not know how."
                raise UserError(f"The playlist of {channel} did not take it: {why}")
            answer = BroughtIn.model_validate(outcome.events[0].data)
            done.added += answer.added
            done.known += answer.known
            done.waiting = answer.waiting
            all_before = all_before and answer.run != run
    except (TimeoutError, Undeliverable) as problem:
        raise UserError(_silent(channel)) from problem
    finally:
        await mailboxes.close()
    done.before = all_before
    return done


def _parts(old: Sequence[OldItem]) -> Iterator[tuple[int, list[BroughtItem], bool]]:
    """With their numbers, and which is the last; each item knows how many like it came before."""
    seen: Counter[tuple[str, str, str]] = Counter()
    items = []
    for each in old:
        likeness = (each.type, each.media_id, name_key(each.added_by))
        seen[likeness] += 1
        items.append(
            BroughtItem(
                type=each.type,
                media_id=each.media_id,
                title=each.title,
                seconds=each.seconds,
                added_by=each.added_by,
                added_at=each.added_at,
                nth=seen[likeness],
            )
        )
    firsts = range(0, max(1, len(items)), MOST_AT_ONCE)
    for number, first in enumerate(firsts):
        yield number, items[first : first + MOST_AT_ONCE], number == len(firsts) - 1


def _command(channel: str, action: str, id: str, now: datetime | None = None) -> Command:
    return Command(
        id=id,
        plugin=PLUGIN,
        action=action,
        channel=channel,
        user=User(name="operator", rank=Rank.ADMIN.value),
        sent_at=now or clock.now(),
    )


def _silent(channel: str) -> str:
    return (
        f"The playlist of {channel} is open in Temporal, but does not answer: is Rosey running? "
        "What it took is not known. Try again; nothing is added twice."
    )
