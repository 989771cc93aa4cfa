"""What the room reads of its quotes, put together of the texts of its language. Pure."""

import re
from collections.abc import Sequence
from datetime import UTC

from plugins.quote.problems import ENGLISH
from plugins.quote.rules import LONGEST_AUTHOR, UNKNOWN, Quote
from plugins.quote.shelf import Numbers
from plugins.quote.transfer import Imported
from rosey.texts import Phrase

# Characters of a quote in a list, and of a line of lists.
BRIEF = 60
LINE = 1_800
# Reasons that an import gives.
REASONS = 3
AWAY = ENGLISH("away")


def show(phrase: Phrase, quote: Quote) -> str:
    """`#12 “Hello there” — alice (added by bob on 3 May 2026, 2 votes)`"""
    day = quote.added_at.astimezone(UTC)
    month = phrase("months").split()[day.month - 1]
    date = phrase("date", day=day.day, month=month, year=day.year)
    said = _said(phrase, quote, _line(quote.text))
    if not quote.score:
        return phrase("shown", quoted=said, by=quote.added_by, date=date)
    votes = _count(phrase, quote.score, "vote")
    return phrase("shown_with_votes", quoted=said, by=quote.added_by, date=date, votes=votes)


def added(phrase: Phrase, quote: Quote, id: int, prefix: str) -> str:
    """To whom has added one."""
    if quote.author == UNKNOWN:
        return phrase("added", id=id, prefix=prefix)
    return phrase("added_by", id=id, prefix=prefix, author=quote.author)


def upvoted(phrase: Phrase, quote: Quote) -> str:
    """Thanks for a vote."""
    return phrase("upvoted", id=quote.id, votes=_count(phrase, quote.score, "vote"))


def usage(phrase: Phrase, word: str, prefix: str) -> str:
    """To whom says `!quote` and something that it does not take."""
    if number := re.fullmatch("#?([0-9]{1,19})", word):  # as 0, which no quote has
        return phrase("unknown", id=number[1])
    shown = word if len(word) <= 30 else f"{word[:29]}…"
    return phrase("usage", word=shown, prefix=prefix)


def found(
    phrase: Phrase, quotes: Sequence[Quote], count: int, search: str, page: int, pages: int
) -> list[str]:
    """What a search brought, in lines; `prefix quote search cat page 2` brings more."""
    many, what = _count(phrase, count, "quote"), _brief(search)
    head = phrase("found", quotes=many, search=what)
    if pages > 1:
        head = phrase("found_page", quotes=many, search=what, page=page, pages=pages)
    return _lines(phrase, head, quotes)


def not_found(phrase: Phrase, search: str) -> str:
    """Of a search that brought nothing."""
    return phrase("not_found", search=_brief(search))


def no_page(phrase: Phrase, count: int, search: str, pages: int, prefix: str) -> str:
    """Of a page after the last."""
    key = "no_page_but_one" if pages == 1 else "no_page"
    many = _count(phrase, count, "quote")
    return phrase(key, quotes=many, search=_brief(search), pages=pages, prefix=prefix)


def more(phrase: Phrase, search: str, page: int, prefix: str) -> str:
    """How to get the next page."""
    return phrase("more", search=_brief(search), page=page, prefix=prefix)


def top(phrase: Phrase, quotes: Sequence[Quote]) -> list[str]:
    """The best, in lines."""
    return _lines(phrase, phrase("top"), quotes)


def in_private(phrase: Phrase, count: int) -> str:
    """In the room, instead of a long list."""
    return phrase("in_private", quotes=_count(phrase, count, "quote"))


def stats(phrase: Phrase, numbers: Numbers) -> str:
    """Totals in one line."""
    quotes = _count(phrase, numbers.quotes, "quote")
    votes = _count(phrase, numbers.votes, "vote")
    if numbers.most_quoted is None:
        return phrase("stats", quotes=quotes, votes=votes)
    name, count = numbers.most_quoted
    return phrase("stats_with_most", quotes=quotes, votes=votes, name=name, count=count)


def no_line(phrase: Phrase, name: str) -> str:
    """Of somebody of whom nothing is kept."""
    return phrase("no_line", name=name[:LONGEST_AUTHOR])


def exported(phrase: Phrase, count: int, path: str) -> str:
    """Where the file is."""
    return phrase("one_exported" if count == 1 else "exported", count=count, path=path)


def imported(phrase: Phrase, done: Imported) -> str:
    """`friends.csv: 120 added, 4 already here, 1 refused (quote 7: there is no text in it).`"""
    told = {"name": done.name, "added": done.added, "skipped": done.skipped}
    if not done.refused:
        return phrase("imported", **told)
    reasons = [
        phrase("refused_one", place=each.place, why=each.problem.told(phrase))
        for each in done.refused[:REASONS]
    ]
    rest = "; …" if len(done.refused) > REASONS else ""
    why = "; ".join(reasons) + rest
    return phrase("imported_in_part", **told, refused=len(done.refused), reasons=why)


def _lines(phrase: Phrase, head: str, quotes: Sequence[Quote]) -> list[str]:
    lines = [head]
    for number, quote in enumerate(quotes):
        entry = _said(phrase, quote, _brief(quote.text))
        if quote.score:
            votes = _count(phrase, quote.score, "vote")
            entry = phrase("listed_with_votes", quoted=entry, votes=votes)
        joined = f"{lines[-1]} {entry}" if number == 0 else f"{lines[-1]} · {entry}"
        if len(joined) > LINE:
            lines.append(entry)
        else:
            lines[-1] = joined
    return lines


def _said(phrase: Phrase, quote: Quote, text: str) -> str:
    if quote.author == UNKNOWN:
        return phrase("quoted", id=quote.id, text=text)
    return phrase("quoted_by", id=quote.id, text=text, author=quote.author)


def _line(text: str) -> str:
    """On one line: a break is a slash."""
    return " / ".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))


def _brief(text: str) -> str:
    line = _line(text)
    return line if len(line) <= BRIEF else f"{line[: BRIEF - 1]}…"


def _count(phrase: Phrase, number: int, what: str) -> str:
    return phrase(f"one_{what}") if number == 1 else phrase(f"{what}s", count=number)
