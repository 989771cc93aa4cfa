"""What people type, read as the arguments of handlers."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from enum import Enum
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, Field

from rosey import Context, Rest, Url, User
from rosey.arguments import LONGEST_MISTAKE, MOST_ITEMS, Mistake
from rosey.names import LONGEST_NAME
from rosey.signatures import arguments_of
from rosey.times import duration_words
from rosey.values import LONGEST_URL, Here

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)  # a Thursday; 13:00 in Berlin
HERE = Here(NOW, BERLIN)
PATIENCE = 0.05


class Colour(Enum):
    BLACK = "#000"
    BLUE = "#00f"
    DEEP_RED = "#800"


Speed = Literal["slow", "slower", "fast", 7]


def no_thirteen(number: int) -> int:
    if number == 13:
        raise ValueError("bad \x1bluck.")
    return number


def taking(hint: Any, *default: Any) -> Callable[[str], Any]:
    """Reads one argument of this type."""

    async def handler(ctx: Context, it: Any = None) -> None: ...

    handler.__annotations__["it"] = hint
    handler.__defaults__ = default or None
    arguments = arguments_of(handler)

    def read(text: str) -> Any:
        values = arguments.parse(text, HERE)
        return values[0] if values else default[0]

    return read


def berlin(day: int, hour: int, month: int = 1) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("hint", "typed", "value"),
    [
        (str, "hello", "hello"),
        (str, '"hello  you"', "hello  you"),
        (str, "“hello you”", "hello you"),
        (str, '""', ""),
        (str, '"open', '"open'),
        (str, '12"', '12"'),
        (int, "42", 42),
        (int, "-7", -7),
        (int, "+7", 7),
        (int, "007", 7),
        (int, "0" * 9_000 + "5", 5),
        (int, "1,000,000", 1_000_000),
        (int, "-1_000", -1_000),
        (int, "1'000", 1_000),
        (int, "9" * 18, 10**18 - 1),
        (float, "1.5", 1.5),
        (float, "-.5", -0.5),
        (float, "3", 3.0),
        (float, "5.", 5.0),
        (float, "1,234.5", 1234.5),
        (bool, "YES", True),
        (bool, "on", True),
        (bool, "true", True),
        (bool, "no", False),
        (bool, "Off", False),
        (bool, "false", False),
        (timedelta, "5m", timedelta(minutes=5)),
        (timedelta, "90 s", timedelta(seconds=90)),
        (timedelta, "1h30", timedelta(minutes=90)),
        (timedelta, "1 day 2 hours", timedelta(days=1, hours=2)),
        (timedelta, '"1h 5m"', timedelta(minutes=65)),
        (datetime, "20:00", berlin(1, 20)),
        (datetime, "tomorrow 20:00", berlin(2, 20)),
        (datetime, "friday 20:00", berlin(2, 20)),
        (datetime, "2026-07-01 20:00", berlin(1, 20, month=7)),
        (datetime, "2026-07-01T20:00Z", datetime(2026, 7, 1, 20, tzinfo=UTC)),
        (datetime, "in 1h 30m", NOW + timedelta(minutes=90)),
        (date, "2026-02-28", date(2026, 2, 28)),
        (date, "tomorrow", date(2026, 1, 2)),
        (clock, "9:05", clock(9, 5)),
        (User, "bob", User(name="bob")),
        (User, "@Bob", User(name="Bob")),
        (User, '"bob the great"', User(name="bob the great")),
        (Url, "https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        (Url, "HTTP://[::1]:8080", "HTTP://[::1]:8080"),
        (Colour, "BLA", Colour.BLACK),
        (Colour, "deep_r", Colour.DEEP_RED),
        (Colour, "deep-red", Colour.DEEP_RED),
        (Speed, "f", "fast"),
        (Speed, "SLOW", "slow"),
        (Speed, "slowe", "slower"),
        (Speed, "7", 7),
        (Rest, '  2d6  +  5 "x" ', '2d6  +  5 "x"'),
        (list[int], "1 2  3", [1, 2, 3]),
        (list[timedelta], "1h 5m 1h", [timedelta(minutes=65), timedelta(hours=1)]),
        (list[str], 'a "b c"', ["a", "b c"]),
        (int | None, "3", 3),
        (Annotated[int, Field(ge=1, le=20)], "20", 20),
        (Annotated[int | None, Field(le=20)], "20", 20),
        (Annotated[Rest, Field(max_length=5)], "a b c", "a b c"),
        (Annotated[Url, Field(max_length=20)], "https://a.example", "https://a.example"),
    ],
)
def test_what_fits(hint: Any, typed: str, value: Any) -> None:
    read = taking(hint)(typed)
    assert read == value
    assert type(read) is (Url if hint is Url or isinstance(read, Url) else type(value))


INT, NUMBER = "is not a whole number", "is not a number"
DURATION = "is no length of time like 5m, 1h30 or 90 s"
NAME, LINK = "is no name", "is no link like https://example.org/page"


@pytest.mark.parametrize(
    ("hint", "typed", "told"),
    [
        (int, "many", f'"many" {INT}.'),
        (int, "1.5", f'"1.5" {INT}.'),
        (int, "1,00", f'"1,00" {INT}.'),
        (int, "1,000_000", f'"1,000_000" {INT}.'),
        (int, "１２", f'"１２" {INT}.'),
        (int, "0x1f", f'"0x1f" {INT}.'),
        (int, "-", f'"-" {INT}.'),
        (int, "9" * 19, f'"{"9" * 19}" has more than 18 digits.'),
        (int, "9" * 100_000, f'"{"9" * 29}…" has more than 18 digits.'),
        (float, "nan", f'"nan" {NUMBER}.'),
        (float, "inf", f'"inf" {NUMBER}.'),
        (float, "1e9", f'"1e9" {NUMBER}.'),
        (float, ".", f'"." {NUMBER}.'),
        (float, "1" * 400, f'"{"1" * 29}…" has more than 18 digits.'),
        (bool, "maybe", '"maybe" is neither yes nor no.'),
        (bool, "1", '"1" is neither yes nor no.'),
        (timedelta, "5", f'"5" {DURATION}.'),
        (timedelta, "soon", f'"soon" {DURATION}.'),
        (timedelta, "999999999w", '"999999999w" is longer than a hundred years.'),
        (datetime, "friday", '"friday" is no time like 20:00, friday 20:00, '),
        (datetime, "2026-02-30 20:00", '"2026-02-30" is no time like'),
        (date, "2026-02-30", '"2026-02-30" is no day of the calendar.'),
        (date, "someday", '"someday" is no day like 2026-01-31, tomorrow or friday.'),
        (clock, "24:00", '"24:00" is no time of day like 20:00.'),
        (User, "@", f'"@" {NAME}.'),
        (User, '""', f'"" {NAME}.'),
        (User, "x" * (LONGEST_NAME + 1), f'"{"x" * 29}…" {NAME}.'),
        (User, "a\x07b", f'"a b" {NAME}.'),
        (Url, "example.org", f'"example.org" {LINK}.'),
        (Url, "ftp://example.org", f'"ftp://example.org" {LINK}.'),
        (Url, "javascript:alert(1)", f'"javascript:alert(1)" {LINK}.'),
        (Url, "https://", f'"https://" {LINK}.'),
        (Url, "https://[::1", f'"https://[::1" {LINK}.'),
        (Url, "https://a:99999", f'"https://a:99999" {LINK}.'),
        (Url, '"https://a.example/ b"', f'"https://a.example/ b" {LINK}.'),
        (Url, "https://a/" + "b" * LONGEST_URL, f'"https://a/bbbbbbbbbbbbbbbbbbb…" {LINK}.'),
        (Colour, "bl", '"bl" could be black or blue.'),
        (Colour, "green", '"green" is none of black, blue and deep-red.'),
        (Colour, '""', '"" is none of black, blue and deep-red.'),
        (Speed, "sl", '"sl" could be slow or slower.'),
        (list[int], "1 x 3", f'"x" {INT}.'),
        (Annotated[int, Field(ge=1)], "0", '"0" must be at least 1.'),
        (Annotated[int, Field(gt=0)], "0", '"0" must be more than 0.'),
        (Annotated[int, Field(le=20)] | None, "500", '"500" must be at most 20.'),
        (Annotated[float, Field(lt=2)], "2", '"2" must be less than 2.'),
        (Annotated[int, Field(multiple_of=5)], "3", '"3" must be a multiple of 5.'),
        (Annotated[str, Field(max_length=3)], "long", '"long" must be at most 3 characters long.'),
        (Annotated[str, Field(min_length=3)], '""', '"" must be at least 3 characters long.'),
        (
            Annotated[Url, Field(max_length=9)],
            "https://a.b",
            '"https://a.b" must be at most 9 characters long.',
        ),
        (
            Annotated[timedelta, Field(le=timedelta(hours=1))],
            "1h 1m",
            '"1h 1m" must be at most 1 hour.',
        ),
        (Annotated[list[int], Field(max_length=2)], "1 2 3", '"1 2 3" must be no more than 2.'),
        (Annotated[list[int], Field(min_length=2)], "1", '"1" must be no fewer than 2.'),
        (list[Annotated[int, Field(le=2)]], "1 3 4", '"3" must be at most 2.'),
        (Annotated[int, AfterValidator(no_thirteen)], "13", '"13" does not do: bad luck.'),
    ],
)
def test_what_does_not_fit_is_explained(hint: Any, typed: str, told: str) -> None:
    with pytest.raises(Mistake) as mistake:
        taking(hint)(typed)
    assert str(mistake.value).startswith(f"it: {told}")


async def several(
    ctx: Context,
    who: User,
    times: Annotated[int, Field(le=20)] = 1,
    colour: Colour | None = None,
    items_: list[str] | None = None,
) -> None: ...


async def remind(ctx: Context, when: datetime, what: Rest) -> None: ...


def told(handler: Callable[..., Any], text: str) -> str:
    arguments = arguments_of(handler)
    with pytest.raises(Mistake) as mistake:
        arguments.parse(text, HERE)
    return mistake.value.line(f"!{handler.__name__} {arguments.usage}")


def test_usage_is_the_parameters() -> None:
    assert arguments_of(several).usage == "<who> [times] [colour] [items…]"
    assert arguments_of(remind).usage == "<when> <what>"
    assert taking(list[int])("1") == [1]

    async def many(ctx: Context, per_page: list[int]) -> None: ...

    assert arguments_of(many).usage == "<per-page…>"


def test_mistakes_are_one_line_with_the_usage() -> None:
    usage = "Usage: !several <who> [times] [colour] [items…]"
    assert told(several, "") == f"Who? {usage}"
    assert told(several, "bob many") == f'times: "many" is not a whole number. {usage}'
    assert told(several, "bob 1 bl") == 'colour: "bl" could be black or blue.'
    assert told(remind, "") == "When? Usage: !remind <when> <what>"
    assert told(remind, "in 5m") == "<what> is missing. Usage: !remind <when> <what>"

    async def flip(ctx: Context, times: int = 1) -> None: ...

    assert told(flip, "3 foo bar") == 'Too much: I did not expect "foo". Usage: !flip [times]'


def test_what_is_left_out_at_the_end_has_its_default() -> None:
    parse = arguments_of(several).parse
    assert parse("bob", HERE) == [User(name="bob")]
    assert parse("bob 3", HERE) == [User(name="bob"), 3]
    assert parse(" bob 3  blu a b", HERE)[2:] == [Colour.BLUE, ["a", "b"]]


def test_a_time_takes_the_words_it_needs_and_the_rest_stays_as_typed() -> None:
    parse = arguments_of(remind).parse
    assert parse('tomorrow 20:00 wash  the "cat"', HERE) == [berlin(2, 20), 'wash  the "cat"']
    assert parse("in 1h 30m 3 dogs", HERE) == [NOW + timedelta(minutes=90), "3 dogs"]
    assert parse("in 5m 3d glasses", HERE) == [NOW + timedelta(minutes=5), "3d glasses"]
    assert parse('"in 5m" 3 s', HERE) == [NOW + timedelta(minutes=5), "3 s"]


def test_a_list_has_an_end() -> None:
    read = taking(list[int])
    assert len(read("1 " * MOST_ITEMS)) == MOST_ITEMS
    with pytest.raises(Mistake, match=f"it: at most {MOST_ITEMS} at once."):
        read("1 " * (MOST_ITEMS + 1))


def test_of_many_choices_only_the_first_are_named() -> None:
    many = Literal["a" * 30, "b" * 30, "c" * 30]  # type: ignore[valid-type]
    with pytest.raises(Mistake) as mistake:
        taking(many)("x")
    assert str(mistake.value).endswith(f"is none of {'a' * 30}, {'b' * 30}, ….")


def test_a_usage_that_does_not_fit_is_left_out() -> None:
    mistake = Mistake('times: "many" is not a whole number.')
    assert mistake.line("!flip " + "x" * LONGEST_MISTAKE) == str(mistake)
    assert len(Mistake("x" * 5_000).line("!flip")) == LONGEST_MISTAKE


HINTS = [
    str, int, float, bool, timedelta, datetime, date, clock, User, Url, Colour, Speed, Rest,
    list[str], list[int], list[timedelta], list[datetime], list[User], int | None,
    Annotated[str, Field(max_length=3)], Annotated[list[int], Field(max_length=2)],
    Annotated[timedelta, Field(le=timedelta(hours=1))],
]  # fmt: skip
READERS = [(hint, taking(hint)) for hint in HINTS]
PIECES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            *'"“”@:-+.,_ \n\t\x00\x1b\u202e',
            "in ",
            "friday ",
            "20:00",
            "2026-01-31",
            "1h",
            "30",
            "90 s",
        ]
    ),
    st.sampled_from(["https://", "[::1]", "blu", "yes", "9999-12-31", "0001-01-01", "T", "Z"]),
)


def timed(read: Callable[[str], Any], text: str) -> None:
    """Reads it in time, the machine's hiccups aside; the error, if any, is fit for a room."""
    took: list[float] = []
    while not took or (took[-1] >= PATIENCE and len(took) < 3):
        began = time.thread_time()
        try:
            read(text)
        except Mistake as mistake:
            line = mistake.line("!it <it>")
            assert len(line) <= LONGEST_MISTAKE
            assert line.isprintable()
        took.append(time.thread_time() - began)
    assert min(took) < PATIENCE


