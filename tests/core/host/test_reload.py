"""A plugin's new code takes over without a gap, or the old one runs on. With real processes."""

import asyncio
import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from core.host import control
from core.host import reload as reloading
from tests.core.host.conftest import gone
from tests.core.host.stand_ins import marks
from tests.core.host.test_service import Host, hosting, no_servers, until

__all__ = ["no_servers"]
pytestmark = pytest.mark.usefixtures("no_servers")

BOTH = {"router": "", "dice": "gentle"}


def now_be(data: Path, name: str, manners: str) -> None:
    """How its next processes behave: the new code."""
    (data / f"{name}.marks.manners").write_text(manners)


async def refused(host: Host, name: str = "dice", force: bool = False) -> str:
    with pytest.raises(control.Refused) as refusal:
        await host.ask(command="reload", name=name, force=force)
    return str(refusal.value)


async def test_the_new_one_is_ready_before_the_old_one_is_told_to_end(tmp_path: Path) -> None:
    async with hosting(tmp_path, BOTH, plugins=["dice"]) as host:
        await host.complete()
        before = await host.state("dice")
        states = len(host.told.states)
        live = await host.ask(command="reload", name="dice")
        old, new = marks(tmp_path, "dice")
        assert live["pid"] == new
        assert 0 < live["seconds"] < 10
        assert live["version"] == "1.0.0"
        assert (tmp_path / "dice.marks.ended").read_text() == f"{old}\n"
        assert gone(old)
        after = await host.status()
        assert list(after.processes) == ["router", "dice"]
        dice = after.processes["dice"]
        assert (dice.pid, dice.state, dice.restarts) == (new, "ready", 0)
        assert (dice.started_at or "") > (before.started_at or "")
        # Nobody saw it away, and nobody saw two.
        assert host.told.states[states:] == [("dice", "ready")]
        assert after.processes["router"].pid == marks(tmp_path, "router")[0]
        # It is kept as the first one was: a crash brings it back, without another rehearsal.
        now_be(tmp_path, "dice", "gentle rehearsal")
        os.kill(new, signal.SIGKILL)
        await host.becomes("dice", "crashed", 1)
        await until(lambda: host.told.states[-1] == ("dice", "ready"), "dice is back")
        again = await host.state("dice")
        assert (again.pid, again.restarts) == (marks(tmp_path, "dice")[2], 1)
    assert all(gone(pid) for pid in marks(tmp_path, "dice"))


async def test_new_code_that_crashes_leaves_the_old_one_running(tmp_path: Path) -> None:
    async with hosting(tmp_path, BOTH, plugins=["dice"]) as host:
        await host.complete()
        old = await host.state("dice")
        states = len(host.told.states)
        now_be(tmp_path, "dice", "crash")
        assert await refused(host) == (
            "dice was not reloaded and runs on as it was: "
            "ended with exit code 1: the cat is on the keyboard"
        )
        assert await host.state("dice") == old
        assert host.told.states[states:] == []
        assert len(marks(tmp_path, "dice")) == 2, "the new code has one try"
        assert gone(marks(tmp_path, "dice")[1])
        # And it may be tried again when it is mended.
        now_be(tmp_path, "dice", "")
        await host.ask(command="reload", name="dice")
        assert (await host.state("dice")).pid == marks(tmp_path, "dice")[2]


async def test_new_code_that_never_gets_ready_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reloading, "READY_SECONDS", 0.5)
    async with hosting(tmp_path, BOTH, plugins=["dice"]) as host:
        await host.complete()
        now_be(tmp_path, "dice", "mute stubborn")
        assert await refused(host) == (
            "dice was not reloaded and runs on as it was: "
            "the new code was not ready after 0.5 seconds"
        )
        old, new = marks(tmp_path, "dice")
        assert (await host.state("dice")).pid == old
        assert gone(new)


async def test_a_rehearsal_that_fails_is_left_out_with_force(tmp_path: Path) -> None:
    async with hosting(tmp_path, BOTH, plugins=["dice"]) as host:
        await host.complete()
        now_be(tmp_path, "dice", "rehearsal")
        assert (await refused(host)).endswith("lobby: Game cannot repeat event 7")
        await host.ask(command="reload", name="dice", force=True)
        assert (await host.state("dice")).pid == marks(tmp_path, "dice")[2]


async def test_an_old_one_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reloading, "DRAIN_SECONDS", 0.2)
    async with hosting(tmp_path, {"dice": "stubborn"}, plugins=["dice"]) as host:
        await host.complete()
        await host.ask(command="reload", name="dice")
        assert gone(marks(tmp_path, "dice")[0])


