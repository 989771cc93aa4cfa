"""Shows as people type them."""

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vectors import ids, load
from workflows.playlist.show_words import (
    LATEST,
    Typed,
    Unclear,
    When,
    read,
    read_when,
    show_name,
    whole_name,
)

NOW = datetime(2026, 4, 29, 12, tzinfo=UTC)  # a Wednesday
FRIDAY = datetime(2026, 5, 1, 20, tzinfo=UTC)
COUNTDOWNS = load("countdown_parse", "text", "now")
AGAIN = load("countdown_recurrence_parse", "pattern")


@pytest.mark.parametrize(
    "quoted",
    [
        '"Friday Horror"',
        "“Friday Horror”",
        "„Friday Horror“",
        "„Friday Horror”",
        "«Friday  Horror»",
        "» Friday Horror «",
        "'Friday Horror'",
        "‘Friday Horror’",
        "‚Friday Horror‘",
        "‹Friday Horror›",
        "「Friday Horror」",
        "＂Friday Horror＂",
        '“Friday Horror"',
    ],
)
def test_quotes_of_any_kind(quoted: str) -> None:
    typed = read(f"{quoted} friday 20:00 list horror", NOW, "UTC")
    assert typed == Typed("Friday Horror", "horror", When(at=FRIDAY))
    assert whole_name(f" {quoted} ") == "Friday Horror"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("horror friday 20:00 list x", "horror"),
        ('"Bob\'s List Night" friday 20:00 list x', "Bob's List Night"),
        ("‘Bob’s Night’ friday 20:00 list x", "Bob’s Night"),
        ("'list' friday 20:00 list x", "list"),
        ("кино friday at 20:00 LIST X", "кино"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert read(text, NOW, "UTC") == Typed(name, "x", When(at=FRIDAY))


@pytest.mark.parametrize(
    ("words", "when"),
    [
        ("every friday 20:00", When(clock=time(20), weekday=4)),
        ("Every FRI at 9:05", When(clock=time(9, 5), weekday=4)),
        ("daily 20:00", When(clock=time(20))),
        ("every day 20:00:30", When(clock=time(20, 0, 30))),
        ("20:00", When(at=datetime(2026, 4, 29, 18, tzinfo=UTC))),
        ("tomorrow 20:00", When(at=datetime(2026, 4, 30, 18, tzinfo=UTC))),
        ("2026-12-01 20:00", When(at=datetime(2026, 12, 1, 19, tzinfo=UTC))),
        ("2026-12-01T20:00Z", When(at=datetime(2026, 12, 1, 20, tzinfo=UTC))),
        ("in 2h", When(at=datetime(2026, 4, 29, 14, tzinfo=UTC))),
    ],
)
def test_times_by_the_clock_of_the_room(words: str, when: When) -> None:
    assert read_when(words, NOW, "Europe/Berlin") == when


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("horror", "needs a name, a time and a list"),
        ("horror friday 20:00", "needs a name, a time and a list"),
        ("horror list x", "needs a name, a time and a list"),
        ('"Friday Horror friday 20:00 list x', "is no time like"),
        ('"" friday 20:00 list x', "needs letters or digits"),
        ("🎬 friday 20:00 list x", "needs letters or digits"),
        (f"{'x' * 61} friday 20:00 list x", "at most 60 characters"),
        ("x friday list x", "“friday” is no time like 20:00"),
        ("x every friday list x", "is no time like every friday 20:00"),
        ("x every tomorrow 20:00 list x", "is no time like every friday 20:00"),
        ("x every 2026-05-01 20:00 list x", "is no time like every friday 20:00"),
        ("x every someday 20:00 list x", "is no day like"),
        ("x daily 25:00 list x", "is no time of day like 20:00"),
        ("x 2026-01-01 20:00 list x", "is over already"),
        ("x in 0 minutes list x", "is over already"),
        ("x 2100-01-01 20:00 list x", "is too far away"),
    ],
)
def test_what_is_unclear(text: str, why: str) -> None:
    with pytest.raises(Unclear, match=why):
        read(text, NOW, "UTC")


@pytest.mark.parametrize("vector", COUNTDOWNS, ids=ids(COUNTDOWNS))
def test_countdown_vectors(vector: dict[str, Any]) -> None:
    """A length of time needs its `in`, and a show is not in the past."""
    words, now = vector["in"]["text"], datetime.fromisoformat(vector["in"]["now"])
    words = f"in {words}" if words[1:].startswith(" hour") else words
    at = datetime.fromisoformat(vector["out"]["utc"]) if vector["out"]["ok"] else None
    if at and now < at:
        assert at.year <= LATEST
        assert read(f"x {words} list y", now, "UTC").when == When(at=at)
    else:
        with pytest.raises(Unclear, match="is over already" if at else "is no time like"):
            read(f"x {words} list y", now, "UTC")


@pytest.mark.parametrize("vector", AGAIN, ids=ids(AGAIN))
def test_recurrence_vectors(vector: dict[str, Any]) -> None:
    """Of what follows `every`; days of the month are not for shows."""
    every, out = f"every {vector['in']['pattern']}", vector["out"]
    if out["ok"] and out["type"] != "monthly":
        wanted = When(clock=time.fromisoformat(out["time"]), weekday=out["weekday"])
        assert read_when(every, NOW, "UTC") == wanted
    else:
        with pytest.raises(Unclear):
            read_when(every, NOW, "UTC")


@given(st.text(max_size=80))
def test_nonsense_is_unclear_or_a_show(text: str) -> None:
    try:
        typed = read(text, NOW, "Europe/Berlin")
    except Unclear:
        return
    assert show_name(typed.name) == typed.name
    assert typed.when.at is None or typed.when.at > NOW


def test_the_hour_that_spring_skips() -> None:
    at = read("x 2027-03-28 02:30 list y", NOW, "Europe/Berlin").when.at
    assert at
    assert f"{at.astimezone(ZoneInfo('Europe/Berlin')):%H:%M}" == "03:30"
