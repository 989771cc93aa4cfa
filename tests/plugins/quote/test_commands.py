"""What the room can do with its quotes."""

from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from core.plugins import PLUGINS, load
from plugins.quote import texts
from plugins.quote.commands import plugin
from rosey.contracts.memory import LastLine
from rosey.events import Happening
from rosey.manifest import load_plugin
from rosey.ranks import Rank
from tests.plugins.quote.stage import HERE, NOW, InMemory, Room
from tests.vectors import ids
from tests.vectors import load as load_vectors

SCORES = load_vectors("quote_rules", "scores")
MISSING = load_vectors("quote_rules", "op", "id")


async def test_a_quote_is_added_and_shown(room: Room) -> None:
    said = await room.says("add Hello there -- bob")
    assert said.text == "Kept as quote #1 by bob. ?quote 1 shows it."
    assert said.events == [Happening(name="added", data={"id": 1})]
    shown = "#1 “Hello there” — bob (added by alice on 3 May 2026)"
    for ask in ("get 1", "get #1", "quote 1", "random", "quote"):
        assert (await room.says(ask, "carol")).text == shown


async def test_what_is_kept(room: Room) -> None:
    command = room.command("add  'quotes', \"and\" %_\\ <b> ")
    await room.give(command)
    (row,) = await room.database.select("quotes")
    assert (
        row.items()
        >= {
            "channel": HERE,
            "text": "'quotes', \"and\" %_\\ <b>",
            "author": "Unknown",
            "added_by": "alice",
            "name_key": "alice",
            "score": 0,
        }.items()
    )
    (quote,) = await room.shelf.all()
    assert quote.added_at == command.sent_at


@pytest.mark.parametrize("text", ["add", "add    ", f"add {'x' * 1001}", "add hi -- " + "y" * 101])
async def test_what_cannot_be_a_quote_is_refused_kindly(room: Room, text: str) -> None:
    said = await room.says(text)
    assert said.error
    assert said.error.startswith("I cannot keep that: ")
    assert said.error.endswith(". ?quote add Hello there -- alice")
    assert await room.shelf.all() == []


@pytest.mark.parametrize("vector", MISSING, ids=ids(MISSING))
async def test_missing_vectors(room: Room, vector: dict[str, Any]) -> None:
    id = vector["in"]["id"]
    said = await room.says(f"{vector['in']['op']} {id}", rank=Rank.MODERATOR)
    assert said.error == f"There is no quote #{id} here."
    assert vector["out"] == {"found": said.error is None}


@pytest.mark.parametrize("vector", SCORES, ids=ids(SCORES))
async def test_top_vectors(room: Room, vector: dict[str, Any]) -> None:
    for number, score in enumerate(vector["in"]["scores"]):
        await room.has(f"quote {number}", score=score)
    best = [quote.score for quote in await room.shelf.top(100)]
    assert best == vector["out"]["top_quotes_scores"]


async def test_top(room: Room) -> None:
    assert (await room.says("top")).text == (
        "No quote here has a vote yet. ?quote upvote 12 gives one."
    )
    for number in range(12):
        await room.has(f"text {number}", "ann", number)
    said = await room.says("top 2")
    assert (
        said.text == "Best quotes: #12 “text 11” — ann (11 votes) · #11 “text 10” — ann (10 votes)"
    )
    assert (await room.says("top")).text.count("#") == 10
    for wish in ("0", "101", "-5", "many"):
        assert (await room.says(f"top {wish}")).error == (
            "How many? A number from 1 to 100: ?quote top 10"
        )


async def test_a_long_list_comes_in_private(room: Room) -> None:
    for number in range(100):
        await room.has(f"{'x' * 59}{number}", "a" * 100, 5)
    said = await room.says("top 100", "bob")
    assert said.text == "That is a long list: I am sending you 100 quotes in private."
    assert {line.to for line in said.private} == {"bob"}
    assert sum(line.text.count("#") for line in said.private) == 100
    # The router passes on no more than twenty actions of at most 2,000 characters.
    assert len(said.private) < 20
    assert all(len(line.text) <= 2000 for line in said.private)
    asked_in_private = await room.says("top 100", "bob", pm=True)
    assert asked_in_private.private == []
    assert sum(line.count("#") for line in asked_in_private.lines) == 100


