"""Enters the box, tries what must not be possible, and says how each try ended.

`inside.py JSON`: `home` is a folder made by test_escape.py; `boxed`, `abi`, `filter` and `relayed`
say how much of the box there is. Prints {"enforced": ..., "tries": {name: "done" or the error's
name}}.
"""

import ctypes
import errno
import json
import mmap
import os
import resource
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlite3  # isort: skip

from core.host.sandbox import box, seccomp
from core.host.sandbox.box import Box
from core.host.sandbox.environment import make_home, readable
from core.host.sandbox.network import Relay

LIBC = ctypes.CDLL(None, use_errno=True)
KNOWN = seccomp.machine()
FAST_OPEN = 0x20000000
MULTIPATH_TCP = 262
Try = Callable[[], Any]


def native(function: str, *arguments: Any) -> None:
    if getattr(LIBC, function)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def syscall(name: str, *arguments: Any) -> None:
    assert KNOWN is not None
    native("syscall", KNOWN.numbers[name], *arguments)


def write(path: Path) -> None:
    path.write_text("owned")


def files(home: Path, own: Path, code: Path, other: Path) -> dict[str, Try]:
    outside = home / "outside.txt"
    return {
        "read /etc/shadow": lambda: Path("/etc/shadow").read_bytes(),
        "read /etc/passwd": lambda: Path("/etc/passwd").read_bytes(),
        "read home": lambda: (home / "diary.txt").read_text(),
        "list /": lambda: os.listdir("/"),
        "read another plugin's data": lambda: (other / "secret.txt").read_text(),
        "read the host's memory": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
        "follow a link": lambda: (own / "link").read_text(),
        "write outside": lambda: write(outside),
        "write its code": lambda: write(code / "plugin.py"),
        "add to its code": lambda: write(code / "more.py"),
        "empty its code": lambda: os.open(code / "plugin.py", os.O_RDONLY | os.O_TRUNC),
        "truncate outside": lambda: os.truncate(outside, 0),
        "delete outside": lambda: (home / "doomed.txt").unlink(),
        "move outside": lambda: (own / "notes.txt").rename(home / "moved.txt"),
        "hard link outside": lambda: os.link(home / "diary.txt", own / "hard"),
        "make a link": lambda: (own / "new-link").symlink_to("/etc"),
        "make a pipe": lambda: os.mkfifo(own / "pipe"),
        "watch a folder": lambda: native("inotify_init1", 0),
        "chmod": lambda: outside.chmod(0o777),
        "fchmod": lambda: os.fchmod(os.open(code / "plugin.py", os.O_RDONLY), 0o777),
        "chown": lambda: os.chown(outside, os.getuid(), os.getgid()),
        "utime": lambda: os.utime(outside),
        "setxattr": lambda: os.setxattr(home / "diary.txt", "user.x", b"1"),
        "removexattr": lambda: os.removexattr(outside, "user.old"),
    }


def connections(nats: int, elsewhere: int) -> dict[str, Try]:
    def connect(port: int) -> None:
        socket.create_connection(("127.0.0.1", port), 5).close()

    def fast_open() -> None:
        with socket.socket() as one:
            one.sendto(b"x", FAST_OPEN, ("127.0.0.1", elsewhere))

    def connect_6() -> None:
        with socket.socket(socket.AF_INET6) as one:
            one.connect(("::ffff:127.0.0.1", elsewhere))

    def listen(bound: bool) -> None:
        with socket.socket() as one:
            if bound:
                one.bind(("127.0.0.1", 0))
            one.listen()

    def unix() -> None:
        socket.socket(socket.AF_UNIX)

    return {
        "connect to NATS": lambda: connect(nats),
        "connect elsewhere": lambda: connect(elsewhere),
        "connect elsewhere by IPv6": connect_6,
        "connect elsewhere by sending": fast_open,
        "bind": lambda: listen(True),
        "listen": lambda: listen(False),
        "UDP": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
        "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "multipath TCP": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, MULTIPATH_TCP),
        "unix socket": unix,
        "pair of datagrams": lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
    }


