"""Rosey on a NATS server of the operator's own, let in by a file of credentials."""

from pathlib import Path

import psutil
import pytest

from connectors.lounge.guest import Guest
from tests.core.authority.operators import Operator
from tests.core.authority.stage import guarded
from tests.end_to_end.players import until_line
from tests.rosey_process import QUICK_ROOM, rosey

CONFIG = QUICK_ROOM.replace("[nats]", '[nats]\ncredentials = "../rosey.creds"')


@pytest.mark.timeout(90)
async def test_she_plays_there_and_her_secret_is_nowhere(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    credentials = operator.user("rosey")
    credentials.path.chmod(0o644)
    with (
        guarded(tmp_path, operator.configuration()) as nats,
        rosey(tmp_path / "rosey", CONFIG, ROSEY_NATS_URL=nats.url) as running,
    ):
        async with Guest(running.room, name="alice") as alice:
            await alice.say("!roll d6")
            await until_line(alice, "🎲")
            await alice.say("!trivia start 1")
            await until_line(alice, "❓")
        listed = running.command("bus", "dead", "list")
        assert listed.returncode == 0, listed.stderr
        started = psutil.Process().children(recursive=True)
        told = [" ".join(each.cmdline()) for each in started]
        assert any(str(running.data) in each for each in told)
    written = [file for file in (tmp_path / "rosey").rglob("*") if file.suffix in (".log", ".json")]
    assert {"up.log", "router.log", "dice.log"} <= {file.name for file in written}
    told += [file.read_text(errors="replace") for file in written]
    assert not any(credentials.betrayed_by(each) for each in told)
    up = (tmp_path / "rosey" / "up.log").read_text()
    assert f"everybody on this machine can read {credentials.path}" in up.replace("rosey/../", "")
