"""The room a plugin's author tests in."""

import importlib
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from plugins.trivia.commands import plugin as trivia
from rosey import Context, Happening, Outcome, Plugin, Refused, User, clock
from rosey.contracts.storage import FieldDefinition, TableDefinition
from rosey.events import UserEvent
from rosey.manifest import ManifestError, PluginManifest, Storage
from rosey.storage import StorageError
from rosey.testing import NeedsReal, Room, Said
from rosey.testing.clock import START

COIN = '''
from rosey import Plugin

plugin = Plugin("coin")

@plugin.command("flip", cooldown=3)
async def flip(ctx, times: int = 1) -> str:
    """Flip a coin, or several."""
    ctx.event("flipped", times=times)
    return " ".join(ctx.random.choice(["heads", "tails"]) for _ in range(times))

@plugin.command("flip last")
async def last(ctx):
    """What fell last."""
    return str(await ctx.db.select("flips"))
'''
MANIFEST = """
name = "coin"
version = "1.0.0"
summary = "A coin"
entry = "coin:plugin"
actions = ["say"]
events = ["flipped"]

[storage.tables.flips]
fields = [{ name = "side", type = "string" }]
"""


def manifest(**fields: object) -> PluginManifest:
    sound = {"name": "shop", "version": "1.0.0", "summary": "A shop", "entry": "shop:plugin"}
    return PluginManifest.model_validate(sound | {"actions": ["say", "pm"]} | fields)


@pytest.fixture
def shop() -> Plugin:
    plugin = Plugin("shop")

    @plugin.command("buy", cooldown=10)
    async def buy(ctx: Context, what: str) -> Outcome:
        """Buy something."""
        ctx.pm(ctx.user, f"one {what}, bought at {clock.now():%H:%M:%S}")
        ctx.event("bought", what=what, by=(ctx.user.name, ctx.user.rank))
        bought = await ctx.db.keys.incr("bought")
        return Outcome(say=[f"{ctx.user.name} has bought number {bought}"])

    @plugin.command("close", rank=2)
    async def close(ctx: Context) -> None:
        raise Refused(f"It is never closed; ask {ctx.command.prefix}buy.")

    @plugin.command("steal")
    async def steal(ctx: Context) -> None:
        raise ZeroDivisionError

    return plugin


# --- ten lines to write, two to test ---


@pytest.fixture
def coin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugin]:
    """As somebody has it in a folder of his own."""
    (tmp_path / "plugin.toml").write_text(MANIFEST)
    (tmp_path / "coin.py").write_text(COIN)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    import coin  # type: ignore[import-not-found]

    plugin = coin.plugin
    assert isinstance(plugin, Plugin)
    yield plugin
    del sys.modules["coin"]


async def test_a_coin(coin: Plugin) -> None:
    async with Room(coin, seed=1) as room:
        assert await room.says("alice", "!flip") == ["heads"]
        assert await room.says("alice", "!flip") == ["!flip again in 3 s, please."]
        room.clock.advance(3)
        assert await room.says("alice", "!flip x") == [
            'times: "x" is not a whole number. Usage: !flip [times]'
        ]
        assert await room.says("bob", "!flip 3") == ["heads tails heads"]
        assert room.events == [
            Happening(name="flipped", data={"times": 1}),
            Happening(name="flipped", data={"times": 3}),
        ]


async def test_its_manifest_lies_beside_it(coin: Plugin) -> None:
    async with Room(coin) as room:
        await room.database.insert("flips", {"side": "edge"})
        (line,) = await room.says("alice", "!flip last")
        assert "'side': 'edge'" in line


# --- what is said ---