async def test_rooms_have_their_own_quotes(room: Room) -> None:
    id = await room.add("only here")
    command = room.command("add only there").model_copy(update={"channel": "lounge/den"})
    await room.give(command)
    for text in (f"get {id}", f"upvote {id}", f"delete {id}"):
        there = room.command(text, rank=Rank.ADMIN).model_copy(update={"channel": "lounge/den"})
        assert (await room.give(there)).error == f"There is no quote #{id} here."
    assert (await room.says("search only")).text == "1 quote with “only”: #1 “only here”"
    assert (await room.says("stats")).text == "Quotes here: 1 quote, 0 votes."


async def test_any_quote_is_as_likely_as_the_others(room: Room) -> None:
    for number in range(6):
        await room.add(f"number {number}")
    await room.says("delete 2")
    random = Random(5)
    drawn = [await room.shelf.any(random) for _ in range(500)]
    counts = Counter(quote.id for quote in drawn if quote)
    assert set(counts) == {1, 3, 4, 5, 6}
    assert all(65 < count < 135 for count in counts.values())


@pytest.mark.parametrize("text", ["quote", "random"])
async def test_a_room_without_quotes(room: Room, text: str) -> None:
    assert (await room.says(text)).text == (
        "There are no quotes here yet. ?quote add <text> -- <author> keeps the first."
    )


async def test_a_word_that_quote_does_not_know(room: Room) -> None:
    assert (await room.says("quote serach cat")).error == (
        "I do not know “serach” of quotes. ?quote shows any, ?quote 12 that one; "
        "?help quote says more."
    )
    for number in ("0", "#0"):
        assert (await room.says(f"quote {number}")).error == "There is no quote #0 here."
    for action in ("get", "upvote", "delete"):
        assert (await room.says(f"{action} it")).error == (
            f"Which quote? Give me its number: ?quote {action} 12"
        )


async def test_search_takes_the_text_as_it_is(room: Room) -> None:
    await room.add("100% sure")
    await room.add("1000 cats_and dogs")
    await room.add("C:\\dir -- Élodie")
    await room.add("nothing here")
    for text, found in (
        ("100%", [1]),
        ("CATS_", [2]),
        ("s_a", [2]),
        ("_", [2]),
        ("\\", [3]),
        ("éLOD", [3]),
        ("e", [4, 3, 1]),
    ):
        quotes, count = await room.shelf.search(text, 10)
        assert (sorted(quote.id for quote in quotes), count) == (sorted(found), len(found)), text
    assert (await room.says("search 10_")).text == "No quote here has “10_” in it."
    assert (await room.says("search")).error == "What shall I look for? ?quote search cat"


async def test_search_has_pages_newest_first(room: Room) -> None:
    for number in range(1, 24):
        await room.add(f"cat {number}")
    head, more = (await room.says("search CAT")).lines
    assert head.startswith("23 quotes with “CAT”, page 1 of 3: #23 “cat 23” · #22 “cat 22” ·")
    assert head.endswith("#14 “cat 14”")
    assert more == "More: ?quote search CAT page 2"
    assert (await room.says("search cat page 3")).text.endswith(
        ", page 3 of 3: #3 “cat 3” · #2 “cat 2” · #1 “cat 1”"
    )
    assert (await room.says("search cat page 4")).text == "23 quotes with “cat” fill 3 pages."
    assert (await room.says("search 23 page 2")).text == (
        "There is only one page of that: 1 quote with “23”. ?quote search 23 shows it."
    )


