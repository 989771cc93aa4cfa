"""From what an operator names to a package in a folder of ours: folder, wheel or git."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from core.installed import git, wheel
from core.installed.files import LARGEST_FILE, copy
from core.installed.manifest import read_manifest
from core.installed.problems import NotFit
from core.installed.record import Source
from rosey.manifest import PluginManifest

MANIFEST = "plugin.toml"


@dataclass(frozen=True)
class Package:
    """A plugin's package in a folder of its own name; `readme` is its text."""

    folder: Path
    manifest: PluginManifest
    source: Source
    dependencies: list[str]
    readme: str


def kind_of(address: str, ref: str) -> Source:
    """How `address` is to be read. Raises NotFit when there is nothing."""
    if address.startswith("git+"):
        return Source(kind="git", address=address.removeprefix("git+"), ref=ref)
    path = Path(address).expanduser()
    if path.is_file():
        if path.suffix != ".whl":
            raise NotFit(f"{address} is no wheel; name a folder, a .whl file or a git address.")
        return Source(kind="wheel", address=str(path.absolute()))
    if path.is_dir():
        is_git = ref or (path / "HEAD").is_file()
        return Source(kind="git" if is_git else "folder", address=str(path.absolute()), ref=ref)
    if "://" in address or "@" in address:
        return Source(kind="git", address=address, ref=ref)
    raise NotFit(f"There is no {address}; name a folder, a .whl file or a git address.")


def fetch(source: Source, staging: Path) -> Package:
    """Copies the plugin into `staging`, which is empty. Raises NotFit with what is wrong."""
    unpacked = staging / "fetched"
    try:
        if source.kind == "wheel":
            dependencies, readme = wheel.unpack(Path(source.address), unpacked)
            return _package(unpacked, staging, source, dependencies, readme)
        if source.kind == "git":
            commit = git.clone(source.address, source.ref, unpacked)
            root, source = unpacked, source.model_copy(update={"commit": commit})
        else:
            root = Path(source.address)
        place = find(root)
        return _package(root, staging, source, _dependencies(root), _readme(root, place))
    except OSError as problem:
        raise NotFit(f"{source.address} cannot be read: {problem}.") from None


def find(root: Path) -> Path:
    """The folder with plugin.toml: `root` itself, one in it, or one in its `src`."""
    if (root / MANIFEST).is_file():
        return root
    places = [*root.glob(f"*/{MANIFEST}"), *root.glob(f"src/*/{MANIFEST}")]
    if not places:
        raise NotFit(f"There is no {MANIFEST} in {root}, nor in a folder in it.")
    if len(places) > 1:
        found = ", ".join(str(each.parent.relative_to(root)) for each in sorted(places))
        raise NotFit(f"There are several plugins in it ({found}); name the folder of one.")
    return places[0].parent


def _package(
    root: Path, staging: Path, source: Source, dependencies: list[str], readme: str
) -> Package:
    place = find(root)
    if (place / MANIFEST).is_symlink() or place.is_symlink():
        raise NotFit(f"{MANIFEST} is a link; a plugin has plain files only.")
    manifest = read_manifest(place / MANIFEST)
    folder = staging / "package" / manifest.name
    copy(place, folder)
    return Package(folder, manifest, source, dependencies, readme)


def _dependencies(root: Path) -> list[str]:
    """What `[project] dependencies` names."""
    file = _beside(root, "pyproject.toml")
    if file is None:
        return []
    try:
        project = tomllib.loads(_text(file)).get("project", {})
        found = project.get("dependencies", [])
    except (tomllib.TOMLDecodeError, AttributeError) as problem:
        raise NotFit(f"{file.name} cannot be read: {problem}.") from None
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise NotFit(f"{file.name}: project.dependencies is a list of strings.")
    return found


def _readme(root: Path, place: Path) -> str:
    file = _beside(place, "README.md") or _beside(root, "README.md")
    return _text(file) if file else ""


def _beside(folder: Path, name: str) -> Path | None:
    """The file in `folder`; a package named alone may lie in its project."""
    places = [folder / name]
    if (folder / "__init__.py").is_file():
        above = folder.parent.parent if folder.parent.name == "src" else folder.parent
        places.append(above / name)
    found = (each for each in places if each.is_file() and not each.is_symlink())
    return next(found, None)


def _text(file: Path) -> str:
    if file.stat().st_size > LARGEST_FILE:
        raise NotFit(f"{file.name} is far too large.")
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise NotFit(f"{file.name} is no UTF-8 text.") from None
