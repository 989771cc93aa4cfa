"""What a plugin needs besides itself, in a folder of its own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from core.config import CHECKOUT
from core.installed.problems import NotFit
from core.installed.record import kit_version

PATIENCE = 300.0
KIT = "rosey"
# What Rosey's own code in a plugin's process is made of.
OURS = ("nats-py", "nkeys", "pydantic", "opentelemetry-api", "temporalio", "packaging")


def needed(name: str, dependencies: Iterable[str]) -> list[Requirement]:
    """What is not there already. Raises NotFit for what cannot be had."""
    wanted = [_read(name, each) for each in dependencies]
    here = [each for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})]
    ours = _closure(OURS)
    lacking = []
    for each in here:
        key = canonicalize_name(each.name)
        if key == KIT:
            _check_kit(name, each.specifier)
        elif not _satisfied(each):
            if key in ours:
                raise NotFit(
                    f"{name} needs {each}, and Rosey herself runs with {each.name} {ours[key]} in "
                    "the same process; it has to work with that one."
                )
            lacking.append(each)
    return lacking


def provide(name: str, lacking: list[Requirement], site: Path) -> None:
    """Puts packages and what they need into `site`. Raises NotFit.

    Only wheels: anything else would run a stranger's code on this machine.
    """
    constraints = site.with_name("constraints.txt")
    ours = _closure(OURS)
    constraints.write_text("".join(f"{key}=={version}\n" for key, version in ours.items()))
    options = ["--quiet", "--target", str(site), "--only-binary", ":all:"]
    options += ["--constraint", str(constraints), *(str(each) for each in lacking)]
    try:
        done = subprocess.run(
            [*_installer(), *options],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise NotFit(
            f"What {name} needs could not be fetched within {PATIENCE:.0f} seconds; nothing is "
            "changed."
        ) from None
    finally:
        constraints.unlink()
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip() or "it does not say why"
        raise NotFit(
            f"What {name} needs ({', '.join(map(str, lacking))}) could not be fetched; nothing is "
            f"changed. Is this machine on the network? The installer says:\n{said}"
        )


def _read(name: str, text: str) -> Requirement:
    try:
        found = Requirement(text)
    except InvalidRequirement:
        raise NotFit(f"{name} needs {text!r}, which is no requirement of Python.") from None
    if found.url:
        raise NotFit(f"{name} needs {found.name} from {found.url}; only a package index will do.")
    return found


def _check_kit(name: str, wanted: SpecifierSet) -> None:
    if not wanted.contains(kit_version(), prereleases=True):
        raise NotFit(
            f"{name} needs version {wanted} of the kit, and this Rosey has {kit_version()}; take "
            "another version of one of them."
        )


def _satisfied(wanted: Requirement) -> bool:
    if wanted.extras:
        return False
    try:
        here = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return False
    return wanted.specifier.contains(Version(here), prereleases=True)


def _closure(names: Iterable[str]) -> dict[str, str]:
    """The packages with all they need, and their versions here."""
    found: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        try:
            here = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # for another system, or not wanted here
        found[name] = here.version
        waiting += [
            match[0]
            for each in here.requires or []
            if "extra ==" not in each and (match := re.match(r"[\w.-]+", each))
        ]
    return found


def _installer() -> list[str]:
    """uv where the launcher looks for it, else pip of the machine's Python."""
    own = CHECKOUT / ".rosey" / "uv" / "bin" / "uv"
    uv = shutil.which("uv") or (str(own) if os.access(own, os.X_OK) else None)
    if uv:
        return [uv, "pip", "install", "--python", sys.executable]
    if python := shutil.which("python3"):
        quiet = ["--disable-pip-version-check", "--no-input"]
        return [python, "-m", "pip", "--python", sys.executable, "install", *quiet]
    raise NotFit("Rosey needs uv or pip to fetch packages; on Debian: apt install python3-pip.")