@given(st.sampled_from(READERS), st.lists(PIECES, max_size=12).map("".join))
def test_any_text_is_a_value_or_a_mistake(
    reader: tuple[Any, Callable[[str], Any]], text: str
) -> None:
    timed(reader[1], text)


@pytest.mark.parametrize(
    "text",
    [
        "9" * 200_000, "1," * 100_000, "1,000" * 40_000, "0." + "0" * 200_000, '"' * 200_000,
        '"a ' * 60_000, "“" * 200_000, " " * 200_000 + "x", "in " * 60_000, "1h " * 60_000,
        "1h" * 100_000, "20:00 " * 30_000, "a" * 200_000, "@" * 200_000, "-" * 200_000,
        "https://" + "[" * 200_000, "\x00" * 200_000, "\u202e" * 200_000, "_" * 200_000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("reader", READERS, ids=[str(hint)[:30] for hint in HINTS])
def test_no_length_takes_long(reader: tuple[Any, Callable[[str], Any]], text: str) -> None:
    timed(reader[1], text)


WORDS = st.text(st.characters(exclude_categories=["Z", "C"], exclude_characters='"“”'), min_size=1)
MINUTES = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)


@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_whole_numbers_come_back(number: int) -> None:
    assert taking(int)(str(number)) == taking(int)(f"{number:,}") == number


@given(st.decimals(-(10**9), 10**9, places=6))
def test_numbers_come_back(number: Any) -> None:
    assert taking(float)(f"{number:f}") == float(number)


@given(st.integers(0, 10**9))
def test_lengths_of_time_come_back(seconds: int) -> None:
    assert taking(timedelta)(duration_words(seconds)) == timedelta(seconds=seconds)


@given(MINUTES)
def test_moments_come_back(moment: datetime) -> None:
    read = taking(datetime)
    assert read(moment.isoformat()) == moment
    assert read(f"{moment.astimezone(BERLIN):%Y-%m-%dT%H:%M%z}"[:-2] + ":00") == moment
    assert taking(date)(str(moment.date())) == moment.date()
    assert taking(clock)(f"{moment:%H:%M}") == moment.time()


@given(st.lists(WORDS, min_size=1, max_size=9))
def test_words_come_back(words: list[str]) -> None:
    assert taking(list[str])(" ".join(words)) == words
    assert taking(str)(f'"{" ".join(words)}"') == " ".join(words)
    assert taking(Rest)(" ".join(words)) == " ".join(words)
    assert taking(list[User])(" ".join(f"@{word}" for word in words)) == [
        User(name=word) for word in words
    ]


@given(st.sampled_from(Colour), st.sampled_from(["slow", "slower", "fast", 7]), st.booleans())
def test_choices_come_back(colour: Colour, speed: Any, on: bool) -> None:
    assert taking(Colour)(colour.name) == colour
    assert taking(Speed)(str(speed)) == speed
    assert taking(bool)(str(on)) is on
