"""The host as a whole, from outside: what it starts, keeps running and stops."""

import fcntl
import json
import os
import signal
import socket
import time
import urllib.request
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from core.host import control
from core.runtime import held, read
from tests.core.host.conftest import RunningHost, gone, wait_until

Start = Callable[..., RunningHost]


def test_it_starts_in_stages_and_tells_where_it_is(start_host: Start) -> None:
    host = start_host(children={"router": "", "dice": "", "connector-lounge": ""}, servers=True)
    runtime = host.wait_ready()

    assert runtime.pid == host.process.pid
    assert list(runtime.processes) == ["nats", "temporal", "router", "dice", "connector-lounge"]
    assert {each.state for each in runtime.processes.values()} == {"ready"}
    for name in ("router", "dice", "connector-lounge"):
        assert host.marks(name) == [runtime.processes[name].pid]
    starts = [each.started_at or "" for each in runtime.processes.values()]
    assert max(starts[:2]) <= min(starts[2:4])
    assert max(starts[2:4]) <= starts[4]
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

    wait_until(lambda: str(lock) in [os.readlink(file) for file in files.iterdir()], "it waits")
    assert host.marks("router") == []
    orphan.close()
    host.wait_ready()
    assert lock.read_text() == f"{host.process.pid}\n"


def test_a_taken_port_moves_and_says_so(start_host: Start) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        host = start_host(children={"router": ""}, servers=taken)
        runtime = host.wait_ready()
    port = int(runtime.addresses.nats.rpartition(":")[2])
    assert port > taken
    assert f"port {taken} is taken: NATS listens on {port}" in host.said()


def test_a_crashed_child_comes_back_at_once(start_host: Start) -> None:
    host = start_host(children={"router": "", "dice": ""})
    pid = host.wait_ready().processes["dice"].pid or 0
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    wait_until(lambda: len(host.marks("dice")) == 2, "dice is back", 2.0)
    assert time.monotonic() - began < 1.0
    wait_until(lambda: host.status().processes["dice"].state == "ready", "dice is ready")
    dice = host.status().processes["dice"]
    assert dice.restarts == 1
    assert dice.pid == host.marks("dice")[1]
    assert dice.last_error == "killed by SIGKILL"
    assert host.status().processes["router"].restarts == 0
    assert "dice killed by SIGKILL" in host.said()


def test_killed_servers_come_back(start_host: Start) -> None:
    host = start_host(children={"router": ""}, servers=True)
    before = host.wait_ready()
    for name in ("nats", "temporal"):
        os.kill(before.processes[name].pid or 0, signal.SIGKILL)
    began = time.monotonic()

    def back() -> bool:
        now = host.status().processes
        return all(
            now[name].state == "ready" and now[name].restarts == 1 for name in ("nats", "temporal")
        )

    wait_until(back, "both answer again", 5.0)
    assert time.monotonic() - began < 5.0
    assert host.status().addresses == before.addresses


def test_what_keeps_crashing_is_tried_again_with_growing_pauses(start_host: Start) -> None:
    host = start_host(children={"router": "", "dice": "crash", "connector-lounge": ""})
    starts: list[float] = []

    def started_four_times() -> bool:
        count = len(host.marks("dice"))
        starts.extend([time.monotonic()] * (count - len(starts)))
        return count >= 4

    wait_until(started_four_times, "dice was started four times")
    first, second, third = (later - earlier for earlier, later in pairwise(starts[:4]))
    assert first < 0.8
    assert 1.0 <= second < 1.8
    assert 2.0 <= third < 2.8
    # The others run meanwhile, and it is plain why there is no `ready`.
    wait_until(lambda: len(host.marks("connector-lounge")) == 1, "the connector was started")
    wait_until(lambda: "without dice: ended with exit code 1" in host.said(), "it is said")
    dice = host.status().processes["dice"]
    assert dice.last_error == "ended with exit code 1: the cat is on the keyboard"
    assert "\nready\n" not in host.said()


def test_restart_of_one_and_of_all(start_host: Start) -> None:
    host = start_host(children={"router": "", "dice": "stubborn"})
    host.wait_ready()
    before = {name: host.marks(name) for name in ("router", "dice")}
    reply = control.ask(host.data, {"command": "restart", "name": "dice"}, 10)
    assert reply == {"processes": {"dice": "ready"}}
    assert len(host.marks("dice")) == 2
    assert host.marks("router") == before["router"]
    assert gone(before["dice"][0])
    reply = control.ask(host.data, {"command": "restart"}, 10)
    assert reply == {"processes": {"router": "ready", "dice": "ready"}}
    assert (len(host.marks("router")), len(host.marks("dice"))) == (2, 3)
    assert [each.restarts for each in host.status().processes.values()] == [0, 0]


def test_a_restart_does_not_wait_out_the_pause_after_a_crash(start_host: Start) -> None:
    host = start_host(children={"dice": "crash"})
    wait_until(lambda: len(host.marks("dice")) == 4, "the pauses have become long")
    began = time.monotonic()
    reply = control.ask(host.data, {"command": "restart", "name": "dice"}, 10)
    assert reply == {"processes": {"dice": "crashed"}}
    assert time.monotonic() - began < 2.0
    assert len(host.marks("dice")) >= 6


def test_preparing_temporal_is_tried_until_it_works(start_host: Start) -> None:
    host = start_host(children={"router": ""}, servers=True, prepare_fails=2)
    runtime = host.wait_ready()
    assert (host.data / "prepared").read_text() == runtime.addresses.temporal
    assert runtime.processes["temporal"].restarts == 0
    assert runtime.processes["temporal"].last_error is None


def test_it_can_be_stopped_while_something_never_gets_ready(start_host: Start) -> None:
    host = start_host(children={"router": "mute", "connector-lounge": ""})
    wait_until(lambda: host.marks("router"), "the router was started")
    host.process.send_signal(signal.SIGTERM)
    assert host.process.wait(3) == 0
    assert gone(host.marks("router")[0])
    assert host.marks("connector-lounge") == []


def test_a_long_data_path_works(start_host: Start, tmp_path: Path) -> None:
    data = tmp_path / ("long" * 30) / ("longer" * 20)
    host = start_host(data=data, children={"router": ""})
    host.wait_ready()
    assert len(str(data)) > 200
    assert host.status().processes["router"].state == "ready"
    assert (data / "control.sock").stat().st_mode & 0o777 == 0o600


def test_the_control_socket_refuses_nonsense(start_host: Start) -> None:
    host = start_host(children={"router": ""})
    host.wait_ready()
    answers = []
    for line in (b"nonsense\n", b"[]\n", b'{"command": "dance"}\n', b"x" * 200_000 + b"\n"):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(host.data / "control.sock"))
            client.sendall(line)
            answers.append(json.loads(client.makefile().readline()))
    assert [answer["ok"] for answer in answers] == [False] * 4
    assert "one JSON object" in answers[0]["error"]
    assert answers[2]["error"] == "The host understands status, down and restart."
    assert host.status().processes["router"].state == "ready"
