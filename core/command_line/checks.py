"""`test`: linters, types and tests; the first that fails ends it with its exit code."""

import subprocess
import sys
from pathlib import Path

import typer

CHECKOUT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ("rosey", "core", "connectors", "workflows", "activities", "plugins", "temporal")


def steps(arguments: list[str]) -> list[tuple[str, list[str]]]:
    """What is run, each with what it is called. `arguments` go to pytest."""
    programs = Path(sys.executable).parent
    return [
        ("ruff check", [str(programs / "ruff"), "check", "--quiet", "."]),
        ("ruff format", [str(programs / "ruff"), "format", "--check", "--quiet", "."]),
        ("types", [sys.executable, "-m", "mypy"]),
        ("who imports whom", [str(programs / "lint-imports")]),
        ("tests", [sys.executable, "-m", "pytest", *_coverage(arguments), *arguments]),
    ]


def run(arguments: list[str]) -> int:
    """Returns the exit code."""
    for name, command in steps(arguments):
        typer.echo(f"== {name}", err=True)
        code = subprocess.run(command, cwd=CHECKOUT, check=False).returncode
        if code:
            typer.echo(f"== {name} failed", err=True)
            return code
    return 0


def _coverage(arguments: list[str]) -> list[str]:
    """The bars are for the whole suite; a chosen part of it is not measured."""
    if arguments:
        return []
    measured = [f"--cov={folder}" for folder in FOLDERS]
    return [*measured, "--cov-branch", "--cov-report=", "-p", "core.command_line.coverage_bars"]
