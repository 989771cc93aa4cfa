"""Quotes as files in the plugin's own folder."""

import json
from pathlib import Path

import pytest

from plugins.quote.files import FORMATS, Format
from plugins.quote.rules import Quote
from rosey.events import Happening
from rosey.ranks import Rank
from rosey.storage import Database
from tests.plugins.quote.stage import InMemory, Room

MOD = Rank.MODERATOR
ODD = ["a, b", 'she said "no"', "two\nlines", "=1+1", "@home", "'=x", "ünïcödé 🎲", "O'Reilly"]


def put(room: Room, name: str, text: str) -> None:
    room.folder.mkdir(parents=True, exist_ok=True)
    (room.folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("format", FORMATS)
async def test_what_is_exported_comes_back_elsewhere(
    room: Room, format: Format, tmp_path: Path
) -> None:
    for number, text in enumerate(ODD):
        await room.has(text, f"-author {number}", number)
    said = await room.says(f"export {format.upper()}", rank=MOD)
    name = f"lounge=2Flobby.{format}"
    assert said.text == (
        f"8 quotes are in plugins/quote/{name}, in the data folder of whoever runs me."
    )
    other = Room(InMemory().client, room.folder)
    imported = await other.says(f"import {name}", "bob", MOD)
    assert imported.text == f"{name}: 8 added, 0 already here."
    assert imported.events == [
        Happening(name="imported", data={"added": 8, "skipped": 0, "refused": 0})
    ]
    assert await other.shelf.all() == await room.shelf.all()
    await other.bus.drain()


async def test_what_is_here_already_is_left_out(room: Room) -> None:
    await room.add("Hi -- ann")
    put(room, "more.json", json.dumps(["Hi", {"text": "Hi", "author": "ann"}, "Ho", "Ho"]))
    assert (await room.says("import more.json", rank=MOD)).text == (
        "more.json: 2 added, 2 already here."
    )
    assert (await room.says("import more.json", rank=MOD)).text == (
        "more.json: 0 added, 4 already here."
    )
    assert [quote.text for quote in await room.shelf.all()] == ["Hi", "Hi", "Ho"]


async def test_what_is_refused_is_told_with_its_reason(room: Room) -> None:
    put(room, "odd.csv", f"text,author\n,ann\nfine,bob\n{'x' * 1001},c\nx,{'y' * 101}\n ,d\n")
    assert (await room.says("import odd.csv", rank=MOD)).text == (
        "odd.csv: 1 added, 0 already here, 4 refused (quote 1: there is no text in it; quote 3: a "
        "quote has at most 1,000 characters, not 1,001; quote 4: an author has at most 100 "
        "characters, not 101; …)."
    )


async def test_many_come_in_parts_and_a_repeat_adds_nothing(room: Room) -> None:
    put(room, "many.json", json.dumps([f"quote {number}" for number in range(250)]))
    command = room.command("import many.json", rank=MOD)
    first = await room.give(command)
    assert first.text == "many.json: 250 added, 0 already here."
    assert await room.give(command) == first
    assert len(await room.shelf.all()) == 250


async def test_the_longest_quotes_fit_into_messages(room: Room) -> None:
    """Two hundred of the largest, as the bus takes them."""
    texts = [f"{number:04}{'🎲' * 996}" for number in range(200)]
    entries = [{"text": text, "author": "🎲" * 100} for text in texts]
    (room.folder).mkdir(parents=True)
    put_sizes: list[int] = []
    ask = room.database._ask

    async def measured(kind: str, op: str, request: bytes, patience: float) -> bytes:
        answer = await ask(kind, op, request, patience)
        put_sizes.append(max(len(request), len(answer)))
        return answer

    small = Room(Database(measured), room.folder)
    put(small, "large.json", json.dumps(entries, ensure_ascii=False))
    assert (await small.says("import large.json", rank=MOD)).text.startswith("large.json: 200")
    assert len(await small.shelf.all()) == 200
    assert max(put_sizes) < 1024 * 1024
    await small.bus.drain()


async def test_an_import_that_the_database_interrupts_can_be_repeated(tmp_path: Path) -> None:
    service = InMemory()
    room = Room(service.client, tmp_path)
    put(room, "many.json", json.dumps([f"quote {number}" for number in range(250)]))
    ask, batches = service.client._ask, 0

    async def breaking(kind: str, op: str, request: bytes, patience: float) -> bytes:
        nonlocal batches
        batches += op == "batch"
        service.away = batches > 1
        return await ask(kind, op, request, patience)

    room.database = Database(breaking)
    assert (await room.says("import many.json", rank=MOD)).error == (
        "The database went away after 100 quotes. Import many.json again in a minute: what is "
        "here already is left out."
    )
    room.database, service.away = service.client, False
    assert (await room.says("import many.json", rank=MOD)).text == (
        "many.json: 150 added, 100 already here."
    )
    await room.bus.drain()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import", "plain name of a file"),
        ("import ../../rosey.toml", "plain name of a file"),
        ("import missing.csv", "There is no file missing.csv in my folder."),
        ("import missing.csv", "can put it into plugins/quote in the data folder."),
        ("import", "as in friends.csv. It lies in plugins/quote in the data folder."),
        ("export xml", "I write json and csv."),
        ("export xml", "Say one of these after export"),
        ("export", "There are no quotes here yet, so there is nothing to write."),
    ],
)
async def test_what_cannot_be_done_is_told(room: Room, text: str, why: str) -> None:
    said = await room.says(text, rank=MOD)
    assert said.error
    assert why in said.error


async def test_one_quote_is_one(room: Room) -> None:
    await room.shelf.add([Quote("Hi", "ann", "bob", room.command("x").sent_at)], "k")
    assert (await room.says("export", rank=MOD)).text.startswith("1 quote is in plugins/quote/")
