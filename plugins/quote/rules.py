"""What a quote may be, and how what is typed about quotes is read. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from plugins.quote.problems import Problem

UNKNOWN = "Unknown"
LONGEST_TEXT = 1000
LONGEST_AUTHOR = 100
SHOWN = 10
MOST_SHOWN = 100
LARGEST_ID = 2**63 - 1
# A score that a file may bring along.
LARGEST_SCORE = 1_000_000

_BY = re.compile(r"(?P<text>.*)(?:^|\s)(?:--|—)\s+(?P<author>.*)", re.DOTALL)
_PAGED = re.compile(r"(?P<text>.+?)(?:\s+page\s+(?P<page>[0-9]{1,6}))?", re.DOTALL | re.IGNORECASE)


class NoQuote(Problem):
    """Says why something cannot be kept, in words that follow on `I cannot keep that: `."""


@dataclass(frozen=True)
class Quote:
    """One as it is kept; `id` is 0 before."""

    text: str
    author: str
    added_by: str
    added_at: datetime
    score: int = 0
    id: int = 0


def text_of(text: str) -> str:
    """Trimmed, without control characters but line breaks. Raises NoQuote."""
    clean = _clean(text)
    if not clean:
        raise NoQuote("no_text")
    if len(clean) > LONGEST_TEXT:
        raise NoQuote("text_too_long", most=LONGEST_TEXT, length=len(clean))
    return clean


def author_of(name: str | None) -> str:
    """The name on one line, or Unknown. Raises NoQuote."""
    clean = " ".join(_clean(name or "").split())
    if len(clean) > LONGEST_AUTHOR:
        raise NoQuote("author_too_long", most=LONGEST_AUTHOR, length=len(clean))
    return clean or UNKNOWN


def typed(line: str) -> tuple[str, str]:
    """Text and author of `Hello there -- alice`. Raises NoQuote."""
    by = _BY.fullmatch(line)
    text, author = (by["text"], by["author"].removeprefix("@")) if by else (line, None)
    return text_of(text), author_of(author)


def id_of(word: str) -> int | None:
    """The number in `12` or `#12`; None for what is none."""
    number = word.strip().removeprefix("#")
    if not re.fullmatch("[0-9]{1,19}", number):
        return None
    return int(number) if 0 < int(number) <= LARGEST_ID else None


def how_many(word: str) -> int | None:
    """From 1 to 100, or the usual 10 for nothing; None for what cannot be."""
    if not word.strip():
        return SHOWN
    number = id_of(word)
    return number if number and number <= MOST_SHOWN else None


def search_of(line: str) -> tuple[str, int]:
    """What to look for, and the page: `cat page 2`."""
    found = _PAGED.fullmatch(line.strip())
    if found is None:
        return "", 1
    return found["text"], max(1, int(found["page"] or 1))


def _clean(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char if _is_fit(char) else " " for char in lines).strip()


def _is_fit(char: str) -> bool:
    """Control characters and halves of characters are not; both databases would refuse some."""
    return char == "\n" or unicodedata.category(char) not in ("Cc", "Cs")
