"""Installing and updating: fetched, shown, agreed to, tried, and only then put in place."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.installed import check, places, shelf
from core.installed.problems import NotFit
from core.installed.record import Record, Source, digest, kit_version
from core.installed.source import Package, fetch, kind_of
from core.installed.words import asks, more
from rosey.manifest import ManifestError, load_plugin


@dataclass(frozen=True)
class Done:
    """What came of it. `lacks` is what people will miss in the plugin."""

    record: Record
    before: str | None
    lacks: list[str]


# Lines for a person, who then agrees (True) or not.
Agree = Callable[[list[str]], bool]


class Declined(NotFit):
    """The operator said no."""


def install(data: Path, address: str, ref: str, *, trust: bool, agree: Agree) -> Done:
    """Installs what `address` names, or another version of it. Raises NotFit."""
    source = kind_of(address, ref)
    with shelf.staging(data) as staging:
        package = fetch(source, staging)
        _may_change(data, package.manifest.name)
        if package.manifest.trust == "trusted" and not trust:
            raise NotFit(
                *asks(package.manifest, package.dependencies),
                f"{package.manifest.name} wants to be trusted: Rosey would run it with your own "
                "rights on this machine. Add --trust if you trust who wrote it.",
            )
        _first_look(package, data)
        if not agree(asks(package.manifest, package.dependencies)):
            raise Declined(f"{package.manifest.name} was not installed.")
        return _finish(data, package)


def update(
    data: Path, name: str, address: str | None, ref: str, *, trust: bool, agree: Agree
) -> Done:
    """Another version from `address`, else from where it came. Asks when it wants more."""
    before = shelf.current(data, name)
    if before is None:
        raise NotFit(f"{name} is not installed; bin/rosey plugin install SOURCE does that.")
    _may_change(data, name)
    known = before.source
    source = kind_of(address, ref) if address else _again(known, ref)
    with shelf.staging(data) as staging:
        package = fetch(source, staging)
        if package.manifest.name != name:
            raise NotFit(f"That is the plugin {package.manifest.name}, not {name}.")
        _is_newer(package, before)
        _first_look(package, data)
        wants = _wants_more(data, package, before)
        if package.manifest.trust == "trusted" and wants and not trust:
            raise NotFit(
                f"{name} is trusted and wants more: {'; '.join(wants)}. Add --trust if you still "
                "trust who wrote it."
            )
        if wants and not agree([f"{name} {package.manifest.version} wants more:", *_listed(wants)]):
            raise Declined(f"{name} stays at {before.version}.")
        return _finish(data, package)


def roll_back(data: Path, name: str) -> Record:
    """The version installed before. Raises NotFit."""
    _is_there(data, name)
    _may_change(data, name)
    with shelf.alone(data):
        record = shelf.previous(data, name)
        if record is None:
            raise NotFit(f"There is no version of {name} before the one that runs.")
        shelf.switch(data, name, record.version)
        return record


def pin(data: Path, name: str, version: str) -> Record:
    """Switches to a version that is there and keeps it so. Raises NotFit."""
    _is_there(data, name)
    with shelf.alone(data):
        there = {each.version: each for each in shelf.versions(data, name)}
        if version not in there:
            raise NotFit(f"{name} {version} is not here; there are {', '.join(there)}.")
        shelf.pin(data, name, version)
        shelf.switch(data, name, version)
        return there[version]


def unpin(data: Path, name: str) -> None:
    """Lets updates happen again."""
    _is_there(data, name)
    with shelf.alone(data):
        shelf.pin(data, name, None)


def remove(data: Path, name: str) -> None:
    """All versions. Raises NotFit."""
    _is_there(data, name)
    with shelf.alone(data):
        shelf.take_away(data, name)


def _again(source: Source, ref: str) -> Source:
    return source.model_copy(update={"ref": ref or source.ref, "commit": ""})


def _is_there(data: Path, name: str) -> None:
    if name not in (known := places.names(data)):
        there = f"installed are {', '.join(known)}" if known else "nothing is"
        raise NotFit(f"{name} is not installed; {there}.")


def _may_change(data: Path, name: str) -> None:
    if version := shelf.pinned(data, name):
        raise NotFit(
            f"{name} is pinned to {version}; bin/rosey plugin pin {name} --off lets it change."
        )


def _is_newer(package: Package, before: Record) -> None:
    name, version = package.manifest.name, package.manifest.version
    if _number(version) < _number(before.version):
        raise NotFit(
            f"{name} {version} is older than {before.version}, which runs; bin/rosey plugin "
            f"rollback {name} goes back, or install that version."
        )


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _first_look(package: Package, data: Path) -> None:
    if wrong := check.unread(package, data):
        raise NotFit(*wrong)


def _wants_more(data: Path, package: Package, before: Record) -> list[str]:
    folder = places.current_folder(data, before.name)
    try:
        old = load_plugin(folder) if folder else None
    except ManifestError:
        old = None
    if old is None:  # nobody knows what was agreed to
        return asks(package.manifest, package.dependencies)
    return more(old, before.dependencies, package.manifest, package.dependencies)


def _listed(wants: list[str]) -> list[str]:
    return [f"  {each}" for each in wants]


def _finish(data: Path, package: Package) -> Done:
    """Tries it and puts it in place; until the last line nothing that runs has changed."""
    manifest = package.manifest
    name, version = manifest.name, manifest.version
    found = digest(package.folder)
    is_there = shelf.there(data, name, version, found)
    commands = check.run(package, data)
    if digest(package.folder) != found:
        raise NotFit(f"{name} changes its own files when it is imported. Do not trust it.")
    before = shelf.current(data, name)
    record = Record(
        name=name,
        version=version,
        source=package.source,
        installed_at=datetime.now(UTC),
        digest=found,
        dependencies=package.dependencies,
        words=[word for command in commands for word in command.words],
        kit=kit_version(),
    )
    if not is_there:
        shelf.place(data, package.folder.parent, record)
    shelf.switch(data, name, version)
    return Done(record, before.version if before else None, check.lacks(package, commands))
