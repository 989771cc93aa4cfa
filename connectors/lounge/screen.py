"""What a room watches together: its list, the clock, the leader, votes, and how all are told."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from connectors.lounge import voteskip
from connectors.lounge.clock import Clock, Due
from connectors.lounge.media import Media
from connectors.lounge.permissions import EVERYBODY
from connectors.lounge.player import Player, Tick
from connectors.lounge.playlist import Item, Playlist
from connectors.lounge.shelf import KeptList, Shelf
from connectors.lounge.voteskip import Votes

if TYPE_CHECKING:
    from connectors.lounge.room import Room
    from connectors.lounge.session import Session

_SAVE_SOON = 1.0
_SAVE_LATER = 300.0
_VOTER = "[voteskip]"
_CHANCE: random.Random = random.SystemRandom()


class Screen:
    """Every change is told in the order that clients expect (PROTOCOL sections 9, 10 and 12).

    While nobody is in the room the film stands still.
    """

    def __init__(self, room: Room, clock: Clock, shelf: Shelf | None) -> None:
        self.playlist = Playlist(locked=room.registered)
        self.leader: Session | None = None
        self._room = room
        self._clock = clock
        self._shelf = shelf
        self._player = Player()
        self._votes = Votes()
        self._timer: Due | None = None
        self._save_due: Due | None = None
        self._save_at = 0.0
        self._asleep = True
        self._slept_at = 0.0  # the position that goes on when somebody comes
        kept = shelf.get(room.key) if shelf else None
        if kept:
            self.playlist.load(kept.unpacked(), kept.current, kept.locked)
            self._slept_at = kept.position

    # who may see it

    def send_list(self, session: Session) -> None:
        session.send("setPlaylistMeta", self.playlist.meta())
        if self._room.may(session, "seeplaylist"):
            session.send("playlist", self._items())
            if self.playlist.current:
                session.send("setCurrent", self.playlist.current.uid)

    def send_current(self, session: Session) -> None:
        current = self.playlist.current
        if current:
            session.send("setCurrent", current.uid)
            session.send("changeMedia", self._playing(current, self._clock.time()))

    def _items(self) -> list[dict[str, Any]]:
        return [item.frame() for item in self.playlist.items]

    def _playing(self, item: Item, now: float) -> dict[str, Any]:
        return item.media.frame() | self._place(now)

    def _place(self, now: float) -> dict[str, Any]:
        return {"currentTime": self._player.at(now), "paused": self._player.paused}

    def _tell_viewers(self, event: str, payload: Any) -> None:
        room = self._room
        viewers = [member for member in room.members if room.may(member, "seeplaylist")]
        room.broadcast(event, payload, to=viewers)

    def _tell_meta(self) -> None:
        self._room.broadcast("setPlaylistMeta", self.playlist.meta())

    # the list

    def add(self, media: Media, temp: bool, by: str, *, following: bool = False) -> None:
        """The first item of a list that does not play starts at once."""
        item = self.playlist.add(media, temp, by, following=following)
        told = {"item": item.frame(), "after": self.playlist.before(item)}
        self._tell_viewers("queue", told)
        self._tell_meta()
        if self.playlist.current is None:
            self.playlist.current = item
            self._start()
        self._save_in(_SAVE_SOON)

    def delete(self, item: Item) -> None:
        was_current = item is self.playlist.current
        self.playlist.remove(item)
        self._tell_gone(item)
        if was_current:
            self._start()
        self._save_in(_SAVE_SOON)

    def move(self, item: Item, after: float | str) -> None:
        if self.playlist.move(item, after):
            place = after if isinstance(after, str) else int(after)
            self._room.broadcast("moveVideo", {"from": item.uid, "after": place})
            self._save_in(_SAVE_SOON)

    def set_temp(self, item: Item, temp: bool) -> None:
        item.temp = temp
        self._room.broadcast("setTemp", {"uid": item.uid, "temp": temp})
        self._save_in(_SAVE_SOON)

    def shuffle(self) -> None:
        """What plays goes on where it was."""
        position = max(0.0, self._player.at(self._clock.time()))
        self.playlist.shuffle(_CHANCE)
        self._tell_viewers("playlist", self._items())
        self._start(position)
        self._save_in(_SAVE_SOON)

    def clear(self) -> None:
        self.playlist.clear()
        self._tell_viewers("playlist", [])
        self._tell_meta()
        self._start()
        self._save_in(_SAVE_SOON)

    def toggle_lock(self) -> None:
        self.playlist.locked = not self.playlist.locked
        self._room.broadcast("setPlaylistLocked", self.playlist.locked)
        self._save_in(_SAVE_SOON)

    def _tell_gone(self, item: Item) -> None:
        self._tell_viewers("delete", {"uid": item.uid})
        self._tell_meta()

    # what plays

    def play_next(self) -> None:
        self._went_on(self.playlist.skip())

    def jump(self, item: Item) -> None:
        self._went_on(self.playlist.jump(item))

    def _went_on(self, gone: Item | None) -> None:
        if gone:
            self._tell_gone(gone)
        self._start()
        self._save_in(_SAVE_SOON)

    def _start(self, position: float = 0.0) -> None:
        """The current item begins, or nothing plays any more."""
        current = self.playlist.current
        if current is None:
            self._player.stop()
            self._wind()
            return
        led, now = self.leader is not None, self._clock.time()
        self._player.start(current.media.seconds, now, position=position, led=led)
        self._room.broadcast("setCurrent", current.uid)
        self._room.broadcast("changeMedia", self._playing(current, now))
        self._room.drinks = 0
        self._room.broadcast("drinkCount", 0)
        self._votes.clear()
        self._tell_tally()
        self._wind()

    def _wind(self) -> None:
        if self._timer:
            self._timer.cancel()
        due = None if self._asleep else self._player.due()
        self._timer = None if due is None else self._clock.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = self._clock.time()
        happened = self._player.tick(now)
        if happened is Tick.END:
            self.play_next()
            return
        if happened is Tick.UPDATE:
            self._room.broadcast("mediaUpdate", self._place(now))
        self._wind()

    # the leader

    def lead(self, session: Session | None) -> None:
        """Somebody takes the clock, or with None nobody has it any more."""
        if session is None and self.leader is None:
            return
        if self.leader:
            self._dismiss()
            self._room.broadcast("setLeader", "")
        self.leader = session
        if session:
            self._player.hold(self._clock.time())
            self._wind()
            rank = session.rank
            session.leads = True
            if session.rank != rank:
                session.send("rank", session.rank)
            self._room.broadcast("setLeader", session.name)
            if session.rank != rank:
                self._tell_rank(session)
        else:
            self._go_on()

    def _dismiss(self) -> None:
        leader = self.leader
        assert leader
        rank, leader.leads = leader.rank, False
        if leader.inside and leader.rank != rank:
            leader.send("rank", leader.rank)
            self._tell_rank(leader)

    def _tell_rank(self, session: Session) -> None:
        self._room.broadcast("setUserRank", {"name": session.name, "rank": session.rank})

    def _go_on(self) -> None:
        current = self.playlist.current
        if current and current.media.seconds:
            now = self._clock.time()
            self._player.go_on(now)
            self._room.broadcast("mediaUpdate", self._place(now))
        self._wind()

    def report(self, position: float, paused: bool) -> None:
        """The leader says where it is."""
        self._player.report(position, paused)
        self._room.broadcast("mediaUpdate", {"currentTime": position, "paused": paused})

    # votes

    def vote(self, session: Session) -> None:
        if self._votes.cast(session.address):
            self._room.set_afk(session, False)
            self.count_votes()

    def take_back(self, session: Session) -> None:
        """Somebody went away: the vote of the address is gone."""
        self._votes.withdraw(session.address)
        self.count_votes()

    def count_votes(self) -> None:
        """Told or carried out, once there was a vote since the item began."""
        room = self._room
        if not (self._votes.begun and self.playlist.items and room.options["allow_voteskip"]):
            return
        voters, ratio = self._voters(), room.options["voteskip_ratio"]
        if not self._votes.passed(voters, ratio):
            self._tell_tally()
            return
        room.whisper(self._votes.result(voters, ratio), least=EVERYBODY, by=_VOTER)
        self._votes.clear()
        self._tell_tally()
        self.play_next()

    def _tell_tally(self) -> None:
        room = self._room
        tally = self._votes.tally(self._voters(), room.options["voteskip_ratio"])
        viewers = [member for member in room.members if room.may(member, "viewvoteskip")]
        room.broadcast("voteskip", tally, to=viewers)

    def _voters(self) -> voteskip.Voters:
        room = self._room
        return voteskip.count((room.may(who, "voteskip"), who.afk) for who in room.members)

    # coming and going

    def wake(self) -> None:
        """The first is about to come in."""
        if not self._asleep:
            return
        self._asleep = False
        current = self.playlist.current
        if current:
            now = self._clock.time()
            self._player.start(current.media.seconds, now, position=self._slept_at)
        self._wind()
        self._save_in(_SAVE_LATER)

    def left(self, session: Session) -> None:
        """After somebody left the room."""
        if session is self.leader:
            self.lead(None)
        self.take_back(session)
        if not self._room.members:
            self._sleep()

    def _sleep(self) -> None:
        self._slept_at = self._position()
        self._asleep = True
        self._votes.clear()
        self.playlist.count_afresh()
        self.close()

    def close(self) -> None:
        """Keep the list and end the clock."""
        if self._timer:
            self._timer.cancel()
        if self._save_due:
            self._save_due.cancel()
        self._timer = self._save_due = None
        self._save()

    # what is kept

    def _position(self) -> float:
        """The lead-in is not kept."""
        return self._slept_at if self._asleep else max(0.0, self._player.at(self._clock.time()))

    def _save_in(self, seconds: float) -> None:
        """Soon after a change, and now and then because the position moves."""
        if self._shelf is None:
            return
        when = self._clock.time() + seconds
        if self._save_due and self._save_at <= when:
            return
        if self._save_due:
            self._save_due.cancel()
        self._save_at = when
        self._save_due = self._clock.call_at(when, self._save_again)

    def _save_again(self) -> None:
        self._save()
        self._save_due = None
        self._save_in(_SAVE_LATER)

    def _save(self) -> None:
        if self._shelf:
            self._shelf.put(self._room.key, KeptList.of(self.playlist, self._position()))
