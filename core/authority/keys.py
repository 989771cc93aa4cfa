"""A NATS key for each name on the bus, made at its first use and readable by the owner alone."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import nkeys

from core.errors import UserError

FOLDER = "keys"
RANDOM_BYTES = 32


class Keys:
    """The keys of one data folder, a file each; a seed leaves this class only for a login."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def seed(self, name: str) -> str:
        """The secret of `name`. Raises UserError when its file cannot be read or written."""
        path = self._folder / f"{name}.nk"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                with suppress(FileExistsError):  # another process was faster
                    _write(path, _new_seed())
            return path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise UserError(f"The key {path} cannot be used: {problem}.") from None

    def public(self, name: str) -> str:
        """What the server knows `name` by. Raises UserError when the file holds no key."""
        try:
            key: str = nkeys.from_seed(bytearray(self.seed(name), "ascii")).public_key.decode()
        except (nkeys.NkeysError, ValueError):
            raise UserError(
                f"{self._folder / name}.nk holds no key; delete the file and Rosey makes a new one."
            ) from None
        return key


def _new_seed() -> bytes:
    seed: bytes = nkeys.encode_seed(os.urandom(RANDOM_BYTES), nkeys.PREFIX_BYTE_USER)
    return seed


def _write(path: Path, seed: bytes) -> None:
    """Whole or not at all: a reader must never see half of a key."""
    descriptor, fresh = tempfile.mkstemp(dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(seed + b"\n")
        os.link(fresh, path)
    finally:
        os.unlink(fresh)
