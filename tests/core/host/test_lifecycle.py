"""What becomes of a plugin is told once and in order, whatever the bus is doing meanwhile."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from core.host import lifecycle, pulse
from core.host.lifecycle import Lifecycle
from core.host.process import KeptProcess
from core.runtime import find
from rosey import clock, streams, subjects
from rosey.bus import Bus
from rosey.events import PluginChange, PluginPresence
from tests.core.host.stand_ins import child, marks
from tests.core.host.test_service import hosting
from tests.core.stage import stored
from tests.servers import NatsServer, until

SILENT = "it runs and does not say that it is alive"


@pytest.fixture
def outside(nats: NatsServer, monkeypatch: pytest.MonkeyPatch) -> NatsServer:
    """A NATS that lives longer than the host."""
    monkeypatch.setenv("ROSEY_NATS_URL", nats.url)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    return nats


async def changes(bus: Bus, count: int) -> list[PluginChange]:
    """All that was told, when it is so many."""
    found = await stored(bus, streams.LIFECYCLE, count)
    told = [PluginChange.read(data) for _, data in found]
    assert [subject for subject, _ in found] == [f"plugin.{one.event}" for one in told]
    return told


async def presence(bus: Bus, plugin: str) -> None:
    said = PluginPresence(plugin=plugin, version="1.0.0", alive_at=clock.now())
    await bus.bucket(subjects.PLUGINS_BUCKET).put(plugin, said.wire())


@pytest.mark.usefixtures("outside")
async def test_every_change_is_an_event_seen_once(
    bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.host.process.restart_delay", lambda restarts: 0)
    data = tmp_path / "data"
    async with hosting(data, {"router": "", "dice": ""}, plugins=["dice"]) as host:
        await host.complete()
        os.kill(marks(data, "dice")[0], signal.SIGKILL)
        await host.becomes("dice", "ready", 2)
        await host.ask(command="restart", name="dice")
        await host.ask(command="restart", name="router")
        await host.ask(command="reload", name="dice")
        await host.ask(command="disable", name="dice")
        await host.becomes("dice", "disabled", 1)
        (data / "dice.marks.manners").write_text("crash")
        await host.ask(command="restart", name="dice")
        await host.becomes("dice", "failed", 1)
        (data / "dice.marks.manners").write_text("")
        await host.ask(command="restart", name="dice")
    first, second, third, fourth = marks(data, "dice")[:4]
    last = marks(data, "dice")[-1]
    error = "ended with exit code 1: the cat is on the keyboard"
    off = "switched off by hand; bin/rosey restart dice switches it on"
    told = await changes(bus, 19)
    assert {one.plugin for one in told} == {"dice"}
    assert {one.version for one in told} == {"1.0.0"}
    assert [(one.event, one.pid, one.reason) for one in told[:6]] == [
        ("started", first, ""),
        ("crashed", first, "killed by SIGKILL"),
        ("restarted", second, "killed by SIGKILL"),
        ("restarted", third, "somebody asked for it"),
        ("reloaded", fourth, ""),
        ("disabled", fourth, off),
    ]
    assert [(one.event, one.pid, one.reason) for one in told[6:16]] == [
        ("crashed", None, error)
    ] * 10
    assert [(one.event, one.pid) for one in told[16:]] == [
        ("failed", None),
        ("started", last),
        ("stopped", last),
    ]


async def test_events_wait_for_a_bus_that_is_away(
    bus: Bus, outside: NatsServer, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    async with hosting(data, {"dice": ""}, plugins=["dice"]) as host:
        await host.complete()
        assert [one.event for one in await changes(bus, 1)] == ["started"]
        outside.kill()
        os.kill(marks(data, "dice")[0], signal.SIGKILL)
        await host.becomes("dice", "ready", 2)
        await host.ask(command="disable", name="dice")
        await host.becomes("dice", "disabled", 1)
        outside.start()
        told = await changes(bus, 4)
        assert [one.event for one in told] == ["started", "crashed", "restarted", "disabled"]
        assert sorted(told, key=lambda one: one.at) == told


async def test_what_waits_is_bounded_and_the_newest_stays(
    bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lifecycle, "MOST_UNSAID", 3)
    waiting = Lifecycle(lambda plugin: "1.0.0")
    lock = os.open(tmp_path / "lock", os.O_CREAT)
    process = KeptProcess(child(tmp_path, "dice", plugin=True), tmp_path, lock, waiting.changed)
    for number in range(5):
        process.state.last_error = f"crash {number}"
        process.state.state = "crashed"
        waiting.changed(process)
    await waiting.told(0.01)
    telling = asyncio.create_task(waiting.tell(bus))
    await waiting.told(10.0)
    assert [one.reason for one in await changes(bus, 3)] == ["crash 2", "crash 3", "crash 4"]
    assert caplog.text.count("dice crashed is not told") == 2
    telling.cancel()


@pytest.mark.usefixtures("outside")
async def test_who_falls_silent_is_unhealthy_until_it_is_heard_of(
    bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(pulse, "SILENT_SECONDS", 0.5)
    data = tmp_path / "data"
    async with hosting(data, {"router": "", "dice": ""}, plugins=["dice"]) as host:
        await host.complete()
        ready = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < ready + 1.0:
            await presence(bus, "dice")
            await asyncio.sleep(0.05)
        assert (await host.state("dice")).state == "ready"
        await host.becomes("dice", "unhealthy", 1)
        status = await host.status()
        dice = status.processes["dice"]
        assert (dice.pid, dice.last_error) == (marks(data, "dice")[0], SILENT)
        line = f"dice: {SILENT}; bin/rosey restart dice helps if it hangs."
        assert status.warnings == [line]
        assert status.processes["router"].state == "ready"
        await presence(bus, "dice")
        await host.becomes("dice", "ready", 2)
        assert host.told.notes[-2:] == [line, "dice is well again."]
        # A fresh process has time for its first word.
        await host.becomes("dice", "unhealthy", 2)
        await host.ask(command="restart", name="dice")
        assert (await host.state("dice")).state == "ready"
        await until(lambda: not find(data).warnings)
    told = [one.event for one in await changes(bus, 3)]
    assert told == ["started", "restarted", "stopped"], "doubt and trust are no events"


async def test_nobody_is_doubted_while_the_bus_is_away(
    bus: Bus, outside: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(pulse, "SILENT_SECONDS", 0.5)
    monkeypatch.setattr(pulse, "FLUSH_SECONDS", 0.2)
    data = tmp_path / "data"
    async with hosting(data, {"dice": ""}, plugins=["dice"]) as host:
        await host.complete()
        await changes(bus, 1)
        await presence(bus, "dice")
        assert outside.process
        outside.process.send_signal(signal.SIGSTOP)
        silent_for = asyncio.get_running_loop().time() + 3.0
        while asyncio.get_running_loop().time() < silent_for:
            assert ("dice", "unhealthy") not in host.told.states
            await asyncio.sleep(0.05)
        outside.process.send_signal(signal.SIGCONT)
        await until(lambda: ("dice", "unhealthy") in host.told.states)
