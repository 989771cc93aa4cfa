import re
from html import unescape

from hypothesis import example, given
from hypothesis import strategies as st

from connectors.lounge.text import as_typed, blank, clean_html, has_link, render, whole

anything = st.text(max_size=400)
marked = st.text(alphabet="<>&\"'()*_`~[]/sp:x. =\ueeeeahref", max_size=80)

_MADE = re.compile(
    r"</?(?:strong|em|code|s)>|<span class=\"spoiler\">|</span>|</a>"
    r"|<a(?: href=\"[^\"<>]*\")? target=\"_blank\" rel=\"noopener noreferrer\">"
)


@given(anything | marked)
@example("<script>alert(1)</script>")
@example('https://x.y/"><img src=x onerror=alert(1)>')
@example("javascript://x/%0aalert(1)")
@example("*a _b* c_ http://x.y/*z* ~~`[sp]<b>~~[/sp]")
@example("\ueeee http://x.y \ueeee")
def test_no_tag_of_a_person_survives(typed: str) -> None:
    html = render(typed)
    rest = _MADE.sub("", html)
    assert "<" not in rest
    assert ">" not in rest
    for tag in ("strong", "em", "code", "s", "span", "a"):
        assert len(re.findall(rf"<{tag}[ >]", html)) == html.count(f"</{tag}>")


@given(anything)
def test_links_lead_nowhere_dangerous(typed: str) -> None:
    for address in re.findall(r'href="([^"]*)"', render(f"javascript://{typed} data://{typed}")):
        assert unescape(address).lower().startswith(("http:", "https:", "ftp:", "mailto:"))


@given(
    st.text(alphabet=st.characters(exclude_characters="*_`~[\ueeee", codec="utf-8"), max_size=99)
)
def test_plain_text_reads_as_it_was_typed(typed: str) -> None:
    assert as_typed(render(typed)) == typed


@given(anything)
def test_without_filters_only_links_are_made(typed: str) -> None:
    assert "<" not in render(typed, filters=False)
    assert "<a" not in render(typed, links=False)


def test_markup_is_turned_back() -> None:
    typed = "*bold* _it_ `mono` ~~no~~ [sp]who[/sp] https://x.y/a_b?c=1&d=2"
    assert as_typed(render(typed)) == typed


def test_filters_never_overlap_wrongly() -> None:
    assert render("*a _b* c_") == "<strong>a <em>b</em></strong> c"


@given(anything, st.integers(min_value=1, max_value=30))
def test_cut_counts_as_browsers_do(typed: str, limit: int) -> None:
    cut = whole(typed, limit)
    assert len(cut.encode("utf-16-le")) <= 2 * limit
    assert typed.startswith(cut.removesuffix("\ufffd"))


def test_half_a_character_is_replaced() -> None:
    assert whole("a\U0001f600", 2) == "a\ufffd"
    assert whole("\ud83d", 9) == "\ufffd"
    assert whole("x" * 330, 320) == "x" * 320


def test_blank() -> None:
    assert blank(" \ufeff ")
    assert not blank("\u200b")


def test_has_link() -> None:
    assert has_link("see http://x.y")
    assert has_link("http://[::1]:80/x")
    assert not has_link("www.x.y and javascript:alert(1)")


@given(st.text(alphabet="<>/!-=\"' abipscrtylemgx#&;:", max_size=120))
@example("<h1>Hi</h1><script>no</script>")
@example("<b><i>x</b></i><br/><hr>")
@example('<a href="javascript:x" onclick="y" title="z">t</a>')
@example("<script/>x<style>y")
def test_clean_html_keeps_only_harmless_tags(html: str) -> None:
    cleaned = clean_html(html)
    assert clean_html(cleaned) == cleaned
    for tag in re.findall(r"<[^>]*>", cleaned):
        assert re.fullmatch(r"</?[a-z0-9]+(?: (?:class|title|href|target|rel)=\"[^\"]*\")*>", tag)
        assert not re.match(r"</?(?:script|style|img|input|iframe|title)\b", tag)


def test_clean_html_examples() -> None:
    assert clean_html("<h1>Welcome</h1><script>no</script>") == "<h1>Welcome</h1>"
    assert clean_html("<b><i>x</b></i>") == "<b><i>x</i></b>"
    assert clean_html("<br/>1 < 2 &amp; 3") == "<br>1 &lt; 2 &amp; 3"
    assert clean_html("</b><p class=x id=y>") == '<p class="x"></p>'
    assert clean_html("<script/>gone") == "gone"
    assert (
        clean_html('<a href="https://x.y/?a=1&b=2">t') == '<a href="https://x.y/?a=1&amp;b=2">t</a>'
    )
