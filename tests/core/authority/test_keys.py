"""Keys: made once, the owner's alone, never shown."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.authority.keys import Keys
from core.errors import UserError


def test_a_key_is_made_once_and_kept(tmp_path: Path) -> None:
    seed = Keys(tmp_path).seed("plugin-dice")
    assert seed.startswith("SU")
    assert Keys(tmp_path).seed("plugin-dice") == seed
    assert Keys(tmp_path).seed("plugin-trivia") != seed
    assert Keys(tmp_path).public("plugin-dice").startswith("U")


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    Keys(tmp_path).seed("plugin-dice")
    folder = tmp_path / "keys"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()] == [0o600]


def test_processes_that_come_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        seeds = set(pool.map(lambda _: Keys(tmp_path).seed("plugin-dice"), range(32)))
    assert len(seeds) == 1
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["plugin-dice.nk"]


@pytest.mark.parametrize("text", ["", "nonsense", "SUAB"])
def test_a_file_that_holds_no_key_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").mkdir()
    file = tmp_path / "keys" / "plugin-dice.nk"
    file.write_text(text)
    with pytest.raises(UserError, match=r"plugin-dice\.nk holds no key; delete") as problem:
        Keys(tmp_path).public("plugin-dice")
    assert text == "" or text not in str(problem.value)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(UserError, match=r"keys/plugin-dice\.nk cannot be used"):
        Keys(tmp_path).seed("plugin-dice")
