"""What the configuration tells the lounge, connectors and plugins, checked by their own models."""

import importlib
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from core.config import FILE_NAME, LOUNGE, Config, ConnectionConfig, Secret
from core.config_problems import ConfigError, Place, Problem, path_of, problems
from core.errors import UserError, choices
from core.plugins import CONNECTORS, PLUGINS, load
from rosey.manifest import ManifestError, load_connector, load_plugin

# In place of a password or site that is only known later.
UNKNOWN_YET = "http://127.0.0.1"


def lounge_settings(config: Config, **values: Any) -> Any:
    """`[lounge]` as the lounge's own LoungeSettings; `values` that are not None win.

    Raises ConfigError.
    """
    model: type[BaseModel] = importlib.import_module("connectors.lounge.settings").LoungeSettings
    given = {key: value for key, value in values.items() if value is not None}
    try:
        return model.model_validate(config.lounge.settings() | given)
    except ValidationError as error:
        raise ConfigError(list(problems(_file(config), model, error, (LOUNGE,)))) from None


def check(config: Config) -> None:
    """Raises ConfigError with everything the lounge, connectors and trusted plugins refuse.

    The code of plugins that are not trusted, or not Rosey's own, is not run for this; they check
    their own options.
    """
    try:
        wrong = [*_connections(config), *_plugins(config)]
    except ManifestError as error:
        raise UserError(str(error)) from None
    if config.lounge.enabled:
        try:
            lounge_settings(config)
        except ConfigError as error:
            wrong += error.problems
    if wrong:
        raise ConfigError(wrong)


def advice(config: Config) -> list[str]:
    """What works and could be better, or is not there yet."""
    lines = []
    for connection in config.connections:
        for key in ("password", "room_password"):
            secret: Secret | None = getattr(connection, key)
            if secret is not None:
                lines += [f"{connection.name}: {text}" for text in _secret_advice(key, secret)]
    known = {connection.channel for connection in config.connections}
    lines += [
        f'channels."{key}" names a room that no connection joins; {choices(key, known)}'
        for key in sorted(config.channels.keys() - known)
    ]
    return lines


def _secret_advice(key: str, secret: Secret) -> Iterator[str]:
    if secret.text is not None:
        yield f'the {key} stands in the file; {{ env = "NAME" }} or {{ file = "..." }} is safer'
        return
    try:
        secret.read()
    except ConfigError as error:
        yield str(error)


def _connections(config: Config) -> Iterator[Problem]:
    for index, each in enumerate(config.connections):
        settings = load_connector(CONNECTORS / each.platform).settings
        yield from _refused(config, settings, _told(each), ("connections", index))


def _told(connection: ConnectionConfig) -> dict[str, Any]:
    return {
        "connection": connection.name,
        "site": connection.site or UNKNOWN_YET,
        "room": connection.room,
        "user": connection.user,
    }


def _plugins(config: Config) -> Iterator[Problem]:
    for key, channel in config.channels.items():
        for name, options in channel.plugins.items():
            place = ("channels", key, "plugins", name)
            if not (PLUGINS / name).is_dir() or not isinstance(options, dict):
                continue
            manifest = load_plugin(PLUGINS / name)
            if manifest.trust != "trusted":
                continue
            if manifest.settings is not None:
                yield from _refused(config, manifest.settings, options, place)
            elif options:
                message = "this plugin has no options; allowed: true or false"
                yield Problem(file=_file(config), key=path_of(place), message=message)


def _refused(
    config: Config, settings: str, values: dict[str, Any], place: Place
) -> Iterator[Problem]:
    model: type[BaseModel] = load(settings)
    try:
        model.model_validate(values)
    except ValidationError as error:
        yield from problems(_file(config), model, error, place)


def _file(config: Config) -> str:
    return config.file.name if config.file else FILE_NAME
