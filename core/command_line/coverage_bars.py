"""A pytest plugin: the run fails when a folder's branch coverage is below its bar."""

import io
from pathlib import Path

import coverage
import pytest

BARS = {
    "rosey": 90.0,
    "workflows": 90.0,
    "activities": 90.0,
    "temporal": 90.0,
    "core": 85.0,
    "connectors": 85.0,
    "plugins": 85.0,
}


MEASURED = pytest.StashKey[dict[str, float]]()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails the run; the data are complete here."""
    measured = figures(session.config.rootpath)
    session.config.stash[MEASURED] = measured
    if _low(measured) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """One line a folder, before pytest's own last line."""
    measured = config.stash[MEASURED]
    low = _low(measured)
    terminalreporter.section("coverage with branches")
    for folder, percent in measured.items():
        text = f"{folder:12}{percent:5.1f} %, at least {BARS[folder]:.0f}"
        terminalreporter.line(f"{text}: too low" if folder in low else text, red=folder in low)


def _low(measured: dict[str, float]) -> list[str]:
    return [folder for folder, percent in measured.items() if percent < BARS[folder]]


def figures(root: Path) -> dict[str, float]:
    """Per cent covered of each folder that has code in it."""
    measured = coverage.Coverage()
    measured.load()
    result = {}
    for folder in BARS:
        try:
            result[folder] = measured.report(include=[str(root / folder / "*")], file=io.StringIO())
        except coverage.exceptions.NoDataError:
            continue
    return result
