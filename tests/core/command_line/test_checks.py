"""`bin/rosey test`: the steps, their order, and the coverage bars."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.command_line import checks, coverage_bars
from core.command_line.app import main

pytest_plugins = ["pytester"]

PROJECT_TEST = (
    "from {folder}.code import double\n\ndef test_it():\n    assert double(1) + double({last})\n"
)
CODE = "def double(x):\n    if x == 3:\n        y = 6\n        return y\n    return 2 * x\n"


class Ran:
    """Stands in for subprocess.run; `failing` names the step's program that fails."""

    def __init__(self, failing: str = "") -> None:
        self.failing = failing
        self.programs: list[str] = []

    def __call__(self, command: list[str], **options: Any) -> "Ran":
        words = command[2:] if command[1:2] == ["-m"] else [Path(command[0]).name, *command[1:]]
        program = words[0] if words[0] == "pytest" else " ".join(words)
        self.programs.append(program)
        self.last = command
        self.returncode = 3 if self.failing and program.startswith(self.failing) else 0
        return self


def test_all_steps_in_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = Ran()
    monkeypatch.setattr("subprocess.run", ran)
    assert main(["test"]) == 0
    assert ran.programs == [
        "ruff check --quiet .",
        "ruff format --check --quiet .",
        "mypy",
        "lint-imports",
        "pytest",
    ]
    assert "--cov-branch" in ran.last
    assert capsys.readouterr().err.splitlines()[0] == "== ruff check"


def test_arguments_go_to_pytest_without_the_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = Ran()
    monkeypatch.setattr("subprocess.run", ran)
    assert main(["test", "tests/core", "-k", "config", "-x"]) == 0
    assert ran.last[2:] == ["pytest", "tests/core", "-k", "config", "-x"]


def test_the_first_failure_ends_it_with_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = Ran(failing="mypy")
    monkeypatch.setattr("subprocess.run", ran)
    assert main(["test"]) == 3
    assert ran.programs[-1] == "mypy"
    assert capsys.readouterr().err.splitlines()[-1] == "== types failed"


@pytest.mark.parametrize(("argument", "outcome"), [(3, 0), (2, 1)])
def test_a_folder_below_its_bar_fails_the_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, argument: int, outcome: int
) -> None:
    for folder, last in (("workflows", 3), ("plugins", argument)):
        package = pytester.mkpydir(folder)
        (package / "code.py").write_text(CODE)
        text = PROJECT_TEST.format(folder=folder, last=last)
        pytester.path.joinpath(f"test_{folder}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(checks.CHECKOUT))
    monkeypatch.delenv("COVERAGE_FILE", raising=False)
    options = ["--cov=workflows", "--cov=plugins", "--cov-branch", "--cov-report="]
    result = pytester.runpytest_subprocess("-p", "core.command_line.coverage_bars", *options)
    assert result.ret == outcome
    result.stdout.fnmatch_lines(["workflows * 100.0 %, at least 90"])
    low = "plugins * 57.1 %, at least 85: too low"
    result.stdout.fnmatch_lines([low if outcome else "plugins * 100.0 %, at least 85"])
    assert "2 passed" in result.stdout.lines[-1]


def test_a_folder_without_code_has_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "code.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COVERAGE_FILE", raising=False)
    words = ["-m", "coverage", "run", "--source=core", "core/code.py"]
    subprocess.run([sys.executable, *words], check=True)
    figures = coverage_bars.figures(tmp_path)
    assert list(figures) == ["core"]
    assert 0 < figures["core"] < 100