async def test_new_code_mends_what_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.host.process.restart_delay", lambda restarts: 0)
    async with hosting(tmp_path, {"dice": "crash"}, plugins=["dice"]) as host:
        await host.becomes("dice", "failed", 1)
        now_be(tmp_path, "dice", "")
        live = await host.ask(command="reload", name="dice")
        dice = await host.state("dice")
        assert (dice.pid, dice.state) == (live["pid"], "ready")


async def test_a_plugin_that_is_stopped_meanwhile_stays_so(tmp_path: Path) -> None:
    async with hosting(tmp_path, BOTH, plugins=["dice"]) as host:
        await host.complete()
        now_be(tmp_path, "dice", "late")
        asking = asyncio.create_task(refused(host))
        await until(lambda: len(marks(tmp_path, "dice")) == 2, "the new one is there")
        assert await refused(host) == "dice is being reloaded already; wait for that to end."
        await host.ask(command="disable", name="dice")
        (tmp_path / "dice.marks.now").touch()
        off = "switched off by hand; bin/rosey restart dice switches it on"
        assert (await asking).endswith(off)
        dice = await host.state("dice")
        assert (dice.state, dice.pid, dice.last_error) == ("disabled", None, off)
        assert all(gone(pid) for pid in marks(tmp_path, "dice"))
        await host.ask(command="restart", name="dice")
        assert (await host.state("dice")).pid == marks(tmp_path, "dice")[2]


async def test_rosey_can_be_stopped_in_the_middle_of_it(tmp_path: Path) -> None:
    async with hosting(tmp_path, BOTH, plugins=["dice"]) as host:
        await host.complete()
        now_be(tmp_path, "dice", "mute")
        asking = asyncio.create_task(refused(host))
        await until(lambda: len(marks(tmp_path, "dice")) == 2, "the new one is there")
        began = time.monotonic()
    assert time.monotonic() - began < 3.0
    assert "Rosey is being stopped" in await asking
    assert all(gone(pid) for pid in marks(tmp_path, "dice"))


async def test_what_cannot_be_reloaded_is_said(tmp_path: Path) -> None:
    async with hosting(tmp_path, BOTH, plugins=["dice"]) as host:
        await host.complete()
        assert "There is no plugin 'dic'; allowed: dice (did you mean" in await refused(host, "dic")
        assert (await refused(host, "router")) == (
            "router is no plugin; bin/rosey restart router ends it and starts it again."
        )


async def test_a_plugin_killed_fifty_times_leaves_the_rest_untouched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.host.process.restart_delay", lambda restarts: 0)
    manners = {"router": "", "dice": "", "trivia": ""}
    async with hosting(tmp_path, manners, plugins=["dice", "trivia"]) as host:
        await host.complete()
        others = [await host.state(name) for name in ("router", "trivia")]
        kills = 0
        while kills < 50:
            pid = await until(partial(ready_pid, host, tmp_path, kills), "dice is ready")
            os.kill(pid, signal.SIGKILL)
            kills += 1
            await host.becomes("dice", "crashed", kills)
            if kills % 10 == 0:
                await host.becomes("dice", "failed", kills // 10)
                assert len(marks(tmp_path, "dice")) == kills, "it is not tried again"
                failed = await host.state("dice")
                assert failed.last_error == (
                    "given up after 10 crashes in a row, bin/rosey restart dice tries again; "
                    "the last: killed by SIGKILL"
                )
                reply = await host.ask(command="restart", name="dice")
                assert reply == {"processes": {"dice": "ready"}}
        for before, name in zip(others, ("router", "trivia"), strict=True):
            after = await host.state(name)
            assert (after.pid, after.restarts) == (before.pid, 0)
        assert (await host.state("dice")).restarts == 50


def ready_pid(host: Host, data: Path, kills: int) -> int | None:
    """The process that is ready after so many were killed."""
    pids = marks(data, "dice")
    is_ready = [state for name, state in host.told.states if name == "dice"][-1] == "ready"
    return pids[-1] if is_ready and len(pids) == kills + 1 else None


async def test_who_waits_for_a_server_is_not_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.host.process.restart_delay", lambda restarts: 0)
    async with hosting(tmp_path, {"dice": "away"}, plugins=["dice"]) as host:
        await until(lambda: host.told.states.count(("dice", "crashed")) > 12, "it is tried again")
        assert ("dice", "failed") not in host.told.states
