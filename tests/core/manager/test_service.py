"""The manager as it lives in the host, on a NATS server that knows what each may do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core import config as configuration
from core.authority.login import login
from core.authority.rights import OPERATOR, ROUTER, plugin_name
from core.config import NatsConfig
from core.errors import UserError
from core.manager.manager import Host
from core.manager.service import ManagerService
from core.plugin_host.settings_desk import SettingsDesk
from core.plugins import manifests
from core.room_settings import RoomSettings
from core.runtime import ProcessState
from rosey import ids, streams, subjects
from rosey.bus import Bus, Incoming
from rosey.events import Command, Reply, User
from rosey.settings import InForce
from tests.core.authority.stage import Guarded, guarded
from tests.core.manager.desk import Settings, folder
from tests.servers import until

DEN = "lounge/den"
LOBBY = "lounge/lobby"
FILE = f'[channels."{DEN}"]\nplugins.trivia = {{ seconds = 50 }}\n'


class Running:
    """A manager at work, and what a router sees."""

    def __init__(self, server: Guarded, service: ManagerService, router: Bus) -> None:
        self.server = server
        self.service = service
        self.router = router
        self.rooms = RoomSettings(configuration.Config)
        self.refused: list[str] = []

    async def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """Once it has been seen to work."""
        return await self.service.answer({"command": "plugin", "do": do, **more})


async def come_in(server: Guarded, name: str) -> Bus:
    return await Bus.connect(server.url, name, login(server.data, NatsConfig(), name))


@asynccontextmanager
async def running(path: Path, file: str = FILE) -> AsyncIterator[Running]:
    data = folder(path, file)
    with guarded(data) as server:
        config = configuration.load(data)
        states = {"dice": ProcessState(state="ready")}

        async def restart(name: str) -> dict[str, str]:
            return {name: "ready"}

        host = Host(manifests, lambda: states, restart)
        router, operator = await come_in(server, ROUTER), await come_in(server, OPERATOR)
        found = Running(server, ManagerService(data, config, server.url, host), router)

        async def hear(incoming: Incoming) -> None:
            found.refused.append(incoming.data.decode())

        await operator.subscribe(subjects.REFUSALS, hear)
        with pytest.raises(UserError, match="not connected to the bus right now"):
            await found.ask("list")
        process = asyncio.create_task(found.service.run())
        await router.declare(["core"], ["lounge"])
        await found.rooms.follow(router)
        await until(lambda: found.service._manager, what="the manager is there")
        yield found
        while not process.done():  # as the host does
            process.cancel()
            await asyncio.wait([process], timeout=0.3)
        assert process.cancelled()
        await operator.client.flush()
        assert found.refused == []
        for bus in (router, operator):
            await bus.drain()


async def test_it_works_with_the_rights_it_has(tmp_path: Path) -> None:
    async with running(tmp_path) as found:
        await until(lambda: found.rooms.of(DEN, "trivia") == {"seconds": 50})
        trivia = await come_in(found.server, plugin_name("trivia"))
        await SettingsDesk(trivia, "trivia", Settings).start()
        await trivia.client.flush()
        own = RoomSettings(configuration.Config)
        await own.follow(trivia, "trivia")
        assert own.of(DEN, "trivia") == {"seconds": 50}
        asked = Command(
            id="c-1",
            plugin="core",
            action="set",
            channel=DEN,
            user=User(name="alice", rank=3),
            text="trivia.seconds 20",
            sent_at=datetime.now(UTC),
        )
        await found.router.store(subjects.command("core", "set"), asked.wire(), asked.id)
        subject = subjects.reply("core", ids.reply_id("c-1"))
        said: list[str] = []
        while not said:
            kept = await found.router.last(streams.replies_of("core"), subject)
            said = [action.text for action in Reply.read(kept).actions] if kept else []
            await asyncio.sleep(0.01)
        assert said == ["trivia.seconds is 20 here now."]
        await until(lambda: own.of(DEN, "trivia") == {"seconds": 20})
        assert own.of(LOBBY, "trivia") == {}
        await trivia.drain()


async def test_a_plugin_reads_its_own_settings_and_no_other_s(tmp_path: Path) -> None:
    async with running(tmp_path) as found:
        dice = await come_in(found.server, plugin_name("dice"))
        await RoomSettings(configuration.Config).follow(dice, "dice")
        assert dice.refusals == 0
        heard: list[str] = []
        bucket = dice.bucket(subjects.SETTINGS_BUCKET)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(bucket.get(subjects.in_force("trivia")), 1)
        await bucket.watch(lambda key, value: heard.append(key), subjects.in_force("trivia"))
        await dice.publish(f"$KV.{subjects.SETTINGS_BUCKET}.now.dice", InForce().wire())
        await dice.client.flush()
        await until(lambda: dice.refusals == 3)
        found.refused.clear()
        await dice.drain()


async def test_the_command_line_asks(tmp_path: Path) -> None:
    async with running(tmp_path) as found:
        rows = {each["name"]: each for each in (await found.ask("list"))["plugins"]}
        assert set(rows) == set(manifests())
        assert rows["dice"]["rooms"] == {LOBBY: True, DEN: True}
        assert (rows["dice"]["state"], rows["trivia"]["state"]) == ("ready", "not started")
        assert await found.ask("disable", name="dice", room=DEN) == {
            "rooms": {DEN: "dice is off here now."}
        }
        await until(lambda: found.rooms.of(DEN, "dice") is None)
        rows = {each["name"]: each for each in (await found.ask("list"))["plugins"]}
        assert rows["dice"]["rooms"] == {LOBBY: True, DEN: False}
        assert (await found.ask("enable", name="dice"))["rooms"] == {
            LOBBY: "dice was on here already.",
            DEN: "dice is on here now.",
        }
        for request, refusal in (
            ({"do": "enable", "name": "dcie"}, "There is no plugin 'dcie'"),
            ({"do": "enable", "name": "dice", "room": "lounge/attic"}, "There is no room"),
            ({"do": "dance"}, "understands list, enable and disable"),
        ):
            with pytest.raises(UserError, match=refusal):
                await found.ask(**request)


async def test_rosey_toml_is_followed(tmp_path: Path) -> None:
    async with running(tmp_path) as found:
        await until(lambda: found.rooms.of(DEN, "trivia") == {"seconds": 50})
        (tmp_path / "rosey.toml").write_text(FILE.replace("50", "60"))
        await until(lambda: found.rooms.of(DEN, "trivia") == {"seconds": 60})
        # A mistake leaves what was.
        (tmp_path / "rosey.toml").write_text("channels = 3")
        await found.ask("disable", name="dice", room=DEN)
        await until(lambda: found.rooms.of(DEN, "dice") is None)
        assert found.rooms.of(DEN, "trivia") == {"seconds": 60}


async def test_its_own_bug_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(RuntimeError):
        pass

    async def broken(self: object) -> None:
        raise Broken

    async with running(tmp_path) as found:
        monkeypatch.setattr("core.manager.keeper.Keeper.refresh", broken)
        (tmp_path / "rosey.toml").write_text(FILE.replace("50", "60"))
        await until(lambda: "failed and begins anew" in caplog.text)
        monkeypatch.undo()
        await until(lambda: found.rooms.of(DEN, "trivia") == {"seconds": 60})
        await until(lambda: found.service._manager)
