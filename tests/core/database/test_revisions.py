"""The files of migrations: whose they are, new ones, and what is wrong with them."""

from pathlib import Path

import pytest

from core.database.revisions import Revision, Revisions
from core.errors import UnknownName, UserError
from tests.core.database.schema import folder, manifest, write


def test_owners_are_folders_and_core_is_first(tmp_path: Path) -> None:
    files = folder(tmp_path, "core", "trivia")
    write(files, "book", "book_001", None)
    (files / "empty").mkdir()
    revisions = Revisions(files, {})
    assert revisions.owners == ["core", "book", "trivia"]
    assert revisions.owner("book") == "book"
    with pytest.raises(
        UnknownName, match=r"'boko'; allowed: book, core, trivia .did you mean book"
    ):
        revisions.owner("boko")


def test_history_has_the_newest_first(tmp_path: Path) -> None:
    files = folder(tmp_path, "core")
    for number in (3, 1, 2):
        write(files, "quote", f"q{number}", f"q{number - 1}" if number > 1 else None)
    revisions = Revisions(files, {})
    assert revisions.history("quote") == [Revision(f"q{n}", f"Number q{n}") for n in (3, 2, 1)]
    assert revisions.heads("quote") == ["q3"]
    assert [step.revision.revision for step in revisions.up(["q1"], ["quote"])] == ["q2", "q3"]


def test_a_new_file_follows_the_newest(tmp_path: Path) -> None:
    files = folder(tmp_path, "core")
    write(files, "quote", "q1", None)
    revisions = Revisions(files, {})
    made = revisions.make("quote", "Adds votes")
    assert made.parent == files / "quote"
    assert made.name.startswith("quote_")
    assert made.name.endswith("_adds_votes.py")
    (newest, _) = revisions.history("quote")
    assert newest.words == "Adds votes"
    assert len(newest.id) <= 32
    compile(made.read_text(), made.name, "exec")
    assert revisions.faults() == []


def test_the_first_file_of_a_plugin_names_its_branch(tmp_path: Path) -> None:
    files = folder(tmp_path, "core")
    owner = "averyveryverylongnameofaplugin"
    revisions = Revisions(files, manifest(owner, migrations=True))
    revisions.make(owner, "First tables")
    assert revisions.owners == ["core", owner]
    assert revisions.faults() == []
    assert len(revisions.heads(owner)[0]) <= 32
    assert f"branch_labels = ('{owner}',)" in next((files / owner).glob("*.py")).read_text()


def test_who_may_have_none_gets_none(tmp_path: Path) -> None:
    files = folder(tmp_path, "core")
    revisions = Revisions(files, manifest("dice"))
    with pytest.raises(UserError, match=r"dice has no migrations: its plugin.toml must say trust"):
        revisions.make("dice", "First")
    with pytest.raises(UnknownName, match="There is no plugin 'dise'; allowed: core, dice"):
        revisions.make("dise", "First")
    assert not (files / "dice").exists()


def test_two_newest_are_joined(tmp_path: Path) -> None:
    files = folder(tmp_path, "core")
    write(files, "quote", "q1", None)
    write(files, "quote", "qa", "q1")
    write(files, "quote", "qb", "q1")
    revisions = Revisions(files, {})
    told = "quote has 2 newest migrations, qa and qb; join them with bin/rosey db merge quote."
    assert revisions.faults() == [told]
    with pytest.raises(UserError, match="join them with"):
        revisions.make("quote", "More")
    assert revisions.merge("quote", "Joins them")
    assert revisions.faults() == []
    assert len(revisions.heads("quote")) == 1
    assert revisions.merge("quote", "Again") is None


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ([("q1", "core_001")], "q1 builds on what is not quote's; each owner stands alone."),
        ([("q1", None), ("q2", ("q1", "core_001"))], "q2 builds on what is not quote's"),
    ],
)
def test_each_owner_stands_alone(
    tmp_path: Path, written: list[tuple[str, str | tuple[str, ...] | None]], told: str
) -> None:
    files = folder(tmp_path, "core")
    for revision, below in written:
        write(files, "quote", revision, below)
    assert any(each.startswith(told) for each in Revisions(files, {}).faults())


def test_faults_of_single_files(tmp_path: Path) -> None:
    files = folder(tmp_path, "core")
    write(files, "quote", "q1", None)
    path = files / "quote" / "q1.py"
    path.write_text(path.read_text().replace("('quote',)", "None"))
    told = 'q1 is the first of quote and lacks branch_labels = "quote".'
    assert Revisions(files, {}).faults() == [told]
    write(files, "quote", "q1", None)
    write(files, "quote", "q2", "q1")
    path.with_name("copy.py").write_text(path.with_name("q2.py").read_text())
    with pytest.warns(UserWarning, match="q2 is present more than once"):
        faults = Revisions(files, {}).faults()
    assert faults == ["Two files of quote have one revision; each needs its own."]


def test_one_branch_in_two_files_is_named(tmp_path: Path) -> None:
    files = folder(tmp_path, "core")
    write(files, "quote", "q1", None)
    write(files, "quote", "q2", None)
    with pytest.raises(UserError, match=r"cannot be used: Branch name 'quote' in revision q\d alr"):
        Revisions(files, {}).faults()


def test_what_builds_on_nothing_is_named(tmp_path: Path) -> None:
    files = folder(tmp_path, "core")
    write(files, "quote", "q2", "q1")
    with pytest.warns(UserWarning, match="q1"), pytest.raises(UserError, match="cannot be used"):
        Revisions(files, {}).heads("quote")
