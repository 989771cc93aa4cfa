"""`bin/rosey up`: one Rosey on one data folder, from the lock to the last child's end."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import psutil

from core.authority.keys import Keys
from core.authority.login import exposed
from core.authority.rights import everybody
from core.authority.server_rules import rules
from core.config import Config, plugin_names
from core.errors import UnknownName, UserError
from core.host import backlog, control, nats, plugin_watch, temporal
from core.host.bulletin import Bulletin
from core.host.lifecycle import Lifecycle
from core.host.lock import hold
from core.host.order import Order
from core.host.ports import ADDRESS, Ports
from core.host.process import KeptProcess
from core.host.pulse import Pulse
from core.host.reload import NotReloaded, Reloads
from core.host.specs import ProcessSpec, own_processes, plugin_process
from core.host.supervisor import Supervisor
from core.manager.manager import Host
from core.manager.service import ManagerService
from core.plugins import manifests
from core.runtime import FILE_NAME, Addresses, ProcessState, Runtime
from rosey import tasks

RESTART_SECONDS = 30.0
WATCH_AGAIN_SECONDS = 5.0
CANCEL_AGAIN_SECONDS = 0.3
FAREWELL_SECONDS = 0.2
DISABLED = "switched off by hand; bin/rosey restart {} switches it on"


class Progress(Protocol):
    """What is told to the person who typed `up`."""

    def note(self, text: str) -> None:
        """Something worth knowing, such as a port that moved."""

    def changed(self, name: str, state: ProcessState, ready_after: float | None) -> None:
        """A process has a new state; `ready_after` in seconds since its start."""

    def running(self, addresses: Addresses, missing: dict[str, str]) -> None:
        """All that starts has started; `missing` says of the others why they do not."""

    def complete(self) -> None:
        """Everything answers."""


UNDERSTOOD = "status, down, restart, reload, disable, installed and plugin"


async def run(
    data: Path,
    config: Config,
    progress: Progress,
    *,
    own: Sequence[ProcessSpec] | None = None,
    prepare: temporal.Prepare | None = None,
) -> None:
    """Until SIGINT, SIGTERM, SIGHUP or `down`. Raises UserError when it cannot start.

    `own` replaces Rosey's own processes, `prepare` the preparation of Temporal.
    """
    data = data.absolute()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    stop = _stop_on_signals()
    async with hold(data) as lock:
        with Ports(progress.note) as ports:
            server = _nats_server(data, config, ports)
            addresses, servers = await _servers(data, config, ports, server, progress, prepare)
            specs = [*servers, *(own_processes(data, config) if own is None else own)]
            host = _Host(data, config, addresses, server, specs, lock, progress, stop)
            try:
                await host.run()
            finally:
                (data / FILE_NAME).unlink(missing_ok=True)


class _Host:
    """What the control socket, the progress and runtime.json see of the supervisor."""

    def __init__(
        self,
        data: Path,
        config: Config,
        addresses: Addresses,
        server: nats.Server | None,
        specs: Sequence[ProcessSpec],
        lock: int,
        progress: Progress,
        stop: asyncio.Event,
    ) -> None:
        self._data = data
        self._config = config
        self._progress = progress
        self._stop = stop
        self._lifecycle = Lifecycle(self._version)
        self._supervisor = Supervisor(specs, data, lock, self._changed)
        self._reloads = Reloads(self._supervisor, self._lifecycle.reloaded)
        states = {name: each.state for name, each in self._supervisor.processes.items()}
        self._runtime = Runtime(addresses, os.getpid(), states)
        self._bulletin = Bulletin(data, self._runtime, progress.note)
        self._order = Order(
            *(data, config, server, self._supervisor),
            *(self._runtime, self._bulletin, progress.note),
        )
        known = Host(partial(manifests, data), self._processes, self._anew)
        self._manager = ManagerService(data, config, addresses.nats, known)

    async def run(self) -> None:
        self._runtime.write(self._data)
        async with control.serve(self._data, self._answer), asyncio.TaskGroup() as group:
            beside = [
                group.create_task(self._announce()),
                group.create_task(self._keep_order()),
                group.create_task(self._watch_backlog()),
                group.create_task(self._manager.run()),
            ]
            telling = group.create_task(self._tell_of_plugins())

            async def farewell() -> None:
                await self._lifecycle.told(FAREWELL_SECONDS)
                group.create_task(self._end([telling]))

            group.create_task(self._end(beside))
            await self._supervisor.run(self._stop, farewell)

    async def _end(self, beside: list[asyncio.Task[None]]) -> None:
        """Before the servers stop, so that who uses them can take leave."""
        await self._stop.wait()
        await tasks.end(*beside, again_after=CANCEL_AGAIN_SECONDS)

    async def _keep_order(self) -> None:
        """What goes wrong with the watching is told, and must not take the rest with it."""
        await self._supervisor.started.wait()
        while True:
            try:
                await self._order.keep()
            except Exception as problem:  # its bug must not end the host, and so all of Rosey
                self._progress.note(f"watching the bus failed and begins anew: {problem!r}")
                await asyncio.sleep(WATCH_AGAIN_SECONDS)

    def _changed(self, process: KeptProcess) -> None:
        self._bulletin.write()
        self._lifecycle.changed(process)
        self._progress.changed(process.name, process.state, process.ready_after)

    async def _announce(self) -> None:
        await self._supervisor.started.wait()
        missing = {
            name: state.last_error or state.state
            for name, state in self._runtime.processes.items()
            if state.state != "ready"
        }
        self._progress.running(self._runtime.addresses, missing)
        await self._supervisor.ready()
        self._progress.complete()

    async def _watch_backlog(self) -> None:
        url = self._runtime.addresses.nats
        told = self._bulletin
        await backlog.watch(self._data, self._config.nats, url, told.warn, told.unsaid)

    async def _tell_of_plugins(self) -> None:
        pulse = Pulse(self._supervisor.processes.values, self._bulletin.turn)
        url = self._runtime.addresses.nats
        await plugin_watch.watch(self._data, self._config.nats, url, self._lifecycle, pulse)

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        match request:
            case {"command": "status"}:
                return {"runtime": self._status()}
            case {"command": "down"}:
                self._stop.set()
                return {}
            case {"command": "installed", "name": str(name)}:
                return {"state": await self._installed(name)}
            case {"command": "restart", "name": str(name)}:
                return {"processes": await self._restart(name)}
            case {"command": "restart"}:
                return {"processes": await self._restart(None)}
            case {"command": "reload", "name": str(name)}:
                return await self._reload(name, bool(request.get("force")))
            case {"command": "disable", "name": str(name)}:
                return {"processes": await self._disable(name)}
            case {"command": "plugin"}:
                return await self._manager.answer(request)
        raise UserError(f"The host understands {UNDERSTOOD}.")

    def _status(self) -> dict[str, Any]:
        self._bulletin.refresh()
        self._processes()
        return self._runtime.as_dict()

    def _processes(self) -> dict[str, ProcessState]:
        for state in self._runtime.processes.values():
            state.memory_mb = _memory_mb(state.pid)
        return self._runtime.processes

    async def _installed(self, name: str) -> str:
        """Another version of a plugin is to run, or it is new or gone. Returns how it is now."""
        process = self._supervisor.processes.get(name)
        if process is not None and not process.spec.plugin:
            raise UserError(f"{name} is no plugin but a part of Rosey.")
        await self._order.renew()
        if name not in plugin_names(self._data):
            if process is not None:
                await self._supervisor.drop(name)
            self._runtime.processes.pop(name, None)
            self._bulletin.write()
            return "gone"
        if process is not None and process.state.state == "ready":
            try:
                await self._reload(name, force=False)
            except NotReloaded as refused:
                told = f"{str(refused).rstrip('.')}. {self._next_time(name)}"
                raise UserError(told) from refused
            return self._runtime.processes[name].state
        if process is not None:  # nothing is under way that could be handed over
            return (await self._restart(name))[name]
        process = self._supervisor.add(plugin_process(name, self._data, self._config))
        self._runtime.processes[name] = process.state
        with suppress(TimeoutError):  # one that does not answer yet says so below
            async with asyncio.timeout(RESTART_SECONDS):
                await process.settled()
        return process.state.state

    async def _restart(self, name: str | None) -> dict[str, str]:
        names = self._supervisor.own() if name is None else [name]
        for each in names:
            self._order.forgive(each)
        if name is not None and name not in self._supervisor.processes:
            raise UnknownName("process", name, self._supervisor.processes)
        try:
            async with asyncio.timeout(RESTART_SECONDS):
                await self._supervisor.restart(names)
        except TimeoutError:
            pass  # what does not answer yet is in the states below
        return {each: self._runtime.processes[each].state for each in names}

    async def _reload(self, name: str, force: bool) -> dict[str, Any]:
        seconds = await self._reloads.reload(name, force=force)
        self._order.forgive(name)
        state = self._runtime.processes[name]
        version = self._version(name)
        return {"pid": state.pid, "version": version, "seconds": round(seconds, 2)}

    def _next_time(self, plugin: str) -> str:
        """What is on the shelf stays there, though it could not take over."""
        return (
            f"The next start would run {plugin} {self._version(plugin)} all the same; "
            f"bin/rosey plugin rollback {plugin} takes it back."
        )

    def _version(self, plugin: str) -> str:
        return plugin_watch.version(plugin, self._data)

    async def _anew(self, name: str) -> dict[str, str]:
        await self._reload(name, force=False)
        return {name: self._runtime.processes[name].state}

    async def _disable(self, name: str) -> dict[str, str]:
        plugin = self._reloads.plugin(name)
        await plugin.hold(DISABLED.format(name), "disabled")
        return {name: self._runtime.processes[name].state}


async def _servers(
    data: Path,
    config: Config,
    ports: Ports,
    server: nats.Server | None,
    progress: Progress,
    prepare: temporal.Prepare | None,
) -> tuple[Addresses, list[ProcessSpec]]:
    """The servers to start and where they will listen; the lounge's port is chosen here too."""
    addresses = Addresses(
        nats=os.environ.get("ROSEY_NATS_URL", ""), temporal=os.environ.get("TEMPORAL_ADDRESS", "")
    )
    making = []
    if server is None:
        progress.note(f"NATS is the one of ROSEY_NATS_URL: {addresses.nats}")
        for file in exposed(config.nats):
            progress.note(f"everybody on this machine can read {file}; `chmod 600` ends that")
    else:
        addresses.nats = f"nats://{ADDRESS}:{server.port}"
        addresses.nats_monitoring = f"http://{ADDRESS}:{server.monitoring_port}"
        making.append(server.prepare(rules(Keys(data), everybody(config, data))))
    if addresses.temporal:
        progress.note(f"Temporal is the one of TEMPORAL_ADDRESS: {addresses.temporal}")
        await temporal.prepare_others(addresses.temporal, progress.note, prepare)
    else:
        making.append(_temporal(data, config, ports, addresses, progress, prepare))
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in making]
    except* UserError as errors:
        raise errors.exceptions[0] from None
    if config.lounge.enabled:
        addresses.lounge = f"http://{ADDRESS}:{ports.take(config.lounge.port, 'the lounge')}"
    return addresses, [task.result() for task in tasks]


