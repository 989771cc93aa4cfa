"""Tables that plugins declare in plugin.toml."""

from typing import Any

import pytest
from sqlalchemy import text

from core.database.migrations import Migrations, Outcome
from core.database.store import Store
from rosey.manifest import PluginManifest
from tests.core.database.schema import FOLDER, manifest, schema

Fields = list[dict[str, Any]]
TOWN = {"name": "town", "type": "string", "required": True}
HEAT = {"name": "heat", "type": "float"}
EVERY_TYPE = [
    {"name": f"a_{kind}", "type": kind}
    for kind in ("string", "text", "integer", "float", "boolean", "datetime")
]


def weather(*fields: dict[str, Any]) -> dict[str, PluginManifest]:
    return manifest("weather", {"places": list(fields)})


async def declare(store: Store, asked: dict[str, PluginManifest]) -> Outcome:
    done = Outcome()
    for name in asked:
        each = await Migrations(store, FOLDER, asked).upgrade(name)
        done.declared += each.declared
        done.problems |= each.problems
    return done


async def insert(store: Store, columns: str, values: str) -> None:
    async with store.write() as connection:
        statement = f"INSERT INTO weather_places ({columns}) VALUES ({values})"
        await connection.execute(text(statement))


async def rows(store: Store, columns: str) -> list[tuple[Any, ...]]:
    async with store.read() as connection:
        found = await connection.execute(text(f"SELECT {columns} FROM weather_places ORDER BY id"))
        return [tuple(row) for row in found]


async def columns(store: Store) -> dict[str, bool]:
    """Name → whether it may be null."""
    found = (await schema(store))["weather_places"]["columns"]
    return {name: nullable for name, (_, nullable, _) in found.items()}


async def test_a_table_is_made_once(store: Store) -> None:
    asked = weather(TOWN, *EVERY_TYPE)
    assert (await Migrations(store, FOLDER, asked).standing("weather"))["pending"] == [
        "table weather_places"
    ]
    assert await declare(store, asked) == Outcome(declared=["table weather_places"])
    assert await declare(store, asked) == Outcome()
    await insert(store, "town", "'Berlin'")
    ((id_, created, updated),) = await rows(store, "id, created_at, updated_at")
    assert id_ == 1
    assert created == updated
    assert (await columns(store))["town"] is False
    standing = await Migrations(store, FOLDER, asked).standing("weather")
    assert (standing["tables"], standing["pending"]) == (["places"], [])


async def test_a_column_is_added_and_rows_stay(store: Store) -> None:
    await declare(store, weather(TOWN))
    await insert(store, "town", "'Berlin'")
    done = await declare(store, weather(TOWN, HEAT))
    assert done == Outcome(declared=["column weather_places.heat"])
    assert await rows(store, "town, heat") == [("Berlin", None)]


async def test_a_required_column_needs_an_empty_table(store: Store) -> None:
    rain = {"name": "rain", "type": "integer", "required": True}
    snow = {"name": "snow", "type": "integer", "required": True}
    await declare(store, weather(TOWN))
    assert (await declare(store, weather(TOWN, rain))).problems == {}
    assert (await columns(store))["rain"] is False
    await insert(store, "town, rain", "'Berlin', 3")
    refused = await declare(store, weather(TOWN, rain, snow))
    assert refused.problems["weather"].startswith("weather_places.snow is new and required")
    assert "snow" not in await columns(store)
    assert await rows(store, "town, rain") == [("Berlin", 3)]


async def test_a_type_stays(store: Store) -> None:
    await declare(store, weather(TOWN, HEAT))
    done = await declare(store, weather(TOWN, HEAT | {"type": "integer"}))
    assert done.problems["weather"].startswith(
        "weather_places.heat is float in the database and integer in plugin.toml; a type cannot"
    )


