"""Imports a stranger's plugin, in a process apart with nothing of ours in its environment."""

import os
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ValidationError

from core.config import CHECKOUT
from core.installed.problems import NotFit
from rosey.events import ChatCommand

PATIENCE = 30.0
LARGEST_ANSWER = 2**20
LONGEST_SAID = 500
ERROR_LINES = 12


class Found(BaseModel):
    """What the process says of the plugin."""

    commands: list[ChatCommand] = []
    problems: list[str] = []


def look(folder: Path) -> Found:
    """What is in the package at `folder`. Raises NotFit when it does not let itself be looked at.

    The process is no sandbox: it has limits and no secrets, and that is all.
    """
    ours, theirs = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-P", "-B", "-m", "core.installed.probe", str(theirs), str(folder)],
        cwd="/",
        env={"PATH": os.defpath, "PYTHONPATH": str(CHECKOUT), "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=(theirs,),
        start_new_session=True,
    )
    os.close(theirs)
    assert child.stderr
    try:
        answer, errors = _read({ours: LARGEST_ANSWER, child.stderr.fileno(): LARGEST_ANSWER})
    finally:
        os.close(ours)
        _end(child)
    if not answer:
        said = "\n".join(errors.decode(errors="replace").strip().splitlines()[-ERROR_LINES:])
        raise NotFit(f"The plugin ends Python when it is imported.\n{said}".rstrip())
    return _understood(answer)


def _understood(answer: bytes) -> Found:
    try:
        found = Found.model_validate_json(answer)
    except ValidationError:
        raise NotFit("The plugin says nonsense of itself when it is imported.") from None
    return Found(commands=found.commands, problems=[each[:LONGEST_SAID] for each in found.problems])


def _read(pipes: dict[int, int]) -> list[bytes]:
    """What comes from each pipe until the first has ended. Raises NotFit when it takes too long."""
    first = next(iter(pipes))
    read = dict.fromkeys(pipes, b"")
    deadline = time.monotonic() + PATIENCE
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        while first in {key.fd for key in selector.get_map().values()}:
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise NotFit(f"The plugin could not be imported within {PATIENCE:.0f} seconds.")
            for key, _ in ready:
                chunk = os.read(key.fd, 65536)
                read[key.fd] += chunk
                if not chunk:
                    selector.unregister(key.fd)
                if len(read[key.fd]) > pipes[key.fd]:
                    raise NotFit("The plugin says far too much when it is imported.")
    return list(read.values())


def _end(child: "subprocess.Popen[bytes]") -> None:
    """With all it has started in its group."""
    with suppress(ProcessLookupError):  # it is gone, and so are its children
        os.killpg(child.pid, signal.SIGKILL)
    if child.stderr:
        child.stderr.close()
    child.wait()
