"""A room's week on a clock that can be wound forward, with people who come, go and do things.

Everything reaches the workflow by signal: the time-skipping server hangs when a run that took
updates continues as new.
"""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, ClassVar

from temporalio import activity, workflow
from temporalio.testing import WorkflowEnvironment

from rosey.contracts.media import LOOK_UP, FoundMedia, LookedUp, Wanted
from rosey.contracts.playlist import EDIT_PLAYLIST, Edits, PlaylistChange
from rosey.durable import Order
from rosey.events import User, UserEvent, Wire
from rosey.ranks import Rank
from tests.servers import until
from tests.workflows.playlist.platform import CHANNEL, FakeList
from tests.workflows.playlist.theatre import Theatre
from workflows.playlist import reports
from workflows.playlist.models import PlaylistState, Room
from workflows.playlist.workflow import Playlist

FILM = 5400.0
PEOPLE = ("alice", "bob", "carol", "dave", "erin")
SETTINGS = {"max_duration_per_user": 0, "vote_cooldown": 0}


@workflow.defn(name="Playlist")
class Listening(Playlist):
    """Hears of the room by signal, otherwise as the mailbox delivers it; can be looked into."""

    latest: ClassVar[Playlist]

    @workflow.init
    def __init__(self, given: object = None, *_: object) -> None:
        super().__init__(given)
        Listening.latest = self

    @workflow.signal
    def hear(self, orders: list[Order]) -> None:
        for order in orders:
            self.once(order)

    @workflow.run
    async def run(self, given: object = None, *_: object) -> None:
        await super().run(given)


@dataclass
class Shown:
    """What has been on, as the platform saw it."""

    media: str
    began: datetime
    ended: datetime | None = None

    @property
    def seconds(self) -> float:
        assert self.ended
        return min(FILM, (self.ended - self.began).total_seconds())


class Screen(FakeList):
    """A list that keeps a log of what was on; a restart of it does not turn a film back."""

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self.shown: list[Shown] = []

    def restart(self, keep: int | None = None, saved: bool = False) -> None:
        began = self.began
        super().restart(keep, saved)
        self.began = began

    @property
    def left(self) -> float:
        """Seconds until what is on has come to its end."""
        return max(0.0, FILM - (self.now - self.began).total_seconds())

    def _play(self, uid: int | None) -> None:
        if self.shown and self.shown[-1].ended is None:
            self.shown[-1].ended = self.now
        if uid is not None:
            self.shown.append(Shown(self.items[self._index(uid)].media.id, self.now))
        super()._play(uid)


