"""The router learns of plugins that are installed and removed while it runs."""

import asyncio
from pathlib import Path

import pytest

from core.installed.install import install, remove
from core.plugins import manifests
from core.router import service
from core.router.router import Router
from rosey import ids, streams, subjects
from rosey.bus import Bus, BusError
from rosey.events import Reply
from tests.core.installed import samples
from tests.core.stage import Stage
from tests.servers import until


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LOOK_EVERY", 0.05)


SHIPPED = set(manifests())


class Learner:
    """In the router's place; does not learn at the first try."""

    def __init__(self) -> None:
        self.learned: list[set[str]] = []
        self.refused = 0
        self.swept: list[set[str]] = []

    async def learn(self, manifests: dict[str, object]) -> None:
        if not self.refused:
            self.refused += 1
            raise BusError("not now")
        self.learned.append(set(manifests))

    async def sweep(self, plugins: set[str]) -> bool:
        """Finds everything clean at the second look."""
        self.swept.append(plugins)
        return len(self.swept) != 1


async def test_it_is_told_once_of_each_change(tmp_path: Path) -> None:
    learner = Learner()
    data = tmp_path / "data"
    following = asyncio.create_task(service.follow_plugins(learner, data))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    project = samples.copy(tmp_path / "forecast")
    install(data, str(project), "", trust=False, agree=lambda lines: True)
    await until(lambda: learner.learned == [{*SHIPPED, "forecast"}])
    assert learner.refused == 1
    remove(data, "forecast")
    await until(lambda: len(learner.learned) == 2)
    assert learner.learned[1] == SHIPPED
    await until(lambda: learner.swept[-1] == SHIPPED)
    looks = len(learner.swept)
    assert {*SHIPPED, "forecast"} in learner.swept
    await asyncio.sleep(0.2)  # four looks, in which nothing may happen
    assert len(learner.swept) == looks, "nothing changed since"
    following.cancel()


async def test_it_reads_the_replies_of_a_new_plugin_and_no_longer_those_of_one_that_is_gone(
    bus: Bus, stage: Stage, tmp_path: Path
) -> None:
    router: Router = await stage.router()
    known = router._manifests
    forecast = known["dice"].model_copy(update={"name": "forecast"})
    await router.learn({**known, "forecast": forecast})
    await store(bus, 1)
    await until_left(bus, 0)
    await router.learn(known)
    await store(bus, 2)
    await until_left(bus, 1)


async def store(bus: Bus, number: int) -> None:
    reply = ids.reply_id(f"c-{number}")
    body = Reply(id=reply, channel="a/b", command_id=f"c-{number}")
    await bus.store(subjects.reply("forecast", reply), body.wire(), reply)


async def until_left(bus: Bus, count: int) -> None:
    """Waits until so many replies wait for the router, and none is in hand."""
    spec = streams.replies_consumer("forecast")
    deadline = asyncio.get_running_loop().time() + 10
    while True:
        info = await bus.js.consumer_info(spec.stream, spec.durable)
        if (info.num_pending, info.num_ack_pending) == (count, 0):
            return
        assert asyncio.get_running_loop().time() < deadline, info
        await asyncio.sleep(0.02)
