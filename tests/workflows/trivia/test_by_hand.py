"""People at the controls: the real `temporal` program, and the calls that `tctl` makes."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.service import RPCError, RPCStatusCode

from rosey.durable import base
from rosey.events import Outcome, User
from temporal.client import connect
from temporal.worker import make_worker
from tests.servers import until
from tests.workflows.trivia.controls import QUICK, Controls
from tests.workflows.trivia.room import SilentRoom
from workflows.trivia.workflow import Trivia

NAMES = ("start", "answer", "hint", "skip", "stop")
MEGABYTE = "x" * 1_000_000


@pytest.fixture
async def controls(temporal_address: str, tmp_path: Path) -> AsyncIterator[Controls]:
    client = await connect(temporal_address)
    room = SilentRoom()
    async with make_worker(client, "trivia", [Trivia], room.activities):
        controls = Controls(temporal_address, client, room, tmp_path)
        yield controls
        await controls.boxes.close()
        await controls.handle.terminate()


async def test_a_game_by_hand(controls: Controls) -> None:
    """Started with no input, played by signals and updates, seen by queries."""
    await controls.workflow("start", "--type", "Trivia", "--task-queue", "trivia")
    wish = {"user": "zoe", "text": "1", "settings": QUICK}
    await controls.workflow("signal", name="start", input=wish)
    await controls.until_asked()
    state = (await controls.workflow("query", name="state"))["queryResult"][0]
    assert state["channel"] == controls.channel
    assert (state["phase"], state["of"], state["started_by"]) == ("open", 1, "zoe")
    hint = await controls.workflow("update", "execute", name="hint")
    assert hint["result"]["say"] == ["💡 P•r••"]
    await until(lambda: "💡 P•r••" in controls.room.lines, what="the room hears it")
    answer = {"user": "zoe", "text": "paris"}
    right = await controls.workflow("update", "execute", name="answer", input=answer)
    assert right["result"]["say"][0].startswith("✅ zoe +")
    scores = (await controls.workflow("query", name="scores"))["queryResult"][0]
    assert [(score["user"], score["correct"]) for score in scores] == [("zoe", 1)]
    await until(lambda: any("🏁" in line for line in controls.room.lines), what="the end")
    await controls.unhurt()


async def test_who_says_nothing_is_the_operator(controls: Controls) -> None:
    await controls.workflow("start", "--type", "Trivia", "--task-queue", "trivia")
    await controls.workflow("signal", name="start")
    state = await controls.state()
    assert (state.started_by, state.playing) == ("operator", True)
    assert await controls.workflow("update", "execute", name="skip") is not None
    await controls.workflow("update", "execute", name="stop")
    await until(
        lambda: "🛑 operator stopped the game. Nobody scored." in controls.room.lines,
        what="the end",
    )


async def test_a_flood_is_not_repeated_to_the_room(
    temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits while nobody works would otherwise outgrow what a run can carry."""
    monkeypatch.setattr(base, "MOST_UNSAID", 5)
    client = await connect(temporal_address)
    room = SilentRoom()
    controls = Controls(temporal_address, client, room, tmp_path)
    await client.start_workflow("Trivia", id=controls.id, task_queue="trivia")
    for _ in range(12):
        await controls.handle.signal("hint")
    async with make_worker(client, "trivia", [Trivia], room.activities):
        await until(lambda: len(room.lines) == 5)
        assert "nothing to hint at" in room.lines[0]
        told = await controls.handle.execute_update("hint", result_type=Outcome)
        assert told.say
        await until(lambda: len(room.lines) == 6)
        await controls.handle.terminate()


async def test_an_order_given_twice_under_one_id_is_said_once(controls: Controls) -> None:
    await controls.workflow("start", "--type", "Trivia", "--task-queue", "trivia")
    for _ in range(3):
        await controls.handle.signal("hint", {"id": "mine"})
    await controls.handle.signal("hint", {"id": "other"})
    await until(lambda: len(controls.room.lines) == 2)
    told = await controls.handle.execute_update("hint", {"id": "mine"}, result_type=Outcome)
    assert "nothing to hint at" in told.say[0]
    await controls.command("scores")
    assert len(controls.room.lines) == 2


