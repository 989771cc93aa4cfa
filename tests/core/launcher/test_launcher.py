"""bin/rosey with a PATH of its own: what it calls, what it says, and when it does nothing."""

import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
TOOLS = ("cat", "chmod", "cksum", "dirname", "flock", "mkdir", "mv", "readlink", "rm", "sh")

UV = """#!/bin/sh
echo "uv $*" >>"$CALLS"
[ "$UV_SYSTEM_CERTS $UV_PYTHON_DOWNLOADS" = "1 never" ] || exit 9
case "$1 ${2:-}" in
    "venv "*)
        for venv; do :; done
        mkdir "$venv" "$venv/bin"
        exec "$LN" -s "$PYTHON" "$venv/bin/python" ;;
    "pip sync") [ -z "${UV_FAILS:-}" ] || exit 1 ;;
esac
"""
# Stands in for the system's Python: its pip brings the uv above.
PYTHON3 = """#!/bin/sh
echo "python3 $*" >>"$CALLS"
case "$*" in
    *--version) exit 0 ;;
    *"pip install"*)
        mkdir -p "$FETCHED/bin"
        "$CP" "$UV_SCRIPT" "$FETCHED/bin/uv" ;;
esac
"""
CORE = "import sys; print(sys.argv[1:], sys.flags.safe_path, sys.path[0])"


class Machine:
    """A checkout and a PATH with only what a test puts there."""

    def __init__(self, folder: Path, shell: str) -> None:
        self.checkout = folder / "a checkout"
        self.path = folder / "path"
        self.calls_file = folder / "calls"
        self.spare = folder / "spare-uv"
        self.shell = shell
        for part in (self.checkout / "bin", self.checkout / "core", self.path):
            part.mkdir(parents=True)
        shutil.copy(CHECKOUT / "bin" / "rosey", self.checkout / "bin" / "rosey")
        (self.checkout / "requirements.lock").write_text("a==1\n")
        (self.checkout / "core" / "__main__.py").write_text(CORE)
        for tool in TOOLS:
            (self.path / tool).symlink_to(str(shutil.which(tool)))
        self._script(self.spare, UV)

    def with_uv(self) -> None:
        self._script(self.path / "uv", UV)

    def with_python(self) -> None:
        self._script(self.path / "python3", PYTHON3)

    def _script(self, file: Path, text: str) -> None:
        file.write_text(text)
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    @property
    def calls(self) -> list[str]:
        """What was called since the last time it was asked: `uv venv`, `uv pip sync`..."""
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        self.calls_file.unlink(missing_ok=True)
        return lines

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [self.shell, str(self.checkout / "bin" / "rosey"), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={
                "PATH": str(self.path),
                "CALLS": str(self.calls_file),
                "PYTHON": sys.executable,
                "LN": str(shutil.which("ln")),
                "CP": str(shutil.which("cp")),
                "UV_SCRIPT": str(self.spare),
                "FETCHED": str(self.checkout / ".rosey" / "uv.new"),
                **environment,
            },
        )

    def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        process = self.start(*arguments, **environment)
        output, errors = process.communicate(timeout=20)
        return process.returncode, output, errors


@pytest.fixture(params=["dash", "bash"])
def machine(tmp_path: Path, request: pytest.FixtureRequest) -> Machine:
    return Machine(tmp_path, str(shutil.which(request.param) or shutil.which("sh")))


def test_the_first_start_makes_the_environment_and_says_so(machine: Machine) -> None:
    machine.with_uv()
    code, output, errors = machine.run("say", "two words", "--wait", "1")
    assert (code, output) == (0, f"{['say', 'two words', '--wait', '1']} True {machine.checkout}\n")
    assert errors.splitlines() == [
        "making the Python environment in .venv",
        "installing what requirements.lock names",
    ]
    venv = machine.checkout / ".venv"
    assert machine.calls == [
        f"uv venv --quiet --python >=3.11 {venv}",
        f"uv pip sync --quiet --require-hashes --compile-bytecode --python {venv}/bin/python "
        f"{machine.checkout}/requirements.lock",
    ]


