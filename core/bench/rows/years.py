"""The state of a playlist's room as a year of films leaves it, made up. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Any

# The queue as long as it may be by default, and as much of each as is ever remembered.
WAITING = 100
PLAYED = 500
ORDERS = 500
GONE = 500
LATELY = timedelta(minutes=1)


def room(channel: str, waiting: int, year: bool) -> dict[str, Any]:
    """What a run hands to the next: `waiting` items, and with `year` all that it remembers."""
    now = datetime.now(UTC)
    state: dict[str, Any] = {
        "channel": channel,
        "era": "bench",
        "loaded": True,
        "looked": True,
        "numbers": waiting,
        "settings": {"max_queue": 1000},
        "queue": [_entry(number, now) for number in range(1, waiting + 1)],
    }
    return state | _remembered(now) if year else state


def _remembered(now: datetime) -> dict[str, Any]:
    return {
        "people": {f"guest{n}": _gone(n, now) for n in range(GONE)},
        "played": {f"yt:{_media(n)}": now - n * LATELY for n in range(PLAYED, 0, -1)},
        "kept": {"turns": {f"c-{n:026}": _turn(n, now) for n in range(ORDERS)}},
    }


def _entry(number: int, now: datetime) -> dict[str, Any]:
    person = number % 20
    return {
        "id": f"bench-{number}",
        "type": "yt",
        "media_id": _media(number),
        "title": f"A film with a title of ordinary length, number {number}",
        "seconds": 5400,
        "thumbnail": f"https://images.example.org/{_media(number)}/default.jpg",
        "added_by": f"viewer{person}",
        "added_at": now,
        "round": number // 20,
        "turn": person,
    }


def _media(number: int) -> str:
    return f"bench{number:06}"


def _gone(number: int, now: datetime) -> dict[str, Any]:
    return {"name": f"Guest{number}", "rank": 1, "away_since": now}


def _turn(number: int, now: datetime) -> dict[str, Any]:
    said = {"say": [f"#{number} A film with a title of ordinary length · in 12 min"]}
    return {"id": f"c-{number:026}", "at": now, "outcome": said if number % 5 == 0 else None}