async def test_a_person_has_one_vote_for_a_quote(room: Room) -> None:
    id = await room.add("vote for me")
    said = await room.says(f"upvote {id}", "Bob")
    assert said.text == "Quote #1 has 1 vote now."
    assert said.events == [Happening(name="upvoted", data={"id": 1, "score": 1})]
    again = await room.says(f"upvote {id}", "bOB")
    assert again.error == "You have voted for quote #1 already; one vote a person."
    assert (await room.says(f"upvote {id}", "carol")).text == "Quote #1 has 2 votes now."
    assert (await room.says(f"get {id}")).text.endswith(", 2 votes)")


async def test_who_added_it_and_moderators_may_delete(room: Room) -> None:
    first, second = await room.add("one", "Alice"), await room.add("two", "Alice")
    await room.says(f"upvote {first}", "bob")
    refused = await room.says(f"delete {first}", "bob", rank=1.5)
    assert refused.error == "Quote #1 can be deleted by whoever added it, and by moderators."
    assert len(await room.database.select("votes")) == 1
    said = await room.says(f"delete {first}", "aLICE")
    assert said.text == "Quote #1 is gone."
    assert said.events == [Happening(name="deleted", data={"id": 1})]
    assert await room.database.select("votes") == []
    assert (await room.says(f"delete {second}", "mod", Rank.MODERATOR)).text == "Quote #2 is gone."
    assert await room.shelf.all() == []
    assert await room.add("three") == 3


async def test_stats(room: Room) -> None:
    for text in ("a -- bob", "b -- bob", "c -- ann", "d", "e", "f"):
        await room.add(text)
    await room.says("upvote 1")
    assert (await room.says("stats")).text == (
        "Quotes here: 6 quotes, 1 vote, most quoted bob (2)."
    )


async def test_the_last_line_of_somebody(room: Room) -> None:
    line = LastLine(username="Bob", text="I like -- dashes", sent_at=NOW)
    await room.remembers(line)
    command = room.command("last @bob")
    assert (await room.give(command)).text == "Kept as quote #1 by Bob. ?quote 1 shows it."
    (quote,) = await room.shelf.all()
    assert (quote.text, quote.author, quote.added_by) == ("I like -- dashes", "Bob", "alice")
    (asked,) = room.asked
    assert (asked.channel, asked.user, asked.prefix) == (HERE, "bob", "?")
    assert asked.before == command.sent_at == NOW + timedelta(seconds=1)
    await room.says("last bob", pm=True)
    assert room.asked[1].before is None


async def test_somebody_who_has_said_nothing(room: Room) -> None:
    await room.remembers(LastLine())
    assert (await room.says("last bob")).error == (
        "I know no line of bob's here; what is said is kept for some time only."
    )


async def test_while_nobody_knows_what_was_said(room: Room) -> None:
    assert (await room.says("last bob")).error == (
        "I cannot look up what was said right now. Please try again in a minute."
    )
    missing = await room.says("last")
    assert missing.error


async def test_a_command_that_comes_again_changes_nothing_more(room: Room) -> None:
    await room.remembers(LastLine(username="Bob", text="hi", sent_at=NOW))
    for text in ("add once", "last bob", "upvote 1", "delete 1"):
        command = room.command(text)
        assert await room.give(command) == await room.give(command)
    assert [quote.text for quote in await room.shelf.all()] == ["hi"]


@pytest.mark.parametrize(
    "text",
    ["add x", "get 1", "random", "search x", "top", "upvote 1", "delete 1", "stats", "export"],
)
async def test_while_the_database_is_away(room: Room, text: str) -> None:
    service = InMemory()
    service.away = True
    away = Room(service.client, room.folder)
    assert (await away.says(text)).error == texts.AWAY
    await away.bus.drain()


def test_how_they_are_typed_and_who_may() -> None:
    manifest = load_plugin(PLUGINS / "quote")
    assert load(manifest.entry) is plugin
    words = {word for command in plugin.commands for word in command.words}
    assert words == {"quote", "quote vote"} | {
        f"quote {action}" for action in plugin.handlers if action != "quote"
    }
    ranks = {command.action: command.rank for command in plugin.commands if command.rank}
    assert ranks == {"export": Rank.MODERATOR, "import": Rank.MODERATOR}
