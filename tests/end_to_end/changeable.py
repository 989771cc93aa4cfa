"""A checkout of one's own, whose code a test may change while it runs."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.rosey_process import CHECKOUT

PARTS = (
    *("rosey", "core", "connectors", "workflows", "activities", "plugins", "migrations"),
    *("temporal", "pyproject.toml"),
)


def copied(folder: Path) -> Path:
    """All that runs, with what Python has made of it, in `folder`."""
    for part in PARTS:
        if (CHECKOUT / part).is_dir():
            shutil.copytree(CHECKOUT / part, folder / part)
        else:
            shutil.copy2(CHECKOUT / part, folder / part)
    return folder


@contextmanager
def changed(file: Path, old: str, new: str) -> Iterator[None]:
    """Other code while the context lasts."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file} has changed: {old!r}"
    file.write_text(text.replace(old, new), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")
