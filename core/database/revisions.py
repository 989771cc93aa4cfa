"""The files below `migrations/`: who owns which, and what they do to a database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import RevisionStep
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError, rev_id
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from core.database.problems import Refusal, refusal
from core.errors import UnknownName, UserError
from rosey.contracts.storage import Code
from rosey.manifest import PluginManifest

CORE = "core"
# Its prefix is no plugin's name.
VERSION_TABLE = "db_revisions"
# Alembic's table takes 32 characters for an id.
LONGEST_OWNER_IN_ID = 19


@dataclass(frozen=True)
class Revision:
    """One file; `words` is what it says of itself."""

    id: str
    words: str


class Revisions:
    """The migrations of all owners in `folder`; an owner is a folder in it.

    Those of a plugin whose manifest does not ask for migrations are never looked at, so nothing
    in them runs.
    """

    def __init__(self, folder: Path, manifests: dict[str, PluginManifest]) -> None:
        self.folder = folder
        self.manifests = manifests
        self._read()

    def _read(self) -> None:
        found = [
            path.name
            for path in self.folder.iterdir()
            if any(path.glob("[!_]*.py")) and self._may_run(path.name)
        ]
        self.owners = sorted(found, key=lambda owner: (owner != CORE, owner))
        self._scripts = self._directory(self.owners)

    def _directory(self, owners: list[str]) -> ScriptDirectory:
        return ScriptDirectory(
            self.folder,
            file_template="%(rev)s_%(slug)s",
            version_locations=[self.folder / owner for owner in owners],
            messaging_opts={"quiet": True},
        )

    def _may_run(self, owner: str) -> bool:
        manifest = self.manifests.get(owner)
        return manifest is None or manifest.storage.migrations

    def owner(self, name: str) -> str:
        """`name`, if it has migrations. Raises UnknownName."""
        if name not in self.owners:
            raise UnknownName("owner of migrations", name, self.owners)
        return name

    def heads(self, owner: str) -> list[str]:
        """The newest of `owner`; more than one when two people added one each."""
        return [each.revision for each in self._all() if each.is_head and owner == _owner(each)]

    def history(self, owner: str) -> list[Revision]:
        """Newest first."""
        return [Revision(each.revision, each.doc) for each in self._all() if owner == _owner(each)]

    def _all(self) -> list[Script]:
        with _plainly():
            return sorted(self._scripts.walk_revisions(), key=_owner)

    def faults(self) -> list[str]:
        """What is wrong with the files, a sentence each."""
        told = []
        for owner in self.owners:
            heads = self.heads(owner)
            if len(heads) > 1:
                told.append(_several(owner, heads))
            if len(self.history(owner)) < len(list((self.folder / owner).glob("[!_]*.py"))):
                told.append(f"Two files of {owner} have one revision; each needs its own.")
        return told + [fault for each in self._all() if (fault := self._fault(each))]

    def _fault(self, script: Script) -> str | None:
        owner = _owner(script)
        below = self._scripts.get_revisions(script._normalized_down_revisions)
        if script.dependencies or any(each and _owner(each) != owner for each in below):
            return f"{script.revision} builds on what is not {owner}'s; each owner stands alone."
        if script.is_base and owner not in script.branch_labels:
            return f'{script.revision} is the first of {owner} and lacks branch_labels = "{owner}".'
        return None

    def current(self, connection: Connection) -> list[str]:
        """Where the database stands. Raises UserError when something in it is unknown here."""
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        found = sorted(context.get_current_heads())
        known = {each.revision for each in self._all()}
        unknown = [each for each in found if each not in known]
        if unknown:
            raise UserError(
                f"The database holds {', '.join(unknown)}, which this checkout does not know: a "
                "newer Rosey has used it, or a plugin's migrations are missing here. Nothing was "
                "changed; use that newer Rosey, or a copy of the database from before."
            )
        return found

    def of(self, owner: str, revisions: Sequence[str]) -> list[str]:
        """Those of `revisions` that are `owner`'s."""
        mine = {each.revision for each in self._all() if owner == _owner(each)}
        return [each for each in revisions if each in mine]

    def up(self, current: Sequence[str], owners: Sequence[str]) -> list[RevisionStep]:
        """The steps that bring `owners` to their newest, in order."""
        done = {each.revision for each in self._behind(current)}
        scripts = [each for owner in owners for each in self._behind(self.heads(owner))]
        return [
            RevisionStep(self._scripts.revision_map, script, True)
            for script in scripts
            if script.revision not in done
        ]

    def _behind(self, revisions: Sequence[str]) -> list[Script]:
        """Those and all that they build on, the oldest first."""
        if not revisions:
            return []
        with _plainly():
            return list(self._scripts.iterate_revisions(tuple(revisions), "base"))[::-1]

    def down(self, current: Sequence[str], owner: str) -> list[RevisionStep]:
        """The step that takes back the newest of `owner`; none when there is nothing."""
        mine = self.of(owner, current)
        if len(mine) > 1:
            raise UserError(_several(owner, mine))
        return [
            RevisionStep(self._scripts.revision_map, script, False)
            for script in self._scripts.get_revisions(mine)
            if script
        ]

    def run(self, connection: Connection, steps: list[RevisionStep]) -> None:
        """Runs `steps` within the connection's transaction.

        Raises UserError that says which failed and why; Refusal when the database went away.
        """
        done: list[object] = []
        settings = {
            "connection": connection,
            "version_table": VERSION_TABLE,
            "applied": lambda **_: done.append(None),
        }
        try:
            with EnvironmentContext(
                Config(attributes=settings), self._scripts, fn=lambda *_: steps
            ):
                self._scripts.run_env()
        except Exception as problem:  # a migration is a program like any other
            failed = steps[min(len(done), len(steps) - 1)].revision
            raise _failure(failed.revision, failed.doc, problem) from problem

    def make(self, owner: str, message: str) -> Path:
        """A new file for the next step of `owner`. Raises UserError."""
        if owner not in self.owners:
            return self._make_first(owner, message)
        heads = self.heads(owner)
        if len(heads) > 1:
            raise UserError(_several(owner, heads))
        return self._generate(owner, message, heads)

    def _make_first(self, owner: str, message: str) -> Path:
        manifest = self.manifests.get(owner)
        if manifest is None:
            raise UnknownName("plugin", owner, {*self.owners, *self.manifests})
        if not manifest.storage.migrations:
            raise UserError(
                f'{owner} has no migrations: its plugin.toml must say trust = "trusted" and, '
                "below [storage], migrations = true."
            )
        (self.folder / owner).mkdir(exist_ok=True)
        return self._generate(owner, message, "base", owner)

    def merge(self, owner: str, message: str) -> Path | None:
        """A file that joins the newest of `owner`; None when there is but one."""
        heads = self.heads(owner)
        return self._generate(owner, message, heads) if len(heads) > 1 else None

    def _generate(
        self, owner: str, message: str, head: str | list[str], label: str | None = None
    ) -> Path:
        with _plainly():
            script = self._directory(sorted({*self.owners, owner})).generate_revision(
                f"{owner[:LONGEST_OWNER_IN_ID]}_{rev_id()}",
                message,
                head,
                branch_labels=label,
                version_path=self.folder / owner,
            )
        assert script
        self._read()
        return Path(script.path)


