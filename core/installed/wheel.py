"""A wheel: its package is unpacked, and nothing else of it."""

import re
import stat
import zipfile
import zlib
from email.parser import BytesParser
from pathlib import Path, PurePosixPath

from core.installed.files import Measure
from core.installed.problems import NotFit

METADATA = re.compile(r"[^/]+\.dist-info/METADATA")


def unpack(wheel: Path, target: Path) -> tuple[list[str], str]:
    """Unpacks it below `target`; says what it depends on, and its README.

    Raises NotFit for a file that is no wheel or is made to do harm.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            for each in archive.infolist():
                _check(each)
            _measured(archive)
            for each in archive.infolist():
                if not each.is_dir():
                    _write(archive, each, target)
            return _metadata(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as problem:
        raise NotFit(f"{wheel.name} cannot be read as a wheel: {problem}.") from None


def _check(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or re.search(r"[\\:\x00-\x1f]", name):
        raise NotFit(f"The wheel wants to write outside its folder: {name!r}. Do not trust it.")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise NotFit(f"{name} in the wheel is no plain file; a plugin has plain files only.")


def _measured(archive: zipfile.ZipFile) -> None:
    measure = Measure()
    for each in archive.infolist():
        measure.add(each.filename, each.file_size)


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    place = target / entry.filename
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as file:
            file.write(archive.read(entry))
    except OSError as problem:
        raise NotFit(f"{entry.filename} in the wheel cannot be written: {problem}.") from None


def _metadata(archive: zipfile.ZipFile) -> tuple[list[str], str]:
    for name in archive.namelist():
        if METADATA.fullmatch(name):
            said = BytesParser().parsebytes(archive.read(name))
            needs = [str(each) for each in said.get_all("Requires-Dist", [])]
            return needs, str(said.get_payload())
    raise NotFit("The file is no wheel: it has no METADATA.")