async def test_what_comes_with_the_end_of_the_time_goes_first(
    temporal_address: str, tmp_path: Path
) -> None:
    """Nobody works while the first question comes due and the game is stopped: it is stopped."""
    client = await connect(temporal_address)
    room = SilentRoom()
    controls = Controls(temporal_address, client, room, tmp_path)
    async with make_worker(client, "trivia", [Trivia], room.activities):
        wish = {"text": "3", "settings": {"lead_in": 0.5}}
        await controls.workflow("start", "--type", "Trivia", "--task-queue", "trivia")
        await controls.handle.signal("start", wish)
        while (await controls.state()).phase != "lead_in":
            await asyncio.sleep(0.01)
    await controls.until_history_has("EVENT_TYPE_TIMER_FIRED")
    await controls.handle.signal("stop")
    async with make_worker(client, "trivia", [Trivia], room.activities):
        await until(lambda: bool(room.results), what="the end")
    assert room.lines[-1] == "🛑 operator stopped the game. Nobody scored."
    assert room.shown == []


async def test_what_the_web_page_shows(controls: Controls) -> None:
    await controls.command("start", text="2")
    await controls.until_asked()
    await controls.command("answer", text="paris", user=User(name="b|ob"))
    shown = (await controls.workflow("metadata"))["queryResult"][0]
    assert shown["currentDetails"] == (
        "**open**, question 1 of 2\n\n> What is the capital of France? (0)\n\n"
        "| player | score | right | streak |\n|---|---|---|---|\n"
        f"| b\\|ob | {(await _score(controls))} | 1 | 1 |"
    )
    definition = shown["definition"]
    signals = {one["name"]: one["description"] for one in definition["signalDefinitions"]}
    updates = {one["name"]: one["description"] for one in definition["updateDefinitions"]}
    queries = {one["name"]: one.get("description") for one in definition["queryDefinitions"]}
    assert set(signals) == set(NAMES)
    assert updates == signals | {"deliver": updates["deliver"]}
    assert all(signals.values())
    assert queries["state"] == "What is going on"
    assert queries["scores"] == "The table of the game, best first"
    described = await controls.workflow("describe")
    summary = described["executionConfig"]["userMetadata"]["summary"]
    assert summary == f"Trivia in {controls.channel}"


async def _score(controls: Controls) -> int:
    scores = (await controls.workflow("query", name="scores"))["queryResult"][0]
    return int(scores[0]["score"])


async def test_a_room_is_found_by_plugin_channel_and_person(controls: Controls) -> None:
    await controls.command("start", text="1")
    for query in (
        "RoseyPlugin='trivia'",
        f"RoseyChannel='{controls.channel}'",
        "RoseyUser='bob' AND ExecutionStatus='Running'",
    ):
        found: list[str] = []
        for _ in range(100):  # the list follows a little later
            code, printed = await controls.program("list", "--query", query)
            assert code == 0, printed
            found = [one["execution"]["workflowId"] for one in json.loads(printed)]
            if controls.id in found:
                break
        assert controls.id in found, query


HOSTILE_WORDS: list[list[str]] = [
    ["--input", "null"],
    ["--input", '"paris"'],
    ["--input", "[]"],
    ["--input", "17"],
    ["--input", '{"user": 5, "text": []}'],
    ["--input", "{}", "--input", "{}"],
    ["--input", '"a"', "--input", '"b"', "--input", '"c"'],
    ["--input", "x", "--input-meta", "encoding=binary/plain"],
    ["--input", "x", "--input-meta", "encoding=binary/null"],
    ["--input", "{", "--input-meta", "encoding=json/protobuf"],
    ["--input", "%%%=", "--input-base64=false", "--input-meta", "encoding=unheard/of"],
    ["--input", "//4=", "--input-base64"],
]


async def test_hostile_input_by_the_program(controls: Controls) -> None:
    await controls.command("start", text="1")
    await controls.until_asked()
    for words in HOSTILE_WORDS:
        for how in (["signal"], ["update", "execute"]):
            await controls.program(*how, "--name", "answer", "--workflow-id", controls.id, *words)
        assert "No game" not in (await controls.command("scores")).say[0], words
    right = await controls.command("answer", text="paris")
    assert right.say[0].startswith("✅ bob +")
    await controls.unhurt()


