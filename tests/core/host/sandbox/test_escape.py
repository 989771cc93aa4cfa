"""Each forbidden thing is tried from inside, by root and by an ordinary user.

Without the box the same tries succeed: otherwise their failing would show nothing.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.config import CHECKOUT
from core.host.sandbox import landlock
from core.host.sandbox.box import KINDS

INSIDE = Path(__file__).with_name("inside.py")
NOT_ROOT = CHECKOUT / "tests" / "not_root.py"
WHO = ("root", "somebody") if os.geteuid() == 0 else ("somebody",)

MAY = {
    "a database file",
    "a pair of sockets",
    "a temporary file",
    "a thread",
    "connect to NATS",
    "import from the library",
    "its own limits",
    "move its own",
    "random numbers",
    "read its code",
    "signal itself",
    "write its own",
}
# There is no such program, terminal or call, or not everywhere.
NOT_EVEN_OUTSIDE = {
    "become a program",
    "bpf",
    "io_uring",
    "load a module",
    "multipath TCP",
    "read memory",
    "signal by a file",
    "type into the terminal",
    "unknown call",
}
ROOT_ALONE = {"chroot", "mount", "raw", "read the host's memory", "slow the host"}
NETWORK = {"connect elsewhere", "connect elsewhere by IPv6"}
FILES = {
    "read /etc/passwd",
    "read /etc/shadow",
    "read home",
    "list /",
    "read another plugin's data",
    "follow a link",
    "write outside",
    "write its code",
    "add to its code",
    "delete outside",
    "move outside",
    "make a link",
}
# The version of Landlock that brought it, and what is possible without.
SINCE = {"fs": 1, "network": landlock.FIRST_WITH_PORTS}
OPEN = {"fs": FILES, "network": NETWORK}

Inside = Callable[..., dict[str, Any]]


@pytest.fixture(params=WHO)
def inside(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inside]:
    """Runs inside.py in a house full of things that are not its own."""
    data = tmp_path / "data"
    for folder in ("own/sub", "code", "other"):
        (data / folder).mkdir(parents=True)
    (tmp_path / "outside.txt").write_text("not yours")
    os.setxattr(tmp_path / "outside.txt", "user.old", b"1")
    for name in ("diary.txt", "doomed.txt", "data/other/secret.txt"):
        (tmp_path / name).write_text("private")
    (data / "code" / "plugin.py").write_text("x = 1\n")
    (data / "own" / "notes.txt").write_text("mine")
    (data / "own" / "link").symlink_to(tmp_path / "diary.txt")
    before = [str(NOT_ROOT), sys.executable] if request.param == "somebody" else []

    with (
        socket.create_server(("127.0.0.1", 0)) as nats,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        ports = {"nats": nats.getsockname()[1], "elsewhere": other.getsockname()[1]}

        def run(**asked: Any) -> dict[str, Any]:
            asked = {"home": str(tmp_path), **ports, **asked}
            done = subprocess.run(
                [sys.executable, *before, "-P", str(INSIDE), json.dumps(asked)],
                env={"PYTHONPATH": str(CHECKOUT), "PATH": "/usr/bin:/bin"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
                start_new_session=True,
            )
            assert done.returncode == 0, done.stderr
            found: dict[str, Any] = json.loads(done.stdout)
            return found

        yield run


def test_nothing_forbidden_is_possible(inside: Inside, tmp_path: Path) -> None:
    told = inside()
    done = {name for name, ended in told["tries"].items() if ended == "done"}
    lacking = [kind for kind, since in SINCE.items() if landlock.version() < since]
    assert list(told["missing"]) == [*lacking, "cpu"]
    assert told["enforced"] == [kind for kind in KINDS if kind not in told["missing"]]
    assert done == MAY | {name for kind in lacking for name in OPEN[kind] if name in told["tries"]}
    errors = {ended for name, ended in told["tries"].items() if name not in done}
    assert errors <= {"EACCES", "EPERM", "ENOSYS", "EXDEV"}
    assert "fs" in lacking or (tmp_path / "outside.txt").read_text() == "not yours"
    assert "fs" in lacking or (tmp_path / "data" / "code" / "plugin.py").read_text() == "x = 1\n"
    assert told["still"] == told["parent death signal"] == 9


@pytest.mark.parametrize("abi", [landlock.FIRST_WITH_PORTS - 1, None])
def test_nothing_more_is_possible_in_a_network_of_its_own(inside: Inside, abi: int | None) -> None:
    told = inside(relayed=True, abi=abi)
    if "this system does not give it a network of its own" in told["words"]:
        return  # who gives none to anybody has said so; what holds then stands above
    lacking = ["fs"] if landlock.version() < SINCE["fs"] else []
    assert told["enforced"] == [
        kind for kind in ("fs", "network", "exec", "memory") if kind not in lacking
    ]
    assert "network (" not in told["words"]
    done = {name for name, ended in told["tries"].items() if ended == "done"}
    assert done == MAY | {name for kind in lacking for name in OPEN[kind] if name in told["tries"]}
    assert told["still"] == told["parent death signal"] == 9


def test_without_the_box_all_that_is_possible(inside: Inside) -> None:
    told = inside(boxed=False)
    failed = {name for name, ended in told["tries"].items() if ended != "done"}
    assert failed <= NOT_EVEN_OUTSIDE | (set() if told["root"] else ROOT_ALONE)


def test_an_older_kernel_without_ports(inside: Inside) -> None:
    told = inside(abi=landlock.FIRST_WITH_PORTS - 1)
    assert told["enforced"] == ["fs", "exec", "memory"]
    assert "not enforced: network (only Linux 6.7" in told["words"]
    done = {name for name, ended in told["tries"].items() if ended == "done"}
    assert done == MAY | NETWORK


@pytest.mark.parametrize("abi", [1, 2])
def test_a_kernel_whose_landlock_is_young(inside: Inside, abi: int) -> None:
    told = inside(abi=abi)
    done = {name for name, ended in told["tries"].items() if ended == "done"}
    # The first version refuses every move from one folder to another.
    assert done == (MAY | NETWORK) - ({"move its own"} if abi == 1 else set())


def test_a_kernel_without_landlock(inside: Inside) -> None:
    told = inside(abi=0)
    assert told["enforced"] == ["exec", "memory"]
    assert set(told["missing"]) == {"fs", "network", "cpu"}
    done = {name for name, ended in told["tries"].items() if ended == "done"}
    assert done >= FILES
    assert {"fork", "chmod", "UDP", "signal the host", "setuid"}.isdisjoint(done)


def test_a_kernel_without_a_filter(inside: Inside) -> None:
    told = inside(filter=False)
    assert told["enforced"] == ["memory"]
    assert set(told["missing"]) == {"fs", "network", "exec", "cpu"}
    done = {name for name, ended in told["tries"].items() if ended == "done"}
    assert {"fork", "chmod", "UDP"} <= done
    assert FILES.isdisjoint(done)


@pytest.mark.parametrize("way", ["eat", "map"])
def test_memory_ends_at_the_limit(inside: Inside, way: str) -> None:
    assert 32 < inside(eat=way, memory=128)["eaten"] < 128


def test_a_limit_that_is_too_low_is_said(tmp_path: Path) -> None:
    asked = {"home": str(tmp_path), "nats": 1, "elsewhere": 2, "memory": 8, "eat": "eat"}
    done = subprocess.run(
        [sys.executable, "-P", str(INSIDE), json.dumps(asked)],
        env={"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "its plugin.toml allows it 8 MB of memory" in done.stderr
