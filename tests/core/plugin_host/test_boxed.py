"""`bin/rosey worker dice` by hand: in the box, with nothing of rosey.toml but its own part."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.config import CHECKOUT, Config
from core.errors import UserError
from core.plugin_host import trust
from rosey import streams, subjects
from rosey.bus import Bus
from rosey.events import Reply
from tests.core.plugin_host import desk
from tests.core.stage import stored
from tests.servers import NatsServer, environment, until

SECRET = "tell-nobody-of-the-blue-teapot"
SETTINGS = f"""
[lounge]
accounts = [{{ name = "alice", password = "{SECRET}" }}]
"""

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(nats: NatsServer, tmp_path: Path) -> Iterator[Start]:
    started = []

    def run(settings: str = SETTINGS) -> "subprocess.Popen[bytes]":
        (tmp_path / "rosey.toml").write_text(settings)
        where = {"ROSEY_NATS_URL": nats.url.replace("127.0.0.1", "localhost")}
        variables = environment(TEMPORAL_ADDRESS="127.0.0.1:1", CYTUBE_PASSWORD=SECRET, **where)
        with (tmp_path / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "core", "worker", "dice", "--data", str(tmp_path / "data")],
                cwd=CHECKOUT,
                env=variables,
                stdout=log,
                stderr=log,
            )
        started.append(process)
        return process

    yield run
    for process in started:
        process.terminate()
        assert process.wait(5) in (0, 1)


async def there(bus: Bus, log: Path, process: "subprocess.Popen[bytes]") -> None:
    await until(lambda: "ready: dice" in log.read_text() or process.poll() is not None, 30)
    assert process.poll() is None, log.read_text()
    assert await bus.bucket(subjects.PLUGINS_BUCKET).get("dice") is not None


def memory(pid: int) -> bytes:
    """All that it has written itself."""
    found = []
    with open(f"/proc/{pid}/mem", "rb", 0) as file:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            place, mode, *_ = line.split()
            start, end = (int(each, 16) for each in place.split("-"))
            if mode.startswith("rw"):
                with suppress(OSError, OverflowError):  # what the kernel keeps there for itself
                    file.seek(start)
                    found.append(file.read(end - start))
    return b"".join(found)


async def test_it_answers_and_comes_back_to_nats(
    bus: Bus, nats: NatsServer, start: Start, tmp_path: Path
) -> None:
    process, log = start(), tmp_path / "log"
    await there(bus, log, process)
    text = log.read_text()
    assert f"dice is in its box; enforced: fs, network (TCP port {nats.port} at any addr" in text
    assert "no host carries to NATS for it" in text
    assert ", exec, memory / not enforced: cpu" in text
    nats.kill()
    nats.start()
    await until(lambda: "connected to NATS again" in log.read_text(), 30)
    await desk.give(bus)
    ((_, data),) = await stored(bus, streams.replies_of("dice"), 1)
    assert Reply.read(data).actions[0].text.startswith("🎲")


async def test_nobody_s_secrets_are_in_its_memory(bus: Bus, start: Start, tmp_path: Path) -> None:
    process = start()
    await there(bus, tmp_path / "log", process)
    held = memory(process.pid)
    assert b"plugins.dice.commands" in held
    assert SECRET.encode() not in held
    variables = Path(f"/proc/{process.pid}/environ").read_bytes()
    assert SECRET.encode() not in variables
    opened = {os.readlink(each) for each in Path(f"/proc/{process.pid}/fd").iterdir()}
    assert {each for each in opened if each.startswith("/")} == {os.devnull, str(tmp_path / "log")}


async def test_a_box_that_must_be_whole(start: Start, tmp_path: Path) -> None:
    process = start('sandbox = "require"\n')
    assert process.wait(30) == 1
    text = (tmp_path / "log").read_text()
    assert 'dice is not trusted, and sandbox = "require" wants all of its box' in text
    assert "missing cpu: no host watches this process" in text
    assert "ready" not in text


def test_who_is_boxed(tmp_path: Path) -> None:
    boxed = trust.to_box(["dice"], tmp_path)
    assert boxed
    assert boxed.name == "dice"
    assert trust.to_box(["trivia"], tmp_path) is None
    assert trust.to_box(["dice", "trivia"], tmp_path) is None
    broken = tmp_path / "installed" / "weather" / "1.0.0" / "weather"
    broken.mkdir(parents=True)
    (broken / "plugin.toml").write_text("name =")
    (broken.parent.parent / "current").symlink_to("1.0.0")
    with pytest.raises(UserError, match=r"plugin\.toml: is no valid TOML"):
        trust.to_box(["weather"], tmp_path)


def test_sharing_a_process(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    trust.refuse_shared(Config(), ["trivia", "dice"], tmp_path)
    assert caplog.messages == ["dice is not trusted and shares its process, so it has no box"]
    trust.refuse_shared(Config(sandbox="require"), ["trivia"], tmp_path)
    with pytest.raises(UserError, match=r"dice is not trusted, .* bin/rosey worker dice"):
        trust.refuse_shared(Config(sandbox="require"), ["trivia", "dice"], tmp_path)