def processes(own: Path) -> dict[str, Try]:
    def fork() -> None:
        if (pid := os.fork()) == 0:
            os._exit(0)
        os.waitpid(pid, 0)

    def spawn() -> None:
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)

    parent = os.getppid()
    nice = os.getpriority(os.PRIO_PROCESS, parent)
    return {
        "fork": fork,
        "start a program": spawn,
        "become a program": lambda: os.execv("/bin/no-such-program", ["x"]),
        "signal the host": lambda: os.kill(parent, 0),
        "signal its group": lambda: os.kill(0, 0),
        "signal everybody": lambda: os.kill(-1, 0),
        "signal by a file": lambda: native("fcntl", 0, 8, parent),
        "see the host's limits": lambda: resource.prlimit(parent, resource.RLIMIT_CORE),
        "slow the host": lambda: os.setpriority(os.PRIO_PROCESS, parent, nice),
        "ptrace": lambda: native("ptrace", 0, 0, 0, 0),
        "read memory": lambda: syscall("process_vm_readv", parent, 0, 0, 0, 0, 0),
        "outlive the host": lambda: native("prctl", 1, 0, 0, 0, 0),
        "hidden memory": lambda: os.memfd_create("x"),
        "shared memory": lambda: native("shmget", 0, 4096, 0o1600),
        "keys": lambda: syscall("keyctl", 0, -3, 1),
        "io_uring": lambda: syscall("io_uring_setup", 1, bytes(120)),
        "bpf": lambda: syscall("bpf", 0, bytes(64), 64),
        "load a module": lambda: syscall("init_module", b"", 0, b""),
        "type into the terminal": lambda: native("ioctl", 0, 0x5412, b"x"),
        "setgid": lambda: os.setgid(os.getgid()),
        "setuid": lambda: os.setuid(os.getuid()),
        "namespace": lambda: native("unshare", 0x10020000),
        "mount": lambda: native("mount", b"none", bytes(own / "sub"), b"tmpfs", 0, None),
        "chroot": lambda: os.chroot("/tmp"),
        "unknown call": lambda: native("syscall", 5000),
    }


def allowed(own: Path, code: Path) -> dict[str, Try]:
    """What a plugin may well do."""

    def thread() -> None:
        one = threading.Thread(target=lambda: None)
        one.start()
        one.join()

    def temporary() -> None:
        with tempfile.TemporaryFile() as file:
            file.write(b"x")

    def database() -> None:
        with sqlite3.connect(own / "own.db") as one:
            one.execute("create table if not exists a (b)")

    return {
        "write its own": lambda: (own / "fresh.txt").write_text("x"),
        "move its own": lambda: (own / "fresh.txt").rename(own / "sub" / "fresh.txt"),
        "a temporary file": temporary,
        "a database file": database,
        "read its code": lambda: (code / "plugin.py").read_text(),
        "import from the library": lambda: __import__("wave"),
        "a thread": thread,
        "a pair of sockets": socket.socketpair,
        "signal itself": lambda: os.kill(os.getpid(), 0),
        "its own limits": lambda: resource.getrlimit(resource.RLIMIT_DATA),
        "random numbers": lambda: os.urandom(8),
    }


def outcome(attempt: Try) -> str:
    try:
        attempt()
    except OSError as problem:
        return errno.errorcode[problem.errno or 0]
    except MemoryError:
        return "MemoryError"
    return "done"


def eat(what: str) -> float:
    """Megabytes until there is no more."""
    kept: list[Any] = []
    with suppress(MemoryError, OSError):
        while len(kept) < 1000:
            more = bytearray(2**20) if what == "eat" else mmap.mmap(-1, 2**20, mmap.MAP_PRIVATE)
            kept.append(more)
    return len(kept)


def relayed(here: Box) -> Box:
    """With a network of its own, where connections wait for somebody who never takes them."""
    ours, theirs = (each.detach() for each in socket.socketpair())
    servers = [("127.0.0.1", port) for port in here.ports]
    return replace(here, keep=[theirs], relay=Relay(ours, servers))


def main(asked: dict[str, Any]) -> dict[str, Any]:
    home = Path(asked["home"])
    own, code, other = (home / "data" / name for name in ("own", "code", "other"))
    make_home(own)
    told: dict[str, Any] = {"root": os.geteuid() == 0, "parent death signal": death_signal()}
    if asked.get("boxed", True):
        if not asked.get("filter", True):
            vars(seccomp)["machine"] = lambda: None
        here = Box("hostile", readable(code), own, (asked["nats"],), asked.get("memory", 256), 0.5)
        if asked.get("relayed"):
            here = relayed(here)
        enforced = box.enter(here, asked.get("abi"))
        told |= {"enforced": enforced.kinds, "missing": enforced.missing, "words": str(enforced)}
    if "eat" in asked:
        return told | {"eaten": eat(asked["eat"])}
    tries = {
        **allowed(own, code),
        **files(home, own, code, other),
        **connections(asked["nats"], asked["elsewhere"]),
        **processes(own),
    }
    told["tries"] = {name: outcome(each) for name, each in tries.items()}
    return told | {"still": death_signal()}


def death_signal() -> int:
    found = ctypes.c_int()
    native("prctl", 2, ctypes.byref(found), 0, 0, 0)
    return found.value


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    native("prctl", 1, int(signal.SIGKILL), 0, 0, 0)
    print(json.dumps(main(json.loads(sys.argv[1]))))  # noqa: T201
