"""Chat text both ways: CyTube's HTML as it was typed, and Rosey's text so that it arrives as meant.

A line Rosey sends is escaped by the server, then run through chat filters (five in every registered
channel) that keep out of links. Nothing invisible keeps `*x*` from its filter, which takes any
character in between; so where a filter would match, its marks are replaced by look-alikes.
"""

import html
import re
import unicodedata
from collections.abc import Iterator

LIMIT = 320  # UTF-16 units; the server cuts the rest off without a word
ZERO_WIDTH_SPACE = "\u200b"
LOOK_ALIKES = {"`": "ˋ", "*": "∗", "_": "ˍ"}

# --- what comes in ---

MARKS = {"code": ("`", "`"), "strong": ("*", "*"), "em": ("_", "_"), "s": ("~~", "~~")}
SPOILER = ("[sp]", "[/sp]")
VOID_TAGS = frozenset({"img", "br", "hr", "wbr", "input", "source"})

# The standard library's HTML parser raises on some nonsense and is quadratic on other; what the
# server sends has no < or > but around its tags.
TAG = re.compile("<([^<>]*)>")
TAG_NAME = re.compile("(/?)([a-zA-Z][^\\s/]*)|!")
ATTRIBUTE = re.compile(r"""\s(src|class)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=`]+))""", re.I)
ENTITY = re.compile(r"&(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});?")


def to_text(markup: str) -> str:
    """A chat line as it was typed: markup and entities turned back once, images as addresses."""
    parts: list[str] = []
    open_tags: list[tuple[str, str]] = []  # name, what closes it
    counts: dict[str, int] = {}
    position = 0
    for tag in TAG.finditer(markup):
        name_match = TAG_NAME.match(tag[1])
        if name_match is None:
            continue  # a stray bracket is text
        parts.append(_decoded(markup[position : tag.start()]))
        position = tag.end()
        name = (name_match[2] or "!").lower()
        if name_match[1]:
            if counts.get(name):
                parts.extend(_close(name, open_tags, counts))
        elif name == "img":
            address = _attributes(tag[1]).get("src", "")
            parts.append(f" {address} " if address else "")
        elif name != "!" and name not in VOID_TAGS and not tag[1].endswith("/"):
            start, end = _marks(name, tag[1])
            parts.append(start)
            open_tags.append((name, end))
            counts[name] = counts.get(name, 0) + 1
    parts.append(_decoded(markup[position:]))
    parts.extend(end for _, end in reversed(open_tags))
    return "".join(parts)


def _close(name: str, open_tags: list[tuple[str, str]], counts: dict[str, int]) -> Iterator[str]:
    """The marks of the innermost open `name` and of whatever is still open inside it."""
    closed = ""
    while closed != name:
        closed, end = open_tags.pop()
        counts[closed] -= 1
        yield end


def _marks(name: str, tag: str) -> tuple[str, str]:
    if name in MARKS:
        return MARKS[name]
    return SPOILER if "spoiler" in _attributes(tag).get("class", "").split() else ("", "")


def _attributes(tag: str) -> dict[str, str]:
    return {
        match[1].lower(): _decoded(match[2] or match[3] or match[4] or "")
        for match in ATTRIBUTE.finditer(tag)
    }


def _decoded(text: str) -> str:
    return ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


# --- what goes out ---

# What the server takes for a link; the filters do not touch it.
LINK = re.compile(
    r"[A-Za-z0-9_]+://(?:[^:/\[\]\s\ufeff]+|\[[0-9a-f:]+\])(?::[0-9]+)?(?:/[^/\s\ufeff]*)*", re.I
)
PAIRS = {mark: re.compile(f"{re.escape(mark)}.+?{re.escape(mark)}") for mark in LOOK_ALIKES}
STRIKE = re.compile("~~.+?~~")
INLINE_SPOILER = re.compile(r"\[sp\].*?\[/sp\]", re.I)

# The server's program holds places of links with U+EEEE, and half a surrogate pair is no text.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ueeee]+")
HALF_PAIR = re.compile("[\ud800-\udfff]")
NOTHING = " \t\ufeff\u200b\u200c\u200d\u2060"


def utf16_length(text: str) -> int:
    """Length as the server counts it: characters beyond U+FFFF are two."""
    return len(text) + sum(character > "\uffff" for character in text)


def safe_lines(text: str, limit: int = LIMIT) -> list[str]:
    """`text` as lines to send: none starts a command, none is marked up, none is cut off.

    Line breaks separate lines; what is longer than `limit` (UTF-16 units, at least 2) is split
    between words. Zero-width spaces and look-alikes count towards the limit. Blank lines vanish.
    """
    if limit < 2:
        raise ValueError(f"a line holds at least 2 units, not {limit}")
    lines: list[str] = []
    for line in HALF_PAIR.sub("\ufffd", text).splitlines():
        rest = CONTROL.sub(" ", line).strip()
        while rest.strip().strip(NOTHING):
            piece, rest = _take(rest, limit)
            if piece.strip().strip(NOTHING):
                lines.append(piece)
    return lines


def _take(text: str, limit: int) -> tuple[str, str]:
    """The first line of `text`, made safe, and the rest."""
    budget = limit
    while True:
        end = _cut(text, budget)
        piece = _safe(text[:end].rstrip())
        excess = utf16_length(piece) - limit
        if excess <= 0:
            return piece, text[end:].lstrip()
        budget -= excess  # leaves room for what makes it safe


def _safe(line: str) -> str:
    line = _without_markup(line)
    return ZERO_WIDTH_SPACE + line if line.startswith("/") else line


def _without_markup(line: str) -> str:
    """`line` with those marks outside links changed that a filter would take."""
    links = LINK.findall(line)
    texts = LINK.split(line)
    outside = " ".join(texts)
    for mark, look_alike in LOOK_ALIKES.items():
        if PAIRS[mark].search(outside):
            texts = [text.replace(mark, look_alike) for text in texts]
    if STRIKE.search(outside):
        texts = [re.sub("~(?=~)", f"~{ZERO_WIDTH_SPACE}", text) for text in texts]
    if INLINE_SPOILER.search(outside):
        texts = [re.sub(r"(?i)\[(?=sp\])", f"[{ZERO_WIDTH_SPACE}", text) for text in texts]
    pieces = [texts[0]]
    for link, text in zip(links, texts[1:], strict=True):
        pieces += [link, text]
    return "".join(pieces)


def _cut(text: str, budget: int) -> int:
    """Where to end a line of at most `budget` units: between words, else between characters."""
    end = _fitting(text, budget)
    if end == len(text) or text[end].isspace():
        return end
    for position in range(end - 1, 0, -1):
        if text[position].isspace():
            return position
    for link in LINK.finditer(text, 0, end):
        if link.start() > 0 and link.end() == end:
            return link.start()
    position = end
    while position > 0 and _belong_together(text[position - 1], text[position]):
        position -= 1
    return position or end


def _fitting(text: str, budget: int) -> int:
    """How many characters of `text` make at most `budget` units; at least one."""
    used = 0
    for index, character in enumerate(text):
        used += 2 if character > "\uffff" else 1
        if used > budget:
            return max(index, 1)
    return len(text)


def _belong_together(before: str, after: str) -> bool:
    """Whether a line break between them would tear one visible character apart."""
    return (
        unicodedata.category(after).startswith("M")
        or "\u200d" in (before, after)
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or all("\U0001f1e6" <= letter <= "\U0001f1ff" for letter in (before, after))  # flags
    )
