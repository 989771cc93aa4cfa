"""What the bench does when its processes do not do as they should."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from core.bench import processes
from core.bench.processes import BenchError, Rosey, bare_worker, end, pss_mb, spawn, until
from core.host.ports import free_port


async def test_a_rosey_that_does_not_start_says_why(tmp_path: Path) -> None:
    rosey = Rosey(tmp_path, {"not a name": "http://127.0.0.1:1"})
    with pytest.raises(BenchError, match=r"Rosey did not start: .*name"):
        await rosey.start()
    with pytest.raises(BenchError, match="ended on its own"):
        rosey.pid("nats")
    await rosey.stop()


async def test_a_bare_server_that_ends_is_no_floor() -> None:
    with pytest.raises(BenchError, match="ended with 3"):
        await processes._answering(free_port(), sys.executable, "-c", "raise SystemExit(3)")


async def test_what_never_holds_is_given_up() -> None:
    with pytest.raises(BenchError, match=r"^nobody came within 0\.01 s$"):
        await until(lambda: False, 0.01, "nobody came")


async def test_loading_a_workers_libraries_takes_a_while() -> None:
    assert await bare_worker() > 0


async def test_memory_is_that_of_the_living() -> None:
    child = await spawn(sys.executable, "-c", "import time; time.sleep(60)")
    process = psutil.Process(child.pid)
    assert pss_mb([psutil.Process(os.getpid())]) > 1
    await end(child)
    assert pss_mb([process]) == 0


async def test_children_are_told_of_no_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ROSEY_NATS_URL", "TEMPORAL_ADDRESS"):
        monkeypatch.setenv(name, "elsewhere")
    look = "import os, sys; sys.exit(any(key[:5] in ('ROSEY', 'TEMPO') for key in os.environ))"
    child = await spawn(sys.executable, "-c", look)
    assert await child.wait() == 0
