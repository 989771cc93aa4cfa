"""!mydata, over the tables of the room's memory, quote and trivia."""

import json
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from core.database.desk import Desk as ServiceDesk
from core.database.migrations import Migrations
from core.database.room import in_process
from core.database.service import parts
from core.database.store import Store
from core.database.writes import Writer
from core.plugins import MIGRATIONS, ROOM, load, manifests
from core.recorder import kept, mydata
from core.recorder import mydata_texts as texts
from core.recorder.kept import Person
from core.recorder.mydata import MyData
from rosey.manifest import ManifestError, PluginManifest
from rosey.plugin import Refused
from rosey.storage import Database
from tests.core.recorder.mydata_desk import HERE, NOW, Desk, in_the_lounge


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_export_tells_how_much_there_is_and_where(desk: Desk) -> None:
    await desk.knows("Alice")
    await desk.knows("alice", "lounge/den")
    await desk.knows("bob")
    await desk.knows("alice", "other/lobby")
    assert await desk.tell("export", "aLICE") == (
        "I keep about you: statistics (2), lines you said (2), comings and goings (2), quotes you "
        "added (2), quotes of you (2), votes for quotes (2), trivia statistics (2), results of "
        "games (2), games you won (2). All of it is in the file mydata/lounge=2Falice.json now; "
        "whoever runs me can give it to you."
    )
    path = desk.data / "mydata" / "lounge=2Falice.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    assert set(found) == {"core", "playlist", "quote", "trivia"}
    rows = [row for tables in found.values() for rows in tables.values() for row in rows]
    assert {row["channel"] for row in rows} == {HERE, "lounge/den"}
    assert len(rows) == 18
    assert "bob" not in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_forget_asks_first(desk: Desk) -> None:
    await desk.knows("alice")
    before = desk.everything
    assert await desk.tell("forget") == (
        "I would delete for good: statistics (1), votes for quotes (1), trivia statistics (1), "
        "results of games (1). I would take your name off: quotes you added (1), quotes of you "
        "(1), games you won (1). There stays: the room's log of the last 90 days, in which "
        "moderators may have to look up what happened; the quotes you added, which are the room's, "
        "without your name; the words of quotes of you, without your name; that there was a game, "
        "without your name. Say ?mydata forget yes if you want that."
    )
    assert desk.everything == before


async def test_forget_says_what_went_and_what_remains(desk: Desk) -> None:
    await desk.knows("Alice")
    for name, channel in (("bob", HERE), ("alice", "other/lobby")):
        await desk.knows(name, channel)
    others = {
        table: [row for row in rows if "Alice" not in json.dumps(row, default=str)]
        for table, rows in desk.everything.items()
    }
    command = desk.command("forget yes", "alice")
    told = await desk.give(command)
    assert told.startswith("Deleted: statistics (1), votes for quotes (1), trivia statistics (1), ")
    assert "Your name is off: quotes you added (1), quotes of you (1), games you won (1)." in told
    assert "There stays: the room's log of the last 90 days, in which moderators may" in told
    after = desk.everything
    for table in ("chat", "actions"):
        assert sum("Alice" in json.dumps(row, default=str) for row in after.pop(table)) == 1
        others.pop(table)
    assert "Alice" not in json.dumps(after, default=str)
    for table, rows in others.items():
        assert [row for row in after[table] if row in rows] == rows
    nameless = [row for row in after["quotes"] if row not in others["quotes"]]
    assert [(row["text"], row["author"], row["added_by"], row["name_key"]) for row in nameless] == [
        ("x", "Unknown", "somebody", "")
    ]
    # It came again, and tells the same; said anew there is only the log.
    assert await desk.give(command) == told
    assert (await desk.tell("forget yes")).startswith("There stays: the room's log")


