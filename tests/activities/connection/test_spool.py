"""What is on disk while NATS is away: everything wanted, in order, private, and bounded."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.connection.spool import SEGMENTS, Spool, Spooled, from_lines, to_line
from tests.activities.connection.numbered import room_in_a_file

EVENTS = st.builds(Spooled, st.text(), st.text(), st.text().map(str.encode))


def event(number: int, size: int = 0) -> Spooled:
    return Spooled("rosey.events.message", f"m-{number}", b'{"text":"%s"}' % (b"x" * size))


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in files(folder))


@settings(deadline=None)
@given(st.lists(EVENTS))
def test_any_text_comes_back_as_it_was(events: list[Spooled]) -> None:
    content = b"".join(map(to_line, events))
    assert content.count(b"\n") == len(events)
    assert from_lines(content) == (events, 0)


@settings(deadline=None)
@given(st.lists(EVENTS, min_size=1), st.data())
def test_wherever_writing_is_cut_only_the_last_is_missing(
    events: list[Spooled], data: st.DataObject
) -> None:
    lines = list(map(to_line, events))
    content = b"".join(lines)
    cut = data.draw(st.integers(0, len(content)))
    found, torn = from_lines(content[:cut])
    whole = [sum(map(len, lines[: n + 1])) - 1 <= cut for n in range(len(lines))].count(True)
    assert found == events[:whole]
    assert torn <= 1


@settings(deadline=None)
@given(st.binary())
def test_rubbish_is_no_event(content: bytes) -> None:
    found, torn = from_lines(content)
    assert not found
    assert torn == sum(bool(line) for line in content.split(b"\n"))


class Model:
    """A spool with many segments beside a plain list of what it should hold."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spool = Spool(folder, 300 * SEGMENTS)
        self.ever: list[str] = []
        self.wanted: list[str] = []

    def add(self) -> None:
        added = event(len(self.ever))
        assert self.spool.add(added)
        self.ever.append(added.id)
        self.wanted.append(added.id)

    def gone(self, place: int) -> None:
        if self.wanted:
            self.spool.gone(self.wanted.pop(place % len(self.wanted)))

    def killed(self) -> None:
        """The next process finds what was wanted, in order; what shared a segment, once more."""
        self.spool = Spool(self.folder, 300 * SEGMENTS)
        found = [left.id for left in self.spool.load()]
        assert found == [id for id in self.ever if id in set(found)]
        assert set(found) >= set(self.wanted)
        self.wanted = found


STEPS = st.one_of(st.just("add"), st.just("killed"), st.integers(0, 99))


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=80))
def test_whatever_comes_and_goes_the_next_process_finds_what_is_wanted(
    steps: list[str | int],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model = Model(Path(folder))
        for step in steps:
            if step == "add":
                model.add()
            elif step == "killed":
                model.killed()
            else:
                model.gone(int(step))
            assert len(model.spool) == len(model.wanted)
            if not model.wanted:
                assert not files(model.folder)
        model.killed()


def test_nothing_is_written_before_there_is_an_event(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    assert spool.load() == []
    spool.gone("m-1")
    spool.close()
    assert not spool.folder.exists()


def test_an_event_is_kept_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert spool.add(event(1))
    size = on_disk(tmp_path)
    assert spool.add(event(1))
    assert (len(spool), on_disk(tmp_path)) == (1, size)


def test_a_torn_event_is_left_out_and_hurts_none_after_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(tmp_path)
    for number in range(3):
        spool.add(event(number))
    spool.close()
    [path] = files(tmp_path)
    os.truncate(path, path.stat().st_size - 5)
    after = Spool(tmp_path)
    assert after.load() == [event(0), event(1)]
    assert "torn" in caplog.text
    after.add(event(3))
    assert Spool(tmp_path).load() == [event(0), event(1), event(3)]


def test_a_segment_of_nothing_but_a_torn_event_is_removed(tmp_path: Path) -> None:
    (tmp_path / "000000000001.jsonl").write_bytes(to_line(event(1))[:-3])
    spool = Spool(tmp_path)
    assert spool.load() == []
    assert not files(tmp_path)


def test_what_cannot_be_read_is_said_and_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "notes.jsonl").write_text("mine")
    (tmp_path / "000000000001.jsonl").mkdir()
    (tmp_path / "000000000002.jsonl").write_bytes(to_line(event(2)))
    spool = Spool(tmp_path)
    assert spool.load() == [event(2)]
    assert caplog.text.count("was not read") == 2
    spool.gone("m-2")
    assert files(tmp_path) == [tmp_path / "notes.jsonl"]


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "spool" / "lounge"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    before = os.umask(0)
    try:
        Spool(folder).add(event(1))
        Spool(tmp_path / "fresh" / "lounge").add(event(1))
    finally:
        os.umask(before)
    for path in (folder, tmp_path / "fresh" / "lounge"):
        assert path.stat().st_mode & 0o777 == 0o700
        assert [file.stat().st_mode & 0o777 for file in files(path)] == [0o600]


def test_it_is_bounded_and_has_room_again_once_the_oldest_are_gone(tmp_path: Path) -> None:
    bound = 64_000
    spool = Spool(tmp_path, bound)
    number = 0
    while spool.add(event(number, 100)):
        number += 1
    assert spool.is_full
    assert bound <= on_disk(tmp_path) < bound + len(to_line(event(number, 100)))
    assert len(files(tmp_path)) > SEGMENTS // 2
    gone = 0
    while spool.is_full:
        spool.gone(f"m-{gone}")
        gone += 1
    assert gone < number / 10
    assert spool.add(event(number, 100))
    assert Spool(tmp_path).load() == [event(n, 100) for n in range(gone, number + 1)]


def test_a_full_disk_is_said_once_and_keeps_what_was_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(tmp_path)
    with room_in_a_file(1_000):
        taken = [spool.add(event(number, 300)) for number in range(3)]
        assert not spool.add(event(9, 2_000))
    assert taken == [True, True, False]
    assert caplog.text.count("cannot be written") == 1
    assert spool.add(event(2, 300))
    spool.close()
    assert Spool(tmp_path).load() == [event(number, 300) for number in range(3)]


def test_a_place_that_is_not_to_be_written_is_said_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "spool"
    in_the_way.write_text("no folder")
    spool = Spool(in_the_way / "lounge")
    assert not spool.add(event(1))
    assert not spool.add(event(2))
    assert caplog.text.count("cannot be written") == 1
    in_the_way.unlink()
    assert spool.add(event(1))
    assert Spool(spool.folder).load() == [event(1)]


def test_a_segment_that_cannot_be_removed_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, missing_ok: bool) -> None:
        raise PermissionError("read-only")

    spool = Spool(tmp_path)
    spool.add(event(1))
    monkeypatch.setattr(Path, "unlink", refuse)
    spool.gone("m-1")
    assert "cannot be removed: read-only" in caplog.text
    assert len(spool) == 0