@pytest.mark.parametrize("kind", ["string", "text", "integer", "float", "boolean", "datetime"])
async def test_every_type_is_known_again(store: Store, kind: str) -> None:
    await declare(store, weather(*EVERY_TYPE))
    changed = [each | {"type": kind} for each in EVERY_TYPE]
    problem = (await declare(store, weather(*changed))).problems["weather"]
    first = "a_text" if kind == "string" else "a_string"
    assert problem.startswith(f"weather_places.{first} is {first[2:]} in the database and {kind}")


async def test_what_is_declared_no_longer_stays_and_may_be_empty(store: Store) -> None:
    await declare(store, weather(TOWN, HEAT))
    await insert(store, "town, heat", "'Berlin', 21.5")
    done = await declare(store, weather(HEAT))
    assert done == Outcome(declared=["column weather_places.town, no longer required"])
    await insert(store, "heat", "3")
    assert await rows(store, "id, town, heat") == [(1, "Berlin", 21.5), (2, None, 3.0)]
    assert await declare(store, weather(HEAT)) == Outcome()


async def test_a_field_becomes_required_when_all_rows_have_it(store: Store) -> None:
    await declare(store, weather(TOWN, HEAT))
    await insert(store, "town, heat", "'Berlin', 21.5")
    needed = HEAT | {"required": True}
    assert (await declare(store, weather(TOWN, needed))).problems == {}
    assert (await columns(store))["heat"] is False
    await declare(store, weather(TOWN, HEAT))
    await insert(store, "town", "'Paris'")
    refused = await declare(store, weather(TOWN, needed))
    assert refused.problems["weather"].startswith("weather_places.heat is now required, and the")


async def test_a_table_made_anew_goes_on_as_before(store: Store) -> None:
    """On SQLite a column's change makes a new table; nothing else of it may change."""
    await declare(store, weather(TOWN, *EVERY_TYPE))
    before = (await schema(store))["weather_places"]
    await declare(store, weather(TOWN | {"required": False}, *EVERY_TYPE))
    await declare(store, weather(TOWN, *EVERY_TYPE))
    assert (await schema(store))["weather_places"] == before
    await insert(store, "town", "'Berlin'")
    async with store.write() as connection:
        await connection.execute(text("DELETE FROM weather_places"))
    await insert(store, "town", "'Paris'")
    assert await rows(store, "id") == [(2,)]


async def test_the_trouble_of_one_is_not_the_others(store: Store) -> None:
    first = manifest("first", {"a": [TOWN], "b": [TOWN]})
    second = manifest("second", {"a": [TOWN]})
    await declare(store, first)
    wrong = manifest("first", {"a": [TOWN], "c": [TOWN], "b": [TOWN | {"type": "text"}]})
    done = await Migrations(store, FOLDER, wrong | second).upgrade()
    assert done.declared == ["table second_a"]
    assert list(done.problems) == ["first"]
    # All of a plugin or nothing.
    assert "first_c" not in await schema(store)
    standing = await Migrations(store, FOLDER, wrong).standing("first")
    assert standing["problem"] == done.problems["first"]


async def test_a_table_that_is_not_ours_is_left_alone(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(text("CREATE TABLE weather_places (town VARCHAR(255))"))
    problem = (await declare(store, weather(TOWN))).problems["weather"]
    assert problem.startswith("weather_places is there without id, created_at, updated_at")


async def test_a_name_the_database_keeps_for_itself(store: Store) -> None:
    asked = manifest("sqlite", {"places": [TOWN]})
    done = await declare(store, asked)
    if store.is_sqlite:
        assert "reserved for internal use" in done.problems["sqlite"]
    else:
        assert done.declared == ["table sqlite_places"]


async def test_a_name_no_database_takes_whole(store: Store) -> None:
    asked = weather({"name": "x" * 64, "type": "text"})
    problem = (await declare(store, asked)).problems["weather"]
    assert problem.endswith("has 64 characters and a database takes 63; choose a shorter name.")
    assert await schema(store) == {}
