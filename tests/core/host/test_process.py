"""Corners of one kept process that the host as a whole rarely meets."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from core.host import share
from core.host.process import KeptProcess
from core.host.specs import ProcessSpec, Stage
from rosey.manifest import Limits
from tests.servers import until

CHILD = Path(__file__).with_name("child.py")


def kept(tmp_path: Path, *argv: str, name: str = "dice") -> tuple[KeptProcess, list[str]]:
    states: list[str] = []
    lock = os.open(tmp_path / "lock", os.O_CREAT)
    spec = ProcessSpec(name, argv, Stage.SERVICES, env={"PYTHONPATH": os.getcwd()})
    return KeptProcess(spec, tmp_path, lock, lambda each: states.append(each.state.state)), states


@asynccontextmanager
async def keeping(process: KeptProcess) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        process.go()
        group.create_task(process.keep())
        yield
        await process.stop(1.0)


async def test_a_program_that_cannot_be_started_is_tried_again(tmp_path: Path) -> None:
    process, states = kept(tmp_path, "/no/such/program")
    async with keeping(process):
        await process.settled()
    assert states[:4] == ["starting", "crashed", "starting", "crashed"]
    assert states[-1] == "stopped"
    assert process.state.last_error == (
        "ended with exit code 1: /no/such/program cannot be started: No such file or directory"
    )


async def test_a_log_that_cannot_be_written_does_not_end_the_host(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("this is no folder")
    process, states = kept(tmp_path, "true")
    async with keeping(process):
        await process.settled()
    assert states[0] == "crashed"
    assert (process.state.last_error or "").startswith("cannot be started: ")


@pytest.mark.parametrize(
    ("name", "told"), [("database", "postgresql://x:secret@y/z"), ("dice", "")]
)
async def test_the_database_s_password_is_for_its_process_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, told: str
) -> None:
    monkeypatch.setenv("ROSEY_DATABASE_URL", "postgresql://x:secret@y/z")
    look = "import os; print('told', os.environ.get('ROSEY_DATABASE_URL', ''), flush=True)"
    process, _ = kept(tmp_path, sys.executable, "-c", look, name=name)
    log = tmp_path / "logs" / f"{name}.log"
    async with keeping(process):
        await until(lambda: log.exists() and "told" in log.read_text())
    assert f"told {told}\n" in log.read_text()


async def test_stopping_before_it_began(tmp_path: Path) -> None:
    process, states = kept(tmp_path, "true")
    await process.stop(1.0)
    assert states == []
    await process.keep()
    assert states == ["stopped"]


async def test_stopping_while_it_is_being_started(tmp_path: Path) -> None:
    process, states = kept(tmp_path, sys.executable, str(CHILD), str(tmp_path / "marks"))
    async with asyncio.TaskGroup() as group:
        group.create_task(process.keep())
        await asyncio.sleep(0)  # it has begun, and the child is not there yet
        await process.stop(1.0)
    assert states == ["starting", "stopped"]


@pytest.mark.parametrize(("steady", "pauses"), [(0.0, []), (60.0, [0, 1])])
async def test_what_was_steady_comes_back_without_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steady: float, pauses: list[int]
) -> None:
    asked: list[int] = []

    def no_delay(restarts: int) -> int:
        asked.append(restarts)
        return 0

    monkeypatch.setattr("core.host.process.restart_delay", no_delay)
    monkeypatch.setattr("core.host.process.STEADY_SECONDS", steady)
    process, states = kept(tmp_path, sys.executable, str(CHILD), str(tmp_path / "marks"))
    async with keeping(process):
        for _ in range(3):
            await process.ready()
            before = process.state.pid
            os.kill(before or 0, signal.SIGKILL)
            while process.state.pid in (before, None):
                await asyncio.sleep(0.005)
        await process.ready()
    assert process.state.restarts == 3
    assert asked == pauses
    assert states[:4] == ["starting", "ready", "crashed", "starting"]
    assert states[-3:] == ["ready", "stopping", "stopped"]


async def test_what_is_held_stays_down_until_it_is_restarted(tmp_path: Path) -> None:
    process, states = kept(tmp_path, sys.executable, str(CHILD), str(tmp_path / "marks"))
    async with keeping(process):
        await process.ready()
        first = process.state.pid
        await process.hold("stopped: it tried too much")
        await until(lambda: process.state.state == "restricted")
        assert (process.state.pid, process.state.restarts) == (None, 0)
        assert process.state.last_error == "stopped: it tried too much"
        await process.restart()
        await process.ready()
        assert process.state.pid not in (None, first)
    assert "crashed" not in states


async def test_what_is_held_between_two_crashes_is_not_tried_again(tmp_path: Path) -> None:
    process, states = kept(tmp_path, "false")
    async with keeping(process):
        await until(lambda: states.count("crashed") >= 2)
        await process.hold("stopped: it tried too much")
        await until(lambda: states[-1] == "restricted")
        crashes = states.count("crashed")
    assert states[-1] == "stopped"
    assert states.count("crashed") == crashes


async def test_what_it_says_of_its_box_is_shown(tmp_path: Path) -> None:
    words = (
        "import os; os.write(int(os.environ['ROSEY_READY_FD']), b'box enforced: fs\\n"
        "box a lie\\nready\\n'); import time; time.sleep(60)"
    )
    process, _ = kept(tmp_path, sys.executable, "-c", words)
    async with keeping(process):
        await process.ready()
        assert process.state.box == "enforced: fs"


async def test_nonsense_instead_of_ready_does_not_end_the_host(tmp_path: Path) -> None:
    words = "import os; os.write(int(os.environ['ROSEY_READY_FD']), b'x' * 200_000); os._exit(3)"
    process, _ = kept(tmp_path, sys.executable, "-c", words)
    async with keeping(process):
        await process.settled()
    assert (process.state.last_error or "").startswith("ended with exit code 3")


async def test_a_bare_process_has_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CYTUBE_PASSWORD", "secret")
    look = "import os; print('told', sorted(os.environ), flush=True)"
    spec = ProcessSpec(
        "dice",
        (sys.executable, "-c", look),
        Stage.SERVICES,
        env={"LANG": "C.UTF-8"},
        is_bare=True,
    )
    process = KeptProcess(spec, tmp_path, os.open(tmp_path / "lock", os.O_CREAT), lambda _: None)
    log = tmp_path / "logs" / "dice.log"
    async with keeping(process):
        await until(lambda: log.exists() and "told" in log.read_text())
    assert "told ['LANG', 'ROSEY_GO_FD', 'ROSEY_READY_FD', 'ROSEY_RELAY_FD']\n" in log.read_text()


async def test_one_that_takes_too_much_says_so(tmp_path: Path) -> None:
    eat = "kept = [bytearray(2**20) for _ in range(200)]; import time; time.sleep(60)"
    spec = ProcessSpec(
        "dice", (sys.executable, "-c", eat), Stage.SERVICES, limits=Limits(memory=64)
    )
    process = KeptProcess(spec, tmp_path, os.open(tmp_path / "lock", os.O_CREAT), lambda _: None)
    async with keeping(process):
        await process.settled()
    error = process.state.last_error or ""
    assert error.startswith("killed by SIGKILL: it took ")
    assert error.endswith("its limit is 64")


async def test_one_that_is_stopped_ends_in_good_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share, "AT_FIRST", 0.1)
    spin = "import signal, sys; signal.signal(15, lambda *_: sys.exit(7))\nwhile True: pass"
    spec = ProcessSpec("dice", (sys.executable, "-c", spin), Stage.SERVICES, limits=Limits(cpu=0.1))
    process = KeptProcess(spec, tmp_path, os.open(tmp_path / "lock", os.O_CREAT), lambda _: None)
    async with keeping(process):
        await until(lambda: process.state.pid is not None)
        child = psutil.Process(process.state.pid)
        await until(lambda: child.status() == psutil.STATUS_STOPPED)
        began = asyncio.get_running_loop().time()
        await process.stop(10)
        assert asyncio.get_running_loop().time() - began < 5
