"""What the room reads of shows."""

from collections.abc import Sequence
from datetime import datetime

from rosey.contracts.shows import Scheduled, ShowBegins, ShowSoon
from rosey.shows import moment_words, plan_words
from rosey.times import span_words
from workflows.playlist import texts
from workflows.playlist.models import Entry, Playing

MOST_LINES = 5
EXAMPLE = '!schedule "Friday Horror" friday 20:00 list horror'
NONE = f"No shows are scheduled. Moderators can, for example: {EXAMPLE}"
FOR_MODERATORS = "Only moderators can schedule shows; !schedule alone lists them."
FAILED = "That could not be done just now. !schedule shows how things stand; try again in a minute."
WHICH = "Which show? !schedule lists them."


def unclear(why: str) -> str:
    return f"{why} For example: {EXAMPLE}"


def films(count: int) -> str:
    return f"{count} film{'' if count == 1 else 's'}"


def scheduled(show: Scheduled, count: int) -> str:
    plan = show.plan
    first = ""
    if show.next and not plan.at:
        first = f" first {moment_words(show.next, plan.zone)},"
    zone = "" if plan.zone == "UTC" else f" {plan.zone}"
    when = f"{plan_words(plan)}{zone or ' UTC'}"
    return f"🗓️ {plan.name}: {when},{first} {films(count)} of the list {plan.saved_list}."


def cancelled(show: Scheduled) -> str:
    return f"🗓️ {show.plan.name} is cancelled."


def listed(shows: Sequence[Scheduled], now: datetime) -> list[str]:
    lines = [_line(show, now) for show in shows[:MOST_LINES]]
    more = len(shows) - MOST_LINES
    return [*lines, *([f"… and {more} more."] if more > 0 else [])] or [NONE]


def _line(show: Scheduled, now: datetime) -> str:
    plan = show.plan
    about = f"🗓️ {plan.name} (list {plan.saved_list}): {plan_words(plan)}"
    if show.next is None:
        return f"{about} · its time has passed: !schedule cancel {plan.name}"
    if show.paused:
        return f"{about} · paused"
    left = span_words(max(1.0, (show.next - now).total_seconds()))
    return f"{about} · next in {left}"


def soon(show: ShowSoon, now: datetime) -> str:
    left = texts.span((show.begins - now).total_seconds())
    begins = f"🎬 {show.name} begins in {left}"
    if show.films == 0:
        return (
            f"{begins}, but its list {show.saved_list} is empty or gone. "
            f"!playlist save {show.saved_list} until then, please."
        )
    what = f"{films(show.films)} of the list" if show.films else "the list"
    return f"{begins}: {what} {show.saved_list}. Requests open again at {show.clock}."


def begins(show: ShowBegins, entries: Sequence[Entry], on: Playing | None) -> str:
    if not entries:
        return f"🎬 {show.name} begins with what is on already. {texts.now_playing(on)}"
    first = texts.name(entries[0].title, entries[0].media_id)
    what = f", first {first}." if len(entries) > 1 else f": {first}."
    return f"🎬 {show.name} begins: {films(len(entries))}{what}"


def cannot_begin(show: ShowBegins) -> str:
    why = show.problem or f"its list {show.saved_list} is empty or gone."
    return f"🎬 {show.name} cannot begin: {why}"
