"""Making anything that JSON can say fit to be passed on as JSON."""

from typing import Any

_DEEPEST = 40
_LARGEST = 2**63


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
