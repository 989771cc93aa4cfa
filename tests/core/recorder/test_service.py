"""The process behind `bin/rosey recorder`, on a NATS server that knows what each may do."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.authority.login import login
from core.authority.rights import OPERATOR, ROUTER, plugin_name
from core.config import NatsConfig
from core.errors import UserError
from core.host.ports import free_port
from core.recorder import recorder
from core.recorder.service import run
from rosey import ids, streams, subjects
from rosey.bus import Bus, Incoming
from rosey.contracts.memory import LAST_LINE, LastLine, LastLineAsked
from rosey.events import Command, Reply, User
from rosey.service_client import Services
from tests.activities.storage.shelf import Shelf
from tests.core.authority.stage import Guarded, guarded
from tests.core.recorder.happenings import ROOM, came, id_of, line, to_say, up, was_said
from tests.films_kept import FilmShelf
from tests.memory_service import MemoryService
from tests.plugins.quote.stage import InMemory
from tests.room_database import RoomDatabase
from tests.servers import until


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guarded]:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setattr(recorder, "MARGIN", 0.1)
    monkeypatch.setattr(streams, "RECORDER_ACK_WAIT", 0.3)
    with guarded(tmp_path / "data") as running:
        monkeypatch.setenv("ROSEY_NATS_URL", running.url)
        yield running


async def come_in(server: Guarded, name: str) -> Bus:
    return await Bus.connect(server.url, name, login(server.data, NatsConfig(), name))


async def test_it_records_and_answers_with_the_rights_it_has(server: Guarded) -> None:
    operator, router = await come_in(server, OPERATOR), await come_in(server, ROUTER)
    await router.declare(["core"], ["lounge"])
    database = RoomDatabase()

    async def answer(incoming: Incoming) -> None:
        op = incoming.subject.rpartition(".")[2]
        await operator.publish(incoming.reply, await database("row", op, incoming.data, 1.0))

    await operator.subscribe(subjects.database("row", "core", "*"), answer)
    refused: list[str] = []

    async def hear(incoming: Incoming) -> None:
        refused.append(incoming.data.decode())

    await operator.subscribe(subjects.REFUSALS, hear)
    process = asyncio.create_task(run(server.data, None))
    await operator.store(subjects.MESSAGE, b"{}", "m-nothing")
    for fact in (up(0), came("bob", 1), line("hi"), to_say("r-0", "hi"), was_said("r-0", 3)):
        await operator.store(fact.subject, fact.event.wire(), id_of(fact))
    await until(lambda: database.rows("outbound", text="hi") and database.rows("chat"))
    assert database.rows("users", name_key="bob")[0]["lines"] == 1

    now = datetime.now(UTC)
    asked = Command(
        id="c-1", plugin="core", action="stats", channel=ROOM, user=User(name="bob"), sent_at=now
    )
    await router.store(subjects.command("core", "stats"), asked.wire(), asked.id)
    said: list[str] = []
    while not said:
        kept = await operator.last(
            streams.replies_of("core"), subjects.reply("core", ids.reply_id("c-1"))
        )
        said = [action.text for action in Reply.read(kept).actions] if kept else []
        await asyncio.sleep(0.02)
    assert said[0].startswith("bob: 1 line, here for")
    quote = await come_in(server, plugin_name("quote"))
    wanted = LastLineAsked(channel=ROOM, user="BOB")
    found = await Services(quote, "quote", [LAST_LINE]).call(LAST_LINE, wanted, LastLine)
    assert found.text == "hi"
    await quote.drain()
    [letter] = [await operator.last(streams.DEAD, subjects.dead(streams.EVENTS))]
    assert letter == b"{}"
    process.cancel()
    with pytest.raises(asyncio.CancelledError):
        await process
    assert refused == []
    for bus in (operator, router):
        await bus.drain()


async def test_mydata_reaches_what_plugins_declare_with_the_rights_it_has(server: Guarded) -> None:
    operator, router = await come_in(server, OPERATOR), await come_in(server, ROUTER)
    await router.declare(["core"], ["lounge"])
    tables: dict[str, MemoryService] = {
        "core": RoomDatabase(),
        "playlist": FilmShelf(),
        "quote": InMemory(),
        "trivia": Shelf(),
    }

    async def answer(incoming: Incoming) -> None:
        _, kind, owner, op = incoming.subject.split(".")
        told = await tables[owner](kind, op, incoming.data, 1.0)
        await operator.publish(incoming.reply, told)

    await operator.subscribe("db.row.*.*", answer)
    player = {"channel": ROOM, "username": "Bob", "name_key": "bob"}
    await tables["trivia"].client.insert("players", player)
    process = asyncio.create_task(run(server.data, None))
    now = datetime.now(UTC)
    for number, (action, text) in enumerate((("mydata_export", ""), ("mydata_forget", "yes"))):
        asked = Command(
            id=f"c-{number}",
            plugin="core",
            action=action,
            channel=ROOM,
            user=User(name="bob"),
            text=text,
            sent_at=now,
        )
        await router.store(subjects.command("core", action), asked.wire(), asked.id)
        subject = subjects.reply("core", ids.reply_id(asked.id))
        while (kept := await operator.last(streams.replies_of("core"), subject)) is None:
            await asyncio.sleep(0.02)
        reply = Reply.read(kept)
        assert reply.error is None
        assert [(each.kind, each.to) for each in reply.actions] == [("pm", "bob")]
        assert "trivia statistics (1)" in reply.actions[0].text
    assert (server.data / "mydata" / "lounge=2Fbob.json").is_file()
    elsewhere = asked.model_copy(update={"id": "c-9", "channel": "cytube/lounge"})
    await router.store(subjects.command("core", action), elsewhere.wire(), elsewhere.id)
    subject = subjects.reply("core", ids.reply_id(elsewhere.id))
    while (kept := await operator.last(streams.replies_of("core"), subject)) is None:
        await asyncio.sleep(0.02)
    assert (Reply.read(kept).error or "").startswith("I cannot know that it is you: anybody may")
    assert tables["trivia"].rows("players") == []
    process.cancel()
    with pytest.raises(asyncio.CancelledError):
        await process
    for bus in (operator, router):
        await bus.drain()


async def test_nats_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROSEY_NATS_URL", f"nats://127.0.0.1:{free_port()}")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    with pytest.raises(UserError, match="No NATS server answers"):
        await run(tmp_path, None)
