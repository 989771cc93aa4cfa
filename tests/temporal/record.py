"""Records histories of `Trivia` for replay: `python -m tests.temporal.record` in the checkout.

To be run once for each released version of the plugin, from that version's code; what is in
temporal/histories already is left alone, for it shows what rooms are still open with.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle

from core.plugins import PLUGINS
from rosey.events import Command, Outcome, User
from rosey.manifest import load_plugin
from temporal.client import connect
from temporal.mailbox import Mailboxes
from temporal.worker import make_worker
from tests.servers import until
from tests.temporal.runs import runs_of
from tests.temporal_servers import dev_server
from tests.workflows.trivia.room import CAPITALS, SilentRoom
from workflows.trivia.models import TriviaState
from workflows.trivia.workflow import Trivia

HISTORIES = Path(__file__).parents[2] / "temporal" / "histories"
QUICK: dict[str, object] = {"seconds": 5, "lead_in": 0.1, "between": 0.1, "grace": 0.1}
# The server then wishes for a new run after so many events, which histories remember.
RENEWED = ("renewed", "database-away")
RENEW = ("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=60")


class Game:
    """One room being played in."""

    def __init__(self, client: Client, room: SilentRoom, name: str) -> None:
        self.client = client
        self.room = room
        self.channel = f"lounge/{name}"
        self.boxes = Mailboxes(client, "trivia")
        self.seq = 0

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(f"trivia:{self.channel}")

    async def order(self, action: str, user: str, text: str = "", **fields: Any) -> Outcome:
        self.seq += 1
        command = Command(
            id=f"c-{self.channel}-{self.seq}",
            plugin="trivia",
            action=action,
            channel=self.channel,
            user=User(name=user),
            text=text,
            sent_at=fields.pop("sent_at", datetime.now(UTC)),
            seq=self.seq,
            **fields,
        )
        return await self.boxes.deliver("Trivia", command, dict(QUICK))

    async def say(self, user: str, text: str, after: float = 1.0) -> Outcome:
        shown = self.room.shown[-1]
        at = shown + timedelta(seconds=after)
        return await self.order("answer", user, text, plain=True, shown_at=shown, sent_at=at)

    async def until_asked(self, number: int) -> None:
        while True:
            state: TriviaState = await self.handle.query("state", result_type=TriviaState)
            if (state.number, state.phase) == (number, "open"):
                return
            await asyncio.sleep(0.01)

    async def until_over(self) -> None:
        while (await self.handle.query("state", result_type=TriviaState)).playing:
            await asyncio.sleep(0.01)

    async def until_said(self, part: str) -> None:
        await until(lambda: any(part in line for line in self.room.lines), what=part)


async def whole_game(game: Game) -> None:
    await game.order("scores", "alice")
    await game.order("start", "alice", "3")
    for number in range(3):
        await game.until_asked(number + 1)
        if number == 1:
            await game.order("hint", "bob")
        await asyncio.gather(
            game.say("bob", "lyon"),
            game.say("alice", CAPITALS[number][1]),
            game.say("bob", CAPITALS[number][1], after=2),
            game.order("answer", "eve", "lyon"),
        )
    await game.until_over()


async def stopped(game: Game) -> None:
    await game.order("start", "alice", "5")
    await game.until_asked(1)
    await game.say("bob", "paris")
    await game.order("stop", "alice")
    await game.until_said("🛑")


async def by_hand(game: Game) -> None:
    """Signals and updates by people, and some that nobody can read."""
    handle = await game.client.start_workflow(
        "Trivia", id=f"trivia:{game.channel}", task_queue="trivia"
    )
    await handle.signal("start", {"user": "zoe", "text": "2", "settings": QUICK})
    await game.until_asked(1)
    for nonsense in ([1, 2], [b"\x00\xff"], ["x"], [{"user": 5}]):
        await handle.signal("answer", args=nonsense)
    await handle.signal("nonsense")
    await handle.execute_update("hint")
    await handle.execute_update("answer", {"user": "zoe", "text": "paris"})
    await game.until_asked(2)
    await handle.signal("skip")
    await game.until_over()
    await handle.signal("start")
    await handle.signal("stop")
    await game.until_said("🛑")


async def renewed(game: Game) -> None:
    await game.order("start", "alice", "8")
    for number in range(8):
        await game.until_asked(number + 1)
        for user in ("alice", "bob", "eve"):
            await game.say(user, CAPITALS[number % 4][1])
    await game.until_over()


async def database_away(game: Game) -> None:
    """Two games whose results the next run writes."""
    game.room.away = True
    for _ in range(2):
        shown = len(game.room.shown)
        await game.order("start", "alice", "1")
        await until(lambda shown=shown: len(game.room.shown) > shown)
        await game.until_asked(1)
        await game.say("bob", "paris")
        await game.until_over()
    first = (await game.handle.describe()).run_id
    while (await game.handle.describe()).run_id == first:
        await game.order("scores", "alice")
    game.room.away = False
    await until(lambda: len(game.room.results) == 2)


PLAYS: dict[str, Callable[[Game], Awaitable[None]]] = {
    "whole-game": whole_game,
    "stopped": stopped,
    "by-hand": by_hand,
    "renewed": renewed,
    "database-away": database_away,
}


async def record(folder: Path) -> list[Path]:
    """Plays each and writes its runs, oldest first; returns the new files."""
    version = load_plugin(PLUGINS / "trivia").version
    written = []
    for name, play in PLAYS.items():
        flags = RENEW if name in RENEWED else ()
        room = SilentRoom()
        async with dev_server(*flags) as environment:
            client = await connect(environment.client.service_client.config.target_host)
            async with make_worker(client, "trivia", [Trivia], room.activities):
                game = Game(client, room, name)
                await play(game)
                runs = await runs_of(client, game.handle.id)
        for number, run in enumerate(runs, 1):
            part = f"-{number}" if len(runs) > 1 else ""
            path = folder / f"trivia-{version}-{name}{part}.json"
            if not path.exists():
                path.write_text(run, encoding="utf-8")
                written.append(path)
    return written


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # nonsense is part of the play
    for path in asyncio.run(record(HISTORIES)):
        sys.stdout.write(f"{path.name}\n")
