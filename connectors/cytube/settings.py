"""What a connection to a CyTube room needs to be told."""

import re
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

_ROOM = re.compile(r"[A-Za-z0-9_-]{1,30}")
_USER = re.compile(r"[A-Za-z0-9_-]{1,20}")


class CyTubeSettings(BaseModel):
    """One room on one site. Without `password` Rosey comes as a guest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    connection: str
    site: str
    room: str
    user: str = "Rosey"
    password: SecretStr | None = None
    room_password: SecretStr | None = None

    @field_validator("site")
    @classmethod
    def _web_address(cls, site: str) -> str:
        parts = urlsplit(site)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(f"{site!r} is no web address; it looks like https://cytube.example")
        return site.rstrip("/")

    @field_validator("room")
    @classmethod
    def _room_name(cls, room: str) -> str:
        if not _ROOM.fullmatch(room):
            raise ValueError(
                f"{room!r} is no valid room name; allowed are 1 to 30 of A-Z a-z 0-9 _ -"
            )
        return room

    @field_validator("user")
    @classmethod
    def _user_name(cls, user: str) -> str:
        if not _USER.fullmatch(user):
            raise ValueError(
                f"{user!r} is no valid user name; allowed are 1 to 20 of A-Z a-z 0-9 _ -"
            )
        return user
