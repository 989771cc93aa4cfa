"""What every command says, and with which exit code."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.command_line import running
from core.command_line.app import main
from core.config import CHECKOUT, load
from core.errors import UserError
from core.host import log_files
from core.runtime import Addresses, ProcessState, Runtime
from tests.core.host.conftest import RunningHost, wait_until

Start = Callable[..., RunningHost]
Captured = pytest.CaptureFixture[str]


def ran(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["stauts"], ["There is no command 'stauts'; allowed: bench, ", "(did you mean status?)."]),
        (["config", "chek"], ["There is no command 'chek'; allowed: check (did you mean check?)."]),
        (["say"], ["Missing argument 'text'. See bin/rosey --help."]),
        (["up", "--dta", "x"], ["No such option: --dta"]),
        (["say", "hello", "--wait", "soon"], ["--wait", "number"]),
        (["say", "hello", "--wait", "-1"], ["--wait", "greater"]),
        (["bus", "daed"], ["There is no command 'daed'; allowed: ", "(did you mean dead?)."]),
        (["bus", "dead", "retry"], ["Missing argument 'NUMBER'."]),
        (["bus", "dead", "show", "0"], ["'NUMBER'", "greater"]),
        (["bus", "dead", "drop"], ["Name the number of a dead letter, or --all."]),
        (["bus", "dead", "drop", "1", "--all"], ["Name the number of a dead letter, or --all."]),
        (["worker", "dise"], ["There is no plugin 'dise'; allowed: dice", "did you mean dice?"]),
        (["connector", "longe"], ["There is no connection 'longe'; allowed: lounge (did you mean"]),
        (["say", "hi", "--room", "loung/lobby"], ["There is no lounge connection 'loung'"]),
    ],
)
def test_usage_errors_are_one_sentence(
    capsys: Captured, arguments: list[str], said: list[str]
) -> None:
    code, output, errors = ran(capsys, *arguments)
    assert (code, output) == (2, "")
    assert len(errors.splitlines()) == 1
    assert [part for part in said if part not in errors] == []


def test_help_names_every_command(capsys: Captured) -> None:
    code, output, _ = ran(capsys, "--help")
    assert code == 0
    for word in (
        "up",
        "down",
        "status",
        "restart",
        "logs",
        "config",
        "bus",
        "test",
        "bench",
        "say",
    ):
        assert f" {word} " in output
    assert main(["config", "--help"]) == 0


def test_no_command_shows_the_help(capsys: Captured) -> None:
    code, output, errors = ran(capsys)
    assert code == 2
    assert "Usage: bin/rosey" in output + errors


@pytest.mark.parametrize(
    "arguments",
    [
        *(["status"], ["down"], ["restart"], ["say", "hello"], ["status", "--json"]),
        *(["bus", "dead", *words] for words in (["list"], ["show", "1"], ["drop", "--all"])),
        ["bus", "dead", "retry", "1"],
    ],
)
def test_what_needs_a_running_rosey_says_so(
    capsys: Captured, tmp_path: Path, arguments: list[str]
) -> None:
    data = tmp_path / "data"
    code, output, errors = ran(capsys, *arguments, "--data", str(data))
    assert (code, output) == (1, "")
    assert errors == (
        f"No Rosey is running on {data}; start it with bin/rosey up, or name its data folder "
        "with --data DIR.\n"
    )


def test_status_shows_each_process(
    capsys: Captured, start_host: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    host = start_host(children={"router": "", "dice": "crash"})
    wait_until(lambda: "without dice" in host.said(), "dice was given up for now")
    where = ("--data", str(host.data))
    code, output, _ = ran(capsys, "status", *where)
    assert code == 0
    [router] = [line for line in output.splitlines() if " router " in line]
    assert [cell.strip() for cell in router.strip("│").split("│")][1:4] == [
        "ready",
        str(host.marks("router")[0]),
        "0",
    ]
    assert " MB" in router
    [dice] = [line for line in output.splitlines() if " dice " in line]
    assert "crashed" in dice
    assert "ended with exit code 1: the cat is on the keyboard" in dice
    assert f"host: process {host.process.pid}, data folder {host.data}" in output
    code, output, _ = ran(capsys, "status", "--json", *where)
    table = json.loads(output)
    assert table["pid"] == host.process.pid
    assert table["processes"]["router"]["state"] == "ready"
    assert table["addresses"]["nats"] == "nats://127.0.0.1:1"


def test_status_warns_below_the_table(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Runtime(Addresses("nats://127.0.0.1:1", "127.0.0.1:1"), 5)
    runtime.warnings = ["1001 messages wait [red]"]
    monkeypatch.setattr(running, "ask", lambda *_: {"runtime": runtime.as_dict()})
    code, output, _ = ran(capsys, "status", "--data", str(tmp_path))
    assert code == 0
    [line] = [line for line in output.splitlines() if "1001" in line]
    assert line == "! 1001 messages wait [red]"
    _, output, _ = ran(capsys, "status", "--json", "--data", str(tmp_path))
    assert json.loads(output)["warnings"] == runtime.warnings


def test_restart_and_down(capsys: Captured, start_host: Start) -> None:
    host = start_host(children={"router": ""})
    host.wait_ready()
    where = ("--data", str(host.data))
    assert ran(capsys, "restart", "router", *where) == (0, "router: ready\n", "")
    assert ran(capsys, "restart", *where) == (0, "router: ready\n", "")
    assert len(host.marks("router")) == 3
    code, _, errors = ran(capsys, "restart", "roter", *where)
    assert code == 2
    assert errors == "There is no process 'roter'; allowed: router (did you mean router?).\n"
    assert ran(capsys, "down", *where) == (0, "stopped\n", "")
    assert host.process.wait(5) == 0


def test_plugins_while_there_is_no_bus(capsys: Captured, start_host: Start) -> None:
    host = start_host(children={"router": ""})
    host.wait_ready()
    code, _, errors = ran(capsys, "plugin", "rooms", "--data", str(host.data))
    assert code == 1
    assert errors.startswith("The plugin manager is not connected to the bus right now")


def test_a_restart_that_fails_says_where_to_look(capsys: Captured, start_host: Start) -> None:
    host = start_host(children={"dice": "crash"})
    wait_until(lambda: "without dice" in host.said(), "dice was given up for now")
    code, output, errors = ran(capsys, "restart", "dice", "--data", str(host.data))
    assert (code, output) == (1, "dice: crashed\n")
    assert errors == "Not answering: dice; see bin/rosey logs dice.\n"


def test_a_host_that_does_not_answer_or_stop_is_named(
    capsys: Captured, start_host: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = start_host(children={"router": ""})
    host.wait_ready()
    monkeypatch.setattr(running, "ASK_SECONDS", 0.2)
    monkeypatch.setattr(running, "DOWN_SECONDS", 0.2)
    os.kill(host.process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(UserError, match="does not answer; see"):
            running.ask(host.data, {"command": "status"}, 0.2)
        monkeypatch.setattr(running, "ask", lambda data, message: {})
        code, _, errors = ran(capsys, "down", "--data", str(host.data))
    finally:
        os.kill(host.process.pid, signal.SIGCONT)
    assert code == 1
    assert "was told to stop and still runs" in errors


@pytest.mark.parametrize(
    ("since", "text"),
    [
        (None, ""),
        ("2030-01-01T12:00:00Z", "0 s"),
        ("2030-01-01T11:59:30Z", "30 s"),
        ("2030-01-01T11:57:00Z", "3 min"),
        ("2030-01-01T09:55:00Z", "2 h 5 min"),
        ("2029-12-30T10:00:00Z", "2 d 2 h"),
    ],
)
def test_how_long_it_runs(since: str | None, text: str) -> None:
    from datetime import UTC, datetime

    assert running._since(since, datetime(2030, 1, 1, 12, tzinfo=UTC)) == text


def test_what_a_process_says_is_no_markup(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert running._plain("[red]oh[/]").plain == "[red]oh[/]"
    assert ProcessState().state == "waiting"


def test_logs_of_one_and_of_all(capsys: Captured, tmp_path: Path) -> None:
    where = ("--data", str(tmp_path))
    code, _, errors = ran(capsys, "logs", *where)
    assert code == 1
    assert errors == f"There are no logs in {tmp_path}; nothing was started there yet.\n"
    log_files.folder(tmp_path).mkdir()
    log_files.path(tmp_path, "nats").write_text("one\ntwo\nhalf")
    log_files.path(tmp_path, "dice").write_text("".join(f"{n}\n" for n in range(100)))
    assert ran(capsys, "logs", "nats", *where) == (0, "one\ntwo\n", "")
    _, output, _ = ran(capsys, "logs", *where)
    lines = output.splitlines()
    assert lines[:15] == [f"dice: {n}" for n in range(85, 100)]
    assert lines[15:] == ["nats: one", "nats: two"]
    code, _, errors = ran(capsys, "logs", "nat", *where)
    assert code == 2
    assert errors == "There is no log 'nat'; allowed: dice, nats (did you mean nats?).\n"


@pytest.mark.parametrize(("words", "prefix"), [(["nats"], ""), ([], "nats: ")])
def test_logs_follows_also_a_file_that_moves_aside(
    capsys: Captured,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    prefix: str,
) -> None:
    log_files.folder(tmp_path).mkdir()
    file = log_files.path(tmp_path, "nats")
    file.write_text("one\n")

    def append() -> None:
        with file.open("a") as log:
            log.write("two\nth")

    def move() -> None:
        file.rename(tmp_path / "aside")

    def begin_anew() -> None:
        file.write_text("three\n")
        log_files.path(tmp_path, "dice").write_text("hello\n")

    happenings = iter([append, move, begin_anew])

    def pause(seconds: float) -> None:
        """What happens between two looks; Ctrl-C at the end."""
        happening = next(happenings, None)
        if happening is None:
            raise KeyboardInterrupt
        happening()

    monkeypatch.setattr("time.sleep", pause)
    code, output, _ = ran(capsys, "logs", *words, "-f", "--data", str(tmp_path))
    assert code == 130
    others = [] if words else ["dice: hello"]
    assert output.splitlines() == [f"{prefix}{word}" for word in ("one", "two", "three")] + others


def test_config_check_says_fine_or_what_is_wrong(capsys: Captured, tmp_path: Path) -> None:
    where = ("--data", str(tmp_path / ".rosey"))
    file = tmp_path / "rosey.toml"
    file.write_text('[channels."lounge/lobby"]\nprefix = "?"\nplugins.dice = false\n')
    code, output, errors = ran(capsys, "config", "check", *where)
    assert (code, errors) == (0, "")
    assert output.startswith(f"{file}: fine\n")
    [line] = [line for line in output.splitlines() if "lounge/lobby" in line]
    assert "?" in line
    assert "dice" in line
    file.write_text('[channels."lounge/loby"]\n')
    assert "advice: " in ran(capsys, "config", "check", *where)[1]
    file.write_text("nats.sync = 1\ntemporal.x = 2\n")
    code, output, errors = ran(capsys, "config", "check", *where)
    assert (code, output) == (1, "")
    assert [line.split(": ")[:2] for line in errors.splitlines()] == [
        ["rosey.toml", "nats.sync"],
        ["rosey.toml", "temporal.x"],
    ]
    code, _, errors = ran(capsys, "up", *where)
    assert code == 1
    assert "nats.sync" in errors


def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    log_files.folder(tmp_path).mkdir()
    log_files.path(tmp_path, "nats").write_text("x" * 100 + "\n")
    command = f"{sys.executable} -m core logs -f --data {tmp_path} | true"
    process = subprocess.Popen(["sh", "-c", command], cwd=CHECKOUT, stderr=subprocess.PIPE)
    file = log_files.path(tmp_path, "nats")

    def ended() -> bool:
        with file.open("a") as log:
            log.write("more\n")
        return process.poll() is not None

    wait_until(ended, "it notices")
    _, errors = process.communicate()
    assert errors == b""


def test_up_runs_the_host(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    async def run(data: Path, config: object, progress: object) -> None:
        seen.extend([data, config])

    monkeypatch.setattr("core.host.service.run", run)
    file = tmp_path / "rosey.toml"
    file.write_text("nats.port = 5\n")
    code, output, _ = ran(capsys, "up", "--data", str(tmp_path / "data"))
    assert (code, output) == (0, "stopped; everything is kept\n")
    assert seen == [tmp_path / "data", load(tmp_path / "data")]
