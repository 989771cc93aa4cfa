"""Two doors to each database."""

import pytest
from sqlalchemy import TextClause, text

from core.database.problems import Refusal
from core.database.store import Store, small
from rosey.contracts.storage import Code


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
