"""What nats-server writes when somebody tries what he may not: its log lines, read. Pure."""

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

TOO_MANY = 10
WITHIN = 60.0
# A process and the server's log tell of the same try within this time. Seconds.
SAME = 5.0

_TIME = (
    r"^\[\d+\] (?P<at>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)?) "
    r"\[ERR\] (?P<address>\S+) - cid:\d+ - "
)
_TRY = re.compile(
    _TIME + r'.*"\S*nkey:(?P<key>U[A-Z2-7]{55})" - '
    r'(?P<what>Publish|Subscription) Violation - Subject "(?P<subject>.*?)"(?:, SID .*)?$'
)
_LOGIN = re.compile(_TIME + r".*authentication error")


@dataclass(frozen=True)
class Try:
    """Somebody's try: `what` is publish, subscribe or login."""

    who: str
    what: str
    subject: str
    at: datetime


def read(line: str, names: Mapping[str, str]) -> Try | None:
    """The try that a log line tells of; `names` of the public keys. None for other lines."""
    if found := _TRY.match(line):
        what = "publish" if found["what"] == "Publish" else "subscribe"
        who = names.get(found["key"], found["key"])
        return Try(who, what, found["subject"], _at(found["at"]))
    if found := _LOGIN.match(line):
        return Try(found["address"].rpartition(":")[0], "login", "", _at(found["at"]))
    return None


@dataclass
class Tally:
    """Who tried how often. Times are seconds of one clock."""

    counts: dict[str, int] = field(default_factory=dict)
    _recent: dict[str, deque[float]] = field(default_factory=dict)
    _logged: dict[tuple[str, str, str], float] = field(default_factory=dict)

    def log(self, tried: Try, now: float) -> None:
        """Remembers for a moment what the server's log has told."""
        self._logged[_key(tried)] = now
        self._logged = {key: at for key, at in self._logged.items() if now - at < SAME}

    def knows(self, tried: Try, now: float) -> bool:
        """Whether the server's log has told it already."""
        return now - self._logged.get(_key(tried), -SAME) < SAME

    def add(self, who: str, now: float) -> bool:
        """Counts a try; whether there were too many lately."""
        self.counts[who] = self.counts.get(who, 0) + 1
        recent = self._recent.setdefault(who, deque(maxlen=TOO_MANY))
        recent.append(now)
        return len(recent) == TOO_MANY and now - recent[0] <= WITHIN

    def forgive(self, who: str) -> None:
        """Somebody has started it anew."""
        self._recent.pop(who, None)


def _key(tried: Try) -> tuple[str, str, str]:
    """A process hears of its subjects in small letters."""
    return (tried.who, tried.what, tried.subject.lower())


def _at(text: str) -> datetime:
    """The server writes its machine's local time."""
    form = "%Y/%m/%d %H:%M:%S.%f" if "." in text else "%Y/%m/%d %H:%M:%S"
    return datetime.strptime(text, form).astimezone().astimezone(UTC)
