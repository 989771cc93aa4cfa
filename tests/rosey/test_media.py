"""Links: the vectors, what people paste, and that nothing pasted breaks anything."""

import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rosey.media import GONE, LONGEST_LINK, PLAYABLE, Link, NoLink, is_link, read_link, unplayable
from tests.vectors import ids, load

READ = load("media_url_cytube", "url")
WRITTEN = load("media_link_to_url", "type", "id")
VIDEO = Link("yt", "dQw4w9WgXcQ")


@pytest.mark.parametrize("vector", READ, ids=ids(READ))
def test_links_are_read(vector: dict[str, Any]) -> None:
    wanted = vector["out"]
    found = read_link(vector["in"]["url"])
    if wanted["ok"]:
        assert found == Link(wanted["type"], wanted["id"])
    else:
        assert isinstance(found, NoLink)
        assert found.code == wanted["error"]


@pytest.mark.parametrize("vector", WRITTEN, ids=ids(WRITTEN))
def test_links_are_written(vector: dict[str, Any]) -> None:
    link = Link(vector["in"]["type"], vector["in"]["id"])
    assert {"url": link.url, "short": link.short} == vector["out"]


@pytest.mark.parametrize(
    "pasted",
    [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "HTTPS://WWW.YOUTUBE.COM/watch?v=dQw4w9WgXcQ",
        "www.youtube.com/watch?v=dQw4w9WgXcQ",
        "youtu.be/dQw4w9WgXcQ",
        "https://youtu.be/dQw4w9WgXcQ?si=abc&t=3",
        "https://youtu.be/dQw4w9WgXcQ&t=3",
        "https://youtu.be/dQw4w9WgXcQ/",
        "https://youtu.be/dQw4w9WgXcQ#t=3",
        "https://music.youtube.com/watch?v=dQw4w9WgXcQ&list=RDAMVM",
        "https://m.youtube.com/watch?app=desktop&v=dQw4w9WgXcQ",
        "https://www.youtube.com/shorts/dQw4w9WgXcQ?feature=share",
        "https://youtube.com/live/dQw4w9WgXcQ?si=x",
        "https://www.youtube.com/embed/dQw4w9WgXcQ?start=4",
        "https://www.youtube.com/v/dQw4w9WgXcQ",
        "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
        "https://www.youtube.com./watch?v=dQw4w9WgXcQ",
        "<https://youtu.be/dQw4w9WgXcQ>",
        "(https://youtu.be/dQw4w9WgXcQ)",
        "https://youtu.be/dQw4w9WgXcQ.",
        "https://youtu.be/dQw4w9WgXcQ!?",
        '"https://youtu.be/dQw4w9WgXcQ",',
        "have you seen https://youtu.be/dQw4w9WgXcQ, all of you?",
        "yt:dQw4w9WgXcQ",
        "YT:dQw4w9WgXcQ",
        "yt:dQw4w9WgXcQ?t=4",
    ],
)
def test_a_video_is_found_in_what_people_paste(pasted: str) -> None:
    assert read_link(pasted) == VIDEO
    assert is_link(pasted)
    assert not unplayable(VIDEO)