class Week(Theatre):
    """Films of 90 minutes, and who wants to see them."""

    def __init__(self, clock: WorkflowEnvironment, seed: int) -> None:
        super().__init__(clock)
        self.list: Screen = Screen(Room(channel=CHANNEL))
        self.chance = Random(seed)
        self.here = set(PEOPLE)
        self.one = asyncio.Lock()
        self.films = 0
        self.asked = 0

    @activity.defn(name=LOOK_UP)
    async def look_up(self, wanted: Wanted) -> LookedUp:
        media = FoundMedia(type="yt", id=wanted.text, title=wanted.text, seconds=FILM)
        return LookedUp(media=media)

    @activity.defn(name=EDIT_PLAYLIST)
    async def edit(self, edits: Edits) -> None:
        """Is carried out at once: while an activity is at work no hours pass."""
        await super().edit(edits)
        await self.pass_on()

    async def pass_on(self) -> bool:
        """As the mailbox: whatever there is goes in one batch."""
        async with self.one:
            self.list.now = await self.clock.get_current_time()
            while self.list.edits:
                self.list.carry_out()
            told = [self._told(*frame) for frame in self.list.frames]
            self.list.frames.clear()
            if told:
                await self._signal("hear", told, told[-1].id)
        return bool(told)

    def written(self) -> list[PlaylistChange]:
        """What the database has: a change that comes again is refused there."""
        return list({change.id: change for change in self.changes}.values())

    # -- orders ----------------------------------------------------------------------------

    def _told(self, action: str, event: Wire) -> Order:
        self.seq += 1
        id = f"c-{uuid.uuid4().hex[:24]}"
        return Order(id=id, action=action, seq=self.seq, event=event.model_dump(mode="json"))

    async def _signal(self, name: str, given: object, id: str) -> None:
        """Returns when it has been taken."""
        assert self.handle
        await self.handle.signal(name, given)
        await until(lambda: Listening.latest.kept.find(id) is not None, 30)

    async def state(self) -> PlaylistState:
        return reports.state(Listening.latest.room)

    async def ask(self, action: str, user: str, text: str = "", **fields: Any) -> None:
        """What somebody wants, until it is answered."""
        before = len(self.lines)
        now = await self.clock.get_current_time()
        given = {
            "id": f"m-{uuid.uuid4().hex[:24]}",
            "user": user,
            "rank": Rank.USER,
            "text": text,
            "sent_at": now,
        } | fields
        await self._signal(action, Order.model_validate(given), str(given["id"]))
        await self.until_said(before + 1)

    async def at_rest(self) -> PlaylistState:
        return await self.until(
            lambda state: not state.pending and (self.away or not state.unrecorded)
        )

    # -- what people do --------------------------------------------------------------------

    async def come_and_go(self) -> None:
        name = self.chance.choice(PEOPLE)
        if name in self.here and len(self.here) > 2:
            self.here.remove(name)
            what = "on_user_leave"
        else:
            self.here.add(name)
            what = "on_user_join"
        now = await self.clock.get_current_time()
        event = UserEvent(id="j", channel=CHANNEL, at=now, user=User(name=name, rank=1))
        self.list.frames.append((what, event))

    async def add(self) -> None:
        """A new film, or one that has been asked for before."""
        old = self.films > 20 and self.chance.random() < 0.1
        self.films += not old
        film = f"film-{self.chance.randint(1, self.films) if old else self.films}"
        self.asked += 1
        await self.ask("add", self.chance.choice(sorted(self.here)), film)

    async def take_out(self) -> None:
        queue = Listening.latest.room.queue
        if len(queue) > 2:
            number = self.chance.randrange(len(queue))
            await self.ask("remove", queue[number].added_by, str(number + 1))

    async def skip(self, by_vote: bool) -> None:
        """In the middle of a film, by a moderator or by all who are there."""
        await self.wind(self.chance.uniform(0.2, 0.6) * FILM)
        on = len(self.list.shown)
        if by_vote:
            for name in sorted(self.here)[: (len(self.here) + 1) // 2 + 1]:
                if len(self.list.shown) == on and self.list.current is not None:
                    await self.ask("vote", name)
                    await self.at_rest()
        else:
            await self.ask("skip", "alice", rank=Rank.MODERATOR)
        await self.at_rest()

    # -- time ------------------------------------------------------------------------------

    async def wind(self, seconds: float) -> None:
        await self.clock.sleep(seconds)
        self.list.now = await self.clock.get_current_time()

    async def see(self) -> None:
        """What is on comes to its end."""
        await self.wind(self.list.left)
        self.list.next()
        await self.at_rest()

    async def item(self) -> None:
        """People do this and that, and then what is on ends or is skipped."""
        if self.chance.random() < 0.5:
            await self.come_and_go()
        state = await self.at_rest()
        while state.waiting - state.parked < 2 or self.chance.random() < 0.4:
            await self.add()
            state = await self.at_rest()
        if self.chance.random() < 0.15:
            await self.take_out()
        await self.at_rest()
        if self.list.current is None:
            await self.wind(600)
        elif self.chance.random() < 0.2:
            await self.skip(by_vote=self.chance.random() < 0.5)
        else:
            await self.see()

    async def line_drops(self) -> None:
        """For a minute, in which nothing changes."""
        self.list.leave()
        await self.pass_on()
        await self.wind(60)
        self.list.join(users=tuple(sorted(self.here)))
        await self.at_rest()

    async def server_restarts(self) -> None:
        """With all uids anew, and only two of its items."""
        self.list.restart(keep=2)
        self.list.join(users=tuple(sorted(self.here)))
        await self.at_rest()

    async def database_goes(self) -> None:
        self.away = True

    async def database_comes(self) -> None:
        self.away = False
        await self.at_rest()

    async def live(self, days: float, then: dict[int, Callable[[], Any]]) -> None:
        """`then`: what happens besides, by the number of the item before which it does."""
        end = await self.clock.get_current_time() + timedelta(days=days)
        count = 0
        while await self.clock.get_current_time() < end:
            if count in then:
                await then[count]()
            await self.item()
            count += 1

    async def to_the_end(self) -> None:
        """Everybody comes back, and what waits is seen."""
        while len(self.here) < len(PEOPLE):
            await self.come_and_go()
        await self.at_rest()
        while self.list.current is not None:
            await self.see()
