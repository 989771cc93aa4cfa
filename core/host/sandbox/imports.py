"""What a plugin that is not trusted should not import: told kindly, before the kernel says no.

A courtesy for its author and its reader. It can be got around; the box cannot.
"""

import ast
import builtins
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

REFUSED = frozenset(
    [
        "_ctypes",
        "_multiprocessing",
        "_posixsubprocess",
        "_socket",
        "_thread",
        "cffi",
        "ctypes",
        "fcntl",
        "importlib",
        "mmap",
        "multiprocessing",
        "os",
        "posix",
        "pty",
        "resource",
        "runpy",
        "shutil",
        "signal",
        "socket",
        "socketserver",
        "subprocess",
        "tempfile",
        "termios",
    ]
)
WHY = "a plugin that is not trusted has no files, programs or connections of its own"


def guard(folder: Path) -> None:
    """From here on code below `folder` gets ImportError for such an import."""
    load = builtins.__import__
    own = f"{folder.resolve()}/"

    def guarded(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        if level == 0 and _is_refused(name):
            file = str((globals or {}).get("__file__") or "")
            if file.startswith(own):
                line = sys._getframe(1).f_lineno
                raise ImportError(f"{file.removeprefix(own)}:{line}: import {name}: {WHY}")
        return load(name, globals, locals, fromlist or (), level)

    builtins.__import__ = guarded


def scan(folder: Path) -> list[str]:
    """Each such import in the folder's Python files, as `commands.py:3: import os: ...`."""
    found = []
    for file in sorted(folder.rglob("*.py")):
        place = file.relative_to(folder)
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError) as problem:
            line = getattr(problem, "lineno", None) or 1
            found.append(f"{place}:{line}: this is not Python: {problem}")
            continue
        found += [
            f"{place}:{line}: import {name}: {WHY}"
            for line, name in sorted(_imports(tree))
            if _is_refused(name)
        ]
    return found


def _is_refused(name: str) -> bool:
    return name.partition(".")[0] in REFUSED


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for each in names:
                    yield node.lineno, each.name
            case ast.ImportFrom(module=str(module), level=0):
                yield node.lineno, module
            case ast.Call(func=ast.Name(id="__import__"), args=[ast.Constant(value=str(name)), *_]):
                yield node.lineno, name
