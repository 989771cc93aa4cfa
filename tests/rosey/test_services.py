"""What plugins offer each other, on a server and in memory."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from pydantic import BaseModel, Field

from rosey import Context, Plugin, Refused, ServiceAway, ServiceError
from rosey import service_client as client
from rosey.bus import Bus, Incoming
from rosey.service_client import Services
from rosey.services import Offer, failed
from rosey.testing import MemoryBus
from tests.rosey.orders import command


class Ask(BaseModel):
    sides: int = Field(default=6, ge=2)


class Told(BaseModel):
    total: int


class Rude(BaseModel):
    success: bool


@pytest.fixture(params=["nats", "memory"])
async def each(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    if request.param == "nats":
        server = request.getfixturevalue("nats")
        made: Bus = await Bus.connect(server.url, "test")
    else:
        made = MemoryBus()
    yield made
    await made.drain()


async def offer(bus: Bus, answer: Callable[[bytes], Awaitable[bytes]]) -> None:
    async def hear(incoming: Incoming) -> None:
        await bus.publish(incoming.reply, await answer(incoming.data))

    await bus.subscribe("rosey.service.dice.roll", hear)


async def test_an_answer_is_read_as_its_model(each: Bus) -> None:
    async def roll(data: bytes) -> bytes:
        return json.dumps({"success": True, "total": json.loads(data)["sides"]}).encode()

    await offer(each, roll)
    services = Services(each, "trivia", ["dice.roll"])
    numbers = range(2, 12)
    calls = [services.call("dice.roll", Ask(sides=number), Told) for number in numbers]
    assert [told.total for told in await asyncio.gather(*calls)] == list(numbers)


async def test_an_error_is_raised_as_it_is_told(each: Bus) -> None:
    async def roll(data: bytes) -> bytes:
        return failed(ServiceError("REFUSED", "At most 20 dice."))

    await offer(each, roll)
    with pytest.raises(ServiceError, match=r"^At most 20 dice\.$") as told:
        await Services(each, "trivia", ["dice.roll"]).call("dice.roll", None, Told)
    assert told.value.code == "REFUSED"
    assert not isinstance(told.value, ServiceAway)


@pytest.mark.parametrize(
    "nonsense", [b"", b"{", b"[]", b"{}", b'{"success":true}', b'{"success":false}', b"\xff"]
)
async def test_an_answer_that_makes_no_sense(nonsense: bytes) -> None:
    async def roll(data: bytes) -> bytes:
        return nonsense

    bus = MemoryBus()
    await offer(bus, roll)
    with pytest.raises(ServiceError, match=r"dice\.roll answered what cannot be read") as told:
        await Services(bus, "trivia", ["dice.roll"]).call("dice.roll", Ask(), Told)
    assert told.value.code == "INTERNAL_ERROR"
    await bus.drain()


async def test_a_service_that_nobody_offers_is_away_at_once(each: Bus) -> None:
    async with asyncio.timeout(client.PATIENCE / 2):
        with pytest.raises(ServiceAway, match=r"Nobody offers dice\.roll now") as told:
            await Services(each, "trivia", ["dice.roll"]).call("dice.roll", Ask(), Told)
    assert told.value.code == "UNAVAILABLE"


async def test_a_service_that_does_not_answer(each: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.05)
    late: list[Incoming] = []

    async def hear(incoming: Incoming) -> None:
        late.append(incoming)

    await each.subscribe("rosey.service.dice.roll", hear)
    services = Services(each, "trivia", ["dice.roll"])
    with pytest.raises(ServiceAway, match=r"dice\.roll did not answer in time") as told:
        await services.call("dice.roll", Ask(), Told)
    assert told.value.code == "TIMEOUT"
    await each.publish(late[0].reply, b'{"success":true,"total":1}')
    assert services._waiting == {}


async def test_a_bus_that_is_gone(each: Bus) -> None:
    services = Services(each, "trivia", ["dice.roll"])
    await each.drain()
    with pytest.raises(ServiceAway, match=r"dice\.roll cannot be asked now"):
        await services.call("dice.roll", Ask(), Told)


async def test_only_what_the_manifest_lists_may_be_asked() -> None:
    bus = MemoryBus()
    asked: list[str] = []

    async def hear(incoming: Incoming) -> None:
        asked.append(incoming.subject)

    await bus.subscribe(">", hear)
    words = r'trivia may not ask dice\.roll: add services = \["dice\.roll"\] to its plugin\.toml'
    with pytest.raises(ServiceError, match=words) as told:
        await Services(bus, "trivia", ["dice.flip"]).call("dice.roll", Ask(), Told)
    assert told.value.code == "PERMISSION_DENIED"
    assert asked == []
    await bus.drain()


def test_a_context_without_a_bus_has_no_services() -> None:
    with pytest.raises(RuntimeError, match="there is no bus here to ask other plugins"):
        _ = Context(command(1)).services


def test_a_context_without_keys_has_none() -> None:
    with pytest.raises(RuntimeError, match=r"trivia asks for no storage\.keys in its plugin\.toml"):
        _ = Context(command(1)).kv


# -- offering ------------------------------------------------------------------------------------


async def _roll(ctx: Context, request: Ask) -> Told:
    if request.sides == 13:
        raise Refused("no such dice")
    return Told(total=request.sides)


async def test_a_function_is_a_method_with_its_models() -> None:
    plugin = Plugin("dice")
    assert plugin.service(_roll) is _roll
    made = plugin.offers["_roll"]
    assert (made.method, made.request, made.reply) == ("_roll", Ask, Told)
    ctx = Context(command(1))
    assert json.loads(await made.answer(ctx, b'{"sides":3}')) == {"success": True, "total": 3}
    assert json.loads(await made.answer(ctx, b"")) == {"success": True, "total": 6}
    with pytest.raises(Refused):
        await made.answer(ctx, b'{"sides":13}')
    with pytest.raises(ValueError, match="dice has two services '_roll'"):
        plugin.service(_roll)


async def test_a_method_may_take_and_give_nothing() -> None:
    async def forget(ctx: Context) -> None: ...

    made = Offer.of(forget)
    assert (made.request, made.reply) == (None, None)
    assert json.loads(await made.answer(Context(command(1)), b"whatever")) == {"success": True}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{", "the request: Invalid JSON"),
        (b"[]", "the request: Input should be an object"),
        (b'{"sides":1}', "sides: Input should be greater than or equal to 2"),
    ],
)
async def test_a_request_that_does_not_fit(data: bytes, problem: str) -> None:
    with pytest.raises(ServiceError, match=problem) as told:
        await Offer.of(_roll).answer(Context(command(1)), data)
    assert told.value.code == "VALIDATION_ERROR"


async def test_what_is_answered_must_be_what_is_said() -> None:
    async def odd(ctx: Context) -> Told:
        return {"total": 5}  # type: ignore[return-value]

    with pytest.raises(TypeError, match=r"odd answered {'total': 5}, which is not what it says"):
        await Offer.of(odd).answer(Context(command(1)), b"")


def test_functions_that_can_be_no_method() -> None:
    async def roll2(ctx: Context) -> None: ...

    async def nothing() -> None: ...

    async def two(ctx: Context, one: Ask, other: Ask) -> None: ...

    async def silent(ctx: Context):  # type: ignore[no-untyped-def]
        ...

    async def plain(ctx: Context, number: int) -> None: ...

    async def untyped(ctx: Context, request) -> None:  # type: ignore[no-untyped-def]
        ...

    async def rude(ctx: Context) -> Rude: ...  # type: ignore[empty-body]

    async def text(ctx: Context) -> str: ...  # type: ignore[empty-body]

    cases: list[tuple[Any, type[Exception], str]] = [
        (roll2, ValueError, "'roll2' is no name of a service: small letters and _ only"),
        (nothing, TypeError, "nothing: a service takes ctx, and one request"),
        (two, TypeError, "two: a service takes ctx, and one request"),
        (silent, TypeError, "silent: write what it answers, a pydantic model or None"),
        (plain, TypeError, "plain: a service takes and gives pydantic models, not <class 'int'>"),
        (untyped, TypeError, "untyped: a service takes and gives pydantic models, not None"),
        (rude, TypeError, r"rude: Rude\.success is a word of every answer's own"),
        (text, TypeError, "text: a service takes and gives pydantic models, not <class 'str'>"),
    ]
    for handler, kind, words in cases:
        with pytest.raises(kind, match=words):
            Offer.of(handler)
