import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.lounge.media import LONGEST, Refused, cut_title, length, link_of, requested

YT = "dQw4w9WgXcQ"


@pytest.mark.parametrize(
    ("type", "id", "title", "seconds", "expected"),
    [
        ("yt", YT, "A song", 61, (YT, "A song", 61, "01:01")),
        ("yt", YT, "", 0, (YT, YT, 0, "00:00")),
        ("cm", "https://x.org/a/film.json?q=1", "", 9, (None, "film.json", 9, "00:09")),
        ("fi", "https://x.org/my%20film.mp4", " \n", 3600, (None, "my film.mp4", 3600, "01:00:00")),
        ("fi", "https://x.org/", "", 0, (None, "x.org", 0, "00:00")),
        ("fi", "https://x.org/a", "T", 1e12, (None, "T", LONGEST, "99:59:59")),
        ("tw", "someone", "ignored", 99, ("someone", "Twitch.tv - someone", 0, "--:--")),
    ],
)
def test_what_a_request_makes(
    type: str, id: str, title: str, seconds: float, expected: tuple[str | None, str, int, str]
) -> None:
    media = requested(type, id, title, seconds)
    shown = (expected[0] and media.id, media.title, media.seconds, media.duration)
    assert shown == expected
    assert media.frame()["type"] == type


def test_an_embed_gets_a_name_of_its_own() -> None:
    first = requested("cu", '<iframe src="https://x.org/1"></iframe>', "", 0)
    second = requested("cu", '<iframe src="https://x.org/2"></iframe>', "", 40)
    assert first.id.startswith("cu:")
    assert first.id != second.id
    assert first.meta == {"embed": {"tag": "iframe", "src": "https://x.org/1"}}
    assert (first.title, first.duration, second.duration) == ("Custom Media", "--:--", "00:40")


@pytest.mark.parametrize(
    ("type", "id", "seconds", "told"),
    [
        ("xx", "1", 0, "Unknown media type 'xx'"),
        ("vi", "1", 0, "Unknown media type 'vi'"),
        ("yt", "short", 0, "Invalid ID"),
        ("yt", 'x"onload=abc', 0, "Invalid ID"),
        ("cm", "not a url", 0, 'Invalid URL "not a url"'),
        ("cm", "javascript:alert(1)", 0, "Invalid URL"),
        ("cm", "https://[x", 0, "Invalid URL"),
        ("fi", "http://x.org/a.mp4", 0, "only supported for links accessible via HTTPS"),
        ("fi", "https:///a.mp4", 0, "HTTPS"),
        ("fi", "https://x.org/a b", 0, "HTTPS"),
        ("hl", "http://x.org/a.m3u8", 0, "HLS links must start with HTTPS"),
        ("li", "foo", 0, "Invalid ID"),
        ("cu", "https://x.org", 0, "Input must be an <iframe> tag"),
        ("cu", "<iframe></iframe>", 0, "must be an HTTPS link"),
        ("cu", '<iframe src="http://x.org">', 0, "must be an HTTPS link"),
        ("cu", '<iframe src="javascript:alert(1)">', 0, "must be an HTTPS link"),
        ("yt", YT, -1, "duration must be a non-negative finite number"),
        ("yt", YT, float("inf"), "duration must be a non-negative finite number"),
        ("fi", "https://x.org/" + "a" * 3000, 0, "Invalid ID"),
    ],
)
def test_what_is_refused(type: str, id: str, seconds: float, told: str) -> None:
    with pytest.raises(Refused) as refused:
        requested(type, id, "", seconds)
    assert told in str(refused.value)


def test_links_for_people() -> None:
    assert link_of("yt", YT) == f"https://youtu.be/{YT}"
    assert link_of("fi", "https://x.org/{0}") == "https://x.org/{0}"
    assert link_of("cu", "<iframe>") == link_of("xx", "1") == ""


def test_long_titles_are_cut() -> None:
    assert cut_title("x" * 100) == "x" * 100
    assert cut_title("x" * 101) == "x" * 97 + "..."
    assert cut_title("🦜" * 60) == "🦜" * 48 + "\ufffd..."
    assert (length(59), length(3600), length(0)) == ("00:59", "01:00:00", "00:00")


@given(
    st.sampled_from(["yt", "cm", "fi", "cu", "rt", "hl", "tw", "li"]),
    st.text(),
    st.text(),
    st.floats(),
)
def test_any_request_gets_a_verdict(type: str, id: str, title: str, seconds: float) -> None:
    try:
        media = requested(type, id, title, seconds)
    except Refused:
        return
    assert len(media.title) <= 100
    json.dumps(media.frame(), allow_nan=False)
