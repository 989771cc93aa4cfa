"""Making anything that JSON can say fit to be passed on as JSON."""

import re
from typing import Any

_DEEPEST = 40
_LARGEST = 2**63
# Control characters, ends of lines, what turns text around, and halves of surrogate pairs.
_UNFIT = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def plain(text: str, most: int) -> str:
    """One line of at most `most` characters: what is no part of a line becomes U+FFFD."""
    return _UNFIT.sub("\ufffd", text[:most])


def sound(value: Any, depth: int = 0) -> Any:
    """The value without what cannot be encoded again.

    Half a surrogate pair (the server cuts lines between UTF-16 units) becomes U+FFFD; numbers
    that JSON does not have, bytes, and what is nested too deeply become None.
    """
    if isinstance(value, str):
        return value if value.isascii() else _mended(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST else None
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if depth >= _DEEPEST:
        return None
    if isinstance(value, dict):
        return {sound(str(key)): sound(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [sound(part, depth + 1) for part in value]
    return None


def _mended(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
