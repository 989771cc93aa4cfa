"""A host that is told of plugins that come, change and go."""

from pathlib import Path

import pytest

from core.host import control, service
from core.installed.install import install, remove
from tests.core.host.conftest import gone
from tests.core.host.stand_ins import marks
from tests.core.host.test_reload import now_be
from tests.core.host.test_service import hosting, no_servers
from tests.core.installed import samples

__all__ = ["no_servers"]


@pytest.mark.usefixtures("no_servers")
async def test_a_plugin_comes_changes_and_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "RESTART_SECONDS", 0.5)
    data = tmp_path / "data"
    data.mkdir()
    project = samples.copy(tmp_path / "forecast")
    async with hosting(data, {"router": ""}) as host:
        await host.complete()
        assert await host.ask(command="installed", name="forecast") == {"state": "gone"}
        install(data, str(project), "", trust=False, agree=lambda lines: True)
        # Without a bus it cannot get far.
        reply = await host.ask(command="installed", name="forecast")
        assert reply["state"] in ("starting", "crashed")
        first = (await host.state("forecast")).pid
        assert first
        reply = await host.ask(command="installed", name="forecast")
        assert reply["state"] in ("starting", "crashed")
        assert gone(first)
        remove(data, "forecast")
        assert await host.ask(command="installed", name="forecast") == {"state": "gone"}
        assert list((await host.status()).processes) == ["router"]
        with pytest.raises(control.Refused, match="router is no plugin but a part of Rosey"):
            await host.ask(command="installed", name="router")
        assert len(marks(data, "router")) == 1


@pytest.mark.usefixtures("no_servers")
async def test_an_update_that_cannot_take_over_says_what_the_next_start_would_run(
    tmp_path: Path,
) -> None:
    async with hosting(tmp_path, {"dice": ""}, plugins=["dice"]) as host:
        await host.complete()
        now_be(tmp_path, "dice", "crash")
        with pytest.raises(control.Refused) as refusal:
            await host.ask(command="installed", name="dice")
        assert str(refusal.value) == (
            "dice was not reloaded and runs on as it was: ended with exit code 1: the cat is on "
            "the keyboard. The next start would run dice 1.0.0 all the same; bin/rosey plugin "
            "rollback dice takes it back."
        )
        assert (await host.state("dice")).pid == marks(tmp_path, "dice")[0]
