"""What is promised about the shape of the house, apart from who imports whom."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from core.plugins import PLUGINS
from rosey.manifest import find_plugins, load_plugin

CHECKOUT = Path(__file__).resolve().parent.parent.parent
COMMAND_PATH = ("core/router/commands.py", "core/router/router.py")


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


def test_the_lock_has_hashes_and_no_hosts() -> None:
    lock = (CHECKOUT / "requirements.lock").read_text()
    assert "--hash=sha256:" in lock
    assert "://" not in lock
