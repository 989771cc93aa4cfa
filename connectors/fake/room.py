"""A fake: a room in memory whose people, troubles and clock are in a test's hands."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

from connectors.fake.playlist import FakePlaylist
from rosey.contracts.playlist import Edit
from rosey.events import PlaylistItem, User
from rosey.platform import PlatformError, Refusal, Verdict

BACKLOG = 15


@dataclass(frozen=True, slots=True)
class Frame:
    """What the room tells a seat: `line`, `pm`, `join`, `leave`, `update`, `refused`, or what
    becomes of its playlist.
    """

    name: str
    payload: dict[str, Any]


@dataclass(eq=False, slots=True)
class Seat:
    """One session in the room; a PlatformError among its arrivals is its end.

    An event among them is set when all before it has been read.
    """

    name: str
    started: int
    open: bool = True
    arrivals: asyncio.Queue[Frame | asyncio.Event | PlatformError] = field(
        default_factory=asyncio.Queue
    )
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, event: asyncio.Event) -> None:
        """Raises ConnectionError when the session ends before."""
        waits = [asyncio.ensure_future(each.wait()) for each in (event, self.gone)]
        try:
            await asyncio.wait(waits, return_when="FIRST_COMPLETED")
        finally:
            for wait in waits:
                wait.cancel()
        if not event.is_set():
            raise ConnectionError("The connection to the fake room was lost.")

    async def read(self) -> None:
        """Waits until all that has been told so far was read. Raises ConnectionError."""
        mark = asyncio.Event()
        self.arrivals.put_nowait(mark)
        await self.until(mark)


class FakeRoom:
    """Everything said is shown to every seat at once, unless the test holds it back."""

    _rooms: ClassVar[dict[str, Self]] = {}

    @classmethod
    def named(cls, name: str) -> Self:
        """The room of that name, made when it is first asked for."""
        return cls._rooms.setdefault(name, cls())

    def __init__(self) -> None:
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.people: dict[str, User] = {}
        self.lines: list[dict[str, Any]] = []
        self.whispers: list[dict[str, Any]] = []
        self.closed: PlatformError | None = None
        self.playlist = FakePlaylist(self._tell)
        self._equals: Counter[tuple[Any, ...]] = Counter()
        self._seats: list[Seat] = []
        self._refusals: list[Refusal] = []
        self._held: list[Callable[[], None]] | None = None
        self._slow: asyncio.Event | None = None

    def enter(self, name: str, rank: float = 1.0) -> Seat:
        """A session begins; an older one of the same name ends. Raises what `closed` holds."""
        if self.closed is not None:
            raise self.closed
        self.kick(name, "Duplicate login", Verdict.ELSEWHERE)
        self.join(name, rank)
        seat = Seat(name, self._now())
        self._seats.append(seat)
        seat.arrivals.put_nowait(Frame("list", self.playlist.whole()))
        if self.playlist.playing:
            playing = self.playlist.playing.model_dump()
            seat.arrivals.put_nowait(Frame("media", {"item": playing}))
        return seat

    def exit(self, seat: Seat, end: PlatformError | None = None) -> None:
        """A session ends, with `end` if it was not its own wish."""
        if seat.open:
            seat.open = False
            seat.gone.set()
            self._seats.remove(seat)
            self.leave(seat.name)
            seat.arrivals.put_nowait(end or PlatformError("The fake room was left."))

    def join(self, name: str, rank: float = 1.0) -> None:
        self.people[name.lower()] = User(name=name, rank=rank)
        self._tell("join", {"user": self.people[name.lower()].model_dump()})

    def leave(self, name: str) -> None:
        user = self.people.pop(name.lower(), None)
        if user is not None:
            self._tell("leave", {"user": user.model_dump()})

    def promote(self, name: str, rank: float) -> None:
        user = self.people[name.lower()].model_copy(update={"rank": rank})
        self.people[name.lower()] = user
        self._tell("update", {"user": user.model_dump()})

    def say(self, name: str, text: str) -> None:
        """A line of chat by anybody, to everybody."""
        self._show(lambda: self._tell("line", self._said(name, text)))

    def whisper(self, name: str, to: str, text: str) -> None:
        """A private line, shown to both ends."""
        self._show(lambda: self._tell("pm", self._whispered(name, to, text), only=(name, to)))

    def take(self, seat: Seat, text: str, to: str = "") -> None:
        """What a seat sends: said, or refused when the test wants it so."""
        if self._refusals:
            seat.arrivals.put_nowait(Frame("refused", self._refusals.pop(0).model_dump()))
        elif to and to.lower() not in self.people:
            absent = Refusal(reason=f"{to} is not here.")
            seat.arrivals.put_nowait(Frame("refused", absent.model_dump()))
        elif to:
            self.whisper(seat.name, to, text)
        else:
            self.say(seat.name, text)

    async def edit(self, seat: Seat, edit: Edit) -> PlaylistItem | None:
        """Returns when the seat has been told of it. Raises ConnectionError when it is lost."""
        while self._slow is not None:
            await seat.until(self._slow)
        item = self.playlist.carry_out(edit, seat.name)
        await seat.read()
        return item

    def stall(self) -> None:
        """From now on changes of the playlist wait, as for a slow look-up."""
        self._slow = asyncio.Event()

    def resume(self) -> None:
        """Makes the changes that waited."""
        slow, self._slow = self._slow, None
        if slow:
            slow.set()

    def refuse(self, *refusals: Refusal) -> None:
        """The next lines that seats send are refused, one with each."""
        self._refusals += refusals

    def hold(self) -> None:
        """From now on nothing that is said is shown."""
        self._held = []

    def release(self) -> None:
        """Shows what was held back, in order."""
        held, self._held = self._held or [], None
        for show in held:
            show()

    def drop(self) -> None:
        """Every session is lost."""
        for seat in list(self._seats):
            self.exit(seat, PlatformError("The connection to the fake room was lost."))

    def kick(self, name: str, reason: str, verdict: Verdict = Verdict.RETRY) -> None:
        for seat in [seat for seat in self._seats if seat.name.lower() == name.lower()]:
            self.exit(seat, PlatformError(f"Kicked from the fake room: {reason}", verdict))

    def _show(self, show: Callable[[], None]) -> None:
        if self._held is None:
            show()
        else:
            self._held.append(show)

    def _said(self, name: str, text: str) -> dict[str, Any]:
        line = self._numbered({"user": name, "text": text, "time": self._now()})
        self.lines.append(line)
        return line

    def _whispered(self, name: str, to: str, text: str) -> dict[str, Any]:
        whisper = self._numbered({"user": name, "to": to, "text": text, "time": self._now()})
        self.whispers.append(whisper)
        return whisper

    def _numbered(self, line: dict[str, Any]) -> dict[str, Any]:
        """`n` counts equal lines of one moment."""
        key = tuple(line.values())
        self._equals[key] += 1
        return {**line, "n": self._equals[key] - 1}

    def _tell(self, name: str, payload: dict[str, Any], only: tuple[str, ...] = ()) -> None:
        chosen = {person.lower() for person in only}
        for seat in self._seats:
            if not chosen or seat.name.lower() in chosen:
                seat.arrivals.put_nowait(Frame(name, payload))

    def _now(self) -> int:
        return round(self.clock().timestamp() * 1000)
