import csv
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.quote import files
from plugins.quote.files import Contents, NoFile, fetch, file_name, format_of, read, store, written
from plugins.quote.rules import NoQuote, Quote, author_of, text_of

NOW = datetime(2026, 5, 3, 20, tzinfo=UTC)
BEGINNINGS = ["", "=", "+", "-", "@", "'", "''", "'=", "＝", "''+", ",", '"', "\n", "\r\n", ";"]


def _fit(text: str, make: Any) -> bool:
    try:
        make(text)
    except NoQuote:
        return False
    return True


def _texts(make: Any, longest: int) -> st.SearchStrategy[str]:
    ends = st.text(max_size=longest)
    made = st.tuples(st.sampled_from(BEGINNINGS), ends, st.sampled_from(BEGINNINGS), ends)
    return made.map("".join).filter(lambda text: _fit(text, make)).map(make)


QUOTES = st.lists(
    st.builds(
        Quote,
        text=_texts(text_of, 60),
        author=_texts(author_of, 20),
        added_by=_texts(author_of, 20),
        added_at=st.datetimes(timezones=st.just(UTC)),
        score=st.integers(-1000, 1000),
    ),
    max_size=8,
    unique_by=lambda quote: (quote.text, quote.author),
)


def contents(data: bytes | str, format: files.Format) -> Contents:
    return read(data if isinstance(data, bytes) else data.encode(), format, "mod", NOW)


@pytest.mark.parametrize("format", files.FORMATS)
@given(quotes=QUOTES)
def test_what_is_written_is_read_again(format: files.Format, quotes: list[Quote]) -> None:
    assert contents(written(quotes, format), format) == Contents(quotes)


@given(QUOTES)
def test_no_cell_is_a_formula(quotes: list[Quote]) -> None:
    text = written(quotes, "csv").decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert rows[0] == list(files.FIELDS)
    assert len(rows) == len(quotes) + 1
    for row in rows[1:]:
        assert len(row) == len(files.FIELDS)
        assert not any(cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) for cell in row)


def test_a_formula_from_elsewhere_stays_a_text() -> None:
    (quote,) = contents('text,author\n"=1+1",\'tis\n', "csv").quotes
    assert (quote.text, quote.author) == ("=1+1", "'tis")


@pytest.mark.parametrize(
    "data",
    ['[{"text": "Hi"}, "Ho"]', '{"quotes": [{"quote": "Hi", "other": 1}, {"Text": "Ho"}]}'],
)
def test_lists_of_others_in_json(data: str) -> None:
    quotes = contents(data, "json").quotes
    assert quotes == [
        Quote("Hi", "Unknown", "mod", NOW),
        Quote("Ho", "Unknown", "mod", NOW),
    ]


def test_fields_as_others_call_them() -> None:
    entry = {"quote": "Hi", "originator": "ann", "creator": "bob", "createdAt": "2020-01-02"}
    expected = Quote("Hi", "ann", "bob", datetime(2020, 1, 2, tzinfo=UTC))
    assert contents(json.dumps([entry]), "json").quotes == [expected]
    lines = f"{','.join(entry)}\n{','.join(entry.values())}\n"
    assert contents(lines, "csv").quotes == [expected]


def test_what_is_twice_in_a_file_is_there_once() -> None:
    found = contents('["a", "b", " a ", {"text": "a", "author": "ann"}]', "json")
    assert [quote.text for quote in found.quotes] == ["a", "b", "a"]
    assert found.repeated == 1


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"text": " "}, "there is no text in it"),
        ({}, "there is no text in it"),
        ({"text": "x" * 1001}, "at most 1,000 characters"),
        ({"text": "x", "author": "y" * 101}, "at most 100 characters"),
        ({"text": 5}, "text is no text"),
        ({"text": "x", "added_at": "yesterday"}, "is no time like"),
        ({"text": "x", "added_at": "0001-01-01T00:00:00+14:00"}, "is no time like"),
        ({"text": "x", "score": "many"}, "“many” is no score"),
        ({"text": "x", "score": 9_999_999}, "is no score"),
        ({"text": "x", "score": True}, "is no score"),
        (7, "neither a text nor an object"),
        (None, "neither a text nor an object"),
    ],
)
def test_what_is_no_quote_is_refused_with_its_place(entry: Any, why: str) -> None:
    found = contents(json.dumps(["fine", entry]), "json")
    assert [quote.text for quote in found.quotes] == ["fine"]
    (refusal,) = found.refused
    assert refusal.place == 2
    assert why in refusal.why


@pytest.mark.parametrize(
    ("data", "format", "why"),
    [
        (b"\xff\xfe", "json", "not in UTF-8"),
        (b"{", "json", "is no JSON"),
        (b"[" * 100_000, "json", "is no JSON"),
        (b"[" * 100_000, "json", "too many lists in lists"),
        (b"{", "json", "Please mend it and import it again"),
        (b"5", "json", "no list of quotes"),
        (b'{"quotes": {}}', "json", "no list of quotes"),
        (b"", "csv", "no column text"),
        (b"name,age\nann,5\n", "csv", "no column text"),
        (b'text\n"open', "csv", "is no CSV"),
        (b"x" * (files.LARGEST_FILE + 1), "csv", "larger than 4 MB"),
        (b"text\n" + b"x\n" * (files.MOST_QUOTES + 1), "csv", "more than 10,000 quotes"),
    ],
)
def test_a_file_that_cannot_be_used(data: bytes, format: files.Format, why: str) -> None:
    with pytest.raises(NoFile, match=why):
        contents(data, format)


@given(st.binary(max_size=200), st.sampled_from(files.FORMATS))
def test_any_bytes_are_read_or_refused(data: bytes, format: files.Format) -> None:
    told = ""
    try:
        contents(data, format)
    except NoFile as refusal:
        told = str(refusal)
    assert not told or told.endswith(".")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "quotes",
        "quotes.txt",
        "../quotes.json",
        "/etc/quotes.json",
        "a/b.csv",
        "a\\b.csv",
        ".hidden.json",
        "a b.csv",
        "q.json\n",
        "q\0.json",
        "x" * 300 + ".csv",
    ],
)
def test_only_plain_names(name: str) -> None:
    with pytest.raises(NoFile, match="plain name"):
        format_of(name)


@given(st.text(min_size=1, max_size=300), st.sampled_from(files.FORMATS))
def test_every_room_has_a_plain_name(room: str, format: files.Format) -> None:
    assert format_of(file_name(f"lounge/{room}", format)) == format


def test_rooms_do_not_meet() -> None:
    rooms = ["a-b/c", "a/b-c", "a/b/c", "a/" + "x" * 200, "a/" + "x" * 201]
    assert len({file_name(room, "csv") for room in rooms}) == len(rooms)


def test_a_file_is_stored_and_fetched(tmp_path: Path) -> None:
    store(tmp_path, "q.json", b"one")
    store(tmp_path, "q.json", b"two")
    assert fetch(tmp_path, "q.json") == b"two"
    assert [each.name for each in tmp_path.iterdir()] == ["q.json"]


def test_only_files_of_the_folder_itself(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text("[]")
    folder = tmp_path / "quote"
    folder.mkdir()
    (folder / "link.json").symlink_to(secret)
    (folder / "folder.json").mkdir()
    os.mkfifo(folder / "pipe.json")
    for name in ("link.json", "folder.json", "pipe.json", "missing.json"):
        with pytest.raises(NoFile, match=f"There is no file {name} in my folder"):
            fetch(folder, name)


def test_a_folder_that_takes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NoFile, match="cannot be written: No such file"):
        store(tmp_path / "gone", "q.json", b"")
