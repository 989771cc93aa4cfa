"""What the room reads of its quotes. Pure."""

from collections.abc import Sequence

from plugins.quote.rules import LONGEST_AUTHOR, MOST_SHOWN, UNKNOWN, Quote
from plugins.quote.shelf import Numbers
from rosey.times import date_words

# Characters of a quote in a list, and of a line of lists.
BRIEF = 60
LINE = 1_800
AWAY = (
    "I cannot get at the quotes right now: the database does not answer. Please try again in a "
    "minute."
)


def show(quote: Quote) -> str:
    """`#12 “Hello there” — alice (added by bob on 3 May 2026, 2 votes)`"""
    about = f"added by {quote.added_by} on {date_words(quote.added_at)}"
    return f"{_said(quote, _line(quote.text))} ({', '.join(filter(None, [about, _votes(quote)]))})"


def added(quote: Quote, id: int, prefix: str) -> str:
    """To whom has added one."""
    by = "" if quote.author == UNKNOWN else f" by {quote.author}"
    return f"Kept as quote #{id}{by}. {prefix}quote {id} shows it."


def nothing_yet(prefix: str) -> str:
    """Of a room without quotes."""
    return f"There are no quotes here yet. {prefix}quote add <text> -- <author> keeps the first."


def unknown(id: int) -> str:
    """Of a number that no quote of this room has."""
    return f"There is no quote #{id} here."


def no_number(prefix: str, action: str) -> str:
    """To whom names no quote."""
    return f"Which quote? Give me its number: {prefix}quote {action} 12"


def how_many(prefix: str) -> str:
    """To whom wants a list of no length."""
    return f"How many? A number from 1 to {MOST_SHOWN}: {prefix}quote top 10"


def no_quote(why: str, prefix: str) -> str:
    """To whom adds what cannot be one."""
    return f"I cannot keep that: {why}. {prefix}quote add Hello there -- alice"


def no_search(prefix: str) -> str:
    """To whom looks for nothing."""
    return f"What shall I look for? {prefix}quote search cat"


def usage(word: str, prefix: str) -> str:
    """To whom says `!quote` and something that it does not take."""
    shown = word if len(word) <= 30 else f"{word[:29]}…"
    return (
        f"I do not know “{shown}” of quotes. {prefix}quote shows any, {prefix}quote 12 that one; "
        f"{prefix}help quote says more."
    )


def found(quotes: Sequence[Quote], count: int, search: str, page: int, pages: int) -> list[str]:
    """What a search brought, in lines; `prefix quote search cat page 2` brings more."""
    where = f", page {page} of {pages}" if pages > 1 else ""
    return _lines(f"{_count(count, 'quote')} with “{_brief(search)}”{where}:", quotes)


def not_found(search: str) -> str:
    """Of a search that brought nothing."""
    return f"No quote here has “{_brief(search)}” in it."


def no_page(count: int, search: str, pages: int) -> str:
    """Of a page after the last."""
    has = "1 page" if pages == 1 else f"{pages:,} pages"
    return f"{_count(count, 'quote')} with “{_brief(search)}” fill {has}."


def more(search: str, page: int, prefix: str) -> str:
    """How to get the next page."""
    return f"More: {prefix}quote search {_brief(search)} page {page}"


def top(quotes: Sequence[Quote]) -> list[str]:
    """The best, in lines."""
    return _lines("Best quotes:", quotes)


def no_top(prefix: str) -> str:
    """Of a room in which nobody has voted."""
    return f"No quote here has a vote yet. {prefix}quote upvote 12 gives one."


def upvoted(quote: Quote) -> str:
    """Thanks for a vote."""
    return f"Quote #{quote.id} has {_count(quote.score, 'vote')} now."


def voted_before(id: int) -> str:
    """To whom votes again."""
    return f"You have voted for quote #{id} already; one vote a person."


def deleted(id: int) -> str:
    """Of one that is gone."""
    return f"Quote #{id} is gone."


def not_yours(id: int) -> str:
    """To whom may not delete it."""
    return f"Quote #{id} can be deleted by whoever added it, and by moderators."


def stats(numbers: Numbers) -> str:
    """Totals in one line."""
    parts = [_count(numbers.quotes, "quote"), _count(numbers.votes, "vote")]
    if numbers.most_quoted:
        name, quotes = numbers.most_quoted
        parts.append(f"most quoted {name} ({quotes:,})")
    return f"Quotes here: {', '.join(parts)}."


def no_line(name: str) -> str:
    """Of somebody of whom nothing is kept."""
    shown = name[:LONGEST_AUTHOR]
    return f"I know no line of {shown}'s here; what is said is kept for some time only."


def no_memory() -> str:
    """When nobody knows who said what."""
    return "I cannot look up what was said right now. Please try again in a minute."


def in_private(count: int) -> str:
    """In the room, instead of a long list."""
    return f"That is a long list: I am sending you {_count(count, 'quote')} in private."


def _lines(head: str, quotes: Sequence[Quote]) -> list[str]:
    lines = [head]
    for number, quote in enumerate(quotes):
        votes = f" ({_votes(quote)})" if quote.score else ""
        entry = f"{_said(quote, _brief(quote.text))}{votes}"
        joined = f"{lines[-1]} {entry}" if number == 0 else f"{lines[-1]} · {entry}"
        if len(joined) > LINE:
            lines.append(entry)
        else:
            lines[-1] = joined
    return lines


def _said(quote: Quote, text: str) -> str:
    by = "" if quote.author == UNKNOWN else f" — {quote.author}"
    return f"#{quote.id} “{text}”{by}"


def _line(text: str) -> str:
    """On one line: a break is a slash."""
    return " / ".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))


def _brief(text: str) -> str:
    line = _line(text)
    return line if len(line) <= BRIEF else f"{line[: BRIEF - 1]}…"


def _votes(quote: Quote) -> str:
    return _count(quote.score, "vote") if quote.score else ""


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