def _owner(script: Script) -> str:
    return Path(script.path).parent.name


def _several(owner: str, heads: Sequence[str]) -> str:
    return (
        f"{owner} has {len(heads)} newest migrations, {' and '.join(heads)}; "
        f"join them with bin/rosey db merge {owner}."
    )


def _failure(revision: str, words: str, problem: Exception) -> Exception:
    text = f"Migration {revision} ({words}) failed: {reason(problem)}. Nothing of it was kept."
    ours = refusal(problem)
    if ours is not None and ours.code is Code.UNAVAILABLE:
        return Refusal(Code.UNAVAILABLE, text)
    return UserError(text)


def reason(problem: Exception) -> str:
    """What a person can do something with, on one line."""
    if isinstance(problem, DBAPIError) and problem.orig is not None:
        # The driver's own error is wrapped by SQLAlchemy's adapter.
        return " ".join(str(problem.orig.__cause__ or problem.orig).split())
    if isinstance(problem, CommandError):
        return str(problem)
    return f"{type(problem).__name__}: {' '.join(str(problem).split())}"


@contextmanager
def _plainly() -> Iterator[None]:
    """What is wrong with the files, as an error for people."""
    try:
        yield
    except Exception as problem:  # a file that is read is a program that runs
        raise UserError(f"The migrations cannot be used: {reason(problem)}.") from problem