def payload(data: bytes, encoding: bytes = b"json/plain", **metadata: bytes) -> Payload:
    return Payload(metadata={"encoding": encoding} | metadata, data=data)


def order(**fields: object) -> Payload:
    return payload(json.dumps(fields).encode())


HOSTILE_PAYLOADS: dict[str, list[Payload]] = {
    "two inputs": [order(user="eve"), order(user="eve")],
    "two empty": [Payload(), Payload()],
    "no metadata": [Payload(data=b"{}")],
    "binary/plain": [payload(b"\x00\xff", b"binary/plain")],
    "binary/null": [payload(b"", b"binary/null")],
    "two nulls": [payload(b"", b"binary/null")] * 2,
    "json/protobuf": [payload(b"{}", b"json/protobuf", messageType=b"no.such.Message")],
    "unknown encoding": [payload(b"{}", b"unheard/of")],
    "invalid UTF-8": [payload(b'{"user": "\xff\xfe"}')],
    "half a character": [payload(b'{"user": "\\ud800", "text": "\\udfff"}')],
    "cut off": [payload(b'{"user": "eve"')],
    "nothing at all": [payload(b"")],
    "a list": [payload(b'[{"user": "eve"}]')],
    "a number": [payload(b"1e999")],
    "deep": [payload(b"[" * 100_000)],
    "a long string": [payload(json.dumps(MEGABYTE).encode())],
    "a long name": [order(user=MEGABYTE, text="lyon")],
    "a long text": [order(user="eve", text=MEGABYTE)],
    "an endless rank": [payload(b'{"user": "eve", "rank": Infinity}')],
    "no time zone": [order(user="eve", sent_at="2026-01-01T00:00:00")],
    "the end of time": [order(user="eve", text="x", sent_at="9999-12-31T23:59:59Z")],
    "settings": [order(user="eve", settings={"seconds": "never"})],
}


@pytest.mark.parametrize("name", ["start", "answer", "stop", "nonsense", "deliver"])
async def test_hostile_calls_as_tctl_makes_them(controls: Controls, name: str) -> None:
    """The workflow's next command works each time, whatever came before."""
    await controls.command("scores")
    run = (await controls.handle.describe()).run_id
    for what, payloads in HOSTILE_PAYLOADS.items():
        for call in (controls.signal, controls.update, controls.query):
            try:
                await call(name, payloads)
            except RPCError as problem:
                if problem.status is not RPCStatusCode.INVALID_ARGUMENT:
                    raise
        assert (await controls.command("scores")).say, what
    await controls.unhurt()
    assert controls.first == run
    assert all(len(line) < 3_000 for line in controls.room.lines)


async def test_a_game_in_progress_is_not_hurt(controls: Controls) -> None:
    await controls.command("start", text="2")
    await controls.until_asked()
    for payloads in HOSTILE_PAYLOADS.values():
        await controls.signal("answer", payloads)
        await controls.update("answer", payloads)
    assert (await controls.state()).playing
    right = await controls.command("answer", text="paris")
    assert right.say[0].startswith("✅ bob +")
    await controls.command("stop")
    await until(lambda: any("🛑" in line for line in controls.room.lines), what="the end")
    await controls.unhurt()


@pytest.mark.parametrize(
    "words",
    [
        ["--input", '"nonsense"'],
        ["--input", '{"channel": 5}'],
        ["--input", "{}", "--input", "{}"],
        ["--input", "x", "--input-meta", "encoding=binary/plain"],
    ],
    ids=["text", "wrong", "two", "binary"],
)
async def test_a_workflow_started_with_nonsense(controls: Controls, words: list[str]) -> None:
    await controls.workflow("start", "--type", "Trivia", "--task-queue", "trivia", *words)
    assert "No game yet" in (await controls.command("scores")).say[0]
    assert (await controls.state()).channel == controls.channel
    await controls.unhurt()
