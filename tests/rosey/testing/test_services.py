"""A plugin that asks another one is tested without that other one."""

from typing import Any

import pytest
from pydantic import BaseModel

from rosey import Context, Plugin, Refused
from rosey.manifest import PluginManifest
from rosey.services import ServiceAway, ServiceCode, ServiceError
from rosey.testing import Room

pytestmark = pytest.mark.in_memory


class Wanted(BaseModel):
    city: str


class Weather(BaseModel):
    words: str


MANIFEST = PluginManifest(
    name="umbrella",
    version="1.0.0",
    summary="Whether to take one",
    entry="a:b",
    actions=["say"],
    services=["weather.now"],
)


def umbrella(service: str = "weather.now") -> Plugin:
    plugin = Plugin("umbrella")

    @plugin.command("umbrella")
    async def ask(ctx: Context, city: str) -> str:
        try:
            found = await ctx.services.call(service, Wanted(city=city), Weather)
        except ServiceAway as problem:
            raise Refused("Nobody knows.") from problem
        except ServiceError as problem:
            raise Refused(f"{problem.code}: {problem}") from problem
        return f"{city}: {found.words}"

    return plugin


async def says(room: Room) -> list[str]:
    return [str(line) for line in await room.says("alice", "!umbrella Oslo")]


async def test_an_answer_is_played() -> None:
    async with Room(umbrella(), MANIFEST) as room:
        room.offers("weather.now", Weather(words="rain"))
        assert await says(room) == ["Oslo: rain"]


async def test_a_function_sees_what_was_asked() -> None:
    asked: list[dict[str, Any]] = []

    async def now(request: dict[str, Any]) -> Weather:
        asked.append(request)
        return Weather(words="snow")

    async with Room(umbrella(), MANIFEST) as room:
        room.offers("weather.now", now)
        assert await says(room) == ["Oslo: snow"]
    assert asked == [{"city": "Oslo"}]


async def test_what_nobody_plays_is_away() -> None:
    async with Room(umbrella(), MANIFEST) as room:
        assert await says(room) == ["Nobody knows."]


async def test_a_refusal_is_played() -> None:
    def now(request: dict[str, Any]) -> Weather:
        raise ServiceError(ServiceCode.REFUSED, f"There is no {request['city']}.")

    async with Room(umbrella(), MANIFEST) as room:
        room.offers("weather.now", now)
        assert await says(room) == ["REFUSED: There is no Oslo."]


async def test_what_the_manifest_does_not_list_is_refused_as_it_would_be() -> None:
    async with Room(umbrella("weather.soon"), MANIFEST) as room:
        room.offers("weather.soon", Weather(words="sun"))
        [line] = await says(room)
    assert line.startswith("PERMISSION_DENIED: umbrella may not ask weather.soon")
