"""bin/rosey db on a fresh database of each kind."""

import asyncio
from pathlib import Path

import pytest

from core.command_line import db
from core.command_line.app import main
from core.host import lock
from tests.core.database.conftest import empty_postgres, postgres
from tests.core.database.schema import folder, manifest, write

__all__ = ["postgres"]

Captured = pytest.CaptureFixture[str]
PLAYLIST = [f"playlist_{number:03}" for number in range(1, 8)]


@pytest.fixture(params=["sqlite", "postgresql"])
def data(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder; with PostgreSQL the database is elsewhere."""
    if request.param == "postgresql":
        store = asyncio.run(empty_postgres(request.getfixturevalue("postgres")))
        url = store.url.set(drivername="postgresql").render_as_string(hide_password=False)
        monkeypatch.setenv("ROSEY_DATABASE_URL", url)
    return tmp_path / "data"


class Ran:
    """Runs `db` and keeps what it said."""

    def __init__(self, data: Path, capsys: Captured) -> None:
        self.data, self.capsys = data, capsys

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """What it said, on whichever side its exit code wants."""
        with_data = [] if arguments[0] in ("history", "revision", "merge") else ["--data"]
        ended = main(
            ["db", *arguments, *(each for name in with_data for each in (name, str(self.data)))]
        )
        captured = self.capsys.readouterr()
        assert ended == code, captured
        return captured.err if code else captured.out


@pytest.fixture
def rosey(data: Path, capsys: Captured) -> Ran:
    return Ran(data, capsys)


def test_a_fresh_database_up_and_down(rosey: Ran, data: Path) -> None:
    behind = (
        "core: at nothing; to come: core_001\n"
        f"playlist: at nothing; to come: {', '.join(PLAYLIST)}\n"
        "quote: at nothing; to come: quote_001\n"
        "trivia: at nothing; to come: trivia_001\n"
    )
    assert rosey("current") == behind
    assert rosey("check", code=1) == behind
    assert not (data / "rosey.db").exists()
    assert rosey("upgrade").splitlines() == [
        "core_001: done",
        *(f"{revision}: done" for revision in PLAYLIST),
        "quote_001: done",
        "trivia_001: done",
    ]
    assert rosey("upgrade") == "Everything was at its newest.\n"
    assert rosey("check") == "Everything is at its newest.\n"
    assert rosey("current", "trivia") == "trivia: at trivia_001; newest\n"
    assert rosey("downgrade", "trivia").endswith("trivia_001: taken back\n")
    assert rosey("downgrade", "trivia") == "Nothing of trivia is in the database.\n"
    assert rosey("check", code=1) == "trivia: at nothing; to come: trivia_001\n"
    assert rosey("check", "core") == "Everything is at its newest.\n"
    assert rosey("migrate", "--plugin", "trivia", "--action", "up").endswith("trivia_001: done\n")
    assert rosey("migrate", "--plugin", "trivia", "--action", "down").endswith("taken back\n")
    assert rosey("upgrade", "trivia").endswith("trivia_001: done\n")


def test_a_copy_is_named(rosey: Ran, data: Path, request: pytest.FixtureRequest) -> None:
    rosey("upgrade")
    said = rosey("downgrade", "trivia")
    copy = data / "rosey.db.before-downgrade-trivia_001"
    assert copy.exists() == said.startswith(f"The database as it was is kept in {copy}.")
    assert copy.exists() == ("sqlite" in request.node.name)


def test_nothing_goes_away_under_a_running_rosey(rosey: Ran, data: Path) -> None:
    rosey("upgrade")

    async def with_one_running() -> str:
        data.mkdir(exist_ok=True)
        async with lock.hold(data):
            return await asyncio.to_thread(rosey, "downgrade", "trivia", code=1)

    said = asyncio.run(with_one_running())
    assert (
        said == f"Rosey is running on {data}; stop it with bin/rosey down before tables go away.\n"
    )
    assert "trivia_001" in rosey("current")


def test_a_new_migration_and_two_at_once(
    rosey: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = folder(tmp_path, "core", "playlist", "quote", "trivia")
    monkeypatch.setattr(db, "MIGRATIONS", files)
    rosey("upgrade")
    said = rosey("revision", "trivia", "-m", "Adds a column")
    assert said.startswith(f"{files / 'trivia'}/trivia_")
    assert said.endswith("_adds_a_column.py is new; write its upgrade and downgrade.\n")
    assert "to come: trivia_" in rosey("check", code=1)
    assert "trivia_" in rosey("upgrade")
    assert rosey("merge") == "There is nothing to join.\n"
    write(files, "trivia", "trivia_other", "trivia_001")
    assert "trivia has 2 newest migrations" in rosey("check", code=1)
    assert "trivia has 2 newest migrations" in rosey("revision", "trivia", "-m", "More", code=1)
    assert rosey("merge", "trivia").endswith("_joins_two_migrations.py is new and joins them.\n")
    assert rosey("upgrade").count(": done") == 2
    assert rosey("check") == "Everything is at its newest.\n"


def test_history_is_of_all_or_of_one(rosey: Ran) -> None:
    trivia = "trivia_001: Finished games, their results, and people's statistics (newest)\n"
    assert rosey("history", "trivia") == trivia
    assert rosey("history").startswith("core_001: ")
    assert rosey("history").endswith(trivia)


def test_tables_that_plugins_declare(rosey: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(kind: str) -> None:
        plugin = manifest("weather", {"places": [{"name": "town", "type": kind}]})
        monkeypatch.setattr(db, "manifests", lambda data=None: plugin)

    ask("string")
    assert rosey("current", "weather") == "weather: to come: table weather_places\n"
    assert rosey("upgrade", "weather") == "table weather_places: done\n"
    assert rosey("current", "weather") == "weather: has places; newest\n"
    ask("integer")
    told = "weather: weather_places.town is string in the database and integer in plugin.toml;"
    assert rosey("upgrade", code=1).startswith(told)
    assert "weather: has places; weather_places.town is string" in rosey("check", code=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["upgrade", "trvia"],
            "There is no plugin with tables 'trvia'; allowed: core, playlist, quote, trivia (did",
        ),
        (
            ["downgrade", "trvia"],
            "There is no owner of migrations 'trvia'; allowed: core, playlist, quote, trivia",
        ),
        (
            ["history", "trvia"],
            "There is no owner of migrations 'trvia'; allowed: core, playlist, quote, trivia (did",
        ),
        (["downgrade"], "Missing argument 'PLUGIN'."),
        (["revision", "trivia"], "Missing option '-m' / '--message'"),
        (["migrate", "--plugin", "trivia", "--action", "away"], "Invalid value for '--action'"),
        (["upgade"], "There is no command 'upgade'; allowed: check, contract, current"),
    ],
)
def test_what_is_mistyped(rosey: Ran, arguments: list[str], said: str) -> None:
    assert said in rosey(*arguments, code=2)


def test_a_database_that_is_away_is_named_plainly(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROSEY_DATABASE_URL", "postgresql://rosey:hidden@127.0.0.1:1/rosey")
    for command in ("upgrade", "current", "check"):
        said = Ran(tmp_path, capsys)(command, code=1)
        assert said.startswith("The database cannot be reached: ")
        assert len(said.splitlines()) == 1
        assert "hidden" not in said
