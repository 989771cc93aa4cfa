"""The playlist's commands on its tables, with a room's workflow that only notes what it is told."""

import json
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest
from pydantic import BaseModel

from plugins.playlist import commands
from plugins.playlist.commands import AWAY, plugin
from plugins.playlist.lists import Lists
from rosey.contracts.media import FoundMedia
from rosey.events import Command, Outcome, User
from rosey.kit import Kit
from rosey.plugin import Context, Refused
from rosey.ranks import Rank
from rosey.storage.saved_lists import Entry
from tests.playlist_tables import HERE, NOW, PlaylistTables, item
from tests.plugins.playlist.test_history import on
from workflows.playlist.models import Entry as Waiting
from workflows.playlist.models import NowState, Playing, QueueState, Settings

Found = TypeVar("Found", bound=BaseModel)
FILMS = [Entry("yt", f"video{n}", f"Film {n}", 60.0, "Alice") for n in (1, 2)]


class Loaded(BaseModel):
    """What a `load` order brings."""

    items: list[FoundMedia]


class Desk:
    """Gives commands; `told` is what reached the workflow, `state` what it answers."""

    def __init__(self, tables: PlaylistTables, folder: Path) -> None:
        self.tables = tables
        self.folder = folder
        self.told: list[Command] = []
        self.state: dict[str, BaseModel] = {}
        self._numbers = count(1)

    async def deliver(
        self, workflow: str, command: Command, settings: dict[str, object] | None = None
    ) -> Outcome:
        assert workflow == "Playlist"
        self.told.append(command)
        return Outcome(say=[f"told {command.action}"])

    async def ask(
        self, workflow: str, query: str, command: Command, answer: type[Found]
    ) -> Found | None:
        found = self.state.get(query)
        return answer.model_validate(found.model_dump()) if found else None

    async def says(self, action: str, text: str = "", settings: BaseModel | None = None) -> str:
        """What Rosey answers to alice, an admin."""
        command = Command(
            id=f"c-{next(self._numbers)}",
            channel=HERE,
            plugin="playlist",
            action=action,
            text=text,
            user=User(name="alice", rank=Rank.ADMIN),
            sent_at=NOW,
            prefix="!",
        )
        ctx = Context(command, settings, self, self.tables.client, kit=Kit(folder=self.folder))
        try:
            answer = await plugin.handlers[action](ctx)
        except Refused as refused:
            return f"refused: {refused}"
        return "\n".join(answer.say) if isinstance(answer, Outcome) else str(answer or "")

    @property
    def loaded(self) -> list[str]:
        """The media that the workflow was given to put into the queue."""
        (command,) = self.told
        assert command.action == "load"
        return [each.id for each in Loaded.model_validate(command.event).items]


@pytest.fixture
def desk(tables: PlaylistTables, tmp_path: Path) -> Desk:
    return Desk(tables, tmp_path / "playlist")


@pytest.mark.parametrize("action", ["add", "skip", "vote", "remove", "move", "shuffle", "clear"])
async def test_what_changes_the_queue_goes_to_its_workflow(desk: Desk, action: str) -> None:
    assert await desk.says(action, "words") == f"told {action}"
    assert [(each.action, each.text) for each in desk.told] == [(action, "words")]


async def test_what_is_set_reaches_the_queue_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_told", {})
    for ahead in (3, 3, 5, 5, 3):
        await desk.says("every_settings", settings=Settings(ahead=ahead))
    assert [each.action for each in desk.told] == ["settings"] * 3


async def test_who_only_looks_asks(desk: Desk) -> None:
    assert await desk.says("queue") == "The queue is empty. Add something with !add."
    assert await desk.says("now") == "Nothing is playing."
    desk.state["read"] = Outcome(say=["1. Film"])
    for action in ("queue", "now", "when", "find"):
        assert await desk.says(action) == "1. Film"
    assert desk.told == []


async def test_again_queues_what_was_on_last(desk: Desk) -> None:
    assert await desk.says("again") == "refused: Nothing has been played here yet."
    await on(desk.tables, item(1), item(2))
    await desk.says("again")
    assert desk.loaded == ["video2"]


async def test_a_list_is_saved_and_loaded(desk: Desk) -> None:
    playing = Waiting.model_validate(item(1).model_dump())
    desk.state["queue"] = QueueState(channel=HERE, items=[item(2)], seconds=60)
    desk.state["now"] = NowState(
        channel=HERE,
        playing=Playing(type="yt", media_id="video1", entry=playing, started_at=NOW),
    )
    assert await desk.says("save", "Horror") == "💾 Saved 2 items as horror. !playlist load horror"
    assert await desk.says("lists") == "Saved lists: horror (2)"
    assert await desk.says("load", "HORROR") == "told load"
    assert desk.loaded == ["video1", "video2"]
    assert await desk.says("delete", "horror") == "🗑️ The list horror is gone."
    assert await desk.says("delete", "horror") == "There is no list horror."


async def test_what_is_no_list_is_refused_with_what_to_do(desk: Desk) -> None:
    for action in ("load", "export"):
        assert await desk.says(action, "nothere") == (
            "refused: There is no list nothere. !playlist lists shows all."
        )
    assert not desk.folder.exists()
    assert "like friday-horror" in await desk.says("save", "no good!")
    assert await desk.says("save", "empty") == "refused: There is nothing to save."
    assert await desk.says("lists") == (
        "There are no saved lists. !playlist save <name> makes one."
    )
    assert desk.told == []


@pytest.mark.parametrize("format", ["json", "txt"])
async def test_a_list_goes_out_and_comes_in(desk: Desk, format: str) -> None:
    lists = Lists(desk.tables.client, HERE)
    await lists.save("horror", FILMS, "alice", NOW, "k-1")
    file = f"lounge=2Flobby.horror.{format}"
    said = await desk.says("export", f"horror {format}")
    assert said == f"💾 2 items are in {file}, in the plugin's data folder."
    assert await desk.says("import", f"{file} again") == "💾 2 items kept as again."
    assert [each.id for each in await lists.load("again")] == ["video1", "video2"]


async def test_what_a_file_has_that_does_not_play_is_named(desk: Desk) -> None:
    desk.folder.mkdir(parents=True)
    links = ["https://youtu.be/dQw4w9WgXcQ", "nonsense", {"type": "yt"}]
    (desk.folder / "mine.json").write_text(json.dumps(links))
    said = await desk.says("import", "mine.json")
    assert said.startswith("💾 1 items kept as mine. 2 left out: ")
    assert await desk.says("import", "nothere.json") == (
        "refused: There is no file nothere.json in my folder."
    )


@pytest.mark.parametrize("action", ["history", "mystats", "again", "lists", "load", "save"])
async def test_the_database_is_away(desk: Desk, action: str) -> None:
    desk.state["queue"] = QueueState(channel=HERE, items=[item(2)], seconds=60)
    desk.tables.away = True
    assert await desk.says(action, "horror") == f"refused: {AWAY}"
