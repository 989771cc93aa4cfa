"""What the room reads."""

from collections.abc import Sequence
from datetime import datetime

from rosey.names import name_key
from workflows.playlist.forecast import Start
from workflows.playlist.models import Entry, Playing, Room, Settings
from workflows.playlist.rules import Over, length

PAGE = 5
# Seconds that are known of what has no known length: less says nothing.
WORTH_SAYING = 60
NO_TITLE = "something without a title"
NOTHING_YOURS = "Nothing of yours is waiting. !queue shows the numbers."
FIND_WHAT = "Find what? For example: !find matrix"
NOT_FOUND = "Nothing in the queue is called that."
NO_EFFECT = "the room does not do it"
NOT_THERE = "That is not in the queue; !queue shows the numbers."


def name(title: str, media_id: str = "") -> str:
    return title or media_id or NO_TITLE


def items(count: int) -> str:
    return f"{count} item{'' if count == 1 else 's'}"


# -- adding ------------------------------------------------------------------------------------


def loaded(count: int, left: int, why: str) -> str:
    """Several at once; `why` tells what kept the others out."""
    rest = f" {items(left)} left out: {why.removeprefix('❌ ')}" if left else ""
    return f"📺 {items(count)} added to queue.{rest}"


def usage(prefix: str) -> str:
    return f"Add a link or a title, for example: {prefix}add https://youtu.be/dQw4w9WgXcQ"


def added(entry: Entry, number: int, when: str) -> str:
    line = f"📺 Added to queue (#{number}): {name(entry.title, entry.media_id)}"
    return f"{line} · {when}" if when else line


def refused(over: Over, settings: Settings, now: datetime) -> str:
    """Which limit, and when it passes."""
    match over.limit:
        case "max_items":
            why = f"You can only have {items(settings.max_items_per_user)} in queue"
            then = "your next one starts" if over.until else "one must play first"
        case "max_duration":
            why = f"You can only have {length(settings.max_duration_per_user)} in queue"
            then = "there is room for it" if over.until else "add something shorter"
        case "rate":
            every = f"{settings.rate_limit_count} in {settings.rate_limit_seconds:g} s"
            why, then = f"Slow down: {every} at most", "try again"
        case "queue_full":
            why = f"The queue is full ({items(settings.max_queue)})"
            then = "the next one starts" if over.until else "something must play first"
        case "item_length":
            why = f"That is too long: {length(settings.max_item_duration)} at most"
            then = "try something shorter"
        case "type":
            why, then = f"Only these may be added here: {', '.join(settings.types)}", ""
        case "duplicate":
            why, then = "That is in the queue already", ""
        case "repeat":
            why, then = "That has just been on", "it may be added again"
        case "series":
            why, then = "Another of that series has just been on", "it may be added"
        case "show":
            why, then = "A show is about to begin", "requests open again"
    return f"❌ {why}{_then(then, over.until, now)}"


def _then(then: str, until: datetime | None, now: datetime) -> str:
    if until is None:
        return f"; {then}." if then else "."
    return f"; {then} in {span((until - now).total_seconds())}."