@pytest.mark.parametrize(
    ("pasted", "short"),
    [
        ("https://www.youtube.com/watch?list=PLabc", "yp:PLabc"),
        ("https://www.youtube.com/embed/videoseries?list=PLabc", "yp:PLabc"),
        ("https://vimeo.com/channels/staffpicks/123?share=copy", "vi:123"),
        ("https://player.vimeo.com/video/123?h=0123456789", "vi:123/0123456789"),
        ("https://vimeo.com/123/0123456789", "vi:123/0123456789"),
        ("https://vimeo.com/123/", "vi:123"),
        ("https://www.dailymotion.com/video/x7tgad0_a-title?start=3", "dm:x7tgad0"),
        ("https://www.dailymotion.com/embed/video/x7tgad0", "dm:x7tgad0"),
        ("https://geo.dailymotion.com/player.html?video=x7tgad0", "dm:x7tgad0"),
        ("https://dai.ly/x7tgad0", "dm:x7tgad0"),
        ("dm:x7tgad0_a-title", "dm:x7tgad0"),
        ("https://streamable.com/e/abc12", "sb:abc12"),
        ("https://streamable.com/abc12?src=x", "sb:abc12"),
        ("https://m.twitch.tv/some_chan", "tw:some_chan"),
        ("https://www.twitch.tv/videos/123?t=1h", "tv:v123"),
        ("https://www.twitch.tv/some/video/123", "tv:v123"),
        ("https://www.twitch.tv/some/clip/Funny-Name_9", "tc:Funny-Name_9"),
        ("https://clips.twitch.tv/embed?clip=Funny-Name_9&parent=x", "tc:Funny-Name_9"),
        ("https://player.twitch.tv/?channel=some&parent=x", "tw:some"),
        ("https://player.twitch.tv/?video=v123&parent=x", "tv:v123"),
        ("https://docs.google.com/file/d/1AB_c-d/edit", "gd:1AB_c-d"),
        ("https://drive.google.com/uc?export=download&id=1AB_c-d", "gd:1AB_c-d"),
        ("https://livestream.com/accounts/12/events/34/videos/56", "li:12;34"),
        ("https://www.bitchute.com/video/abcDEF/", "bc:abcDEF"),
        ("https://artist.bandcamp.com/track/a-song?from=x", "bn:artist;a-song"),
        ("https://odysee.com/@user:1/a-video:a", "od:user;a-video"),
        ("https://sp.nicovideo.jp/watch/sm9", "nv:sm9"),
        ("https://tube.example/w/0123456789abcdefghijkl", "pt:tube.example;0123456789abcdefghijkl"),
        ("https://example.com/a.webm?token=a&b=c", "fi:https://example.com/a.webm?token=a&b=c"),
        ("https://EXAMPLE.com/A.webm", "fi:https://example.com/A.webm"),
        ("https://example.com/a_(1).mp4", "fi:https://example.com/a_(1).mp4"),
        ("(https://example.com/a_(1).mp4)", "fi:https://example.com/a_(1).mp4"),
        ("https://example.com/a.m3u8?token=a", "hl:https://example.com/a.m3u8?token=a"),
        ("hl:https://example.com/a.m3u8?token=a", "hl:https://example.com/a.m3u8?token=a"),
        ("http://vid.me/embedded/abc", "vm:abc"),
        ("https://www.hitbox.tv/streamer", "hb:streamer"),
    ],
)
def test_other_sites(pasted: str, short: str) -> None:
    found = read_link(pasted)
    assert isinstance(found, Link)
    assert found.short == short


def test_an_embed_is_read_from_its_tag() -> None:
    tag = '<iframe width="5" src="https://example.com/embed/1"></iframe>'
    assert read_link(tag) == read_link(f" cu:{tag} ") == Link("cu", tag)
    assert isinstance(read_link('<iframe src="http://example.com/1"></iframe>'), NoLink)
    assert isinstance(read_link("<iframe></iframe>"), NoLink)


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        ("", "https_required"),
        ("https://", "https_required"),
        ("https://[::1", "https_required"),
        ("https://example.com:99999/a.mp4", "https_required"),
        ("javascript://youtube.com/watch?v=dQw4w9WgXcQ", "https_required"),
        ("yt:", "https_required"),
        ("yt:?v=1", "https_required"),
        ("https://youtu.be/" + "x" * LONGEST_LINK, "https_required"),
        ("https://a.example/1.mp4 https://b.example/2.mp4", "https_required"),
        ("https://www.youtube.com/@someone", "unsupported_extension"),
        ("https://www.youtube.com/watch?v=", "unsupported_extension"),
        ("https://youtube.com.evil.example/watch?v=dQw4w9WgXcQ", "unsupported_extension"),
        ("https://example.com/?f=.mp4", "unsupported_extension"),
    ],
)
def test_a_refusal_names_what_is_allowed(pasted: str, code: str) -> None:
    found = read_link(pasted)
    assert isinstance(found, NoLink)
    assert found.code == code
    assert "YouTube" in found.text
    assert "mp4" in found.text


@pytest.mark.parametrize("words", ["", "alien", "re:zero", "Mad Max: Fury Road", "yt: what", "abc"])
def test_words_are_no_link(words: str) -> None:
    assert not is_link(words)