async def test_what_is_private_says_to_whom(shop: Plugin) -> None:
    async with Room(shop, manifest(events=["bought"], storage=Storage(keys=True))) as room:
        private, public = await room.says("alice", "!buy tea")
        assert (private, private.to) == ("one tea, bought at 12:00:00", "alice")
        assert (public, public.to) == ("alice has bought number 1", "")
        assert repr(private) == "Said('one tea, bought at 12:00:00', to='alice')"
        assert repr(public) == "'alice has bought number 1'"
        assert [line.to for line in await room.whispers("bob", "!buy tea")] == ["bob", "bob"]
        # As it is heard on the bus: JSON has no tuples.
        assert room.events[1].data == {"what": "tea", "by": ["bob", 0.0]}
        assert await room.keys.get("bought") == 2


async def test_ranks_are_the_room_s_unless_said_otherwise(shop: Plugin) -> None:
    refused = "It is never closed; ask ?buy."
    async with Room(shop, rank=1.9, prefix="?") as room:
        assert await room.says("alice", "?close") == ["?close is for moderators and up."]
        assert await room.says("alice", "?close", rank=2) == [refused]
        assert await room.says(User(name="alice", rank=2), "?close") == [refused]
        assert await room.says("alice", "!close", rank=2) == []


async def test_a_bug_is_one_sentence_and_its_reason_in_the_log(
    shop: Plugin, caplog: pytest.LogCaptureFixture
) -> None:
    async with Room(shop) as room:
        (line,) = await room.says("alice", "!steal")
    assert line.startswith("shop failed at 'steal' (id ")
    assert "ZeroDivisionError" in caplog.text


async def test_without_a_manifest_there_are_lines_and_keys_only(
    shop: Plugin, caplog: pytest.LogCaptureFixture
) -> None:
    async with Room(shop) as room:
        (line,) = await room.says("alice", "!buy tea")
        assert line.startswith("shop failed at 'buy'")
        assert "the event 'bought' is not in the plugin's manifest" in caplog.text
        assert room.events == []
        with pytest.raises(StorageError, match="has no tables in"):
            await room.database.select("sales")


async def test_what_the_manifest_does_not_ask_for_is_refused(shop: Plugin) -> None:
    say_only = manifest(events=["bought"], actions=["say"], storage=Storage(keys=True))
    async with Room(shop, say_only) as room:
        assert await room.says("alice", "!buy tea") == ["alice has bought number 1"]
    table = TableDefinition(fields=[FieldDefinition(name="what", type="text")])
    async with Room(shop, manifest(storage=Storage(tables={"sales": table}))) as room:
        await room.database.insert("sales", {"what": "tea"})
        with pytest.raises(StorageError, match="has no keys = true in"):
            await room.keys.get("bought")
    async with Room(shop, manifest()) as room:
        with pytest.raises(ValueError, match="shop asks for no storage"):
            _ = room.keys


async def test_people_come_and_go(shop: Plugin) -> None:
    @shop.on("user.join")
    async def greet(ctx: Context, event: UserEvent) -> str:
        return f"{ctx.command.action} {event.user.name} {ctx.user.rank}"

    async with Room(shop) as room:
        assert await room.joins("alice", rank=2) == ["on_user_join alice 2.0"]
        assert await room.leaves("alice") == []


# --- time ---


async def test_time_passes_as_the_test_says_and_nowhere_else(shop: Plugin) -> None:
    async with Room(shop, manifest(events=["bought"], storage=Storage(keys=True))) as room:
        assert clock.now() == START
        await room.says("alice", "!buy tea")
        room.clock.advance(9.5)
        assert await room.says("alice", "!buy tea") == ["!buy again in 1 s, please."]
        room.clock.advance(0.5)
        private, _ = await room.says("alice", "!buy tea")
        assert private == "one tea, bought at 12:00:10"
        await room.keys.set("offer", "cheap", ttl_seconds=60)
        room.clock.advance(59)
        assert await room.keys.get("offer") == "cheap"
        room.clock.advance(1)
        assert await room.keys.get("offer") is None
        with pytest.raises(ValueError, match="a clock does not go back"):
            room.clock.advance(-1)
    assert clock.now() > START + timedelta(seconds=100)