def span(seconds: float) -> str:
    """`8 s`, `5 min`, `2 h 5 min`, `1 h`; never nothing."""
    whole = max(1, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    hours, rest = divmod(minutes, 60)
    words = [f"{hours} h" if hours else "", f"{rest} min" if rest else ""]
    return " ".join(filter(None, words))


def nothing_found(problem: str) -> str:
    return f"❌ {problem}"


def not_taken(entry: Entry, reason: str) -> str:
    return f"❌ {name(entry.title, entry.media_id)} cannot be played here: {reason}"


def too_long(entry: Entry, why: str) -> str:
    """The platform says how long it is, and that is over a limit."""
    title = f"{name(entry.title, entry.media_id)} [{length(entry.seconds)}]"
    return f"❌ {title} has to go: {why.removeprefix('❌ ')}"


def cannot(kind: str, reason: str) -> str:
    """Something that the platform does not let Rosey do."""
    wish, instead = {
        "add": ("add to the list", "what is queued waits until I may"),
        "move": ("move items", "they play in the order in which they are on the list"),
        "remove": ("remove items", "take them off the list in the room, please"),
        "skip": ("skip", "what is on has to be skipped in the room"),
    }.get(kind, (kind, "that has to be done in the room"))
    return f"⚠️ I may not {wish} here ({reason}); {instead}."


def no_autoplay(name: str) -> str:
    return f"⚠️ Autoplay: there is no list {name}, or nothing in it. !playlist lists shows all."


# -- the list ----------------------------------------------------------------------------------


def queue(room: Room, starts: Sequence[Start], page: int, now: datetime) -> list[str]:
    """What plays and the next five, with totals."""
    if not room.queue and room.playing is None:
        return ["The queue is empty. Add something with !add."]
    pages = max(1, -(-len(room.queue) // PAGE))
    page = max(1, min(page, pages))
    lines = [now_playing(room.playing)] if room.playing and page == 1 else []
    first = (page - 1) * PAGE
    for number, entry in enumerate(room.queue[first : first + PAGE], first + 1):
        lines.append(line(number, entry, starts[number - 1], now))
    more = f", page {page} of {pages}" if pages > 1 else ""
    waiting = f"{items(len(room.queue))} waiting" if room.queue else "Nothing else is waiting"
    lines.append(f"{waiting}{_total(room.queue)}{more}.")
    return lines


def _total(queue: Sequence[Entry]) -> str:
    """How long it all is, as far as that is known."""
    total = sum(entry.seconds for entry in queue)
    least = "at least " if any(entry.seconds <= 0 for entry in queue) else ""
    return f", {least}{length(total)} in all" if total >= 1 else ""


def line(number: int, entry: Entry, start: Start, now: datetime) -> str:
    aside = " 💤 waits for its person" if entry.parked else f" · {when(start, now)}"
    return (
        f"{number}. {name(entry.title, entry.media_id)} [{length(entry.seconds)}] "
        f"{_by(entry)}{aside}"
    )


def _by(entry: Entry) -> str:
    return "(autoplay)" if entry.filler else f"by {entry.added_by or 'somebody'}"


def when(start: Start, now: datetime) -> str:
    seconds = (start.at - now).total_seconds()
    if seconds < 5:
        return "after what is on" if start.at_least else "next"
    if start.at_least and seconds < WORTH_SAYING:
        return "after those before it"
    return f"in {'at least ' if start.at_least else ''}{span(seconds)}"


def now_playing(on: Playing | None) -> str:
    if on is None:
        return "Nothing is playing."
    by = f", added by {on.by}" if on.by else ""
    return f"▶️ {name(on.title, on.media_id)} [{length(on.seconds)}]{by}"


def on_now(on: Playing | None, now: datetime) -> str:
    """What plays, and how much of it is left."""
    if on is None or on.seconds <= 0:
        return now_playing(on)
    left = on.seconds - (now - on.started_at).total_seconds()
    return f"{now_playing(on)}, {span(left)} left"


def turn(entry: Entry, queue: Sequence[Entry]) -> str:
    """Who comes before somebody's next item: `(alice, bob, you)`; nothing when nobody else does."""
    before = []
    for each in queue:
        if each is entry:
            break
        if each.parked:
            continue
        own = name_key(each.added_by) == name_key(entry.added_by)
        before.append("you" if own else each.added_by or "somebody")
    if set(before) <= {"you"} or len(before) > PAGE:
        return ""
    return f"({', '.join([*before, 'you'])})"


# -- what becomes of it ------------------------------------------------------------------------


def skipping(on: Playing, by: str) -> str:
    return f"⏭️ {by} skips {name(on.title, on.media_id)}."


def vote(cast: int, needed: int) -> str:
    return f"🗳️ {cast} of {needed} votes to skip."


def voted(on: Playing, cast: int) -> str:
    votes = "1 vote" if cast == 1 else f"{cast} votes"
    return f"⏭️ {votes}: skipping {name(on.title, on.media_id)}."


def taken(entry: Entry, by: str) -> str:
    return f"🗑️ {by} took {name(entry.title, entry.media_id)} out of the queue."


def moved(entry: Entry, number: int) -> str:
    return f"↕️ {name(entry.title, entry.media_id)} is #{number} now."


def emptied(count: int, by: str) -> str:
    return f"🧹 {by} emptied the queue: {items(count)}." if count else "The queue is empty already."


def shuffled(count: int) -> str:
    return f"🔀 {items(count)} shuffled."


def cleared(count: int, left: int) -> str:
    rest = f" {left} more in the queue; !clear takes out all." if left else ""
    return f"🧹 The room's list was cleared: {items(count)} gone.{rest}"


def put_back(count: int) -> str:
    return f"♻️ The room lost {items(count)}; I put {_them(count)} back."


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def held(count: int) -> str:
    return (
        f"♻️ The room lost {items(count)} of the queue. A moderator can put {_them(count)} back "
        f"with !playlist restore, or let {_them(count)} go with !playlist forget."
    )


def dropped(count: int) -> str:
    are = "it is" if count == 1 else "they are"
    return f"The room lost {items(count)} of the queue, and {are} not put back here."


def recovered(count: int) -> str:
    return f"♻️ Recovered {items(count)}."


def not_recovered(count: int) -> str:
    are = "is" if count == 1 else "are"
    return f"The queue starts empty: {items(count)} from before {are} not restored here."


# -- for the operator --------------------------------------------------------------------------

ROWS = 25


def details(room: Room, starts: Sequence[Start]) -> str:
    """The queue as a table in Markdown, for the Web UI; `starts` are those of the first."""
    lines = [f"**{cell(now_playing(room.playing))}**", ""]
    if room.queue:
        lines += ["| # | title | length | by | starts (UTC) |", "|---|---|---|---|---|"]
    for number, (entry, start) in enumerate(zip(room.queue, starts, strict=False), 1):
        at = "waits aside" if entry.parked else f"{start.at:%H:%M}{'+' if start.at_least else ''}"
        title = cell(name(entry.title, entry.media_id))
        lines.append(
            f"| {number} | {title} | {length(entry.seconds)} | {cell(entry.added_by)} | {at} |"
        )
    if more := len(room.queue) - len(starts):
        lines.append(f"| … | {more} more | | | |")
    lines += ["", f"{items(len(room.queue))} waiting, {len(room.held)} held."]
    lines += [f"- may not {kind}: {cell(why)}" for kind, why in room.platform.cannot.items()]
    if not room.platform.connected:
        lines.append("- not in the room at the moment")
    return "\n".join(lines)


def cell(text: str) -> str:
    """Text on one line in which nothing is Markdown."""
    line = " ".join(text.split())[:120]
    return "".join(f"\\{sign}" if sign in "\\|*_`[]<>#" else sign for sign in line)