@pytest.mark.parametrize("bad", ["https://example.com/a.avi", "ftp://example.com/a", "us:chan"])
def test_a_bad_link_is_a_link_all_the_same(bad: str) -> None:
    assert is_link(bad)


@pytest.mark.parametrize(
    ("link", "why"),
    [
        (Link("us", "x"), "Ustream can no longer be played."),
        (Link("sc", "https://soundcloud.com/a/b"), "SoundCloud can no longer be played."),
        (Link("zz", "1"), "I know no kind of media 'zz'."),
        (Link("fi", "http://example.com/a.mp4"), "must begin with https://"),
        (Link("hl", "http://example.com/a.m3u8"), "must begin with https://"),
        (Link("cm", "custom"), "whole address"),
        (Link("yt", "dQw4w9"), "11 characters"),
        (Link("li", "event-name"), "lacks its account"),
    ],
)
def test_what_no_player_takes_is_said(link: Link, why: str) -> None:
    assert why in unplayable(link)


SMALL_LETTERS = string.ascii_lowercase + string.digits
LETTERS = string.ascii_uppercase + SMALL_LETTERS
SMALL = st.text(SMALL_LETTERS, min_size=1, max_size=20)
WORD = st.builds("{}{}".format, st.sampled_from(LETTERS), st.text(LETTERS + "-_", max_size=20))
NUMBER = st.integers(1, 10**12).map(str)


def addresses(ending: str) -> st.SearchStrategy[str]:
    queries = st.sampled_from(["", "?token=a&b=c", "?t=1#part"])
    return st.builds("https://{}.example/{}{}{}".format, SMALL, WORD, st.just(ending), queries)


IDS: dict[str, st.SearchStrategy[str]] = {
    "yt": st.text(LETTERS + "-_", min_size=11, max_size=11).filter(
        lambda id: id not in {"videoseries", "live_stream"}  # which are lists
    ),
    "yp": WORD,
    "vi": NUMBER,
    "dm": SMALL.map("x{}".format),
    "sb": SMALL,
    "tw": SMALL.map("a_{}".format),
    "tv": NUMBER.map("v{}".format),
    "tc": WORD,
    "gd": WORD,
    "pt": st.builds("{}.example;{}".format, SMALL, st.text(LETTERS, min_size=22, max_size=22)),
    "bc": WORD,
    "bn": st.builds("{};{}".format, SMALL.filter(lambda artist: artist != "www"), WORD),
    "od": st.builds("{};{}".format, WORD, WORD),
    "nv": NUMBER.map("sm{}".format),
    "li": st.builds("{};{}".format, NUMBER, NUMBER),
    "fi": addresses(".mp4"),
    "hl": addresses(".m3u8"),
    "cm": addresses(".json"),
    "rt": st.builds("rtmp://{}.example/live/{}".format, SMALL, WORD),
    "us": WORD,
    "hb": WORD,
    "im": WORD,
    "vm": WORD,
}
LINKS = st.sampled_from(sorted(IDS)).flatmap(lambda kind: st.builds(Link, st.just(kind), IDS[kind]))


@settings(deadline=None)
@given(LINKS)
def test_there_and_back(link: Link) -> None:
    assert read_link(link.url) == link
    assert read_link(link.short) == link
    assert not unplayable(link) or link.type in GONE


def test_every_kind_of_site_goes_there_and_back() -> None:
    assert set(IDS) >= set(PLAYABLE) - {"cu"}


@settings(deadline=None)
@given(LINKS, st.sampled_from(["{}", "<{}>", "({})", "see {}!", "{}, please", " {} "]))
def test_the_sentence_around_a_link_does_not_matter(link: Link, sentence: str) -> None:
    assert read_link(sentence.format(link.url)) == link


PIECES = st.sampled_from(
    ["https://", "youtube.com", "/watch", "?", "&", "v=", "#", "[", "]", ":", "//", "<iframe ", "@"]
)


@settings(deadline=None)
@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=4))).map("".join)))
def test_nothing_pasted_breaks_it(text: str) -> None:
    found = read_link(text)
    if isinstance(found, Link):
        assert found.id
        assert found.url
        assert isinstance(unplayable(found), str)
    assert isinstance(is_link(text), bool)
