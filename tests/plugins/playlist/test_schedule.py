"""`!schedule` as people type it: what reaches the room's workflow."""

from datetime import UTC, datetime
from typing import Any

import pytest

from plugins.playlist.commands import plugin
from rosey.events import Command, Outcome, PluginPresence, User
from rosey.plugin import Context
from rosey.ranks import Rank
from rosey.routing.commands import Found, resolve, table
from workflows.playlist.models import Settings

NOW = datetime(2026, 5, 1, tzinfo=UTC)
WORDS = table(
    [PluginPresence(plugin="playlist", version="1", alive_at=NOW, commands=plugin.commands)]
)


class Mailbox:
    """Keeps what is delivered."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, Command, Any]] = []

    async def deliver(
        self, workflow: str, command: Command, settings: dict[str, object] | None = None
    ) -> Outcome:
        self.delivered.append((workflow, command, settings))
        return Outcome(say=["done"])

    async def ask(self, workflow: str, query: str, command: Command, answer: Any) -> None:
        raise AssertionError("nothing is to be asked")


@pytest.mark.parametrize(
    ("line", "action", "text", "rank"),
    [
        ("!schedule", "schedule", "", Rank.GUEST),
        (
            "!schedule “Friday Horror” friday 20:00 list horror",
            "schedule",
            "“Friday Horror” friday 20:00 list horror",
            Rank.GUEST,
        ),
        ("!schedule cancel Friday Horror", "schedule_cancel", "Friday Horror", Rank.MODERATOR),
        ("!schedule now Friday Horror", "schedule_now", "Friday Horror", Rank.MODERATOR),
    ],
)
async def test_what_is_typed_reaches_the_workflow(
    line: str, action: str, text: str, rank: float
) -> None:
    found = resolve(line, "!", WORDS)
    assert isinstance(found, Found)
    assert (found.command.action, found.rest, found.command.rank) == (action, text, rank)
    command = Command(
        id="c-1",
        plugin="playlist",
        action=found.command.action,
        channel="lounge/lobby",
        user=User(name="mod", rank=2),
        text=found.rest,
        sent_at=NOW,
    )
    mailbox = Mailbox()
    settings = Settings(zone="Europe/Berlin", show_lead=60)
    answer = await plugin.handlers[action](Context(command, settings, mailbox))
    assert answer == Outcome(say=["done"])
    ((workflow, delivered, options),) = mailbox.delivered
    assert (workflow, delivered.text) == ("Playlist", text)
    assert (options["zone"], options["show_lead"]) == ("Europe/Berlin", 60)
