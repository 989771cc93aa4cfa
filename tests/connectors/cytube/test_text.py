import html
import itertools
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.cytube.text import LOOK_ALIKES, safe_lines, to_text, utf16_length
from tests.vectors import ids, load

VECTORS = load("text_utils", "html")
CAPTURE = Path(__file__).parents[2] / "data" / "cytube" / "captures" / "chat_markup.jsonl"
ZERO_WIDTH = re.compile("[\u200b\u200c\u200d\u2060\ufeff]")
AS_TYPED = str.maketrans({look_alike: mark for mark, look_alike in LOOK_ALIKES.items()})

# The five filters of a registered channel, and what the server takes for a link.
FILTERS = [
    (re.compile("`(.+?)`"), r"<code>\1</code>"),
    (re.compile(r"\*(.+?)\*"), r"<strong>\1</strong>"),
    (re.compile("_(.+?)_"), r"<em>\1</em>"),
    (re.compile("~~(.+?)~~"), r"<s>\1</s>"),
    (re.compile(r"\[sp\](.*?)\[/sp\]", re.I), r'<span class="spoiler">\1</span>'),
]
LINK = re.compile(
    r"([A-Za-z0-9_]+://(?:[^:/[\]\s\ufeff]+|\[[0-9a-f:]+\])(?::[0-9]+)?(?:/[^/\s\ufeff]*)*)", re.I
)


def served(line: str) -> str:
    """What the server makes of a line: escaped, links put aside, filtered, links put back."""
    parts = LINK.split(html.escape(line, quote=False))
    text = "\0".join(parts[::2])
    for pattern, replacement in FILTERS:
        text = pattern.sub(replacement, text)
    links = iter(parts[1::2])
    return re.sub("\0", lambda _: f'<a href="x">{next(links)}</a>', text)


def said_in(capture: Path) -> list[tuple[str, str]]:
    """(typed, received) pairs of the recorded room."""
    frames = [json.loads(line) for line in capture.read_text(encoding="utf-8").split("\n") if line]
    chat = [frame for frame in frames if frame["event"] == "chatMsg" and frame["seat"] == "alice"]
    return [
        (sent["data"]["msg"], heard["data"]["msg"])
        for sent, heard in itertools.pairwise(chat)
        if (sent["dir"], heard["dir"]) == ("out", "in")
    ]


SAID = said_in(CAPTURE)


@pytest.mark.parametrize("vector", VECTORS, ids=ids(VECTORS))
def test_html_vectors(vector: dict[str, Any]) -> None:
    assert {"text": to_text(vector["in"]["html"])} == vector["out"]


@pytest.mark.parametrize(("typed", "received"), SAID)
def test_a_recorded_line_reads_as_it_was_typed(typed: str, received: str) -> None:
    assert to_text(received) == re.sub("[\x00-\x1f]+", " ", typed[:320])


def test_the_recording_was_read() -> None:
    assert len(SAID) > 20


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ('<span class="spoiler">x</span>', "[sp]x[/sp]"),
        ('<span class="big spoiler">x<span>y</span>z</span>', "[sp]xyz[/sp]"),
        ("<s>x</s>", "~~x~~"),
        ("<strong><em>x</strong>y</em>", "*_x_*y"),
        ("<STRONG>x</STRONG>", "*x*"),
        ("<strong>a<b>b</b>c</strong>", "*abc*"),
        ("</em>x", "x"),
        ('<a href="http://a/b">http://a/b?c&amp;d</a>', "http://a/b?c&d"),
        ("<img class='emote' src='http://a/?b&amp;c'>", " http://a/?b&c "),
        ("<img src=x.png alt=y>", " x.png "),
        ("<img><img src=''>", ""),
        ("a<br>b<hr/>c<!-- d -->", "abc"),
        ("&amp;lt;", "&lt;"),
        ("&#x3C;&nbsp;&eacute;", "<\xa0é"),
        ("&#" + "9" * 8, "\ufffd"),
        ("I <3 > you", "I <3 > you"),
        ("<strong", "<strong"),
        ("<![foo bar]]>x", "x"),
    ],
)
def test_markup_is_turned_back(markup: str, text: str) -> None:
    assert to_text(markup) == text


BITS = [
    "<strong>",
    "</strong>",
    "<em>",
    "</em>",
    "</span>",
    "<img",
    "<",
    ">",
    "&",
    ";",
    "#",
    "&amp;",
    "</",
    "<!",
    "/",
    '"',
    "a",
    "=",
    "src=x>",
]
MARKUP = st.lists(
    st.sampled_from([*BITS, " ", "<span class=spoiler>"]) | st.text(max_size=3), max_size=30
).map("".join)


@given(MARKUP)
def test_reading_never_fails(markup: str) -> None:
    assert isinstance(to_text(markup), str)


@pytest.mark.parametrize(
    "unit", ["<", "<a ", "<!--", "</b><i>", "&", "&#9", "<b src=", "<x class='", "\t", "<i></u>"]
)
def test_reading_takes_linear_time(unit: str) -> None:
    began = time.perf_counter()
    to_text(unit * 60_000 + ">")
    assert time.perf_counter() - began < 5


