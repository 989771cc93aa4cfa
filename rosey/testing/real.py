"""A whole Rosey as a process, on a data folder of its own, for tests that are run with `--real`."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

VARIABLE = "ROSEY_CHECKOUT"
CHANNEL = "lounge/lobby"
READY_SECONDS = 120.0
END_SECONDS = 20.0
LOOK_SECONDS = 0.05
# An answer comes in much less; this long nothing must come before it counts as none.
ANSWER_SECONDS = 3.0
PORTS = {"nats": ("port", "monitoring_port"), "temporal": ("port", "ui_port"), "lounge": ("port",)}
OURS = ("ROSEY_", "NATS_", "TEMPORAL_")
ROSEY = "Rosey"
IN_PRIVATE = " (privately)"


class NeedsMemory(Exception):
    """The test uses what only the room in memory has; the text says what."""


class RealFailed(Exception):
    """Rosey could not be started or spoken to; the text has what she printed."""


class _Use:
    """Where the Rosey is that rooms are opened in; None is in memory."""

    checkout: Path | None = None


def use(checkout: Path | None) -> None:
    """Rooms opened from now on are of the Rosey in that checkout, or in memory for None."""
    _Use.checkout = checkout


def in_use() -> Path | None:
    return _Use.checkout


def find() -> Path:
    """The checkout that ROSEY_CHECKOUT names, or the one whose core can be imported here.

    Raises RealFailed with what to do.
    """
    if named := os.environ.get(VARIABLE):
        checkout = Path(named).expanduser().resolve()
        if not _is_checkout(checkout):
            raise RealFailed(
                f"{VARIABLE} is to name Rosey's checkout, and there is no bin/rosey in {checkout}."
            )
        return checkout
    core = find_spec("core")
    if core and core.origin and _is_checkout(found := Path(core.origin).resolve().parent.parent):
        return found
    raise RealFailed(
        "--real finds no Rosey; name her checkout, the folder with bin/rosey in it: "
        f"{VARIABLE}=/path/to/rosey python -m pytest --real"
    )


def _is_checkout(folder: Path) -> bool:
    return (folder / "bin" / "rosey").is_file()


def to_install(checkout: Path, plugin: str, folder: Path | None) -> Path | None:
    """The plugin's folder, or None when it comes with that Rosey. Raises NeedsMemory without any.

    `folder` is where its plugin.toml was found.
    """
    own = (checkout / "plugins" / plugin).resolve()
    if folder in (None, own) and (own / "plugin.toml").is_file():
        return None
    if folder is None:
        raise NeedsMemory(
            f"{plugin} has no plugin.toml above its code, and is not among the plugins of the "
            f"Rosey in {checkout}; write one, or test it in memory."
        )
    return folder


class RealRosey:
    """`rosey up` with one room, and what a guest of it hears when he says something.

    `folder` is where the plugin's plugin.toml lies; one that does not come with her is installed.
    """

    def __init__(
        self,
        checkout: Path,
        plugin: str,
        settings: Mapping[str, Any],
        prefix: str,
        folder: Path | None = None,
    ) -> None:
        self._stranger = to_install(checkout, plugin, folder)
        self._checkout = checkout
        self._config = config(plugin, settings, prefix)
        self._temporary = TemporaryDirectory(prefix="rosey-")
        self.folder = Path(self._temporary.name)
        self._process: Process | None = None

    async def start(self) -> None:
        """Returns when she is ready. Raises RealFailed with what she printed."""
        (self.folder / "rosey.toml").write_text(self._config, encoding="utf-8")
        try:
            if self._stranger:
                await self._install(self._stranger)
            await self._up()
        except BaseException:
            await self.stop()
            raise

    async def _install(self, stranger: Path) -> None:
        # Whoever runs its tests runs its code with all his rights already.
        agreed = ("--yes", "--trust")
        process = await self._run("plugin", "install", *agreed, str(stranger), out=PIPE, err=STDOUT)
        self._process = process
        told, _ = await process.communicate()
        if process.returncode:
            raise RealFailed(f"Rosey did not install {stranger}:\n{told.decode(errors='replace')}")

    async def _up(self) -> None:
        printed = self.folder / "up.log"
        with printed.open("wb") as log:
            self._process = await self._run("up", out=log, err=STDOUT)
        try:
            async with asyncio.timeout(READY_SECONDS):
                while "ready" not in (told := printed.read_text(errors="replace")).splitlines():
                    if self._process.returncode is not None:
                        raise RealFailed(f"Rosey did not start:\n{told}")
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise RealFailed(f"Rosey was not ready in {READY_SECONDS} s:\n{told}") from None

    async def stop(self) -> None:
        """Ends her and removes her data."""
        process, self._process = self._process, None
        if process and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), END_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()
        self._temporary.cleanup()

    async def hear(self, user: str, text: str) -> list[tuple[str, str]]:
        """What Rosey says, each with whom it goes to. Raises RealFailed when nobody may speak."""
        wait = ("--as", user, "--room", CHANNEL, "--wait", str(ANSWER_SECONDS))
        process = await self._run("say", *wait, last=("--", text), out=PIPE, err=PIPE)
        out, err = await process.communicate()
        if process.returncode:
            raise RealFailed(f"{user} could not speak: {err.decode(errors='replace')}")
        return heard(out.decode(), user)

    async def _run(
        self, *words: str, last: tuple[str, ...] = (), out: IO[bytes] | int, err: int
    ) -> Process:
        places = ("--data", str(self.folder / "data"), "--config", str(self.folder / "rosey.toml"))
        program = (
            (str(self._checkout / "bin" / "rosey"),)
            if os.environ.get(VARIABLE)
            else (sys.executable, "-m", "core")
        )
        return await asyncio.create_subprocess_exec(
            *(*program, *words, *places, *last),
            cwd=self._checkout,
            env={key: value for key, value in os.environ.items() if not key.startswith(OURS)},
            stdout=out,
            stderr=err,
        )


def heard(printed: str, user: str) -> list[tuple[str, str]]:
    """Rosey's lines of what `rosey say` printed."""
    found = []
    for line in printed.splitlines():
        who, _, text = line.partition(": ")
        if who.removesuffix(IN_PRIVATE) == ROSEY:
            found.append((text, user if who.endswith(IN_PRIVATE) else ""))
    return found


def config(plugin: str, settings: Mapping[str, Any], prefix: str) -> str:
    """A rosey.toml: any free ports, and the room with the plugin's settings."""
    ports = {part: dict.fromkeys(names, 0) for part, names in PORTS.items()}
    room = {"prefix": prefix, "plugins": {plugin: dict(settings)}}
    return "".join(
        f"{_toml(key)} = {_toml(value)}\n"
        for key, value in (ports | {"channels": {CHANNEL: room}}).items()
    )


def _toml(value: Any) -> str:
    """JSON's texts, numbers and switches are TOML's too, but for one sign; null is left out."""
    match value:
        case dict():
            pairs = [f"{_toml(k)} = {_toml(v)}" for k, v in value.items() if v is not None]
            return f"{{ {', '.join(pairs)} }}"
        case list():
            return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
