"""rosey.toml: what it may say, a default for all of it, and clear words for what is wrong."""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    SecretStr,
    StrictBool,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from core.config_problems import ConfigError, Problem, error, path_of, problems
from core.errors import UnknownName, choices
from core.plugins import folders

CHECKOUT = Path(__file__).resolve().parent.parent
FILE_NAME = "rosey.toml"
LOUNGE = "lounge"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Secret(_Section):
    """Where a password is; it is read when it is needed and never printed."""

    text: SecretStr | None = None
    env: str | None = Field(default=None, description="the name of an environment variable")
    file: Path | None = Field(default=None, description="the path of a file")

    @model_validator(mode="before")
    @classmethod
    def _one_place(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, str):
            return {"text": value}
        if not isinstance(value, dict) or len(value) != 1 or not value.keys() <= {"env", "file"}:
            raise ValueError('allowed: { env = "NAME" }, { file = "path" } or a string')
        if isinstance(value.get("file"), str) and info.context:
            return {"file": info.context["folder"] / Path(value["file"]).expanduser()}
        return value

    def read(self) -> SecretStr:
        """The password itself. Raises ConfigError when the variable or the file is missing."""
        if self.text is not None:
            return self.text
        if self.env is not None:
            value = os.environ.get(self.env)
            if not value:
                raise error("", f"the environment variable {self.env} is not set")
            return SecretStr(value)
        assert self.file is not None
        try:
            return SecretStr(self.file.read_text().strip())
        except (OSError, UnicodeDecodeError) as wrong:
            raise error("", f"the password file {self.file} cannot be read: {wrong}") from wrong


class ConnectionConfig(_Section):
    """One session on a platform."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]*$",
        description="small letters, digits and '-', beginning with a letter, as in cytube-friends",
    )
    platform: str = Field(
        pattern=r"^[a-z][a-z0-9]*$", description="the name of a folder in connectors/"
    )
    site: str | None = Field(
        default=None,
        min_length=1,
        description="the address of the site, as in https://cytube.example",
    )
    room: str = Field(
        pattern=r"^[^\s/\x00-\x1f]{1,100}$", description="the name of a room, without spaces or '/'"
    )
    user: str = Field(
        default="Rosey", pattern=r"^\S{1,100}$", description="Rosey's name there, without spaces"
    )
    password: Secret | None = None
    room_password: Secret | None = None

    @model_validator(mode="after")
    def _has_site(self) -> "ConnectionConfig":
        if self.site is None and self.platform != LOUNGE:
            raise ValueError(
                f"site is missing; allowed: {type(self).model_fields['site'].description}"
            )
        return self

    @property
    def channel(self) -> str:
        """The channel key of its room."""
        return f"{self.name}/{self.room}"

    def address(self, lounge: str | None) -> str:
        """Its site; a connection to the lounge without one means the lounge of this Rosey."""
        address = self.site or lounge
        if address is None:
            raise error("", f"{self.name}: no lounge is running here; give the connection a site")
        return address


def _plugin_setting(value: Any) -> bool | dict[str, Any]:
    if isinstance(value, bool | dict):
        return value
    raise ValueError("allowed: true, false or a table of the plugin's options")


class ChannelConfig(_Section):
    """What is set for one room."""

    prefix: str = Field(
        default="!",
        pattern=r"^[^\s\w/]{1,3}$",
        description="one to three signs that are no letters, digits, spaces or '/', as in !",
    )
    plugins: dict[str, Annotated[StrictBool | dict[str, Any], PlainValidator(_plugin_setting)]] = (
        Field(default_factory=dict, description="a table of plugin names")
    )


Port = Annotated[
    int, Field(ge=0, le=65535, description="a port number; 0 means any that is free", strict=True)
]


class LoungeConfig(BaseModel):
    """The room that comes with Rosey; what else it may say is the lounge's own business."""

    model_config = ConfigDict(extra="allow", frozen=True)

    enabled: StrictBool = Field(default=True, description="true or false")
    port: Port = 8090

    @property
    def first_room(self) -> str:
        """The room Rosey joins when no connection says otherwise."""
        match self.settings().get("rooms"):
            case [{"name": str(name)}, *_]:
                return name
        return "lobby"

    def settings(self) -> dict[str, Any]:
        """What the lounge itself is told."""
        return {**(self.model_extra or {}), "port": self.port}


