"""The database makes the tables of plugins that are installed while it runs."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from core.database import service
from core.database.migrations import Migrations
from core.database.problems import Refusal
from core.database.removal import tables_of
from core.database.rows import Rows
from core.database.store import Store
from core.database.writes import Writer
from core.installed.install import install
from core.plugins import MIGRATIONS, manifests
from tests.core.installed import samples


async def test_new_tables_and_new_fields(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LOOK_EVERY", 0.05)
    data = tmp_path / "data"
    project = samples.copy(tmp_path / "forecast")
    migrations = Migrations(store, MIGRATIONS, manifests(data))
    rows = service.parts(store, Writer(store), migrations)["row"]
    assert isinstance(rows, Rows)
    following = asyncio.create_task(service.follow_plugins(migrations, data))
    await asyncio.sleep(0)
    install(data, str(project), "", trust=False, agree=lambda lines: True)
    await until_taken(rows, {"town": "rome"})
    assert await tables_of(store, "forecast") == ["forecast_asked"]
    samples.release(project, "1.1.0")
    samples.change(
        project / "forecast" / "plugin.toml",
        "true }]",
        'true }, { name = "who", type = "string" }]',
    )
    install(data, str(project), "", trust=False, agree=lambda lines: True)
    await until_taken(rows, {"town": "rome", "who": "bob"})
    following.cancel()


async def until_taken(rows: Rows, values: dict[str, str]) -> None:
    """Waits until the table has these fields."""
    async with asyncio.timeout(20):
        while True:
            with suppress(Refusal):
                await rows.perform("forecast", "insert", {"table": "asked", "values": values})
                return
            await asyncio.sleep(0.05)
