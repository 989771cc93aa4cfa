"""`bin/rosey test`: the steps, their order, and the coverage bars."""

from pathlib import Path
from typing import Any

import pytest

from core.command_line import checks, coverage_bars
from core.command_line.app import main

PROJECT_TEST = "from {folder}.code import double\n\ndef test_it():\n    assert double(2) == 4\n"
CODE = "def double(x):\n    if x == 3:\n        return 6\n    return 2 * x\n"


class Ran:
    """Stands in for subprocess.run; `failing` names the step's program that fails."""

    def __init__(self, failing: str = "") -> None:
        self.failing = failing
        self.programs: list[str] = []

    def __call__(self, command: list[str], **options: Any) -> "Ran":
        program = (
            command[2] if command[1] == "-m" else " ".join([Path(command[0]).name, *command[1:]])
        )
        self.programs.append(program)
        self.last = command
        self.returncode = 3 if self.failing and program.startswith(self.failing) else 0
        return self


def test_all_steps_in_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = Ran()
    monkeypatch.setattr(checks.subprocess, "run", ran)
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
    monkeypatch.setattr(checks.subprocess, "run", ran)
    assert main(["test", "tests/core", "-k", "config", "-x"]) == 0
    assert ran.last[2:] == ["pytest", "tests/core", "-k", "config", "-x"]


def test_the_first_failure_ends_it_with_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = Ran(failing="mypy")
    monkeypatch.setattr(checks.subprocess, "run", ran)
    assert main(["test"]) == 3
    assert ran.programs[-1] == "mypy"
    assert capsys.readouterr().err.splitlines()[-1] == "== types failed"


@pytest.mark.parametrize(("bar", "outcome"), [(60.0, 0), (95.0, 1)])
def test_a_folder_below_its_bar_fails_the_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, bar: float, outcome: int
) -> None:
    for folder in ("rosey", "core"):
        package = pytester.mkpydir(folder)
        (package / "code.py").write_text(CODE)
        pytester.path.joinpath(f"test_{folder}.py").write_text(PROJECT_TEST.format(folder=folder))
    monkeypatch.setattr(coverage_bars, "CHECKOUT", pytester.path)
    monkeypatch.setitem(coverage_bars.BARS, "core", bar)
    monkeypatch.setitem(coverage_bars.BARS, "rosey", 60.0)
    options = ["--cov=rosey", "--cov=core", "--cov-branch", "--cov-report="]
    result = pytester.inline_run("-p", "core.command_line.coverage_bars", *options)
    assert result.ret == outcome
