"""The host as a process: what it starts and stops, also when it is killed."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from core.host import control
from core.runtime import held, read
from tests.core.host.conftest import CHECKOUT, HOST, RunningHost, gone, wait_until

Start = Callable[..., RunningHost]


def test_it_starts_in_stages_and_tells_where_it_is(start_host: Start) -> None:
    host = start_host(children={"router": "", "dice": "", "connector-lounge": ""}, servers=True)
    runtime = host.wait_ready()

    assert runtime.pid == host.process.pid
    assert list(runtime.processes) == ["nats", "temporal", "router", "dice", "connector-lounge"]
    assert {each.state for each in runtime.processes.values()} == {"ready"}
    own = ("router", "dice", "connector-lounge")
    for name in own:
        assert host.marks(name) == [runtime.processes[name].pid]
    starts = [each.started_at or "" for each in runtime.processes.values()]
    assert starts[0] <= min(starts[2:])
    worked = [(host.data / f"{name}.marks.working").stat().st_mtime_ns for name in own]
    assert max(worked[:2]) <= worked[2]
    assert (host.data / "prepared").read_text() == runtime.addresses.temporal
    with urllib.request.urlopen(f"{runtime.addresses.nats_monitoring}/healthz") as answer:
        assert json.load(answer) == {"status": "ok"}
    with urllib.request.urlopen(f"{runtime.addresses.temporal_ui}") as answer:
        assert answer.status == 200
    said = host.said()
    assert f"room             {runtime.addresses.lounge}/r/lobby" in said
    for address in (runtime.addresses.nats, runtime.addresses.temporal_ui):
        assert str(address) in said
    assert said.splitlines()[-1] == "ready"
    for name in runtime.processes:
        assert (host.data / "logs" / f"{name}.log").exists()


def test_down_stops_servers_and_children_in_under_three_seconds(start_host: Start) -> None:
    host = start_host(children={"router": "", "trivia": "stubborn"}, servers=True)
    host.wait_ready()
    pids = host.pids()
    began = time.monotonic()
    control.ask(host.data, {"command": "down"}, 5)
    wait_until(lambda: not held(host.data), "the data folder is free")
    assert time.monotonic() - began < 3.0
    assert host.process.wait(5) == 0
    assert len(pids) == 4
    assert all(gone(pid) for pid in pids)
    assert read(host.data) is None
    assert not (host.data / "control.sock").exists()


def test_ctrl_c_stops_it_and_reaches_no_child(start_host: Start) -> None:
    host = start_host(children={"router": ""})
    runtime = host.wait_ready()
    # What a terminal does: the signal goes to the whole process group of the host.
    os.killpg(host.process.pid, signal.SIGINT)
    assert host.process.wait(5) == 0
    assert os.waitstatus_to_exitcode(host.process.returncode) == 0
    assert gone(runtime.processes["router"].pid or 0)
    assert "crashed" not in host.said()


def test_children_die_with_a_killed_host(start_host: Start) -> None:
    host = start_host(children={"router": "stubborn", "dice": ""}, servers=True)
    runtime = host.wait_ready()
    pids = [each.pid or 0 for each in runtime.processes.values()]
    host.process.kill()
    began = time.monotonic()
    wait_until(lambda: all(gone(pid) for pid in pids), "all children are gone", 1.0)
    assert time.monotonic() - began < 1.0
    again = start_host(data=host.data, children={"router": ""})
    assert again.wait_ready().pid == again.process.pid


def test_a_second_host_on_the_same_data_refuses(start_host: Start) -> None:
    host = start_host(children={"router": ""})
    host.wait_ready()
    second = start_host(data=host.data, children={"router": ""})
    assert second.process.wait(10) == 1
    assert f"already running on {host.data} (process {host.process.pid} holds it)" in second.said()
    assert host.status().processes["router"].restarts == 0


def test_a_host_waits_for_the_orphans_of_a_killed_one(start_host: Start, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    lock = data / "rosey.lock"
    orphan = lock.open("w")
    fcntl.flock(orphan, fcntl.LOCK_EX)
    orphan.write(f"{2**22 + 1}\n")
    orphan.flush()
    host = start_host(data=data, children={"router": ""})
    files = Path(f"/proc/{host.process.pid}/fd")

    wait_until(lambda: lock in [file.resolve() for file in files.iterdir()], "it waits")
    assert host.marks("router") == []
    orphan.close()
    host.wait_ready()
    assert lock.read_text() == f"{host.process.pid}\n"


def test_it_runs_on_when_nobody_reads_its_output(tmp_path: Path) -> None:
    data = tmp_path / "data"
    request = {"data": str(data), "children": {"router": ""}, "servers": False}
    data.mkdir()
    process = subprocess.Popen(
        [sys.executable, str(HOST), json.dumps(request)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    assert process.stdout is not None
    process.stdout.close()
    host = RunningHost(data, process, tmp_path / "none")
    wait_until(lambda: host.marks("router"), "the router was started")
    wait_until(lambda: host.status().processes["router"].state == "ready", "it is ready")
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, b"")
