"""A git checkout, made by the `git` program."""

import os
import subprocess
from pathlib import Path

from core.installed.problems import NotFit

PATIENCE = 120.0


def clone(address: str, ref: str, target: Path) -> str:
    """Clones `address` at `ref` (else its default branch) into `target`; returns the commit.

    Raises NotFit.
    """
    if ref.startswith("-"):
        raise NotFit(f"{ref!r} is no branch, tag or commit.")
    _git("clone", "--quiet", "--no-checkout", "--", address, str(target))
    found = _commit(target, ref)
    _git("-C", str(target), "checkout", "--quiet", "--detach", found)
    return found


def _commit(target: Path, ref: str) -> str:
    """A branch of theirs is no branch of ours yet."""
    for name in (f"origin/{ref}", ref) if ref else ("HEAD",):
        try:
            return _git("-C", str(target), "rev-parse", "--verify", "-q", f"{name}^{{commit}}")
        except NotFit:
            continue
    raise NotFit(f"There is no branch, tag or commit {ref!r} in it." if ref else "It is empty.")


def _git(*words: str) -> str:
    # Nothing of it is run, and nobody is asked for a password.
    quiet = ("-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=true")
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"}
    try:
        done = subprocess.run(
            ["git", *quiet, *words],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise NotFit("The program git is missing; on Debian: apt install git.") from None
    except subprocess.TimeoutExpired:
        raise NotFit(f"git did not finish within {PATIENCE:.0f} seconds.") from None
    if done.returncode:
        raise NotFit(f"git could not do it: {done.stderr.strip() or 'it does not say why'}")
    return done.stdout.strip()
