"""Patterns for `$like` and `$ilike`."""


def literally(text: str) -> str:
    """The pattern of just this text: nothing in it has a meaning of its own."""
    return "".join(f"\\{char}" if char in "\\%_" else char for char in text)
