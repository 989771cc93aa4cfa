"""What belongs to a plugin under test: its manifest and its settings, found where it lies."""

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from pydantic import BaseModel

from rosey.heard import PREFIX
from rosey.manifest import PluginManifest, Storage, read_plugin
from rosey.plugin import Plugin
from rosey.texts import Texts

FILE = "plugin.toml"
PARENTS = 3


def manifest_of(plugin: Plugin, given: PluginManifest | Path | str | None) -> PluginManifest:
    """The given one, or the one in that file or folder, or the plugin.toml above the plugin's code.

    Without any it is made up: the plugin may say, write in private, hear and keep keys, and has no
    events and no tables. Raises ManifestError for a bad one, ValueError for another plugin's.
    """
    if given is None:
        return next((manifest for _, manifest in _around(plugin)), None) or _made_up(plugin)
    manifest = given if isinstance(given, PluginManifest) else read_plugin(_file(Path(given)))
    if manifest.name != plugin.name:
        raise ValueError(
            f"the plugin is {plugin.name!r}, and the manifest that of {manifest.name!r}"
        )
    return manifest


def folder_of(plugin: Plugin, given: PluginManifest | Path | str | None) -> Path | None:
    """Where its plugin.toml lies: the given one, or the one above the plugin's code."""
    if isinstance(given, Path | str):
        return _file(Path(given)).resolve().parent
    return next((folder for folder, _ in _around(plugin)), None)


def texts_of(plugin: Plugin) -> Texts:
    """What lies in `texts/` beside the plugin's code. Raises TextsError."""
    code = _code(plugin)
    return Texts.load(code.parent / "texts", strict=True) if code else Texts()


def settings_of(
    manifest: PluginManifest, given: BaseModel | Mapping[str, Any] | None
) -> BaseModel | None:
    """The settings a handler sees. Raises ValidationError, or ValueError if it has none."""
    if isinstance(given, BaseModel):
        return given
    if manifest.settings is None:
        if given:
            raise ValueError(f"{manifest.name} names no settings in its {FILE}")
        return None
    model: type[BaseModel] = resolve_name(manifest.settings)
    return model.model_validate(given or {})


def _file(path: Path) -> Path:
    return path / FILE if path.is_dir() else path


def _around(plugin: Plugin) -> Iterator[tuple[Path, PluginManifest]]:
    """The manifests of that name with their folders: beside the plugin's code, then above it."""
    code = _code(plugin)
    if code is None:
        return
    for folder in list(code.parents)[: PARENTS + 1]:
        if (folder / FILE).is_file():
            manifest = read_plugin(folder / FILE)
            if manifest.name == plugin.name:
                yield folder, manifest


def _code(plugin: Plugin) -> Path | None:
    """The file of the first function that it was made of."""
    functions: list[Any] = [plugin.handlers[each.action] for each in plugin.commands]
    functions += [listener for told in plugin.heard.values() for listener in told]
    functions += [offer.handler for offer in plugin.offers.values()]
    if not functions:
        return None
    return Path(inspect.getfile(inspect.unwrap(functions[0]))).resolve()


def _made_up(plugin: Plugin) -> PluginManifest:
    return PluginManifest(
        name=plugin.name,
        version="0.0.0",
        summary="Made up for a test",
        entry=f"{plugin.name}:plugin",
        hears=[PREFIX + name for name in plugin.heard],
        actions=["say", "pm"],
        storage=Storage(keys=True),
    )
