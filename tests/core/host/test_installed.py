"""A host that is told of plugins that come, change and go."""

from pathlib import Path

import pytest

from core.host import control, service
from core.installed.install import install, remove
from tests.core.host.conftest import gone
from tests.core.host.stand_ins import marks
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
