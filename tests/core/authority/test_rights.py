"""What each key may do, asked of a real server; the cases come from the manifests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.authority.login import login
from core.authority.rights import OPERATOR, Rights, all_rights, inbox, of_plugin
from core.config import NatsConfig
from core.plugins import PLUGINS, manifests
from rosey import subjects
from rosey.bus import Bus, BusError, Incoming
from rosey.contracts.storage import FieldDefinition, TableDefinition
from rosey.manifest import People, Storage, load_plugin
from rosey.subjects import service_answers
from tests.core.authority.stage import Guarded, everybody, guarded
from tests.servers import until

EVERYBODY = everybody()
ALL = {rights.name: rights for rights in EVERYBODY}
# Everything that somebody may do, things that nobody but the operator may, and odd shapes.
FORBIDDEN = [
    "rosey.security.violation.x",
    "$SYS.REQ.SERVER.PING",
    "$JS.API.STREAM.DELETE.EVENTS",
    "$JS.API.STREAM.MSG.GET.EVENTS",
    "$JS.API.CONSUMER.CREATE.EVENTS.own",
    "$JS.API.CONSUMER.DURABLE.CREATE.COMMANDS_dice.other",
    "$JS.API.CONSUMER.DELETE.COMMANDS_dice.dice",
    "$JS.API.CONSUMER.MSG.NEXT.COMMANDS_dice.other",
    "$JS.API.STREAM.PURGE.REPLIES_trivia",
    "$JS.ACK.COMMANDS_dice.other.1.2.3.4.5",
    "$KV.rosey_plugins.weather",
    "$KV.rosey_listening.weather.x",
    "rosey.reply.dice",
    "rosey.reply.dice.x.y",
    "rosey.plugins",
    "rosey",
    "db.row.dice.select",
    "db.row.trivia.select",
    "plugin.crashed",
    "_INBOX.x",
    "elsewhere",
]


def concrete(pattern: str) -> str:
    """A subject that the pattern stands for."""
    return ".".join({"*": "x", ">": "x.y"}.get(token, token) for token in pattern.split("."))


def matches(pattern: str, subject: str) -> bool:
    """NATS's rule, written once more as the test's own."""
    wanted, given = pattern.split("."), subject.split(".")
    for place, token in enumerate(wanted):
        if token == ">":
            return len(given) > place
        if place >= len(given) or token not in ("*", given[place]):
            return False
    return len(wanted) == len(given)


def covers(pattern: str, wanted: str) -> bool:
    """Whether hearing `wanted`, itself a pattern, is allowed by `pattern`."""
    return matches(pattern, wanted.replace("*", "any")) and (
        not wanted.endswith(">") or pattern.endswith(">")
    )


PUBLISHED = sorted(
    {concrete(pattern) for rights in EVERYBODY for pattern in rights.publish} | set(FORBIDDEN)
)
HEARD = sorted(
    {pattern for rights in EVERYBODY for pattern in rights.subscribe}
    | {">", "rosey.>", "_INBOX.>", "_INBOX.*.*", "$SYS.>", "$KV.>", "$JS.>", "rosey.security.>"}
    | {"rosey.reply.>", "rosey.command.>", "rosey.platform.>", "rosey.events.message"}
)
# The operator may do it all, the router too much of JetStream to try it out on one server.
TRIED = [name for name in ALL if name != OPERATOR]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("guarded")) as running:
        yield running


async def come_in(server: Guarded, name: str) -> Bus:
    return await Bus.connect(server.url, name, login(server.data, NatsConfig(), name))


async def hear(incoming: Incoming) -> None:
    """Takes what comes."""


@pytest.mark.parametrize("name", TRIED)
async def test_a_key_may_publish_what_its_list_says_and_nothing_else(
    server: Guarded, name: str
) -> None:
    bus = await come_in(server, name)
    refused: set[str] = set()

    async def note(what: str, subject: str) -> None:
        refused.add(subject)

    bus.on_refusal(note)
    for subject in PUBLISHED:
        await bus.publish(subject, b"")
    await bus.client.flush()
    allowed = ALL[name].publish
    expected = {
        subject.lower()
        for subject in PUBLISHED
        if not any(matches(pattern, subject) for pattern in allowed)
    }
    await until(lambda: len(refused) >= len(expected), what="the server's refusals")
    assert refused == expected
    await bus.drain()


@pytest.mark.parametrize("name", TRIED)
async def test_a_key_hears_what_its_list_says_and_nothing_else(server: Guarded, name: str) -> None:
    bus = await come_in(server, name)
    refused: set[str] = set()

    async def note(what: str, subject: str) -> None:
        refused.add(subject)

    bus.on_refusal(note)
    for subject in HEARD:
        await bus.subscribe(subject, hear)
    await bus.client.flush()
    allowed = ALL[name].subscribe
    expected = {
        subject.lower()
        for subject in HEARD
        if not any(covers(pattern, subject) for pattern in allowed)
    }
    await until(lambda: len(refused) >= len(expected), what="the server's refusals")
    assert refused == expected
    await bus.drain()


async def test_an_anonymous_client_gets_in_nowhere(server: Guarded) -> None:
    with pytest.raises(BusError, match="does not let stranger in"):
        await Bus.connect(server.url, "stranger")


async def test_a_key_that_the_server_does_not_know_gets_in_nowhere(
    server: Guarded, tmp_path: Path
) -> None:
    with pytest.raises(BusError, match="does not let plugin-dice in"):
        await Bus.connect(server.url, "plugin-dice", login(tmp_path, NatsConfig(), "plugin-dice"))


@pytest.mark.parametrize("name", TRIED)
async def test_a_stolen_inbox_name_hears_nothing(server: Guarded, name: str) -> None:
    """Answers to one process cannot be heard by another that knows where they go."""
    bus = await come_in(server, name)
    others = [inbox(other) for other in ALL if other != name]
    for other in others:
        await bus.subscribe(f"{other}.>", hear)
    await bus.client.flush()
    await until(lambda: bus.refusals == len(others), what="every one is refused")
    await bus.drain()


async def test_the_system_account_sees_the_server_and_nothing_of_rosey(server: Guarded) -> None:
    system, operator = await come_in(server, "core-system"), await come_in(server, OPERATOR)
    heard: list[str] = []

    async def note(incoming: Incoming) -> None:
        heard.append(incoming.subject)

    await system.subscribe("rosey.>", note)
    await system.client.flush()
    await operator.publish("rosey.events.message", b"private")
    await operator.client.flush()
    assert await system.request("$SYS.REQ.SERVER.PING", b"")
    assert heard == []
    await system.drain()
    await operator.drain()


async def test_what_is_refused_is_told_to_the_one_who_waits(server: Guarded) -> None:
    bus = await come_in(server, "plugin-dice")
    with pytest.raises(BusError, match=r"does not let us publish rosey\.reply\.trivia\.x"):
        await bus.store("rosey.reply.trivia.x", b"{}", "x")
    with pytest.raises(BusError, match=r"publish \$JS\.API\.STREAM\.INFO\.EVENTS"):
        await bus.request("$JS.API.STREAM.INFO.EVENTS", b"", 1.0)
    await bus.drain()


def test_an_untrusted_plugin_hears_nothing_of_rooms() -> None:
    manifest = load_plugin(PLUGINS / "dice").model_copy(update={"hears": ["rosey.events.message"]})
    assert set(of_plugin(manifest).subscribe) == {
        "_INBOX.plugin-dice.>",
        "rosey.kept.rosey_settings.now.dice",
        *("rosey.service.dice.*", "$SRV.*", "$SRV.*.dice", "$SRV.*.dice.*"),
    }


def test_a_trusted_one_hears_what_it_names() -> None:
    manifest = load_plugin(PLUGINS / "trivia").model_copy(update={"hears": ["rosey.events.>"]})
    assert "rosey.events.>" in of_plugin(manifest).subscribe


def test_connections_tell_what_was_refused_and_nobody_else() -> None:
    telling = [
        rights.name
        for rights in EVERYBODY
        if any(matches(pattern, subjects.REFUSED) for pattern in rights.publish)
    ]
    assert telling == [OPERATOR, "connection-lounge", "connection-cytube-friends"]


def test_storage_and_services_come_from_the_manifest() -> None:
    manifest = load_plugin(PLUGINS / "dice").model_copy(deep=True)
    rolls = TableDefinition(fields=[FieldDefinition(name="sides", type="integer")])
    manifest.storage = Storage(tables={"rolls": rolls}, keys=True)
    manifest.services = ["weather.now"]
    allowed = of_plugin(manifest).publish
    assert {"db.row.dice.*", "db.sql.dice.*", "db.migrate.dice.*", "db.kv.dice.*"} <= set(allowed)
    assert "rosey.service.weather.now" in allowed


def test_the_recorder_reaches_what_is_declared_about_people_and_no_more() -> None:
    manifest = load_plugin(PLUGINS / "dice").model_copy(deep=True)

    def reached() -> set[str]:
        rights = {each.name: each for each in all_rights({"dice": manifest}, {})}
        return {each for each in rights["core-recorder"].publish if each.startswith("db.")}

    assert reached() == {"db.row.core.*"}
    manifest.people = [People(keys="rolls:{user}", what="rolls", forget="delete")]
    keys = {f"db.kv.dice.{op}" for op in ("list", "get", "delete")}
    assert reached() == {"db.row.core.*", *keys}
    manifest.people.append(People(table="rolls", field="username", what="x", forget="delete"))
    rows = {f"db.row.dice.{op}" for op in ("select", "count", "update", "delete")}
    assert reached() == {"db.row.core.*", *keys, *rows}


@pytest.mark.parametrize("rights", EVERYBODY, ids=lambda rights: rights.name)
def test_nobody_but_core_speaks_for_security_or_platforms(rights: Rights) -> None:
    if rights.name.startswith("core-"):
        return
    for subject in (subjects.VIOLATION, subjects.RESTRICTED, subjects.send("lounge")):
        assert not any(matches(pattern, subject) for pattern in rights.publish)


def test_names_on_the_bus_are_one_token_each() -> None:
    names = [rights.name for rights in all_rights(manifests(), {})]
    assert all("." not in name and " " not in name for name in names)
    assert len(set(names)) == len(names)


async def test_a_service_may_answer_questions_to_services_and_nothing_else(server: Guarded) -> None:
    """Whoever asks says where the answer goes; two plugins together must not reach further."""
    asking = await come_in(server, "plugin-trivia")
    answering = await come_in(server, "plugin-dice")
    operator = await come_in(server, OPERATOR)
    heard: list[str] = []

    async def note(incoming: Incoming) -> None:
        heard.append(incoming.reply)
        await answering.publish(incoming.reply, b"answer")

    async def see(incoming: Incoming) -> None:
        heard.append(incoming.subject)

    await answering.subscribe("rosey.service.dice.*", note)
    await answering.client.flush()
    await operator.subscribe("rosey.events.message", see)
    await asking.subscribe(f"{service_answers(inbox('plugin-trivia'))}.>", see)
    for waiting in (operator, asking):
        await waiting.client.flush()
    sound = f"{service_answers(inbox('plugin-trivia'))}.one"
    for reply in ("rosey.events.message", "_INBOX.plugin-trivia.other.one", sound):
        await operator.publish("rosey.service.dice.roll", b"", reply=reply)
    await until(lambda: heard[-1:] == [sound] and len(heard) == 4, what="the answer that may be")
    assert heard.count("rosey.events.message") == 1
    await until(lambda: answering.refusals == 2, what="the answers that may not be")
    assert await operator.request("rosey.service.dice.roll", b"") == b"answer"
    for bus in (asking, answering, operator):
        await bus.drain()
