"""What the host tells of itself, and a disk that does not take it."""

from pathlib import Path

import pytest

from core.host.bulletin import Bulletin
from core.runtime import Addresses, Runtime, read


class Stage:
    """A bulletin whose disk can be full."""

    def __init__(self, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.data = data
        self.full = False
        self.runtime = Runtime(Addresses(nats="nats://x", temporal="x:7233"))
        self.said: list[str] = []
        self.bulletin = Bulletin(data, self.runtime, self.said.append)
        write = Runtime.write

        def writing(runtime: Runtime, folder: Path) -> None:
            if self.full:
                raise OSError(28, "No space left on device")
            write(runtime, folder)

        monkeypatch.setattr(Runtime, "write", writing)

    @property
    def in_file(self) -> list[str]:
        runtime = read(self.data)
        assert runtime
        return runtime.warnings


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(tmp_path, monkeypatch)


def test_warnings_of_several_stand_side_by_side(stage: Stage) -> None:
    stage.bulletin.warn("backlog", ["too much waits", "and there"])
    stage.bulletin.warn("nats", ["not well"])
    assert stage.in_file == ["too much waits", "and there", "not well"]
    stage.bulletin.warn("backlog", [])
    assert stage.in_file == ["not well"]


def test_a_turn_is_told_once(stage: Stage) -> None:
    for wrong in ("", "full", "full", "", ""):
        stage.bulletin.turn("nats", wrong, "well again")
    assert stage.said == ["full", "well again"]
    assert [(each.ok, each.about, each.what) for each in stage.bulletin.unsaid] == [
        (False, "nats", "full"),
        (True, "nats", "well again"),
    ]
    assert len({each.id for each in stage.bulletin.unsaid}) == 2
    assert stage.in_file == []


def test_a_full_disk_is_a_warning_until_it_takes_the_file(stage: Stage) -> None:
    stage.bulletin.write()
    stage.full = True
    stage.bulletin.warn("nats", ["not well"])
    line = f"The host cannot write to {stage.data}: No space left on device. Make room there."
    assert stage.runtime.warnings == ["not well", line]
    assert stage.in_file == []
    stage.bulletin.refresh()
    assert stage.runtime.warnings == ["not well", line]
    stage.full = False
    stage.bulletin.refresh()
    assert stage.runtime.warnings == stage.in_file == ["not well"]
