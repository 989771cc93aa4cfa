"""What is done around every message that leaves and every handler at work: counting, tracing."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from time import perf_counter
from types import TracebackType
from typing import Protocol

from rosey.events import Traffic, Way

# Upper ends in seconds; what takes longer than the last is counted behind it.
BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MOST_FAMILIES = 200
OTHER = "other"


class Middleware(Protocol):
    """Both are entered for each message, in the order of the list, and must not wait."""

    def sending(self, subject: str, headers: dict[str, str]) -> AbstractContextManager[object]:
        """Around a message on its way out, until it is stored; it may add to the headers."""

    def handling(self, subject: str, headers: Mapping[str, str]) -> AbstractContextManager[object]:
        """Around the work of one handler on one message."""


@contextmanager
def around_sending(
    middlewares: Sequence[Middleware], subject: str, headers: dict[str, str] | None
) -> Iterator[dict[str, str]]:
    """Gives the headers to send, a copy of those given."""
    own = dict(headers or {})
    if len(middlewares) == 1:  # a stack takes as long as all the rest
        with middlewares[0].sending(subject, own):
            yield own
        return
    with ExitStack() as stack:
        for each in middlewares:
            stack.enter_context(each.sending(subject, own))
        yield own


@contextmanager
def around_handling(
    middlewares: Sequence[Middleware], subject: str, headers: Mapping[str, str]
) -> Iterator[None]:
    if len(middlewares) == 1:
        with middlewares[0].handling(subject, headers):
            yield
        return
    with ExitStack() as stack:
        for each in middlewares:
            stack.enter_context(each.handling(subject, headers))
        yield


def headers_for(
    middlewares: Sequence[Middleware], subject: str, headers: dict[str, str] | None = None
) -> dict[str, str]:
    """What belongs on a message that leaves by another client than the Bus's, later perhaps."""
    with around_sending(middlewares, subject, headers) as own:
        return own


def family(subject: str) -> str:
    """The subject without what may be any of many: ids, actions, keys, rooms."""
    match subject.split("."):
        case ["_INBOX", *_]:
            return "_INBOX.>"
        case ["$KV", bucket, *_]:
            return f"$KV.{bucket}.>"
        case ["rosey", "platform", _, kind]:
            return f"rosey.platform.*.{kind}"
        case ["rosey", "commands", _, end]:
            return f"rosey.commands.*.{end}"
        case ["rosey", ("command" | "reply" | "plugins") as kind, plugin, *_]:
            return f"rosey.{kind}.{plugin}.*"
        case ["rosey", ("refusal" | "dead") as kind, _]:
            return f"rosey.{kind}.*"
        case ["rosey", *_]:
            return subject
        case [plugin, _]:
            return f"{plugin}.*"
    return OTHER


@dataclass
class Tally:
    """How often, how often in vain, and how long: `seconds[n]` took at most `BOUNDS[n]`."""

    count: int = 0
    failed: int = 0
    seconds: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))

    def within(self, share: float) -> float:
        """Seconds within which this share of them was done, as the next of BOUNDS.

        What took longer than all of these counts as the last.
        """
        wanted = self.count * share
        for bound, so_far in zip(BOUNDS, accumulate(self.seconds), strict=False):
            if so_far >= wanted:
                return bound
        return BOUNDS[-1]


class Metrics:
    """Counts and durations by family of subjects.

    Strangers choose some subjects: beyond 200 families all are one.
    """

    def __init__(self) -> None:
        self._sent: dict[str, Tally] = {}
        self._handled: dict[str, Tally] = {}

    def sending(self, subject: str, headers: dict[str, str]) -> AbstractContextManager[object]:
        return _Watch(_tally(self._sent, subject))

    def handling(self, subject: str, headers: Mapping[str, str]) -> AbstractContextManager[object]:
        return _Watch(_tally(self._handled, subject))

    def read(self) -> list[Traffic]:
        """All there was since the start, by family.

        What is stored is timed until the stream has it; what is only sent, until it is handed over.
        """
        ways: tuple[tuple[Way, dict[str, Tally]], ...] = (
            ("sent", self._sent),
            ("handled", self._handled),
        )
        return [
            Traffic(
                way=way,
                family=name,
                count=one.count,
                failed=one.failed,
                p50=one.within(0.5),
                p99=one.within(0.99),
            )
            for way, tallies in ways
            for name, one in tallies.items()
        ]


def _tally(tallies: dict[str, Tally], subject: str) -> Tally:
    name = family(subject)
    if name not in tallies and len(tallies) >= MOST_FAMILIES:
        name = OTHER
    return tallies.setdefault(name, Tally())


class _Watch:
    """Times one message."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def __enter__(self) -> None:
        self._began = perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        took = perf_counter() - self._began
        self._tally.count += 1
        self._tally.failed += problem is not None
        self._tally.seconds[bisect_left(BOUNDS, took)] += 1
