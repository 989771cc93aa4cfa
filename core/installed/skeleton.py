"""A complete plugin to begin with, from the templates beside this file."""

from collections.abc import Iterator
from pathlib import Path

from core.errors import UserError
from core.installed.manifest import ALLOWED
from core.installed.names import taken_names, taken_words
from core.installed.places import NAME
from core.installed.problems import NotFit
from rosey.manifest import RESERVED, PluginManifest

TEMPLATES = Path(__file__).with_name("templates")
# No checker of ours should take a template for a file of its kind.
SUFFIX = ".template"
LONGEST = 32


def write(name: str, into: Path, durable: bool) -> Path:
    """Makes the folder `name` in `into`. Raises UserError."""
    word = _word(name)
    folder = into.absolute() / name
    if folder.exists():
        raise UserError(f"{folder} is there already; choose another name or another place.")
    for place, text in files(name, word, durable):
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def files(name: str, word: str, durable: bool) -> Iterator[tuple[str, str]]:
    """Each file's place in the new folder, and its text."""
    values = {"NAME": name, "CLASS": name.capitalize(), "WORD": word}
    kinds = ["plain", "durable"] if durable else ["plain"]
    found = {
        str(path.relative_to(TEMPLATES / kind)).removesuffix(SUFFIX): path
        for kind in kinds
        for path in sorted((TEMPLATES / kind).rglob(f"*{SUFFIX}"))
    }
    for place, path in found.items():
        yield _filled(place, values), _filled(path.read_text(encoding="utf-8"), values)


def _filled(text: str, values: dict[str, str]) -> str:
    for key, value in values.items():
        text = text.replace(key, value)
    return text


def _word(name: str) -> str:
    """A command that is still free. Raises UserError for a name that no plugin may have."""
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise UserError(f"{name!r} is no name for a plugin; allowed: {ALLOWED['name']}.")
    if name in RESERVED:
        raise UserError(f"{name} is reserved for Rosey herself; choose another name.")
    manifest = PluginManifest(name=name, version="1.0.0", summary="new", entry=f"{name}:plugin")
    if wrong := list(taken_names(manifest, None)):
        raise NotFit(*(each.removeprefix("plugin.toml: name: ") for each in wrong))
    free = (word for word in (name, f"my{name}") if not list(taken_words(name, [word], None)))
    return next(free, f"{name}1")
