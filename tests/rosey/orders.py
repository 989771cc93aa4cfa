"""Commands and orders for tests."""

from datetime import UTC, datetime
from typing import Any

from rosey.events import Command, User

SOME_TIME = datetime(2026, 1, 1, 12, tzinfo=UTC)


def command(number: int, **fields: Any) -> Command:
    """The number is in its id and is its place in the stream."""
    sound: dict[str, Any] = {
        "id": f"c-{number}",
        "plugin": "trivia",
        "action": "answer",
        "channel": "lounge/lobby",
        "user": User(name="bob", rank=1.0),
        "sent_at": SOME_TIME,
        "seq": number,
    }
    return Command(**(sound | fields))
