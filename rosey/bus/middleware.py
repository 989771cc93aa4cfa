"""What is done around every message that leaves and every handler at work: counting, tracing."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from itertools import accumulate
from time import perf_counter
from types import TracebackType
from typing import Protocol, TypeVar

from rosey.events import Traffic, Way

# Upper ends in seconds; what takes longer than the last is counted behind it.
BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MOST_FAMILIES = 200
OTHER = "other"
Given = TypeVar("Given")


class Middleware(Protocol):
    """Both are entered for each message, in the order of the list, and must not wait."""

    def sending(self, subject: str, headers: dict[str, str]) -> AbstractContextManager[object]:
        """Around a message on its way out, until it is stored; it may add to the headers."""

    def handling(self, subject: str, headers: Mapping[str, str]) -> AbstractContextManager[object]:
        """Around the work of one handler on one message."""


def around_sending(
    middlewares: Sequence[Middleware], subject: str, headers: dict[str, str] | None
) -> AbstractContextManager[dict[str, str]]:
    """Gives the headers to send, a copy of those given."""
    own = dict(headers or {})
    return _Around([each.sending(subject, own) for each in middlewares], own)


def around_handling(
    middlewares: Sequence[Middleware], subject: str, headers: Mapping[str, str]
) -> AbstractContextManager[object]:
    if len(middlewares) == 1:
        return middlewares[0].handling(subject, headers)
    return _Around([each.handling(subject, headers) for each in middlewares], None)


class _Around(AbstractContextManager[Given]):
    """Several contexts as one. Written out because it stands around every message."""

    __slots__ = ("_given", "_parts", "_stack")

    def __init__(self, parts: Sequence[AbstractContextManager[object]], given: Given) -> None:
        self._parts = parts
        self._given = given
        self._stack: ExitStack | None = None

    def __enter__(self) -> Given:
        if len(self._parts) == 1:  # a stack takes as long as all the rest
            self._parts[0].__enter__()
            return self._given
        with ExitStack() as stack:
            for each in self._parts:
                stack.enter_context(each)
            self._stack = stack.pop_all()
        return self._given

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        end = self._parts[0] if self._stack is None else self._stack
        return end.__exit__(kind, problem, trace)


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
    known = tallies.get(name)
    if known is not None:
        return known
    if len(tallies) >= MOST_FAMILIES:
        name = OTHER
    return tallies.setdefault(name, Tally())


class _Watch:
    """Times one message."""

    __slots__ = ("_began", "_tally")

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