async def test_a_name_is_no_pattern(desk: Desk) -> None:
    await desk.knows("alice")
    for name in ("%", "a_ice", "ali%"):
        assert await desk.tell("export", name) == "I keep nothing about you."
        assert await desk.tell("forget", name) == "I keep nothing about you."
        assert await desk.tell("forget yes", name) == "I keep nothing about you."
    assert not (desk.data / "mydata").exists()
    assert len(desk.core.rows("users")) == 1


async def test_who_has_more_than_a_file_takes_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_ROWS", 4)
    monkeypatch.setattr(kept, "STEP", 2)
    for number in range(5):
        await desk.knows("alice", f"lounge/{number}")
    assert (await desk.tell("export")).endswith("Of each only the newest 4 are in it.")
    found = json.loads((desk.data / "mydata" / "lounge=2Falice.json").read_text())
    rooms = [row["channel"] for row in found["core"]["statistics"]]
    assert rooms == ["lounge/4", "lounge/3", "lounge/2", "lounge/1"]


async def test_a_database_that_is_away_is_told(desk: Desk) -> None:
    await desk.knows("alice")
    desk.trivia.away = True
    for what in ("export", "forget"):
        with pytest.raises(Refused) as refused:
            await desk.tell(what)
        assert str(refused.value) == texts.AWAY
    desk.trivia.away = False
    desk.quote.away = True
    with pytest.raises(Refused) as refused:
        await desk.tell("forget yes")
    assert str(refused.value) == texts.AWAY_MIDWAY


async def test_a_disk_that_takes_nothing_is_told(desk: Desk) -> None:
    await desk.knows("alice")
    (desk.data / "mydata").write_text("no folder")
    with pytest.raises(Refused, match="I could not write your file"):
        await desk.tell("export")


async def test_a_broken_description_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Path) -> None:
        raise ManifestError("plugin.toml")

    monkeypatch.setattr(mydata, "manifests", broken)
    with pytest.raises(Refused, match="a plugin's description is broken"):
        await desk.tell("export")


async def test_an_installed_plugin_is_asked_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def found(data: Path) -> dict[str, PluginManifest]:
        asked.append(data)
        return manifests(data)

    monkeypatch.setattr(mydata, "manifests", found)
    await desk.tell("export")
    assert asked == [desk.data]


def test_very_long_names_have_files_of_their_own(desk: Desk) -> None:
    names = {mydata.file_name(Person(letter * 200, HERE)) for letter in "aé漢"}
    assert len(names) == 3
    assert all(len(name) <= 125 for name in names)


def test_the_other_commands_are_there_too(desk: Desk) -> None:
    assert {"stats", "seen", "top"} < set(desk.plugin.handlers)
    assert "mydata_export" not in load(ROOM.entry).handlers


async def test_all_that_is_declared_is_in_the_tables(tmp_path: Path) -> None:
    """Of the real service, as the migrations make them."""
    store = Store(make_url(f"sqlite+aiosqlite:///{tmp_path / 'rosey.db'}"))
    migrations = Migrations(store, MIGRATIONS, manifests())
    await migrations.upgrade()
    service = ServiceDesk(parts(store, Writer(store), migrations))
    desk = Desk(tmp_path)
    owners = {name: Database(in_process(service, name)) for name in desk.owners}
    desk.plugin = MyData(owners.__getitem__, tmp_path, lambda: 90, in_the_lounge).beside(
        load(ROOM.entry)
    )
    person = {"channel": HERE, "username": "Alice", "name_key": "alice"}
    await owners["trivia"].insert("players", person)
    game = {"channel": HERE, "game": "g", "winner": "Alice", "finished_at": NOW}
    await owners["trivia"].insert("games", game)
    quote = {"channel": HERE, "text": "x", "author": "Alice", "added_at": NOW}
    await owners["quote"].insert("quotes", quote | {"added_by": "Alice", "name_key": "alice"})
    for what in ("export", "forget", "forget yes"):
        told = await desk.tell(what)
        for part in ("trivia statistics (1)", "games you won (1)", "quotes of you (1)"):
            assert part in told
    assert await desk.tell("export") == "I keep nothing about you."
    await store.close()