def test_later_starts_call_nothing(machine: Machine) -> None:
    machine.with_uv()
    machine.run()
    assert len(machine.calls) == 2
    python = machine.checkout / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/bin/true")
    quickest = 10.0
    for _ in range(5):
        began = time.monotonic()
        assert machine.run("status") == (0, "", "")
        quickest = min(quickest, time.monotonic() - began)
    assert machine.calls == []
    assert quickest < 0.1


def test_a_new_lock_file_is_installed_into_the_environment_there_is(machine: Machine) -> None:
    machine.with_uv()
    machine.run()
    (machine.checkout / "requirements.lock").write_text("a==2\n")
    assert machine.calls
    code, _, errors = machine.run()
    assert (code, errors) == (0, "installing what requirements.lock names\n")
    assert [call.split()[1] for call in machine.calls] == ["pip"]


def test_what_was_interrupted_begins_anew(machine: Machine) -> None:
    machine.with_uv()
    code, output, errors = machine.run(UV_FAILS="1")
    assert (code, output) == (1, "")
    assert errors.splitlines()[-1] == "The environment could not be made; see above."
    assert len(machine.calls) == 2
    assert machine.run()[0] == 0
    assert [call.split()[1] for call in machine.calls] == ["venv", "pip"]


def test_an_environment_whose_python_is_gone_is_made_again(machine: Machine) -> None:
    machine.with_uv()
    machine.run()
    assert machine.calls
    python = machine.checkout / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/no/such/python")
    assert machine.run()[0] == 0
    assert [call.split()[1] for call in machine.calls] == ["venv", "pip"]


def test_two_first_starts_at_once_share_the_work(machine: Machine) -> None:
    machine.with_uv()
    both = [machine.start(str(number)) for number in range(2)]
    results = [process.communicate(timeout=20) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert [output.partition("]")[0] for output, _ in results] == ["['0'", "['1'"]
    assert [call.split()[1] for call in machine.calls] == ["venv", "pip"]


def test_uv_is_fetched_into_the_data_folder(machine: Machine) -> None:
    machine.with_python()
    code, output, errors = machine.run("up")
    assert (code, output.partition("]")[0]) == (0, "['up'")
    assert errors.splitlines()[:2] == [
        "fetching uv into .rosey/uv",
        "making the Python environment in .venv",
    ]
    calls = machine.calls
    assert calls[0] == "python3 -m pip --version"
    assert "pip install" in calls[1]
    assert f"--target {machine.checkout}/.rosey/uv.new uv" in calls[1]
    assert [call.split()[0] for call in calls[2:]] == ["uv", "uv"]
    (machine.checkout / ".venv" / "rosey-stamp").unlink()
    assert machine.run()[0] == 0
    assert [call.split()[0] for call in machine.calls] == ["uv", "uv"]


def test_without_uv_and_pip_one_sentence_names_the_packages(machine: Machine) -> None:
    code, output, errors = machine.run("up")
    assert (code, output) == (1, "")
    [sentence] = errors.splitlines()
    assert sentence.endswith("on Debian: apt install python3 python3-pip")


def test_a_python_that_is_too_old_is_named(machine: Machine) -> None:
    machine.with_uv()
    code, _, errors = machine.run(LN="/bin/false")
    assert code == 1
    assert "needs Python 3.11 or newer" in errors.splitlines()[-1]


def test_lock_writes_the_pins(machine: Machine) -> None:
    machine.with_uv()
    assert machine.run("lock", "--upgrade") == (0, "", "")
    assert machine.calls == [
        "uv pip compile --quiet --generate-hashes --universal --python-version 3.11 "
        "requirements.in -o requirements.lock --no-emit-index-url --no-header --upgrade"
    ]


def test_it_may_be_called_through_a_link(machine: Machine, tmp_path: Path) -> None:
    machine.with_uv()
    machine.run()
    link = tmp_path / "rosey"
    link.symlink_to(machine.checkout / "bin" / "rosey")
    result = subprocess.run(
        [machine.shell, str(link), "status"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": str(machine.path)},
    )
    assert result.stdout == f"['status'] True {machine.checkout}\n"


def test_the_real_one_is_executable() -> None:
    for file in ("bin/rosey", ".ci/run"):
        assert os.access(CHECKOUT / file, os.X_OK)
