"""The processes the host starts, which anybody may start by hand, here or elsewhere."""

import asyncio
import contextlib
import importlib
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from core import config as configuration
from core import config_checks, logs, runtime
from core.config import Config
from core.errors import UnknownName, UserError
from core.host import notify
from core.lounge_accounts import with_accounts
from core.plugin_host.trust import refuse_shared, to_box
from core.plugins import CONNECTORS, load
from rosey.manifest import ManifestError, load_connector


def worker(plugins: list[str], data: Path, file: Path | None) -> None:
    """Raises UnknownName for a plugin that does not exist."""
    known = configuration.plugin_names(data)
    for name in plugins:
        if name not in known:
            raise UnknownName("plugin", name, known)
    names = list(dict.fromkeys(plugins))
    if manifest := to_box(names, data):
        logs.set_up()
        from core.plugin_host import boxed

        serve(boxed.work(manifest, data, file).run())
        return
    refuse_shared(_begin(data, file), names, data)
    from core.plugin_host.service import run

    notify.wait_for_go()
    serve(run(names, data, file))


def connector(name: str, data: Path, file: Path | None) -> None:
    """Raises UnknownName for a connection that is not configured."""
    platform = _begin(data, file).connection(name).platform
    from core.connection_host import run

    _load_connector(platform)
    notify.wait_for_go()
    serve(run(name, data, file))


def router(data: Path, file: Path | None) -> None:
    _begin(data, file)
    from core.router.service import run

    notify.wait_for_go()
    serve(run(data, file))


def database(data: Path, file: Path | None) -> None:
    """On the database of ROSEY_DATABASE_URL, else on a file in the data folder."""
    _begin(data, file)
    from core.database.service import run

    notify.wait_for_go()
    serve(run(data, file))


def recorder(data: Path, file: Path | None) -> None:
    """Behind everybody else: what happened can be written a little later, and answers cannot."""
    os.nice(10)
    _begin(data, file)
    from core.recorder.service import run

    notify.wait_for_go()
    serve(run(data, file))


def lounge(data: Path, file: Path | None) -> None:
    """On the port that the running host chose for it, else on the configured one."""
    config = _begin(data, file)
    config_checks.lounge_settings(config)  # what is wrong is told before anything is added
    settings = config_checks.lounge_settings(
        config,
        port=_lounge_port(data),
        history_file=data / "lounge" / "history.jsonl",
        **with_accounts(config, data),
    )
    settings.history_file.parent.mkdir(parents=True, exist_ok=True)
    server = importlib.import_module("connectors.lounge.server")
    notify.wait_for_go()
    serve(server.serve(settings, ready=lambda _: notify.ready()))


def bench(as_json: bool, against: Path | None, as_markdown: bool = False) -> int:
    """Exit code 1 when a figure is worse than it may be."""
    if against is not None and not against.is_file():
        raise UserError(f"There is no file {against} to compare with.")
    runner = importlib.import_module("core.bench")
    result: int = runner.run(as_json, against, as_markdown=as_markdown)
    return result


def serve(work: Coroutine[Any, Any, Any]) -> None:
    """Runs it until it ends, or until SIGTERM or SIGINT cancel it, which is a good end."""
    asyncio.run(_until_told(work))


async def _until_told(work: Coroutine[Any, Any, Any]) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def end() -> None:
        told.set()
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    try:
        await task
    except asyncio.CancelledError:
        if not told.is_set():
            raise


def _load_connector(platform: str) -> None:
    """Its modules take long; they are loaded while the rest of Rosey starts."""
    with contextlib.suppress(ManifestError):  # said by the connection itself
        manifest = load_connector(CONNECTORS / platform)
        for named in (manifest.connector, manifest.workflow, *manifest.activities):
            load(named)


def _begin(data: Path, file: Path | None) -> Config:
    logs.set_up()
    return configuration.load(data, file)


def _lounge_port(data: Path) -> int | None:
    try:
        address = runtime.find(data).addresses.lounge
    except runtime.NotRunning:
        return None
    return int(address.rpartition(":")[2]) if address else None
