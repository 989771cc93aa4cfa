"""Imports of a plugin that is not trusted."""

import builtins
import importlib
import sys
from pathlib import Path

import pytest

from core.host.sandbox import imports


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a package beside it that stands for a library."""
    monkeypatch.setattr(builtins, "__import__", builtins.__import__)
    monkeypatch.syspath_prepend(str(tmp_path))
    library = tmp_path / "a_library_of_others.py"
    library.write_text("import subprocess\nprogram = subprocess.Popen\n")
    folder = tmp_path / "a_hostile_plugin"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "good.py").write_text("import random, a_library_of_others\nfrom . import __name__\n")
    (folder / "bad.py").write_text("import random\nfrom os import path\n")
    (folder / "lazy.py").write_text("def go():\n    import socket\n    return socket\n")
    (folder / "dotted.py").write_text("import multiprocessing.pool as pool\n")
    return folder


@pytest.mark.usefixtures("plugin")
def test_its_own_code_may_not(plugin: Path) -> None:
    imports.guard(plugin)
    importlib.import_module("a_hostile_plugin.good")
    with pytest.raises(ImportError, match=r"^bad\.py:2: import os: a plugin that is not trusted"):
        importlib.import_module("a_hostile_plugin.bad")
    with pytest.raises(ImportError, match=r"^dotted\.py:1: import multiprocessing\.pool"):
        importlib.import_module("a_hostile_plugin.dotted")
    lazy = importlib.import_module("a_hostile_plugin.lazy")
    with pytest.raises(ImportError, match=r"^lazy\.py:2: import socket"):
        lazy.go()
    assert "subprocess" in sys.modules


def test_a_scan_names_each(plugin: Path) -> None:
    (plugin / "deep").mkdir()
    (plugin / "deep" / "worse.py").write_text('\n__import__("ctypes")\nimport rosey, json\n')
    (plugin / "broken.py").write_text("def\n")
    (plugin / "null.py").write_bytes(b"\0")
    found = imports.scan(plugin)
    named = [line for line in found if "not Python" not in line]
    assert [line.removesuffix(f": {imports.WHY}") for line in named] == [
        "bad.py:2: import os",
        "deep/worse.py:2: import ctypes",
        "dotted.py:1: import multiprocessing.pool",
        "lazy.py:2: import socket",
    ]
    assert [line.split(":")[0] for line in found if "not Python" in line] == [
        "broken.py",
        "null.py",
    ]


def test_the_shipped_plugins_are_clean() -> None:
    from core.plugins import PLUGINS

    assert imports.scan(PLUGINS / "dice") == []
