"""`plugin.toml` and `connector.toml`: what a plugin or connector is and asks for."""

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from rosey.contracts.storage import FieldName, TableDefinition, TableName

RESERVED = ("rosey", "db", "plugin", "core")
ALL_EVENTS = "rosey.events.>"
ACTION_KINDS = (
    "say",
    "pm",
    "media_add",
    "media_remove",
    "media_move",
    "media_jump",
    "media_skip",
    "media_clear",
    "media_shuffle",
    "media_lock",
    "media_look",
)
HEARD = (
    "rosey.events.message",
    "rosey.events.pm",
    "rosey.events.user.join",
    "rosey.events.user.leave",
    "rosey.events.user.update",
    "rosey.events.media.change",
    "rosey.events.media.end",
    "rosey.events.playlist.change",
    "rosey.events.connection.up",
    "rosey.events.connection.down",
    "rosey.events.sent",
    "rosey.events.refused",
    "rosey.events.>",
)
# What a plugin tells of may be heard too, but not how commands end: hearing it is a command.
OF_PLUGIN = re.compile(
    r"rosey\.plugins\.[a-z][a-z0-9]*\.(?!command_(?:succeeded|failed)$)[a-z][a-z0-9_]*"
)

Manifest = TypeVar("Manifest", bound=BaseModel)
Token = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*$", max_length=32)]
KeyPattern = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Import = Annotated[str, StringConstraints(pattern=r"^[a-z_][\w.]*:[A-Za-z_]\w*$")]

_PLAIN, _ROOM = r"[^{}*\0]*", r"(?:\{channel\})?"
_KEYS_OF_ONE = re.compile(
    rf"{_PLAIN}{_ROOM}{_PLAIN}\{{user\}}{_PLAIN}{_ROOM}{_PLAIN}(?:(?<=[:/])\*)?"
)


class ManifestError(Exception):
    """A manifest says what it must not; the text names file, key and what is allowed."""


class Storage(BaseModel):
    """What a plugin keeps: tables of its own (without their prefix) and keys.

    With `migrations` its tables are what `migrations/<plugin>/` makes of them.
    """

    model_config = ConfigDict(extra="forbid")
    tables: dict[TableName, TableDefinition] = {}
    migrations: bool = False
    keys: bool = False

    @property
    def has_tables(self) -> bool:
        """Whether it keeps rows, whoever makes its tables."""
        return bool(self.tables) or self.migrations

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.tables and self.migrations:
            raise ValueError("tables are declared here or made by migrations, not both")
        return self


class People(BaseModel):
    """What is kept about people: rows of `table`, where `field` names who, or values under `keys`.

    A table has a field `channel` too, or its rows are about a person `everywhere`, in all rooms.
    In `keys` `{user}` is his name as `rosey.names.name_key` writes it and `{channel}` the room; one
    that ends in `:*` or `/*` means all keys that begin so. `what` calls it by a name: `quotes you
    added`. When somebody wants to be forgotten it is deleted, or some fields get other values, or
    it is kept; then `remains` says what stays and why. In it `{days}` is how long the room's log
    goes back.
    """

    model_config = ConfigDict(extra="forbid")
    table: TableName | None = None
    field: FieldName | None = None
    keys: KeyPattern | None = None
    everywhere: bool = False
    what: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    forget: Literal["delete", "keep"] | dict[FieldName, str | None]
    remains: Annotated[str, StringConstraints(max_length=200)] = ""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.table is None) != (self.field is None) or (self.table is None) == (not self.keys):
            raise ValueError("say either table and field, or keys")
        if self.keys is not None:
            if not _KEYS_OF_ONE.fullmatch(self.keys):
                raise ValueError(
                    f"keys: {self.keys!r} must have {{user}} once, may have {{channel}}, and may "
                    "end in :* or /*"
                )
            if isinstance(self.forget, dict):
                raise ValueError('forget: what is under keys is "delete" or "keep"')
            self.everywhere = "{channel}" not in self.keys
        return self

    @model_validator(mode="after")
    def _with_reason(self) -> Self:
        if self.forget != "delete" and not self.remains:
            raise ValueError("remains: say what stays, and why")
        if isinstance(self.forget, dict) and self.field not in self.forget:
            raise ValueError(f"forget: {self.field!r} would still name the person")
        return self


class Limits(BaseModel):
    """Memory in MB, processor in cores, messages a second."""

    model_config = ConfigDict(extra="forbid")
    memory: int = Field(default=256, ge=32, le=65536)
    cpu: float = Field(default=0.5, gt=0, le=64)
    messages: float = Field(default=20, gt=0, le=1000)