def lines_as_typed(text: str) -> list[str]:
    return [ZERO_WIDTH.sub("", line).translate(AS_TYPED) for line in safe_lines(text)]


@pytest.mark.parametrize(
    "text",
    [
        "*x* _y_ `z` ~~s~~ [sp]t[/SP]",
        "snake_case_word and 2*3*4",
        "~~~~~~ *** ___ ```",
        "/kick bob",
        "/d20",
        "🎲 [6, 4, 3, (2)] - 2 = 13",
        '<b>tom & "jerry"</b> (it\'s)',
    ],
)
def test_a_line_comes_out_as_typed(text: str) -> None:
    assert lines_as_typed(text) == [text]
    (line,) = safe_lines(text)
    assert to_text(served(line)) == line
    assert not line.startswith("/")


@pytest.mark.parametrize(
    "text", ["2 * 3", "bob_1: right", "a ~~ b", "use `", "[sp]", "x/y", " > quoted"]
)
def test_what_no_filter_takes_is_left_alone(text: str) -> None:
    assert safe_lines(text) == [text.strip()]


@pytest.mark.parametrize(
    "link",
    ["https://a.example/some_file_name*x*~~y~~", "http://[::1]:80/`a`b`", "ftp://h/[sp]a[/sp]"],
)
def test_links_stay_whole(link: str) -> None:
    (line,) = safe_lines(f"see *this*: {link} _and_ that")
    assert link in line
    assert to_text(served(line)) == line


def test_text_around_a_link_makes_no_pair() -> None:
    (line,) = safe_lines("*see http://a.example/b* c* d")
    assert "<strong>" not in served(line)
    assert "http://a.example/b*" in line


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb\r\nc\u2028d", ["a", "b", "c", "d"]),
        ("a\tb\0\x07c", ["a b c"]),
        ("", []),
        (" \n\u200b\n\ufeff", []),
        ("a\n/b", ["a", "\u200b/b"]),
        ("\u200b" * 330 + "b", ["\u200b" * 10 + "b"]),
        ("half \ud83d pair \ueeee", ["half \ufffd pair"]),
        ("a" * 319 + "😀", ["a" * 319, "😀"]),
        ("a" * 318 + "e\u0301\u0301", ["a" * 318, "e\u0301\u0301"]),
        ("a" * 318 + "👩\u200d👩", ["a" * 318, "👩\u200d👩"]),
        ("a" * 319 + " /kick", ["a" * 319, "\u200b/kick"]),
        ("e" + "\u0301" * 400, ["e" + "\u0301" * 319, "\u0301" * 81]),
    ],
)
def test_splitting(text: str, lines: list[str]) -> None:
    assert safe_lines(text) == lines


def test_a_link_after_letters_is_not_torn() -> None:
    text = "日" * 310 + "https://a.example/b"
    assert safe_lines(text) == ["日" * 310, "https://a.example/b"]


def test_a_limit_must_hold_something() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        safe_lines("x", limit=1)


MARKS = [
    "*",
    "_",
    "`",
    "~",
    "~~",
    "[sp]",
    "[/sp]",
    "[SP]",
    "/",
    "/d",
    "//",
    ":",
    "<",
    "&amp;",
    "word",
    "😀",
    "👍🏽",
    "🇩🇪",
]
LINKS = ["http://a.example/b_c_d", "ftp://x", "www.a_b_c.d"]
PIECES = st.sampled_from([*MARKS, *LINKS, " ", "\n", "\t", "\u200b", "e\u0301"])
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=60).map("".join)


@given(TEXTS, st.integers(2, 400))
@example("~" * 40, 5)
@example("/~~~~~~~", 4)
@example("[sp][/sp]" * 9, 9)
def test_every_line_is_safe(text: str, limit: int) -> None:
    for line in safe_lines(text, limit):
        assert 1 <= utf16_length(line) <= limit
        assert not line.startswith("/")
        assert line.strip() == line != ""
        assert not re.search("[\x00-\x1f\ud800-\udfff]", line)
        # What the server shows is the line itself: no filter took anything from it.
        assert to_text(served(line)) == line
        assert not re.search("<(?!/?a[ >])", served(line))


@given(TEXTS, st.integers(2, 400))
def test_nothing_is_lost_and_nothing_changes_places(text: str, limit: int) -> None:
    def letters(text: str) -> str:
        text = re.sub(r"[\x00-\x1f\x7f-\x9f\ueeee\s]+", "", text)
        return ZERO_WIDTH.sub("", text).translate(AS_TYPED)

    assert letters("".join(safe_lines(text, limit))) == letters(
        re.sub("[\ud800-\udfff]", "\ufffd", text)
    )


@given(TEXTS)
def test_what_is_safe_stays_as_it_is(text: str) -> None:
    once = safe_lines(text)
    assert safe_lines("\n".join(once)) == once


def test_a_long_text_takes_linear_time() -> None:
    began = time.perf_counter()
    lines = safe_lines("*word* " * 20_000 + "x" * 100_000)
    assert time.perf_counter() - began < 10
    assert max(map(utf16_length, lines)) <= 320


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_lengths_are_those_of_utf16(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2
