"""The process of a plugin that is not trusted: `bin/rosey worker NAME`, in the box.

Whoever starts it hands it by one variable what it must know of rosey.toml; it never reads that
itself, so nobody's passwords are in its memory. Started without, it hands itself over: a new
program on the same process, with nothing of the old one's memory.
"""

import importlib.util
import logging
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from core import config as configuration
from core.authority.login import enter_as, login, stay
from core.authority.rights import plugin_name
from core.config import Config
from core.host import notify
from core.host.sandbox import box, environment, imports, network
from core.host.sandbox.box import Box, Enforced
from core.host.sandbox.handover import HANDED, Handed, handed_over, taken_over
from core.plugin_host.service import start_plugin
from core.plugins import PLUGINS, folders, reachable
from core.room_settings import RoomSettings
from core.runtime import find
from rosey.bus import Login
from rosey.manifest import PluginManifest

log = logging.getLogger("core.plugin_host")


def work(manifest: PluginManifest, data: Path, file: Path | None) -> "Boxed":
    """Enters the box and returns what is to be run there. Raises UserError."""
    if HANDED not in os.environ:
        _begin_anew(manifest, data, file)
    handed = taken_over(os.environ.pop(HANDED))
    notify.wait_for_go()
    return _enter(manifest, data, handed)


class Boxed:
    """The plugin at work, from inside."""

    def __init__(
        self,
        manifest: PluginManifest,
        folder: Path,
        data: Path,
        url: str,
        us: Login,
        dev: bool,
    ) -> None:
        self._manifest = manifest
        self._folder = folder
        self._data = data
        self._url = url
        self._us = us
        self._dev = dev

    async def run(self) -> None:
        """Until cancelled. Raises UserError for what cannot be started."""
        name = self._manifest.name
        async with AsyncExitStack() as stack:
            us = plugin_name(name)
            bus = await enter_as(self._url, f"plugin {name}", self._us, us)
            stack.push_async_callback(bus.drain)
            # What is set for it comes over the bus alone.
            rooms = RoomSettings(Config)
            await start_plugin(stack, bus, self._folder, rooms, "", self._data, self._dev)
            notify.ready()
            log.info("ready: %s", name)
            await stay(bus)


def _begin_anew(manifest: PluginManifest, data: Path, file: Path | None) -> None:
    config = configuration.load(data, file)
    ours = (notify.READY, notify.GO, notify.RELAY)
    told = {key: value for key in ours if (value := os.environ.get(key))}
    words = (sys.executable, "-P", "-m", "core", "worker", manifest.name, "--data", str(data))
    os.execve(sys.executable, words, handed_over(config, os.environ) | told)  # noqa: S606


def _enter(manifest: PluginManifest, data: Path, handed: Handed) -> Boxed:
    url = find(data).addresses.nats
    us = login(data, handed.nats, plugin_name(manifest.name))
    code, own = folders(data)[manifest.name], data / "plugins" / manifest.name
    environment.make_home(own)
    environment.remember_names(url)
    reachable(code)
    _find(manifest.entry.partition(":")[0], code)
    # Read again at every connection.
    files = [handed.nats.credentials] if handed.nats.credentials else []
    channel, servers = notify.relay(), environment.servers(url)
    enforced = box.enter(
        Box(
            name=manifest.name,
            read=environment.readable(*_code_of(code), *files),
            own=own,
            ports=environment.ports(url),
            memory=manifest.limits.memory,
            cpu=manifest.limits.cpu,
            watched=notify.is_watched(),
            keep=notify.descriptors(),
            relay=None if channel is None else network.Relay(channel, servers),
        )
    )
    if enforced.own_network:
        environment.rename(network.inside(servers))
    _tell(manifest.name, enforced)
    if handed.must_be_whole:
        box.require(enforced, manifest.name)
    imports.guard(code)
    return Boxed(manifest, code, data, url, us, handed.dev)


def _code_of(folder: Path) -> list[Path]:
    """An installed plugin has its libraries beside it."""
    return [folder] if folder.parent == PLUGINS else [folder.parent]


def _tell(name: str, enforced: Enforced) -> None:
    notify.boxed(str(enforced))
    level = logging.WARNING if enforced.missing else logging.INFO
    log.log(level, "%s is in its box; %s", name, enforced)
    for remark in enforced.remarks:
        log.info("the box of %s: %s", name, remark)


def _find(module: str, folder: Path) -> None:
    """Python lists the folders above the plugin's once; in the box it may not do that."""
    name = ""
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None or Path(found.origin).is_relative_to(folder):
            return
