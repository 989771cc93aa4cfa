"""How well words fit a title."""

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

# Of all that was asked for, so much must be in a name.
ENOUGH = 0.75
# A best match is clear when it is ahead by this.
CLEARLY = 0.1
MOST_WORDS = 20

_SIMILAR = 0.8
_SHORTEST_START = 3


def words_of(text: str) -> tuple[str, ...]:
    """Words as compared: without case, accents and punctuation; `&` is `and`; the first 20."""
    plain = unicodedata.normalize("NFKD", text.replace("&", " and ")).casefold()
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    return tuple(re.findall(r"\w+", re.sub(r"['’]", "", bare))[:MOST_WORDS])


def fit(wanted: Sequence[str], name: Sequence[str]) -> float:
    """How well a name fits, from 0 to 1, which is word for word."""
    if not wanted or not name:
        return 0.0
    if tuple(wanted) == tuple(name):
        return 1.0
    hits = sum(max(_likeness(word, other) for other in name) for word in wanted)
    asked = hits / len(wanted)
    told = min(1.0, hits / len(name))
    return 0.99 * (0.75 * asked + 0.25 * told) if asked >= ENOUGH else 0.0


@lru_cache(maxsize=1 << 16)
def _likeness(word: str, other: str) -> float:
    if word == other:
        return 1.0
    if len(word) >= _SHORTEST_START and other.startswith(word):
        return 0.9
    shorter, longer = sorted((len(word), len(other)))
    if shorter <= _SHORTEST_START or 2 * shorter < _SIMILAR * (shorter + longer):
        return 0.0
    if word.isdigit() or other.isdigit():
        return 0.0
    ratio = SequenceMatcher(None, word, other, autojunk=False).ratio()
    return ratio if ratio >= _SIMILAR else 0.0
