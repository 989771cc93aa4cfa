"""The process behind `bin/rosey worker PLUGIN...`: plugins with their workflows and activities."""

import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from pydantic import BaseModel, ValidationError

from core import config as configuration
from core.authority.login import enter, stay
from core.authority.rights import plugin_name
from core.errors import UnknownName, UserError
from core.host import notify
from core.plugin_host.host import PluginHost, SettingsOf
from core.plugin_host.settings_desk import SettingsDesk
from core.plugins import folders, load, reachable
from core.room_settings import RoomSettings
from core.runtime import find
from core.watched import Watched
from rosey import streams
from rosey.bus import Bus
from rosey.manifest import ManifestError, PluginManifest, load_plugin
from rosey.plugin import Plugin
from rosey.texts import Texts, TextsError

log = logging.getLogger("core.plugin_host")


async def run(plugins: list[str], data: Path, config: Path | None) -> None:
    """Runs the named plugins until cancelled. Raises UserError for what cannot be started."""
    addresses = find(data).addresses
    async with AsyncExitStack() as stack:
        settings = Watched(lambda: configuration.load(data, config))
        await stack.enter_async_context(settings)
        buses = []
        for name in plugins:
            us = plugin_name(name)
            bus = await enter(addresses.nats, f"plugin {name}", data, settings.value.nats, us)
            stack.push_async_callback(bus.drain)
            rooms = RoomSettings(lambda: settings.value)
            folder, dev = _folder(name, data), settings.value.dev
            await start_plugin(stack, bus, folder, rooms, addresses.temporal, data, dev)
            buses.append(bus)
        notify.ready()
        log.info("ready: %s", ", ".join(plugins))
        await stay(*buses)


def _folder(name: str, data: Path) -> Path:
    known = folders(data)
    if name not in known:
        raise UnknownName("plugin", name, known)
    return known[name]


async def start_plugin(
    stack: AsyncExitStack,
    bus: Bus,
    folder: Path,
    rooms: RoomSettings,
    temporal: str,
    data: Path,
    dev: bool,
) -> None:
    """Runs the plugin of a folder on the bus until the stack ends. Raises UserError."""
    with _for_its_author():
        manifest = load_plugin(folder)
        reachable(folder)
        plugin: Plugin = load(manifest.entry)
        mailboxes = None
        if manifest.workflows:
            from core.plugin_host.durable import start_worker

            mailboxes = await start_worker(stack, bus, manifest, folder, temporal, data)
        # With its consumer the bucket of settings is there.
        await bus.made(streams.commands_consumer(manifest.name))
        await rooms.follow(bus, manifest.name)
        model: type[BaseModel] | None = load(manifest.settings) if manifest.settings else None
        await SettingsDesk(bus, manifest.name, model).start()
        host = PluginHost(
            bus,
            manifest,
            plugin,
            settings=_settings_of(manifest, model, rooms),
            workflows=mailboxes,
            rooms=lambda: rooms.where(manifest.name),
            texts=Texts.load(folder / "texts"),
            data=data / "plugins" / manifest.name,
            dev=dev,
        )
        await host.start()
        stack.push_async_callback(host.stop)


@contextmanager
def _for_its_author() -> Iterator[None]:
    """Raises UserError for what is wrong with a plugin's files."""
    try:
        yield
    except (ManifestError, TextsError) as problem:
        raise UserError(str(problem)) from problem


def _settings_of(
    manifest: PluginManifest, model: type[BaseModel] | None, rooms: RoomSettings
) -> SettingsOf:
    """The plugin's settings in a channel, checked; a channel's mistake leaves the defaults."""
    if model is None:
        return lambda channel: None

    def of(channel: str) -> BaseModel | None:
        try:
            return model.model_validate(rooms.of(channel, manifest.name) or {})
        except ValidationError as problem:
            log.warning("%s in %s has its defaults: %s", manifest.name, channel, problem)
            return model()

    return of
