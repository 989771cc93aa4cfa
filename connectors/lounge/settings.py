"""What a lounge can be told: where it listens, its rooms, its accounts, its limits."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.lounge.names import key_of, valid_room, valid_user
from connectors.lounge.options import DEFAULTS
from connectors.lounge.permissions import REGISTERED


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Account(_Settings):
    """A registered name. `global_rank` 255 makes a site administrator."""

    name: str
    password: SecretStr
    global_rank: int | float = Field(default=1, ge=1, le=255)
    registered_at: datetime | None = None

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not valid_user(name):
            raise ValueError("an account name is 1-20 of A-Z a-z 0-9 _ -")
        return name


class RoomSettings(_Settings):
    """A room as it is when the lounge starts. `ranks` are by account name, from 2 up."""

    name: str
    registered: bool = True
    ranks: dict[str, int | float] = {}
    motd: str = ""
    password: SecretStr | None = None
    options: dict[str, Any] = {}
    permissions: dict[str, int | float] = {}

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not valid_room(name):
            raise ValueError("a room name is 1-30 of A-Z a-z 0-9 _ -")
        return name

    @field_validator("options")
    @classmethod
    def _options(cls, options: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(options) - set(DEFAULTS))
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(DEFAULTS)}")
        return options

    @field_validator("permissions")
    @classmethod
    def _permissions(cls, permissions: dict[str, float]) -> dict[str, float]:
        unknown = sorted(set(permissions) - set(REGISTERED))
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(REGISTERED)}")
        return permissions


class LoungeSettings(_Settings):
    """Limits of 0 are off. Times are in seconds, sizes in bytes.

    The playlists are kept beside `history_file`; without one neither lines nor lists are kept.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8090, ge=0, le=65535)
    public_url: str | None = None
    rooms: list[RoomSettings] = Field(default_factory=lambda: [RoomSettings(name="lobby")])
    accounts: list[Account] = []
    history_file: Path | None = None

    chat_length: int = Field(default=320, ge=1, le=1000)
    chat_burst: int = Field(default=20, ge=0)
    chat_per_second: float = Field(default=10, gt=0)
    chat_cooldown: float | None = Field(default=None, gt=0)
    guest_login_seconds: float = Field(default=0, ge=0)

    connections_per_address: int = Field(default=0, ge=0)
    connect_burst: int = Field(default=0, ge=0)
    connect_seconds: float = Field(default=10, gt=0)
    events_burst: int = Field(default=0, ge=0)
    events_per_second: float = Field(default=5, gt=0)

    usercount_seconds: float = Field(default=10, gt=0)
    ping_interval: float = Field(default=25, gt=0)
    ping_timeout: float = Field(default=120, gt=0)
    frame_bytes: int = Field(default=1_048_576, ge=4096)

    @model_validator(mode="after")
    def _unique(self) -> LoungeSettings:
        for what, names in (
            ("account", [account.name for account in self.accounts]),
            ("room", [room.name for room in self.rooms]),
        ):
            keys = [key_of(name) for name in names]
            if len(set(keys)) < len(keys):
                raise ValueError(f"two {what}s have the same name")
        return self