async def test_rooms_may_close_in_any_order(shop: Plugin) -> None:
    before = clock.now
    first, second = Room(shop), Room(shop)
    await first.__aenter__()
    await second.__aenter__()
    second.clock.advance(60)
    assert clock.now() == START + timedelta(seconds=60)
    await first.__aexit__()
    assert clock.now() == START + timedelta(seconds=60)
    await second.__aexit__()
    assert clock.now is before


# --- settings ---


class Prices(BaseModel):
    tea: int = 3


async def test_settings_are_checked_as_the_room_s_are() -> None:
    plugin = Plugin("shop")

    @plugin.command("price")
    async def price(ctx: Context) -> str:
        return str(ctx.settings)

    named = manifest(settings=f"{__name__}:Prices")
    async with Room(plugin, named) as room:
        assert await room.says("alice", "!price") == ["tea=3"]
    async with Room(plugin, named, settings={"tea": "4"}) as room:
        assert await room.says("alice", "!price") == ["tea=4"]
    async with Room(plugin, settings=Prices(tea=5)) as room:
        assert await room.says("alice", "!price") == ["tea=5"]
    with pytest.raises(ValidationError):
        Room(plugin, named, settings={"tea": "much"})
    with pytest.raises(ValueError, match="shop names no settings"):
        Room(plugin, settings={"tea": 4})


# --- what cannot be ---


async def test_a_workflow_s_command_says_what_it_needs() -> None:
    async with Room(trivia) as room:
        with pytest.raises(NeedsReal, match="trivia start asks the workflow"):
            await room.says("alice", "!trivia start")
        players = TableDefinition(
            fields=[
                FieldDefinition(name="channel", type="string"),
                FieldDefinition(name="name_key", type="string"),
            ]
        )
        room.tables.declare("players", players)
        (line,) = await room.says("alice", "!trivia stats")
        assert line.startswith("You have not played trivia here yet.")


async def test_nobody_speaks_in_a_closed_room(shop: Plugin) -> None:
    with pytest.raises(RuntimeError, match="open it with: async with Room"):
        await Room(shop).says("alice", "!buy tea")


def test_a_manifest_is_named_found_or_somebody_else_s(shop: Plugin, tmp_path: Path) -> None:
    file = tmp_path / "plugin.toml"
    with pytest.raises(ManifestError, match=r"plugin\.toml is missing"):
        Room(shop, file)
    file.write_text(MANIFEST)
    for given in (file, tmp_path, str(tmp_path)):
        with pytest.raises(
            ValueError, match="the plugin is 'shop', and the manifest that of 'coin'"
        ):
            Room(shop, given)
    file.write_text(MANIFEST.replace('"coin"', '"shop"'))
    Room(shop, tmp_path)


def test_a_line_is_text() -> None:
    assert Said("hello", "alice") == "hello"
    assert "ell" in Said("hello")


async def test_what_is_heard_is_told_in_the_room() -> None:
    greeter = Plugin("greeter")

    @greeter.on("user.join")
    async def greet(ctx: Context, event: UserEvent) -> str:
        return f"Hello {event.user.name}!"

    @greeter.trigger(r"\bbeer (\w+)")
    async def beer(ctx: Context, found: re.Match[str]) -> str:
        return f"{ctx.user.name} wants {found[1]}"

    hears = ["rosey.events.user.join", "rosey.events.message"]
    async with Room(greeter, manifest_of(greeter, hears=hears)) as room:
        assert await room.joins("alice") == ["Hello alice!"]
        assert await room.leaves("alice") == []
        assert await room.says("bob", "a Beer please") == ["bob wants please"]
        assert await room.says("bob", "nothing") == []
    async with Room(greeter, manifest_of(greeter, hears=[])) as room:
        with pytest.raises(ManifestError, match=r"rosey\.events\.user\.join"):
            await room.joins("alice")


def manifest_of(plugin: Plugin, hears: list[str]) -> PluginManifest:
    return PluginManifest(
        name=plugin.name,
        version="1.0.0",
        summary="For a test",
        entry="a:plugin",
        actions=["say"],
        hears=hears,
    )
