"""Where the servers' programs are."""

import shutil
import sys
from pathlib import Path

from core.errors import UserError


def binary(name: str, package: str) -> str:
    """The program from Rosey's own environment, else from PATH. Raises UserError."""
    beside_python = str(Path(sys.executable).parent)
    found = shutil.which(name, path=beside_python) or shutil.which(name)
    if found is None:
        raise UserError(
            f"The program {name} is missing: it comes with the package {package}, which "
            "bin/rosey installs."
        )
    return found
