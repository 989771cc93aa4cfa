"""What a plugin's process has for its handlers, whatever the command."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rosey.texts import Texts

if TYPE_CHECKING:
    from pydantic import BaseModel

    from rosey.service_client import Services
    from rosey.storage.client import KeyValues


@dataclass(frozen=True)
class Kit:
    """`keys` only with storage.keys in the manifest; `folder` is for the plugin's own files,
    and with `dev` for a database of its own. `rooms` are those where the plugin is on, `settings`
    gives what holds in one."""

    keys: KeyValues | None = None
    services: Services | None = None
    texts: Texts = field(default_factory=Texts)
    folder: Path | None = None
    dev: bool = False
    rooms: Callable[[], Iterable[str]] = tuple
    settings: Callable[[str], BaseModel | None] = lambda channel: None
