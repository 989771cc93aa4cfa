"""What a plugin's process has for its handlers, whatever the command."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rosey.texts import Texts

if TYPE_CHECKING:
    from rosey.service_client import Services
    from rosey.storage.client import KeyValues


@dataclass(frozen=True)
class Kit:
    """`keys` only with storage.keys in the manifest; `folder` is for the plugin's own files,
    and with `dev` for a database of its own."""

    keys: KeyValues | None = None
    services: Services | None = None
    texts: Texts = field(default_factory=Texts)
    folder: Path | None = None
    dev: bool = False
