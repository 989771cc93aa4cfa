"""What a process writes: one line a record, whatever is in it."""

import logging

import pytest

from core.logs import FORMAT, OneLine, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ümlaut, 🦜, 👩\u200d🚀", "plain, ümlaut, 🦜, 👩\u200d🚀"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x1b[31mred\x9b0m", "\\x1b[31mred\\x9b0m"),
        ("\x00\x7f\x85", "\\x00\\x7f\\x85"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("\u202egnp\u2066\u200f", "\\u202egnp\\u2066\\u200f"),
        ("half \ud83d", "half \\ud83d"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown


def record(message: str, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("core.x", logging.WARNING, "x.py", 1, "said: %s", (message,), None)
    made.__dict__.update(more)
    return made


def test_a_record_is_one_line() -> None:
    line = OneLine(FORMAT).format(record("hi\n2026-01-01 ERROR fake\x1b[2J"))
    assert line.endswith(" WARNING core.x: said: hi\\n2026-01-01 ERROR fake\\x1b[2J")
    assert len(line.splitlines()) == 1


def test_a_traceback_cannot_look_like_a_record() -> None:
    try:
        raise ValueError("first\n2026-01-01 ERROR fake\u2028\x1b[2J")
    except ValueError as problem:
        told = (ValueError, problem, problem.__traceback__)
    text = OneLine(FORMAT).format(record("oh", exc_info=told, stack_info="Stack\n  here"))
    first, *rest = text.splitlines()
    assert first.endswith("said: oh")
    assert "  ValueError: first" in rest
    assert "  2026-01-01 ERROR fake\\u2028\\x1b[2J" in rest
    assert "    here" in rest
    assert [line for line in rest if not line.startswith("  ")] == []