def _in_folder(value: Any, info: ValidationInfo) -> Any:
    """A path is meant from the configuration's folder."""
    if isinstance(value, str) and info.context:
        return info.context["folder"] / Path(value).expanduser()
    return value


FilePath = Annotated[Path | None, BeforeValidator(_in_folder)]


class NatsConfig(_Section):
    """The NATS server that Rosey starts, or how to get into the one of ROSEY_NATS_URL."""

    sync: Literal["1s", "always"] = Field(
        default="1s", description='"1s" or "always" (slower, and safe against a power cut)'
    )
    port: Port = 4222
    monitoring_port: Port = 8222
    backlog: int = Field(
        default=1000,
        gt=0,
        strict=True,
        description="how many messages may wait for one consumer before there is a warning",
    )
    credentials: FilePath = Field(default=None, description="the path of a .creds file")
    user: str | None = Field(default=None, description="a name, together with password")
    password: Secret | None = None
    token: Secret | None = None
    tls_ca: FilePath = Field(default=None, description="the path of a CA's certificate")
    tls_cert: FilePath = Field(default=None, description="the path of our own certificate")
    tls_key: FilePath = Field(default=None, description="the path of our certificate's key")

    @model_validator(mode="after")
    def _one_way_in(self) -> "NatsConfig":
        if sum(each is not None for each in (self.credentials, self.user, self.token)) > 1:
            raise ValueError("only one of credentials, user and token can be used")
        if self.password is not None and self.user is None:
            raise ValueError("password needs user")
        if (self.tls_key is None) != (self.tls_cert is None):
            raise ValueError("tls_cert and tls_key go together")
        return self


class TemporalConfig(_Section):
    """The Temporal server that Rosey starts."""

    port: Port = 7233
    ui_port: Port = 8233


class RecorderConfig(_Section):
    """What is kept of what happens in rooms."""

    keep_days: int = Field(
        default=90,
        ge=0,
        le=36_500,
        strict=True,
        description="how many days what was said is kept; 0 keeps only people's statistics",
    )


def _unique(connections: list[ConnectionConfig]) -> list[ConnectionConfig]:
    names = [connection.name for connection in connections]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"each connection needs a name of its own; twice: {', '.join(twice)}")
    return connections