class PluginManifest(BaseModel):
    """What `plugin.toml` may say."""

    model_config = ConfigDict(extra="forbid")
    name: Token
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    summary: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    entry: Import
    trust: Literal["trusted", "untrusted"] = "untrusted"
    aliases: list[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]] = []
    hears: list[str] = []
    actions: list[str] = []
    events: list[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]] = []
    services: list[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*\.[a-z_]+$")]] = []
    storage: Storage = Storage()
    people: list[People] = []
    limits: Limits = Limits()
    hosts: list[str] = []
    workflows: list[Import] = []
    activities: list[Import] = []
    settings: Import | None = None

    @property
    def all_events(self) -> list[str]:
        """Its own, and how every command ends."""
        return [*self.events, "command_succeeded", "command_failed"]

    def may_hear(self, subject: str) -> bool:
        """Whether what happens on this subject may be told to it."""
        everywhere = ALL_EVENTS in self.hears and not OF_PLUGIN.fullmatch(subject)
        return subject in self.hears or everywhere

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.name in RESERVED:
            raise ValueError(f"name: {self.name!r} is reserved for Rosey herself")
        _each("hears", [each for each in self.hears if not OF_PLUGIN.fullmatch(each)], HEARD)
        _each("actions", self.actions, ACTION_KINDS)
        for people in self.people:
            _kept_here(people, self.storage)
        if self.trust == "untrusted":
            for key in ("workflows", "activities", "hosts"):
                if getattr(self, key):
                    raise ValueError(f'{key}: only a plugin with trust = "trusted" may have these')
            if self.storage.migrations:
                raise ValueError(
                    'storage.migrations: only a plugin with trust = "trusted" may have these'
                )
            if "rosey.events.>" in self.hears:
                raise ValueError('hears: "rosey.events.>" needs trust = "trusted"')
        return self


class Subjects(BaseModel):
    """What a connector says and hears on the bus."""

    model_config = ConfigDict(extra="forbid")
    publishes: list[str] = []
    consumes: list[str] = []


class ConnectorManifest(BaseModel):
    """What `connector.toml` may say."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    platform: Token
    summary: str = ""
    connector: Import = Field(alias="class")
    settings: Import
    workflow: Import
    activities: list[Import]
    subjects: Subjects = Subjects()


def read_plugin(file: Path) -> PluginManifest:
    """Reads a `plugin.toml`, whatever its folder is called. Raises ManifestError."""
    return _load(file, PluginManifest)


def load_plugin(folder: Path) -> PluginManifest:
    """Reads `plugin.toml` in `folder`. Raises ManifestError."""
    manifest = read_plugin(folder / "plugin.toml")
    if not re.fullmatch(re.escape(manifest.name), folder.name):
        raise ManifestError(
            f"{folder / 'plugin.toml'}: name: is {manifest.name!r}, but the folder is "
            f"{folder.name!r}; they must be the same"
        )
    return manifest


def load_connector(folder: Path) -> ConnectorManifest:
    """Reads `connector.toml` in `folder`. Raises ManifestError."""
    return _load(folder / "connector.toml", ConnectorManifest)


def find_plugins(folder: Path) -> dict[str, Path]:
    """The folders below `folder` that have a `plugin.toml`, by name."""
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/plugin.toml"))}


def _load(path: Path, model: type[Manifest]) -> Manifest:
    try:
        return model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ManifestError(f"{path} is missing") from None
    except OSError as problem:
        raise ManifestError(f"{path} cannot be read: {problem.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ManifestError(f"{path}: is no valid TOML: {problem}") from None
    except ValidationError as problem:
        raise ManifestError(_explain(path, problem, model)) from None


def _explain(path: Path, problem: ValidationError, model: type[BaseModel]) -> str:
    lines = []
    for error in problem.errors(include_url=False):
        key = ".".join(str(part) for part in error["loc"] if part != "[key]")
        text = error["msg"].removeprefix("Value error, ")
        if error["type"] == "extra_forbidden":
            near = get_close_matches(key, model.model_fields, 1)
            text = "is no known key" + (f"; did you mean {near[0]!r}?" if near else "")
        lines.append(f"{path}: {key + ': ' if key else ''}{text}")
    return "\n".join(lines)


def _kept_here(people: People, storage: Storage) -> None:
    """Raises ValueError for what the plugin does not keep; learns what is kept for all rooms."""
    if people.keys is not None:
        if not storage.keys:
            raise ValueError(
                "people: the plugin keeps no keys: keys = true in [storage] is missing"
            )
        return
    if not storage.has_tables:
        raise ValueError("people: the plugin keeps no tables")
    if not storage.tables:  # migrations make them, and only they know the fields
        return
    table = storage.tables.get(people.table or "")
    if table is None:
        raise ValueError(f"people: {people.table!r} is not one of {', '.join(storage.tables)}")
    types = {field.name: field.type for field in table.fields}
    for name in (people.field or "", *(people.forget if isinstance(people.forget, dict) else ())):
        if name not in types:
            raise ValueError(f"people: {people.table} has no field {name!r}")
    if types[people.field or ""] not in ("string", "text"):
        raise ValueError(f"people: {people.field!r} is no text, so it names nobody")
    people.everywhere = "channel" not in types


def _each(key: str, values: list[str], allowed: tuple[str, ...]) -> None:
    for value in values:
        if value not in allowed:
            raise ValueError(f"{key}: {value!r} is not one of {', '.join(allowed)}")
