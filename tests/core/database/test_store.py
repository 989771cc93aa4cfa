"""Two doors to each database."""

from pathlib import Path

import pytest
from sqlalchemy import TextClause, text

from core.database.problems import Refusal
from core.database.store import Store, address, small
from core.errors import UserError
from rosey.contracts.storage import Code


def test_without_a_word_it_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROSEY_DATABASE_URL", raising=False)
    assert address(tmp_path).render_as_string() == f"sqlite+aiosqlite:///{tmp_path}/rosey.db"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://rosey@host/room", "postgresql+asyncpg://rosey@host/room"),
        ("postgres://rosey@host/room", "postgresql+asyncpg://rosey@host/room"),
        ("postgresql+psycopg://rosey@host/room", "postgresql+asyncpg://rosey@host/room"),
        ("sqlite:////var/rosey.db", "sqlite+aiosqlite:////var/rosey.db"),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("mysql://rosey:geheim@host/room", None),
        ("postgresql://rosey:geheim@host:port/room", None),
        ("a shopping list", None),
    ],
)
def test_an_address_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, used: str | None
) -> None:
    monkeypatch.setenv("ROSEY_DATABASE_URL", given)
    if used:
        assert address(tmp_path).render_as_string() == used
        return
    with pytest.raises(UserError, match="ROSEY_DATABASE_URL") as refused:
        address(tmp_path)
    assert "geheim" not in str(refused.value)


async def test_who_reads_does_not_hold_up_who_writes(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(text("CREATE TABLE a (b integer NOT NULL UNIQUE)"))
    async with store.read() as reading:
        await reading.execute(text("SELECT b FROM a"))
        await _write(store, text("INSERT INTO a VALUES (1)"))
        assert (await reading.execute(text("SELECT b FROM a"))).scalar() == 1


async def test_what_is_written_can_be_read(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(text("CREATE TABLE a (b integer NOT NULL UNIQUE)"))
        await connection.execute(text("INSERT INTO a VALUES (1)"))
    async with store.read() as connection:
        assert (await connection.execute(text("SELECT b FROM a"))).scalar() == 1


async def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(text("CREATE TABLE a (b integer NOT NULL UNIQUE)"))
    twice = text("INSERT INTO a VALUES (1)")
    with pytest.raises(Refusal) as refused:
        await _write(store, twice, twice)
    assert refused.value.code is Code.CONFLICT
    async with store.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM a"))).scalar() == 0


async def test_null_where_none_may_be_is_no_conflict(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(text("CREATE TABLE a (b integer NOT NULL UNIQUE)"))
    with pytest.raises(Refusal) as refused:
        await _write(store, text("INSERT INTO a VALUES (NULL)"))
    assert refused.value.code is Code.VALIDATION_ERROR


def test_small_letters_are_one_for_one() -> None:
    assert small("ÀBC İ ß Σ") == "àbc i ß σ"
    assert small(None) is None


async def _write(store: Store, *statements: TextClause) -> None:
    async with store.write() as connection:
        for statement in statements:
            await connection.execute(statement)
