"""runtime.json: written whole, found by others, and not believed when nobody runs."""

import fcntl
import json
import os
from pathlib import Path

import pytest

from core.runtime import Addresses, NotRunning, ProcessState, Runtime, find, held, read

ADDRESSES = Addresses(nats="nats://127.0.0.1:1", temporal="127.0.0.1:2", lounge="http://x")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROSEY_NATS_URL", raising=False)
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)


def running(data: Path, pid: int | None = None) -> int:
    """A written runtime.json with the lock held; returns the lock's descriptor."""
    Runtime(ADDRESSES, pid or os.getpid(), {"nats": ProcessState(pid=7)}).write(data)
    descriptor = os.open(data / "rosey.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def test_what_is_written_is_read(tmp_path: Path) -> None:
    runtime = Runtime(ADDRESSES, 5, {"nats": ProcessState(7, "ready", 2, "now", 1.5, "oh")})
    runtime.warnings = ["too much waits"]
    runtime.write(tmp_path)
    assert read(tmp_path) == runtime
    assert [file.name for file in tmp_path.iterdir()] == ["runtime.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"addresses": {}}', "\x00"])
def test_nonsense_is_no_runtime(tmp_path: Path, text: str) -> None:
    (tmp_path / "runtime.json").write_text(text)
    assert read(tmp_path) is None


def test_fields_of_a_later_version_are_ignored(tmp_path: Path) -> None:
    table = Runtime(ADDRESSES, 5, {"nats": ProcessState()}).as_dict()
    table["colour"] = table["addresses"]["web"] = table["processes"]["nats"]["cpu"] = "new"
    (tmp_path / "runtime.json").write_text(json.dumps(table))
    assert read(tmp_path) == Runtime(ADDRESSES, 5, {"nats": ProcessState()})


def test_a_running_one_is_found_until_it_ends(tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match="bin/rosey up"):
        find(tmp_path)
    descriptor = running(tmp_path)
    assert held(tmp_path)
    assert find(tmp_path).addresses == ADDRESSES
    os.close(descriptor)
    assert not held(tmp_path)
    with pytest.raises(NotRunning):
        find(tmp_path)


def test_a_dead_host_is_not_found_while_its_orphans_die(tmp_path: Path) -> None:
    descriptor = running(tmp_path, pid=2**22 + 1)
    with pytest.raises(NotRunning):
        find(tmp_path)
    os.close(descriptor)


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROSEY_NATS_URL", "nats://elsewhere")
    with pytest.raises(NotRunning):
        find(tmp_path)
    descriptor = running(tmp_path)
    addresses = find(tmp_path).addresses
    assert (addresses.nats, addresses.temporal) == ("nats://elsewhere", "127.0.0.1:2")
    os.close(descriptor)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "elsewhere:7233")
    assert find(tmp_path) == Runtime(Addresses("nats://elsewhere", "elsewhere:7233"))