class Config(_Section):
    """Everything that rosey.toml may say."""

    connections: Annotated[list[ConnectionConfig], AfterValidator(_unique)] = Field(
        default_factory=list, description="[[connections]] tables"
    )
    channels: dict[str, ChannelConfig] = Field(
        default_factory=dict, description='tables named [channels."connection/room"]'
    )
    lounge: LoungeConfig = Field(default_factory=LoungeConfig, description="a table")
    nats: NatsConfig = Field(default_factory=NatsConfig, description="a table")
    temporal: TemporalConfig = Field(default_factory=TemporalConfig, description="a table")
    recorder: RecorderConfig = Field(default_factory=RecorderConfig, description="a table")
    dev: StrictBool = Field(
        default=False, description="true or false; true lets plugins open a database of their own"
    )
    sandbox: Literal["auto", "require"] = Field(
        default="auto",
        description='"auto", or "require": plugins that are not trusted run only in a whole box',
    )
    _file: Path | None = PrivateAttr(default=None)

    @field_validator("channels")
    @classmethod
    def _keys(cls, channels: dict[str, ChannelConfig]) -> dict[str, ChannelConfig]:
        for key in channels:
            if not re.fullmatch(r"[^/\s]+/[^/\s]+", key):
                raise ValueError(f"{key!r} is no channel; it looks like lounge/lobby")
        return channels

    @model_validator(mode="after")
    def _with_lounge(self) -> "Config":
        names = {connection.name for connection in self.connections}
        if self.lounge.enabled and LOUNGE not in names:
            lounge = ConnectionConfig(name=LOUNGE, platform=LOUNGE, room=self.lounge.first_room)
            self.connections.append(lounge)
        return self

    @property
    def file(self) -> Path | None:
        """The file it was read from, None when there is none."""
        return self._file

    def connection(self, name: str) -> ConnectionConfig:
        """Raises UnknownName."""
        for connection in self.connections:
            if connection.name == name:
                return connection
        raise UnknownName("connection", name, [each.name for each in self.connections])

    def channel(self, key: str) -> ChannelConfig:
        """What is set for a channel, with the defaults where nothing is."""
        return self.channels.get(key, ChannelConfig())

    def plugin(self, channel_key: str, plugin: str) -> dict[str, Any] | None:
        """A plugin's options in a channel; None when it is switched off there."""
        setting = self.channel(channel_key).plugins.get(plugin, True)
        if isinstance(setting, dict):
            return setting
        return {} if setting else None


def find_file(data: Path, config: Path | None) -> Path | None:
    """The named file, else the one beside the data folder, else the one in the checkout."""
    if config is not None:
        if not config.is_file():
            raise ConfigError([Problem(file=str(config), key="", message="there is no such file")])
        return config.resolve()
    places = (data.absolute().parent / FILE_NAME, CHECKOUT / FILE_NAME)
    return next((place for place in places if place.is_file()), None)


def load(data: Path, config: Path | None = None) -> Config:
    """The configuration for a data folder. Raises ConfigError with everything that is wrong."""
    file = find_file(data, config)
    if file is None:
        return Config()
    table = _table(file)
    try:
        result = Config.model_validate(table, context={"folder": file.parent})
    except ValidationError as wrong:
        raise ConfigError(list(problems(file.name, Config, wrong))) from None
    unknown = list(_unknown_names(file.name, result, data))
    if unknown:
        raise ConfigError(unknown)
    result._file = file
    return result


def plugin_names(data: Path | None = None) -> list[str]:
    """The plugins of this checkout, and those installed in a data folder."""
    return sorted(folders(data))


def platform_names() -> list[str]:
    """The platforms of this checkout: folders with a connector.toml."""
    return sorted(file.parent.name for file in (CHECKOUT / "connectors").glob("*/connector.toml"))


def _table(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as wrong:
        raise error(file.name, f"this is not TOML: {wrong}") from None
    except (OSError, UnicodeDecodeError) as wrong:
        raise error(file.name, f"it cannot be read: {wrong}") from None


def _unknown_names(file: str, config: Config, data: Path) -> Iterator[Problem]:
    """Platforms, channels' connections and plugins that do not exist."""
    for index, each in enumerate(config.connections):
        if each.platform not in (platforms := platform_names()):
            message = f"there is no platform {each.platform!r}; {choices(each.platform, platforms)}"
            key = path_of(("connections", index, "platform"))
            yield Problem(file=file, key=key, message=message)
    connections = [connection.name for connection in config.connections]
    for key, channel in config.channels.items():
        name = key.partition("/")[0]
        if name not in connections:
            message = f"there is no connection {name!r}; {choices(name, connections)}"
            yield Problem(file=file, key=path_of(("channels", key)), message=message)
        for plugin in sorted(channel.plugins.keys() - set(plugins := plugin_names(data))):
            message = f"there is no plugin {plugin!r}; {choices(plugin, plugins)}"
            place = path_of(("channels", key, "plugins", plugin))
            yield Problem(file=file, key=place, message=message)