def _nats_server(data: Path, config: Config, ports: Ports) -> nats.Server | None:
    """None when ROSEY_NATS_URL names another."""
    if os.environ.get("ROSEY_NATS_URL"):
        return None
    port = ports.take(config.nats.port, "NATS")
    monitoring = ports.take(config.nats.monitoring_port, "NATS monitoring")
    return nats.Server(data / "nats", port, monitoring, config.nats.sync)


async def _temporal(
    data: Path,
    config: Config,
    ports: Ports,
    addresses: Addresses,
    progress: Progress,
    prepare: temporal.Prepare | None,
) -> ProcessSpec:
    port = ports.take(config.temporal.port, "Temporal")
    ui = ports.take(config.temporal.ui_port, "the Temporal Web UI")
    addresses.temporal = f"{ADDRESS}:{port}"
    addresses.temporal_ui = f"http://{ADDRESS}:{ui}"
    chosen = (port, ui, ports.take(0, "Temporal's metrics"))
    return await temporal.spec(data, chosen, progress.note, prepare)


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    return stop


def _memory_mb(pid: int | None) -> float | None:
    if pid is None:
        return None
    try:
        return round(float(psutil.Process(pid).memory_info().rss) / 2**20, 1)
    except psutil.NoSuchProcess:
        return None
