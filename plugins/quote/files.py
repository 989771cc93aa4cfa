"""Quotes as JSON and CSV, for files to take along or to come from elsewhere. Pure."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from plugins.quote.problems import Problem
from plugins.quote.rules import LARGEST_SCORE, NoQuote, Quote, author_of, text_of
from rosey.channels import token
from rosey.ids import derive

Format = Literal["json", "csv"]
FORMATS: tuple[Format, ...] = ("json", "csv")

LARGEST_FILE = 4 * 1024 * 1024
MOST_QUOTES = 10_000
FIELDS = ("id", "text", "author", "added_by", "added_at", "score")
# As other bots call them.
ALSO = {
    "text": ("quote",),
    "author": ("originator",),
    "added_by": ("creator",),
    "added_at": ("createdat", "created_at"),
}
# Spreadsheets run cells that begin with one of these, also after apostrophes that hide nothing.
_RUNS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_HIDDEN = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=-]{0,199}\.(json|csv)")


class NoFile(Problem):
    """A file that cannot be used; says why in a sentence."""


@dataclass(frozen=True)
class Refusal:
    """An entry that is not kept; `place` counts quotes from 1."""

    place: int
    problem: NoQuote

    @property
    def why(self) -> str:
        """In English."""
        return str(self.problem)


@dataclass
class Contents:
    """What a file holds, each text of an author once; `repeated` counts the other times."""

    quotes: list[Quote] = field(default_factory=list)
    repeated: int = 0
    refused: list[Refusal] = field(default_factory=list)


def format_of(name: str) -> Format:
    """By how a file is called, which has to be a plain name. Raises NoFile."""
    fits = _FILE_NAME.fullmatch(name)
    if fits is None:
        raise NoFile("no_plain_name")
    return "json" if fits[1] == "json" else "csv"


def file_name(channel: str, format: Format) -> str:
    """A name that no other room's quotes have: `lounge=2Flobby.json`."""
    name = token(channel)
    short = name if len(name) <= 120 else f"{name[:90]}-{derive('f', name)}"
    return f"{short}.{format}"


def written(quotes: Sequence[Quote], format: Format) -> bytes:
    """The file's bytes; what is read of them again is the same."""
    return _json(quotes) if format == "json" else _csv(quotes)


def read(data: bytes, format: Format, added_by: str, added_at: datetime) -> Contents:
    """Who and when are for quotes of which the file does not say it. Raises NoFile."""
    if len(data) > LARGEST_FILE:
        raise NoFile("too_large", most=LARGEST_FILE // 1024 // 1024)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NoFile("no_utf8") from None
    contents, seen = Contents(), set()
    for place, entry in enumerate(_entries(text, format), 1):
        if place > MOST_QUOTES:
            raise NoFile("too_many", most=MOST_QUOTES)
        try:
            quote = _quote(entry, added_by, added_at)
        except NoQuote as problem:
            contents.refused.append(Refusal(place, problem))
            continue
        if (quote.text, quote.author) in seen:
            contents.repeated += 1
        else:
            seen.add((quote.text, quote.author))
            contents.quotes.append(quote)
    return contents


def fetch(folder: Path, name: str) -> bytes:
    """A file of the folder itself. Raises NoFile."""
    path = folder / name
    try:
        # A link could lead out of the folder, and a pipe never ends.
        if path.is_symlink() or not path.is_file():
            raise NoFile("no_file", name=name)
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as problem:
        raise NoFile("unreadable", name=name, why=problem.strerror) from None


def store(folder: Path, name: str, data: bytes) -> None:
    """Whole or not at all. Raises NoFile."""
    fresh = folder / f".{name}.new"
    try:
        fresh.write_bytes(data)
        fresh.replace(folder / name)
    except OSError as problem:
        raise NoFile("unwritable", name=name, why=problem.strerror) from None


def _json(quotes: Sequence[Quote]) -> bytes:
    entries = [_entry(quote) for quote in quotes]
    return json.dumps({"quotes": entries}, ensure_ascii=False, indent=1).encode()


def _csv(quotes: Sequence[Quote]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(FIELDS)
    for quote in quotes:
        writer.writerow([_harmless(str(value)) for value in _entry(quote).values()])
    # With its mark spreadsheets know that it is UTF-8.
    return file.getvalue().encode("utf-8-sig")


def _entry(quote: Quote) -> dict[str, Any]:
    entry = {name: getattr(quote, name) for name in FIELDS}
    return entry | {"added_at": quote.added_at.isoformat()}


def _harmless(cell: str) -> str:
    return f"'{cell}" if _RUNS.match(cell) else cell


def _as_it_was(cell: str) -> str:
    return cell[1:] if _HIDDEN.match(cell) else cell


def _entries(text: str, format: Format) -> Iterator[Any]:
    return _in_json(text) if format == "json" else _in_csv(text)


def _in_json(text: str) -> Iterator[Any]:
    try:
        found = json.loads(text)
    except ValueError as problem:
        raise NoFile("no_json", why=problem) from None
    except RecursionError:
        raise NoFile("too_deep") from None
    entries = found.get("quotes") if isinstance(found, dict) else found
    if not isinstance(entries, list):
        raise NoFile("no_list")
    yield from entries


def _in_csv(text: str) -> Iterator[Any]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = [_as_it_was(name).strip().lower() for name in next(rows, [])]
        if not {"text", *ALSO["text"]} & set(names):
            raise NoFile("no_column")
        for row in rows:
            if row:
                yield dict(zip(names, map(_as_it_was, row), strict=False))
    except csv.Error as problem:
        raise NoFile("no_csv", why=problem) from None


def _quote(entry: Any, added_by: str, added_at: datetime) -> Quote:
    """Raises NoQuote."""
    if isinstance(entry, str):
        entry = {"text": entry}
    if not isinstance(entry, dict):
        raise NoQuote("no_entry")
    known = {str(name).lower(): value for name, value in entry.items()}
    return Quote(
        text=text_of(_word(known, "text")),
        author=author_of(_word(known, "author")),
        added_by=author_of(_word(known, "added_by") or added_by),
        added_at=_moment(_word(known, "added_at"), added_at),
        score=_score(known.get("score")),
    )


def _word(known: dict[str, Any], name: str) -> str:
    """What stands under this name, or another that means it. Raises NoQuote for no text."""
    for each in (name, *ALSO[name]):
        value = known.get(each)
        if value is not None:
            if not isinstance(value, str):
                raise NoQuote("no_word", field=each)
            return value
    return ""


def _moment(text: str, otherwise: datetime) -> datetime:
    if not text.strip():
        return otherwise
    try:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NoQuote("no_moment", text=text[:30]) from None


def _score(value: Any) -> int:
    if value is None or value == "":
        return 0
    if re.fullmatch(r"-?[0-9]{1,7}", str(value)) and abs(int(str(value))) <= LARGEST_SCORE:
        return int(str(value))
    raise NoQuote("no_score", text=str(value)[:30])
