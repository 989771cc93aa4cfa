"""Lists that are saved in a room."""

from datetime import timedelta

import pytest

from plugins.playlist.lists import (
    LONGEST_MEDIA_ID,
    MOST_ITEMS,
    MOST_LISTS,
    Lists,
    SavedList,
)
from rosey.contracts.storage import Code
from rosey.storage import StorageError, Unavailable
from rosey.storage.saved_lists import Entry, NoList, list_name
from tests.playlist_tables import HERE, NOW, PlaylistTables, item

ENTRIES = [
    Entry("yt", "abc", "Film", 60.5, "Alice"),
    Entry("cm", "https://e.org/a.json", "Ünïcödé 🎬 'x'; --", 0.0, ""),
    Entry("yt", "abc", "Film", 60.5, "Alice"),
]


@pytest.fixture
def lists(tables: PlaylistTables) -> Lists:
    return Lists(tables.client, HERE)


async def test_a_list_comes_back_in_its_order(lists: Lists, tables: PlaylistTables) -> None:
    assert await lists.load("horror") == []
    await lists.save("horror", ENTRIES, "Alice", NOW, "k-1")
    await Lists(tables.client, "lounge/den").save("horror", ENTRIES[:1], "bob", NOW, "k-2")
    assert await lists.load("horror") == ENTRIES
    assert await lists.find("horror") == SavedList("horror", "Alice", 3, NOW)
    later = NOW + timedelta(days=1)
    await lists.save("horror", ENTRIES[1:], "ALICE", later, "k-3")
    assert await lists.load("horror") == ENTRIES[1:]
    assert await lists.all() == [SavedList("horror", "ALICE", 2, later)]
    assert await Lists(tables.client, "lounge/den").load("horror") == ENTRIES[:1]


async def test_a_repeat_of_the_command_changes_nothing(lists: Lists) -> None:
    await lists.save("horror", ENTRIES, "alice", NOW, "k-1")
    await lists.save("horror", ENTRIES[:1], "alice", NOW, "k-2")
    await lists.save("horror", ENTRIES, "alice", NOW, "k-1")
    assert await lists.load("horror") == ENTRIES[:1]
    assert await lists.delete("horror", "k-3")
    assert await lists.delete("horror", "k-3")
    assert not await lists.delete("horror", "k-4")


async def test_somebody_elses_list_is_his(lists: Lists, tables: PlaylistTables) -> None:
    await lists.save("horror", ENTRIES, "alice", NOW, "k-1")
    with pytest.raises(PermissionError):
        await lists.save("horror", ENTRIES[:1], "bob", NOW, "k-2")
    with pytest.raises(PermissionError):
        await lists.delete("horror", "k-3", only_of="bob")
    assert await lists.load("horror") == ENTRIES
    await lists.save("horror", ENTRIES[:1], "mod", NOW, "k-4", only_own=False)
    assert await lists.all() == [SavedList("horror", "mod", 1, NOW)]
    assert await lists.delete("horror", "k-5", only_of="MOD")
    assert await tables.rows("lists") == await tables.rows("list_items") == []
    assert await lists.find("horror") is None


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([], "nothing to save"),
        ([ENTRIES[0]] * (MOST_ITEMS + 1), "at most 200 items, not 201"),
        ([Entry("fi", "ü" * (LONGEST_MEDIA_ID // 2 + 1))], "at most 2,000 bytes"),
    ],
    ids=["none", "many", "long"],
)
async def test_what_no_list_may_be(lists: Lists, entries: list[Entry], why: str) -> None:
    with pytest.raises(NoList, match=why):
        await lists.save("horror", entries, "alice", NOW, "k-1")
    assert await lists.all() == []


async def test_a_room_has_so_many_lists(lists: Lists) -> None:
    for number in range(MOST_LISTS):
        await lists.save(f"l{number:02}", ENTRIES[:1], "alice", NOW, f"k-{number}")
    with pytest.raises(NoList, match="has 50 lists"):
        await lists.save("more", ENTRIES, "alice", NOW, "k-more")
    await lists.save("l07", ENTRIES, "alice", NOW, "k-again")
    assert [each.name for each in await lists.all()] == [f"l{n:02}" for n in range(MOST_LISTS)]
    assert await lists.load("l07") == ENTRIES


async def test_the_longest_list_fits_into_messages(lists: Lists, tables: PlaylistTables) -> None:
    longest = Entry("fi", "ü" * (LONGEST_MEDIA_ID // 2), "🎲" * 255, 9.5, "🎲" * 100)
    sizes: list[int] = []
    ask = tables.client._ask

    async def measured(kind: str, op: str, request: bytes, patience: float) -> bytes:
        answer = await ask(kind, op, request, patience)
        sizes.append(max(len(request), len(answer)))
        return answer

    tables.client._ask = measured
    entries = [longest] * MOST_ITEMS
    await lists.save("long", entries, "alice", NOW, "k-1")
    assert await lists.load("long") == entries
    assert max(sizes) < 1024 * 1024


async def test_a_database_that_is_away_is_told(lists: Lists, tables: PlaylistTables) -> None:
    tables.away = True
    with pytest.raises(Unavailable):
        await lists.save("horror", ENTRIES, "alice", NOW, "k-1")
    with pytest.raises(Unavailable):
        await lists.delete("horror", "k-1")
    tables.away, tables.break_at = False, 0
    with pytest.raises(StorageError) as caught:
        await lists.delete("horror", "k-1")
    assert caught.value.code is Code.VALIDATION_ERROR


@pytest.mark.parametrize("text", ["horror", " Horror ", "a", "9-_", "x" * 50])
def test_names(text: str) -> None:
    assert list_name(text) == text.strip().lower()


@pytest.mark.parametrize("text", ["", " ", "a b", "x" * 51, "../x", "ä", "a\nb", "a.b", "a\0"])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(NoList, match="1 to 50 letters"):
        list_name(text)


def test_an_entry_of_an_item_can_be_kept() -> None:
    hostile = item(1, "b\0" * 200, title="a\nb\x1b[2J" + "x" * 300, seconds=float("inf"))
    entry = Entry.of(hostile)
    assert entry.title.startswith("a b [2Jxx")
    assert (len(entry.title), len(entry.added_by), entry.seconds) == (255, 100, 0)
    assert Entry.of(item(2)) == Entry("yt", "video2", "Film 2", 60.0, "Alice")
