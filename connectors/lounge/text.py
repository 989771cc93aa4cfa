"""What a line goes through between a keyboard and the room (PROTOCOL section 7).

Text from people is escaped first; every tag in the result is one that this module made.
"""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

_CONTROL = re.compile(r"[\x00-\x1f]+")
_SPECIAL = re.compile(r"[&<>\"'()*_`~\[]|://")
_ESCAPES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "'": "&#39;",
        "(": "&#40;",
        ")": "&#41;",
    }
)
_LINK = re.compile(r"[A-Za-z0-9_]+://(?:[^:/\[\]\s]+|\[[0-9a-fA-F:]+\])(?::[0-9]+)?(?:/[^/\s]*)*")
_PLACE = "\ueeee"  # stands for a link while the filters run
_FILTERS = (
    ("`", re.compile(r"`(.+?)`"), r"<code>\1</code>"),
    ("*", re.compile(r"\*(.+?)\*"), r"<strong>\1</strong>"),
    ("_", re.compile(r"_(.+?)_"), r"<em>\1</em>"),
    ("~~", re.compile(r"~~(.+?)~~"), r"<s>\1</s>"),
    ("[", re.compile(r"\[sp\](.*?)\[/sp\]", re.I), r'<span class="spoiler">\1</span>'),
)

_TAG_NAMES = """
a b blockquote br center code div em h1 h2 h3 h4 h5 h6 hr i li ol p pre s small span strong
table tbody td th thead tr u ul
"""
_TAGS = frozenset(_TAG_NAMES.split())
_EMPTY = frozenset(("br", "hr"))
_SILENT = frozenset(("noscript", "option", "script", "style", "textarea", "title"))
_ATTRIBUTES = frozenset(("class", "title"))
_LINK_ATTRIBUTES = _ATTRIBUTES | {"href", "target", "rel"}
_SAFE_ADDRESS = re.compile(r"(?:https?|ftp|mailto):", re.I)


def whole(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units; what is no character (half a pair) becomes U+FFFD."""
    if text.isascii():
        return text[:limit]
    units = text.encode("utf-16-le", "surrogatepass")[: 2 * limit]
    return units.decode("utf-16-le", "replace")


def without_controls(text: str) -> str:
    """A run of ASCII control characters becomes one space."""
    return _CONTROL.sub(" ", text)


def blank(text: str) -> bool:
    return not text.strip().strip("\ufeff")


def has_link(text: str) -> bool:
    return _LINK.search(text) is not None


def escape(text: str) -> str:
    """Every special character as an entity, quotes and parentheses too."""
    return text.translate(_ESCAPES)


def render(text: str, *, filters: bool = True, links: bool = True) -> str:
    """Text as typed, made into the HTML of a chat line."""
    if not _SPECIAL.search(text):
        return text.replace(_PLACE, "") if filters else text
    html = escape(text)
    if filters:
        html = _marked_up(html, links)
    if "<" in html:
        return clean_html(html)
    return (
        html.replace("&quot;", '"')
        .replace("&#39;", "'")
        .replace("&#40;", "(")
        .replace("&#41;", ")")
    )


def _marked_up(html: str, links: bool) -> str:
    html = html.replace(_PLACE, "")
    addresses = _LINK.findall(html) if "://" in html else []
    if addresses:
        html = _LINK.sub(_PLACE, html)
    for sign, pattern, replacement in _FILTERS:
        if sign in html:
            html = pattern.sub(replacement, html)
    for address in addresses:
        shown = address
        if links:
            shown = f'<a href="{address}" target="_blank" rel="noopener noreferrer">{address}</a>'
        html = html.replace(_PLACE, shown, 1)
    return html


def clean_html(html: str) -> str:
    """Keep harmless tags, well nested; everything else is removed, text is escaped again."""
    cleaner = _Cleaner()
    cleaner.feed(html)
    cleaner.close()
    return cleaner.result()


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._open: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        if tag not in _TAGS or self._silent:
            return
        self._out.append(f"<{tag}{''.join(_attribute(tag, *pair) for pair in attrs)}>")
        if tag not in _EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in self._open:
            while self._close_last() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._out.append(_escape_text(data))

    def result(self) -> str:
        while self._open:
            self._close_last()
        return "".join(self._out)

    def _close_last(self) -> str:
        tag = self._open.pop()
        self._out.append(f"</{tag}>")
        return tag


def _attribute(tag: str, name: str, value: str | None) -> str:
    allowed = _LINK_ATTRIBUTES if tag == "a" else _ATTRIBUTES
    if name not in allowed or value is None:
        return ""
    if name == "href" and not _SAFE_ADDRESS.match(value):
        return ""
    return f' {name}="{_escape_text(value).replace(chr(34), "&quot;")}"'


def _escape_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_TYPED = {"strong": "*", "em": "_", "code": "`", "s": "~~"}
_TAG = re.compile(r"<(/?)([a-z0-9]+)([^>]*)>")


def as_typed(html: str) -> str:
    """A received line as its sender typed it: markup turned back, other tags removed."""
    if "<" in html:
        html = _TAG.sub(_typed_tag, html)
    return unescape(html) if "&" in html else html


def _typed_tag(tag: re.Match[str]) -> str:
    closing, name, attributes = tag.groups()
    if name == "span" and (closing or "spoiler" in attributes):
        return "[/sp]" if closing else "[sp]"
    return _TYPED.get(name, "")
