"""What is promised about the shape of the house, apart from who imports whom."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from core.plugins import PLUGINS
from rosey.manifest import find_plugins, load_plugin

CHECKOUT = Path(__file__).resolve().parent.parent.parent
COMMAND_PATH = ("rosey/routing/commands.py", "core/router/router.py")


def test_the_wheel_holds_the_kit_alone(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"rosey"}
    assert len(tops) == 2


def test_the_command_path_is_small() -> None:
    lines = sum(len((CHECKOUT / file).read_text().splitlines()) for file in COMMAND_PATH)
    assert lines < 400


@pytest.mark.parametrize("name", sorted(find_plugins(PLUGINS)))
def test_every_plugin_folder_is_complete(name: str) -> None:
    manifest = load_plugin(PLUGINS / name)
    assert manifest.name == name
    assert (PLUGINS / name / "README.md").is_file()


def test_dice_asks_for_no_storage_and_no_trust() -> None:
    dice = load_plugin(PLUGINS / "dice")
    assert not dice.storage.tables
    assert not dice.storage.keys
    assert dice.trust == "untrusted"
    assert dice.actions == ["say", "pm"]


@pytest.mark.parametrize("process", ["core.plugin_host.service", "core.recorder.service"])
def test_who_keeps_something_has_no_driver(process: str) -> None:
    """Nothing that opens a database is even loaded where plugins run."""
    drivers = ("sqlalchemy", "aiosqlite", "asyncpg", "alembic", "sqlglot", "sqlite3")
    look = f"import sys, {process}; print(*(name for name in {drivers} if name in sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", look], cwd=CHECKOUT, check=True, capture_output=True, text=True
    )
    assert found.stdout.split() == []


def test_plugins_and_workflows_speak_no_sql() -> None:
    sql = re.compile(
        r"\b(CREATE|ALTER|DROP) TABLE\b|\bINSERT INTO\b|\bDELETE FROM\b|\bSELECT\b.+\bFROM\b|"
        r"\bUPDATE\b.+\bSET\b"
    )
    files = [file for top in ("plugins", "workflows", "activities") for file in _python(top)]
    assert len(files) > 20
    assert [str(file) for file in files if sql.search(file.read_text(encoding="utf-8"))] == []


def _python(top: str) -> list[Path]:
    return list((CHECKOUT / top).rglob("*.py"))


def test_the_lock_has_hashes_and_no_hosts() -> None:
    lock = (CHECKOUT / "requirements.lock").read_text()
    assert "--hash=sha256:" in lock
    assert "://" not in lock
