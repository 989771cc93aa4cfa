"""What is wrong with the database stands in `status` for as long as it lasts."""

import asyncio
import json
import sqlite3
from typing import Any

import pytest

from rosey.bus import Bus
from rosey.storage import Database, Unavailable
from tests.rosey_process import RoseyProcess

PATIENCE = 20.0


async def status(running: RoseyProcess) -> dict[str, Any]:
    said = await asyncio.to_thread(running.command, "status", "--json")
    found: dict[str, Any] = json.loads(said.stdout)
    return found


async def until_warned(running: RoseyProcess, what: str, is_warned: bool) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while any(what in line for line in (await status(running))["warnings"]) is not is_warned:
        assert asyncio.get_running_loop().time() < deadline


async def test_a_locked_file_stands_in_status(running: RoseyProcess, bus: Bus) -> None:
    keys = Database.on(bus, "core").keys
    assert (await status(running))["processes"]["database"]["state"] == "ready"
    await keys.set("test", "before")
    other = sqlite3.connect(running.data / "rosey.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked"):
        await keys.set("test", "meanwhile")
    await until_warned(running, "The database file is locked by another program.", True)
    other.execute("ROLLBACK")
    other.close()
    await until_warned(running, "locked", False)
    await keys.set("test", "after")
    assert await keys.get("test") == "after"
    assert (await status(running))["processes"]["database"]["restarts"] == 0
