"""What `reload --watch` looks at, and what is left of a failed start's words."""

import shutil
from pathlib import Path

import pytest

from core.command_line.reload import look, watched
from core.errors import UserError
from core.host.log_files import last_words
from core.plugins import CHECKOUT


def test_a_plugin_s_own_folder_and_what_its_manifest_names_are_watched() -> None:
    assert watched("dice") == [CHECKOUT / "plugins" / "dice"]
    assert watched("trivia") == [
        CHECKOUT / "plugins" / "trivia",
        CHECKOUT / "workflows" / "trivia",
        CHECKOUT / "activities" / "chat",
        CHECKOUT / "activities" / "questions",
        CHECKOUT / "activities" / "storage",
    ]
    with pytest.raises(UserError, match=r"plugin\.toml is missing"):
        watched("weather")


def test_a_save_a_new_file_and_a_lost_one_are_seen(tmp_path: Path) -> None:
    code = tmp_path / "commands.py"
    code.write_text("a = 1\n")
    seen = [look([tmp_path])]
    code.write_text("a = 10\n")
    seen.append(look([tmp_path]))
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "dice.py").touch()
    seen.append(look([tmp_path]))
    shutil.rmtree(tmp_path / "rules")
    seen.append(look([tmp_path]))
    assert seen[0] != seen[1] != seen[2] != seen[3] == seen[1]
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "commands.pyc").touch()
    assert look([tmp_path]) == seen[3]


def test_what_was_logged_before_the_end_is_no_last_word(tmp_path: Path) -> None:
    log = tmp_path / "dice.log"
    logged = "2026-01-01 10:00:00,000 INFO    core: begun\n\x1b[2m2026-01-01T10:00:00Z\x1b[0m !\n"
    log.write_text(f"{logged}this cannot be\n")
    assert last_words(log, 0) == "this cannot be"
    log.write_text(logged)
    assert "core: begun" in last_words(log, 0)
