"""What can be asked of the plugin manager, by chat or on the command line."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import JsonValue, ValidationError

from core.config import Config
from core.errors import UnknownName, UserError
from core.manager import overlay, texts
from core.manager.keeper import Keeper
from core.runtime import ProcessState
from rosey import clock
from rosey.bus import Bus
from rosey.manifest import ManifestError, PluginManifest
from rosey.room_commands import CORE
from rosey.service_client import Services
from rosey.services import ServiceAway
from rosey.settings import CheckedSettings, CheckSettings, Chosen, Option, SetHere

CHECK_PATIENCE = 3.0
TAKE_BACK = "default"
READY = "ready"

Restart = Callable[[str], Awaitable[Mapping[str, str]]]


@dataclass(frozen=True)
class Host:
    """What the host knows and does: its plugins, their processes, and new code for one.

    `restart` lets a new process take over from the old one without a gap, or leaves the old one and
    raises UserError; it gives the states after that.
    """

    plugins: Callable[[], Mapping[str, PluginManifest]]
    states: Callable[[], Mapping[str, ProcessState]]
    restart: Restart


class Manager:
    """Answers in sentences. Raises UserError, which says what to do instead."""

    def __init__(self, bus: Bus, config: Callable[[], Config], host: Host, keeper: Keeper) -> None:
        self._services = Services(bus, CORE, ())
        self._config = config
        self._host = host
        self._keeper = keeper

    def named(self, name: str) -> PluginManifest:
        """By name or alias. Raises UnknownName."""
        plugins, typed = self._plugins(), name.casefold()
        for manifest in plugins.values():
            if typed == manifest.name or typed in manifest.aliases:
                return manifest
        raise UnknownName("plugin", name, plugins)

    def _plugins(self) -> Mapping[str, PluginManifest]:
        try:
            return self._host.plugins()
        except ManifestError as problem:
            raise UserError(f"{problem}. Nothing was done.") from problem

    # -- switches --------------------------------------------------------------------------

    async def switch(self, name: str, channel: str, on: bool, by: str) -> str:
        """Switches a plugin on or off in a room."""
        plugin = self.named(name).name
        chosen = await self._keeper.set_for(plugin)
        if overlay.is_on(self._config(), plugin, channel, chosen) is on:
            return texts.switched_before(plugin, on)
        await self._keeper.change(plugin, channel, partial(_switched, on, by))
        return texts.switched(plugin, on)

    async def reload(self, name: str) -> str:
        """Lets a new process of the plugin take over without a gap, or leaves the old one."""
        plugin = self.named(name).name
        if plugin not in self._host.states():
            raise UserError(texts.no_process(plugin))
        states = await self._host.restart(plugin)
        state = states.get(plugin, "")
        if state != READY:
            raise UserError(texts.not_back(plugin, state))
        return texts.reloaded(plugin)

    # -- what there is ---------------------------------------------------------------------

    async def listed(self, channel: str) -> str:
        """The plugins with what they are in a room."""
        known = [
            (plugin.name, plugin.version, await self._is_on(plugin.name, channel))
            for plugin in self._plugins().values()
        ]
        return texts.listed(known)

    async def show(self, name: str, channel: str, prefix: str) -> str:
        """One plugin and what it is in a room."""
        plugin = self.named(name)
        on = await self._is_on(plugin.name, channel)
        return texts.shown(plugin, on, self._state(plugin.name).state, prefix)

    def status(self) -> str:
        """Every plugin's process."""
        return texts.status({name: self._state(name) for name in self._plugins()})

    async def table(self, channels: Iterable[str]) -> list[dict[str, Any]]:
        """The same for programs: every plugin with its process and the rooms where it is off."""
        return [await self.row(name, channels) for name in self._plugins()]

    async def row(self, name: str, channels: Iterable[str]) -> dict[str, Any]:
        """One plugin for programs."""
        plugin = self.named(name)
        rooms = {room: await self._is_on(plugin.name, room) for room in channels}
        return {
            "name": plugin.name,
            "version": plugin.version,
            "summary": plugin.summary,
            "trust": plugin.trust,
            "state": self._state(plugin.name).state,
            "rooms": rooms,
        }

    # -- settings --------------------------------------------------------------------------

    async def settings(self, name: str, channel: str, prefix: str) -> str:
        """Every option of a plugin in a room."""
        plugin = self._with_settings(name)
        checked = await self._check(plugin, channel)
        chosen = await self._keeper.set_for(plugin)
        sources = {
            each.name: overlay.source(self._config(), plugin, channel, chosen, each.name)
            for each in checked.options
        }
        return texts.settings(plugin, checked, sources, prefix)

    async def setting(self, name: str, option: str, channel: str, prefix: str) -> str:
        """One option of a plugin in a room."""
        plugin = self._with_settings(name)
        found = _option(plugin, option, await self._check(plugin, channel))
        chosen = await self._keeper.set_for(plugin)
        source = overlay.source(self._config(), plugin, channel, chosen, found.name)
        return texts.setting(plugin, found, source, prefix)

    async def set(self, name: str, option: str, text: str, channel: str, by: str) -> str:
        """Sets one option in a room, as typed, if the plugin takes it."""
        plugin = self._with_settings(name)
        if text.casefold() == TAKE_BACK:
            return await self._take_back(plugin, option, channel)
        checked = await self._check(plugin, channel, {option: text})
        found = _option(plugin, option, checked)
        if found.secret:
            raise UserError(texts.no_secrets(plugin, option))
        if checked.problems:
            raise UserError(texts.problems(plugin, checked.problems))
        await self._keeper.change(plugin, channel, partial(_put, option, found.value, by))
        return texts.now(plugin, found)

    async def _take_back(self, plugin: str, option: str, channel: str) -> str:
        """Whether or not the plugin still knows the option: it may be the one that hurts."""
        chosen = await self._keeper.set_for(plugin)
        if option not in chosen.rooms.get(channel, SetHere()).options:
            _option(plugin, option, await self._check(plugin, channel))
            return texts.was_not_set(plugin, option)
        await self._keeper.change(plugin, channel, partial(_without, option))
        source = overlay.source(
            self._config(), plugin, channel, await self._keeper.set_for(plugin), option
        )
        try:
            checked = await self._check(plugin, channel)
        except UserError:  # the plugin is away; what was asked is done
            return texts.taken_back(plugin, option, None, source)
        found = next((each for each in checked.options if each.name == option), None)
        return texts.taken_back(plugin, option, found, source)

    def _with_settings(self, name: str) -> str:
        manifest = self.named(name)
        if manifest.settings is None:
            raise UserError(texts.no_settings(manifest.name))
        return manifest.name

    async def _check(
        self, plugin: str, channel: str, typed: dict[str, str] | None = None
    ) -> CheckedSettings:
        """The plugin's own process says what fits: its code is not for this process."""
        chosen = await self._keeper.set_for(plugin)
        options = overlay.options(self._config(), plugin, channel, chosen)
        asked = CheckSettings(options=options, typed=typed or {})
        try:
            question = f"{plugin}.check_settings"
            answer = await self._services.ask(question, asked.wire(), CHECK_PATIENCE)
            return CheckedSettings.read(answer)
        except ServiceAway as problem:
            raise UserError(texts.no_answer(plugin)) from problem
        except ValidationError as problem:
            raise UserError(texts.nonsense(plugin)) from problem

    async def _is_on(self, plugin: str, channel: str) -> bool:
        chosen = await self._keeper.set_for(plugin)
        return overlay.is_on(self._config(), plugin, channel, chosen)

    def _state(self, plugin: str) -> ProcessState:
        return self._host.states().get(plugin, ProcessState(state="not started"))


def _option(plugin: str, name: str, checked: CheckedSettings) -> Option:
    """Raises UserError for one that is not there."""
    for each in checked.options:
        if each.name == name:
            return each
    raise UserError(texts.no_option(plugin, name, [each.name for each in checked.options]))


def _switched(on: bool, by: str, here: SetHere) -> SetHere:
    return here.model_copy(update={"on": Chosen(value=on, by=by, at=clock.now())})


def _put(option: str, value: JsonValue, by: str, here: SetHere) -> SetHere:
    chosen = Chosen(value=value, by=by, at=clock.now())
    return here.model_copy(update={"options": {**here.options, option: chosen}})


def _without(option: str, here: SetHere) -> SetHere:
    left = {name: each for name, each in here.options.items() if name != option}
    return here.model_copy(update={"options": left})
