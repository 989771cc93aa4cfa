"""A new plugin is complete: checked, tested and installable as it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import UserError
from core.installed import skeleton
from core.installed.install import install
from tests.core.installed import samples

KINDS = pytest.mark.parametrize("durable", [False, True], ids=["plain", "durable"])


def run(folder: Path, *words: str) -> None:
    path = {"PYTHONPATH": str(samples.CHECKOUT), "MYPYPATH": str(samples.CHECKOUT)}
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=os.environ | path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@KINDS
def test_linters_are_content(tmp_path: Path, durable: bool) -> None:
    folder = skeleton.write("tally", tmp_path, durable)
    run(folder, "ruff", "check", ".")
    run(folder, "ruff", "format", "--check", ".")
    run(folder, "mypy")


@KINDS
def test_it_can_be_installed(data: Path, tmp_path: Path, durable: bool) -> None:
    folder = skeleton.write("tally", tmp_path, durable)
    done = install(data, str(folder), "", trust=durable, agree=lambda lines: True)
    assert done.lacks == []
    assert done.record.words[0] == "tally"
    wheel = samples.wheel(folder, tmp_path / "dist")
    again = install(data, str(wheel), "", trust=durable, agree=lambda lines: True)
    assert again.record.digest == done.record.digest


@KINDS
def test_its_own_tests_pass(tmp_path: Path, durable: bool) -> None:
    folder = skeleton.write("tally", tmp_path, durable)
    run(folder, "pytest", "-q", "-p", "no:cacheprovider")


def test_its_replay_test_can_fail(tmp_path: Path) -> None:
    folder = skeleton.write("tally", tmp_path, True)
    samples.change(folder / "tally" / "workflow.py", "24 * 60 * 60", "0")
    with pytest.raises(AssertionError, match=r"test_a_history_is_repeated\[1\.0\.0\]"):
        run(folder, "pytest", "-q", "-p", "no:cacheprovider")


def test_a_word_that_somebody_has_is_not_taken(tmp_path: Path) -> None:
    folder = skeleton.write("coin", tmp_path, False)
    assert '@plugin.command("mycoin"' in (folder / "coin" / "commands.py").read_text()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Coin", "'Coin' is no name for a plugin; allowed: small letters and digits"),
        ("../coin", "is no name for a plugin"),
        ("a" * 33, "is no name for a plugin"),
        ("core", "core is reserved for Rosey herself"),
        ("dice", "a plugin dice comes with Rosey; choose another name."),
        ("json", "Python knows another module json; choose another name."),
        ("there", "there is there already"),
    ],
)
def test_names_that_will_not_do(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(UserError, match=said):
        skeleton.write(name, tmp_path, False)
