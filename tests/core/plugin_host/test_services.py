"""A plugin's services on the bus, on a server and in memory."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import BaseModel

from core.authority.login import login
from core.config import NatsConfig
from core.plugin_host import services as serving
from core.plugin_host.host import PluginHost
from core.plugins import PLUGINS, load
from rosey import Context, Plugin, Refused, ServiceAway, ServiceError, streams
from rosey.bus import Bus, Incoming
from rosey.events import PluginEvent
from rosey.manifest import PluginManifest, load_plugin
from rosey.service_client import Services
from rosey.testing import MemoryBus
from tests.core.authority.stage import guarded
from tests.core.stage import Stage, stored
from tests.servers import until

DICE = load_plugin(PLUGINS / "dice")


class Number(BaseModel):
    number: int


class Rolled(BaseModel):
    rolls: list[int]
    kept: list[int]
    total: int


class Notation(BaseModel):
    notation: str


@pytest.fixture(params=["nats", "memory"])
async def each(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    if request.param == "nats":
        server = request.getfixturevalue("nats")
        made: Bus = await Bus.connect(server.url, "test")
    else:
        made = MemoryBus()
    await made.declare(["dice", "trivia"], ["lounge"])
    yield made
    await made.drain()


def caller(bus: Bus) -> Services:
    return Services(bus, "trivia", ["dice.roll", "dice.count", "dice.nothing"])


async def ask(bus: Bus, subject: str) -> list[dict[str, Any]]:
    """What everybody answers who does so before the last one."""
    heard: list[dict[str, Any]] = []
    end = asyncio.Event()

    async def hear(incoming: Incoming) -> None:
        if incoming.data == b"end":
            end.set()
        else:
            heard.append(json.loads(incoming.data))

    listening = await bus.subscribe("_INBOX.tool.*", hear)
    await bus.publish(subject, b"", reply="_INBOX.tool.one")
    await until(lambda: heard, what=f"an answer to {subject}")
    await bus.publish("_INBOX.tool.end", b"end")
    await end.wait()
    await listening.unsubscribe()
    return heard


async def test_dice_rolls_for_other_plugins(each: Bus) -> None:
    dice = PluginHost(each, DICE, load(DICE.entry))
    await dice.start()
    rolled = await caller(each).call("dice.roll", Notation(notation="100d2kh3+5"), Rolled)
    assert len(rolled.rolls) == 100
    assert rolled.total == sum(rolled.kept) + 5
    with pytest.raises(ServiceError, match="too many dice: at most 100 at once") as told:
        await caller(each).call("dice.roll", Notation(notation="101d2"), Rolled)
    assert told.value.code == "REFUSED"
    assert (await caller(each).call("dice.roll", None, Rolled)).total <= 6
    await dice.stop()
    with pytest.raises(ServiceAway):
        await caller(each).call("dice.roll", None, Rolled)


async def test_tools_find_a_micro_service(each: Bus) -> None:
    dice = PluginHost(each, DICE, load(DICE.entry))
    await dice.start()
    await caller(each).call("dice.roll", None, Rolled)
    with pytest.raises(ServiceError):
        await caller(each).call("dice.roll", Notation(notation="nonsense"), Rolled)
    (ping,) = await ask(each, "$SRV.PING")
    identity = {"name": "dice", "version": "1.0.0", "id": ping["id"], "metadata": {}}
    assert ping == {"type": "io.nats.micro.v1.ping_response"} | identity
    assert await ask(each, "$SRV.PING.dice") == [ping]
    assert await ask(each, f"$SRV.PING.dice.{ping['id']}") == [ping]
    (info,) = await ask(each, "$SRV.INFO.dice")
    place = {"name": "roll", "subject": "rosey.service.dice.roll", "queue_group": "q"}
    assert (
        info
        == {
            "type": "io.nats.micro.v1.info_response",
            "description": "Dice and coins",
            "endpoints": [place | {"metadata": {}}],
        }
        | identity
    )
    (stats,) = await ask(each, "$SRV.STATS.dice")
    (endpoint,) = stats["endpoints"]
    assert stats["type"] == "io.nats.micro.v1.stats_response"
    assert stats["started"].endswith("Z")
    assert (endpoint["num_requests"], endpoint["num_errors"]) == (2, 1)
    assert endpoint["last_error"].startswith("REFUSED: I cannot read")
    assert endpoint["processing_time"] >= endpoint["average_processing_time"] > 0
    await dice.stop()


async def test_a_plugin_that_offers_nothing_is_no_service() -> None:
    bus = MemoryBus()
    await bus.declare(["dice"])
    dice = PluginHost(bus, DICE, Plugin("dice"))
    await dice.start()
    with pytest.raises(Exception, match=r"Nobody answers on \$SRV\.PING"):
        await bus.request("$SRV.PING", b"")
    await dice.stop()
    await bus.drain()


async def test_processes_share_what_is_asked(each: Bus) -> None:
    hands: list[str] = []

    def made(name: str) -> Plugin:
        plugin = Plugin("dice")

        @plugin.service
        async def count(ctx: Context, request: Number) -> Number:
            hands.append(name)
            return request

        return plugin

    other = await each.another("other")
    both = [PluginHost(each, DICE, made("one")), PluginHost(other, DICE, made("two"))]
    for host in both:
        await host.start()
    services = caller(each)
    for number in range(40):
        answer = await services.call("dice.count", Number(number=number), Number)
        assert answer.number == number
    assert len(hands) == 40
    assert set(hands) == {"one", "two"}
    for host in both:
        await host.stop()
    await other.drain()


def odd() -> Plugin:
    plugin = Plugin("dice")

    @plugin.service
    async def count(ctx: Context, request: Number) -> Number:
        if request.number == 1:
            raise ZeroDivisionError("secret")
        if request.number == 2:
            raise Refused("not two")
        if request.number == 3:
            ctx.say("out loud")
        if request.number == 4:
            ctx.event("unheard_of")
        ctx.event("roll_performed", total=request.number)
        return request

    return plugin


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        (1, "INTERNAL_ERROR", r"^dice failed at 'count' \(id \w{6}\)\. Its log says why\.$"),
        (2, "REFUSED", "^not two$"),
        (3, "INTERNAL_ERROR", "dice failed at 'count'"),
        (4, "INTERNAL_ERROR", "dice failed at 'count'"),
    ],
)
async def test_what_goes_wrong_is_told_to_the_caller(number: int, code: str, words: str) -> None:
    bus = MemoryBus()
    await bus.declare(["dice"])
    dice = PluginHost(bus, DICE, odd())
    await dice.start()
    with pytest.raises(ServiceError, match=words) as told:
        await caller(bus).call("dice.count", Number(number=number), Number)
    assert told.value.code == code
    assert bus.stored(streams.events_of("dice")) == []
    await dice.stop()
    await bus.drain()


async def test_a_service_tells_of_its_events() -> None:
    bus = MemoryBus()
    await bus.declare(["dice"])
    dice = PluginHost(bus, DICE, odd())
    await dice.start()
    for _ in range(2):
        await caller(bus).call("dice.count", Number(number=7), Number)
    told = [PluginEvent.read(kept.data) for kept in bus.stored(streams.events_of("dice"))]
    assert [(event.event, event.data) for event in told] == [("roll_performed", {"total": 7})] * 2
    assert told[0].id != told[1].id
    await dice.stop()
    await bus.drain()


async def test_an_error_is_also_in_the_header_that_tools_read() -> None:
    bus = MemoryBus()
    await bus.declare(["dice"])
    dice = PluginHost(bus, DICE, odd())
    await dice.start()
    answers: list[Incoming] = []

    async def hear(incoming: Incoming) -> None:
        answers.append(incoming)

    await bus.subscribe("_INBOX.tool", hear)
    await bus.publish("rosey.service.dice.count", b"nonsense", reply="_INBOX.tool")
    await bus.publish("rosey.service.dice.count", b"nonsense")
    await until(lambda: answers)
    assert answers[0].headers["Nats-Service-Error-Code"] == "VALIDATION_ERROR"
    assert json.loads(answers[0].data)["error"]["code"] == "VALIDATION_ERROR"
    await dice.stop()
    await bus.drain()


async def test_a_long_answer_holds_nobody_up_and_too_many_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving, "AT_ONCE", 2)
    go_on = asyncio.Event()
    at_work: list[int] = []
    plugin = Plugin("dice")

    @plugin.service
    async def count(ctx: Context, request: Number) -> Number:
        at_work.append(request.number)
        if request.number < 2:
            await go_on.wait()
        return request

    bus = MemoryBus()
    await bus.declare(["dice"])
    dice = PluginHost(bus, DICE, plugin)
    await dice.start()
    services = caller(bus)
    first = asyncio.create_task(services.call("dice.count", Number(number=0), Number))
    await until(lambda: at_work == [0])
    assert (await services.call("dice.count", Number(number=5), Number)).number == 5
    second = asyncio.create_task(services.call("dice.count", Number(number=1), Number))
    await until(lambda: at_work == [0, 5, 1])
    with pytest.raises(ServiceError, match="dice has more to do than it can keep up with") as told:
        await services.call("dice.count", Number(number=5), Number)
    assert told.value.code == "RATE_LIMITED"
    stopping = asyncio.create_task(dice.stop())
    go_on.set()
    assert [(await first).number, (await second).number] == [0, 1]
    await stopping
    await bus.drain()


async def test_from_a_line_through_another_plugin_and_back(stage: Stage) -> None:
    asking = PluginManifest(
        name="trivia",
        version="1.0.0",
        summary="Asks",
        entry="a:b",
        actions=["say"],
        services=["dice.roll"],
    )
    plugin = Plugin("trivia")

    @plugin.command("bet")
    async def bet(ctx: Context) -> str:
        rolled = await ctx.services.call("dice.roll", Notation(notation="2d1000"), Rolled)
        return f"you bet on {rolled.total}"

    await stage.router({"dice": DICE, "trivia": asking})
    await stage.plugin("dice")
    await stage.plugin("trivia", plugin, asking)
    await stage.say("!bet")
    await stage.until_line("you bet on")
    ends = await stored(stage.bus, streams.events_of("trivia"), 1)
    assert [subject for subject, _ in ends] == ["trivia.command_succeeded"]


async def test_behind_the_server_s_rules(
    tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    """With its key a plugin answers the operator, and nobody whose answer would go astray."""
    caplog.set_level(logging.ERROR, "rosey.bus")
    with guarded(tmp_path_factory.mktemp("guarded")) as server:

        async def come_in(name: str) -> Bus:
            return await Bus.connect(server.url, name, login(server.data, NatsConfig(), name))

        operator, bus = await come_in("core-operator"), await come_in("plugin-dice")
        await operator.declare(["dice", "trivia"], ["lounge"])
        dice = PluginHost(bus, DICE, load(DICE.entry))
        await dice.start()
        for subject in ("$SRV.PING", "$SRV.INFO.dice", "$SRV.STATS.dice"):
            answer = json.loads(await operator.request(subject, b""))
            assert (answer["name"], answer["version"]) == ("dice", "1.0.0")
        await operator.publish("$SRV.PING", b"", reply="rosey.events.message")
        await operator.publish("rosey.service.dice.roll", b"", reply="rosey.events.message")
        rolled = await Services(operator, "x", ["dice.roll"]).call("dice.roll", None, Rolled)
        assert rolled.total <= 6
        assert bus.refusals == 0
        assert caplog.text == ""
        await dice.stop()
        await bus.drain()
        await operator.drain()
