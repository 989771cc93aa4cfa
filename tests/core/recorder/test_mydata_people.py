"""!mydata of keys, of what is kept for all rooms, of guests, and for somebody else."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from core.plugins import manifests
from core.recorder import kept, mydata
from core.recorder import mydata_texts as texts
from rosey.manifest import PluginManifest
from rosey.plugin import Refused
from rosey.ranks import Rank
from rosey.storage.client import KeyValues
from tests.core.recorder.mydata_desk import HERE, Desk
from tests.memory_service import MemoryService, fields

THERE = "cytube/lounge"
NOTES = PluginManifest.model_validate(
    {
        "name": "notes",
        "version": "1.0.0",
        "summary": "Notes",
        "entry": "notes:plugin",
        "storage": {
            "keys": True,
            "tables": {
                "birthdays": {
                    "fields": [
                        {"name": "username", "type": "string"},
                        {"name": "day", "type": "string"},
                    ]
                }
            },
        },
        "people": [
            {"table": "birthdays", "field": "username", "what": "birthday", "forget": "delete"},
            {"keys": "mood:{user}", "what": "mood", "forget": "delete"},
            {"keys": "note:{channel}:{user}:*", "what": "notes", "forget": "delete"},
            {"keys": "warned:{user}", "what": "warnings", "forget": "keep", "remains": "warnings"},
        ],
    }
)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path)
    tables = {"birthdays": fields("string", "username day")}
    desk.owners["notes"] = MemoryService(tables, {})
    monkeypatch.setattr(mydata, "manifests", lambda data: manifests(data) | {"notes": NOTES})
    return desk


def keys_of(desk: Desk) -> KeyValues:
    return desk.owners["notes"].client.keys


async def note(desk: Desk, name: str, channel: str = HERE) -> None:
    """Something of each kind; two notes."""
    keys = keys_of(desk)
    await desk.owners["notes"].client.insert("birthdays", {"username": name, "day": "3 May"})
    for key in ("mood", "warned"):
        await keys.set(f"{key}:{name.lower()}", f"{key} of {name}")
    for number in (1, 2):
        await keys.set(f"note:{channel}:{name.lower()}:{number}", None)


def everything(desk: Desk) -> str:
    return json.dumps(desk.owners["notes"].rows("birthdays"))


async def test_keys_and_what_is_of_all_rooms_are_exported(desk: Desk) -> None:
    await note(desk, "Alice", "lounge/den")
    await note(desk, "Alicex")
    assert await desk.tell("export", "aLICE", "lounge/den") == (
        "I keep about you: birthday (1, from all rooms), mood (1, from all rooms), notes (2), "
        "warnings (1, from all rooms). All of it is in the file mydata/lounge=2Falice.json now; "
        "whoever runs me can give it to you."
    )
    found: Any = json.loads((desk.data / "mydata" / "lounge=2Falice.json").read_text())["notes"]
    assert [row["username"] for row in found["birthday"]] == ["Alice"]
    assert found["mood"] == [{"key": "mood:alice", "value": "mood of Alice"}]
    assert found["notes"] == [
        {"key": f"note:lounge/den:alice:{number}", "value": None} for number in (1, 2)
    ]


async def test_keys_and_what_is_of_all_rooms_are_forgotten(desk: Desk) -> None:
    for name in ("alice", "alicex", "bob"):
        await note(desk, name)
    asked = await desk.tell("forget", channel="lounge/lobby")
    assert asked == (
        "I would delete for good: birthday (1, from all rooms), mood (1, from all rooms), notes "
        "(2). There stays: warnings. Say ?mydata forget yes if you want that."
    )
    command = desk.command("forget yes", "Alice")
    assert await desk.give(command) == (
        "Deleted: birthday (1, from all rooms), mood (1, from all rooms), notes (2). There stays: "
        "warnings."
    )
    assert await keys_of(desk).list() == [
        "mood:alicex",
        "mood:bob",
        *(f"note:{HERE}:{name}:{number}" for name in ("alicex", "bob") for number in (1, 2)),
        "warned:alice",
        "warned:alicex",
        "warned:bob",
    ]
    assert "alicex" in everything(desk)
    assert '"alice"' not in everything(desk)
    assert await desk.give(command) == (
        "Deleted: birthday (1, from all rooms). There stays: warnings."
    )


async def test_more_keys_than_are_told_of(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_KEYS", 3)
    for number in range(7):
        await keys_of(desk).set(f"note:{HERE}:alice:{number}", number)
    assert (await desk.tell("export")).endswith("Of keys only the first 3 of each are in it.")
    assert await desk.tell("forget yes") == "Deleted: notes (7)."
    assert await keys_of(desk).list() == []


async def test_a_name_that_no_key_can_have(desk: Desk) -> None:
    await note(desk, "alice")
    for name in ("%", "{user}", "*", "ali", "漢" * 100, "x" * 3000):
        assert await desk.tell("export", name, f"lounge/{'r' * 100}") == "I keep nothing about you."
        assert await desk.tell("forget yes", name) == "I keep nothing about you."
    assert len(await keys_of(desk).list()) == 4


@pytest.mark.parametrize("rank", [Rank.ANONYMOUS, Rank.GUEST, 0.5])
async def test_a_guest_of_a_room_with_accounts_is_refused(desk: Desk, rank: float) -> None:
    await desk.knows("carol", THERE)
    before = desk.everything
    for what in ("forget", "forget yes", "forget carol yes"):
        with pytest.raises(Refused) as refused:
            await desk.tell(what, "carol", THERE, rank)
        assert str(refused.value) == (
            "I cannot know that it is you: anybody may come as carol without a password. Log in "
            "with an account of that name and ask again, or ask an admin of the room to say "
            "?mydata forget carol."
        )
    with pytest.raises(Refused, match="Log in with an account of that name and ask again, or ask"):
        await desk.tell("export", "carol", THERE, rank)
    assert desk.everything == before
    assert not (desk.data / "mydata").exists()


async def test_with_an_account_he_is_not(desk: Desk) -> None:
    await desk.knows("carol", THERE)
    assert "statistics (1)" in await desk.tell("export", "carol", THERE, Rank.USER)
    told = await desk.tell("forget yes", "carol", THERE, Rank.USER)
    assert told.startswith("Deleted: statistics (1), ")


async def test_a_guest_of_the_lounge_is_warned(desk: Desk) -> None:
    await desk.knows("alice")
    told = await desk.tell("forget", rank=Rank.GUEST)
    assert told.startswith("I would delete for good: statistics (1), ")
    assert told.endswith(
        "Anybody may come as alice without a password, so some of it may be somebody else's. Say "
        "?mydata forget yes if you want that."
    )
    told = await desk.tell("forget yes", rank=Rank.GUEST)
    assert told.startswith("Deleted: statistics (1), ")


async def test_a_guest_of_the_lounge_gets_nothing_of_other_rooms(desk: Desk) -> None:
    """Else whoever takes a name there could end what somebody with an account has elsewhere."""
    await note(desk, "alice")
    left = (
        " I leave alone: birthday (1, from all rooms), mood (1, from all rooms), warnings (1, from "
        "all rooms). A guest's name may be somebody else's in another room; an admin can say "
        "?mydata forget alice."
    )
    told = await desk.tell("export", rank=Rank.GUEST)
    assert told.startswith("I keep about you: notes (2). All of it is in the file ")
    assert told.endswith(left)
    found = json.loads((desk.data / "mydata" / "lounge=2Falice.json").read_text())["notes"]
    assert set(found) == {"notes"}
    assert left in await desk.tell("forget", rank=Rank.GUEST)
    assert await desk.tell("forget yes", rank=Rank.GUEST) == f"Deleted: notes (2).{left}"
    for what in ("export", "forget", "forget yes"):
        assert await desk.tell(what, rank=Rank.GUEST) == f"I keep nothing else about you.{left}"
    assert '"alice"' in everything(desk)
    assert await keys_of(desk).list() == ["mood:alice", "warned:alice"]


async def test_an_admin_has_somebody_forgotten(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await desk.knows("carol", THERE)
    await desk.knows("mod", THERE)
    await note(desk, "carol")
    before = desk.everything
    told = await desk.tell("forget @Carol", "mod", THERE, Rank.ADMIN)
    assert told.startswith(
        "This is about Carol, as I would tell it to Carol: I would delete for good: statistics (1)"
    )
    assert told.endswith("Say ?mydata forget Carol yes if you want that.")
    assert desk.everything == before
    told = await desk.tell("forget carol yes", "mod", THERE, Rank.ADMIN)
    assert told.startswith("This is about carol, as I would tell it to carol: Deleted: statistics")
    assert "birthday (1, from all rooms)" in told
    assert "mod has had carol forgotten in cytube/lounge" in caplog.text
    assert {row["username"] for row in desk.core.rows("users")} == {"mod"}
    assert await desk.tell("forget nobody", "mod", THERE, Rank.ADMIN) == (
        "I keep nothing about nobody."
    )


@pytest.mark.parametrize("rank", [Rank.GUEST, Rank.USER, Rank.MODERATOR, 2.9])
async def test_nobody_else_may(desk: Desk, rank: float) -> None:
    for channel in (HERE, THERE):
        await desk.knows("carol", channel)
        before = desk.everything
        for what in ("forget carol", "forget carol yes"):
            with pytest.raises(Refused) as refused:
                await desk.tell(what, "mod", channel, rank)
            assert str(refused.value) == texts.SOMEBODY_ELSE.format(prefix="?")
        assert desk.everything == before


async def test_who_names_himself_asks_for_himself(desk: Desk) -> None:
    await desk.knows("carol", THERE)
    told = await desk.tell("forget CAROL", "carol", THERE, Rank.USER)
    assert told.startswith("I would delete for good: statistics (1)")
    assert told.endswith("Say ?mydata forget yes if you want that.")
