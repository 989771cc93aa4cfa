"""The stranger's plugin of tests/data, copied, changed and packed."""

import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
FORECAST = CHECKOUT / "tests" / "data" / "plugins" / "forecast"


def copy(place: Path) -> Path:
    """The project in a folder of its own."""
    shutil.copytree(FORECAST, place, ignore=shutil.ignore_patterns("__pycache__"))
    return place


def release(project: Path, version: str, old: str = "1.0.0") -> None:
    """Gives it another number, which it also says."""
    change(project / "forecast" / "plugin.toml", f'"{old}"', f'"{version}"')
    change(project / "forecast" / "commands.py", f"says {old}", f"says {version}")


def change(file: Path, old: str, new: str) -> None:
    """Replaces what must be there."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def add(project: Path, text: str) -> None:
    """More in plugin.toml, before its tables."""
    file = project / "forecast" / "plugin.toml"
    top, table, rest = file.read_text().partition("[storage")
    file.write_text(f"{top}{text}\n\n{table}{rest}")


def wheel(project: Path, place: Path) -> Path:
    """Builds the project's wheel as its author would."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)],
        cwd=project,
        check=True,
        capture_output=True,
    )
    (built,) = place.glob("*.whl")
    return built


def commit(project: Path, tag: str = "") -> None:
    """Everything in it, in a git repository that is made when there is none."""
    if not (project / ".git").is_dir():
        _git(project, "init", "--quiet", "--initial-branch", "main")
    _git(project, "add", "--all")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    _git(project, *who, "commit", "--quiet", "--message", "a change")
    if tag:
        _git(project, "tag", tag)


def _git(project: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(project), *words], check=True, capture_output=True)


class Asked:
    """A person who reads what is shown and gives the same answer to all of it."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.lines: list[str] = []

    def __call__(self, lines: list[str]) -> bool:
        self.lines += lines
        return self.answer
