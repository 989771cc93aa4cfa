import errno
import os
from pathlib import Path

import pytest

from connectors.lounge.media import Media
from connectors.lounge.playlist import Playlist
from connectors.lounge.shelf import KeptList, Shelf


def listed(position: float = 4.5) -> KeptList:
    playlist = Playlist(locked=False)
    meta = {"embed": {"tag": "iframe", "src": "https://x.org/"}}
    playlist.add(Media("a", "cm", "A", 9, "00:09"), False, "ann")
    playlist.current = playlist.add(Media("b", "cu", "B", 0, "--:--", meta), True, "")
    return KeptList.of(playlist, position)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "history.jsonl"


def test_a_list_comes_back_as_it_was(history: Path) -> None:
    Shelf(history).put("lobby", listed())
    kept = Shelf(history).get("lobby")
    assert kept == listed()
    assert (kept.current, kept.position, kept.locked) == (1, 4.5, False)
    first, second = kept.unpacked()
    assert (first.media.id, first.temp, first.queueby) == ("a", False, "ann")
    assert second.media.meta["embed"]["src"] == "https://x.org/"
    assert Shelf(history).get("den") is None
    assert (history.with_name("playlists.json").stat().st_mode & 0o777) == 0o600


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "\x00\xff",
        '{"lobby": 5}',
        '{"lobby": {"locked": true, "version": 2}}',
        '{"lobby": {"locked": true, "items": [], "current": 0}}',
        '{"lobby": {"locked": true, "position": -1}}',
        '{"lobby": {"locked": true, "items": [{"media": {}}]}}',
    ],
)
def test_a_foreign_file_is_an_empty_list(
    history: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    history.parent.mkdir()
    path = history.with_name("playlists.json")
    path.write_text(text)
    shelf = Shelf(history)
    assert shelf.get("lobby") is None
    shelf.put("lobby", listed())
    assert Shelf(history).get("lobby") == listed()


def test_one_bad_room_does_not_cost_the_others(history: Path) -> None:
    Shelf(history).put("lobby", listed())
    path = history.with_name("playlists.json")
    path.write_text('{"den": 5, ' + path.read_text()[1:])
    assert Shelf(history).get("lobby") == listed()


def test_a_full_disk_does_not_stop_the_film(
    history: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf(history)
    shelf.put("lobby", listed(1))

    def full(*arguments: object) -> int:
        raise OSError(errno.ENOSPC, "disk full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", full)
        shelf.put("lobby", listed(2))
    assert "could not be kept" in caplog.text
    assert shelf.get("lobby") == listed(2)
    shelf.put("lobby", listed(2))
    assert Shelf(history).get("lobby") == listed(2)


def test_without_a_history_nothing_is_written(tmp_path: Path) -> None:
    shelf = Shelf(None)
    shelf.put("lobby", listed())
    assert shelf.get("lobby") is None
    assert list(tmp_path.iterdir()) == []
