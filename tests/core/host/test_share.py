"""A process's share of the processor and of memory."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator

import psutil
import pytest

from core.host import share
from core.host.share import Share
from rosey.manifest import Limits
from tests.servers import until

SPIN = "while True: pass"
SLEEP = "import time; time.sleep(60)"
EAT = "kept = [bytearray(2**20) for _ in range(200)]\nimport time; time.sleep(60)"

Start = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    monkeypatch.setattr(share, "AT_FIRST", 0.1)
    monkeypatch.setattr(share, "SAVED", 0.1)
    started = []

    def run(code: str) -> "subprocess.Popen[bytes]":
        started.append(subprocess.Popen([sys.executable, "-S", "-c", code]))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


def keep(
    pid: int, *, memory: int = 1000, cpu: float = 0.5
) -> tuple["asyncio.Task[None]", list[str]]:
    told: list[str] = []
    limits = Limits(memory=memory, cpu=cpu)
    return asyncio.create_task(Share(pid, limits, told.append).keep()), told


async def test_a_spinner_gets_its_share(start: Start) -> None:
    spinner = psutil.Process(start(SPIN).pid)
    task, _ = keep(spinner.pid, cpu=0.25)
    await until(lambda: spinner.status() == psutil.STATUS_STOPPED)
    began, before = asyncio.get_running_loop().time(), spinner.cpu_times().user
    await asyncio.sleep(3)  # long enough to be stopped and let go on several times
    used = spinner.cpu_times().user - before
    assert 0.05 < used / (asyncio.get_running_loop().time() - began) < 0.4
    assert spinner.is_running()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(lambda: spinner.status() == psutil.STATUS_RUNNING, what="it goes on")


async def test_who_keeps_to_it_is_never_stopped(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[int] = []
    monkeypatch.setattr(psutil.Process, "suspend", lambda self: stopped.append(self.pid))
    spinner, sleeper = start(SPIN), start(SLEEP)
    tasks = [keep(each.pid)[0] for each in (spinner, sleeper)]
    await until(lambda: stopped)
    await asyncio.sleep(share.LOOK_EVERY * 3)
    assert set(stopped) == {spinner.pid}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_takes_too_much_memory_is_ended(start: Start) -> None:
    eater = start(EAT)
    task, told = keep(eater.pid, memory=64)
    await asyncio.wait_for(task, 20)
    assert eater.wait(5) == -9
    [why] = told
    assert why.endswith("MB of memory; its limit is 64")


async def test_one_that_ends_by_itself_is_let_go(start: Start) -> None:
    gone, child = start("pass"), start(SLEEP)
    gone.wait(10)
    tasks = [keep(gone.pid), keep(child.pid)]
    await asyncio.sleep(0)
    child.kill()
    child.wait()
    for task, told in tasks:
        await asyncio.wait_for(task, 5)
        assert not told
