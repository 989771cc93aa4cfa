"""A room's queue without a platform: asked, started and ended by hand."""

from datetime import datetime, timedelta

from rosey.contracts.media import FoundMedia, LookedUp
from rosey.durable import Order
from rosey.events import ConnectionEvent, Media, MediaEvent, Outcome, User, UserEvent
from tests.workflows.playlist.platform import CHANNEL, ROSEY, START
from workflows.playlist import heard, moves, people, player
from workflows.playlist.models import Room, Settings

EVERYBODY = ("alice", "bob", "carol", "dave")


class Desk:
    """A room, the time there, and what came of it."""

    def __init__(self, users: tuple[str, ...] = EVERYBODY, **options: object) -> None:
        settings = Settings.model_validate(options)
        self.room = Room(channel=CHANNEL, era="era", settings=settings, loaded=True)
        self.now = START
        self.uids = 0
        self.orders = 0
        self.said: list[str] = []
        self.events: list[tuple[str, dict[str, object]]] = []
        everybody = [User(name=name, rank=1) for name in (ROSEY, *users)]
        up = ConnectionEvent(id="u-1", channel=CHANNEL, at=START, name=ROSEY, users=everybody)
        self.hear("on_connection_up", up)

    # -- orders ----------------------------------------------------------------------------

    def order(self, action: str, user: str = "alice", text: str = "", rank: float = 1) -> Order:
        self.orders += 1
        return Order(
            id=f"c-{self.orders}",
            action=action,
            user=user,
            rank=rank,
            text=text,
            sent_at=self.now,
        )

    def ask(self, action: str, user: str = "alice", text: str = "", rank: float = 1) -> str:
        """What is said to an order that needs no look-up."""
        order = self.order(action, user, text, rank)
        if action in moves.AT_ONCE:
            return self.note(moves.AT_ONCE[action](self.room, order))
        return self.note(moves.vote(self.room, order, self.now))

    def add(
        self,
        user: str,
        media: str,
        seconds: float = 60,
        rank: float = 1,
        next: bool = False,
        type: str = "yt",
        problem: str = "",
    ) -> str:
        """Somebody asks for something, it is looked up, and this is the answer."""
        text = f"{media} next" if next else media
        answer = self.note(moves.add(self.room, self.order("add", user, text, rank), self.now))
        if answer:
            return answer
        request = self.room.requests[-1]
        media_found = FoundMedia(type=type, id=media, title=media, seconds=seconds)
        found = LookedUp(problem=problem) if problem else LookedUp(media=media_found)
        return self.note(moves.looked_up(self.room, request, found, self.now))

    # -- what happens ----------------------------------------------------------------------

    def start(self) -> None:
        """The first that does not wait aside starts, and ends what was on."""
        entry = next(each for each in self.room.queue if not each.parked)
        self.uids += 1
        entry.uid = self.uids
        media = Media(type=entry.type, id=entry.media_id, title=entry.title, seconds=entry.seconds)
        event = MediaEvent(id="v", channel=CHANNEL, at=self.now, uid=entry.uid, media=media)
        self.hear("on_media_change", event)

    def end(self) -> None:
        """Nothing is on any more."""
        self.note(*player.finish(self.room, self.now))

    def user(self, what: str, name: str, afk: bool = False) -> None:
        """`join`, `update` or `leave`."""
        event = UserEvent(
            id="j", channel=CHANNEL, at=self.now, user=User(name=name, rank=1, afk=afk)
        )
        self.hear(f"on_user_{what}", event)

    def later(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        people.park(self.room, self.now)
        return self.now

    # -- what came of it -------------------------------------------------------------------

    def hear(self, action: str, event: ConnectionEvent | MediaEvent | UserEvent) -> None:
        told = heard.heard(self.room, action, event.model_dump(mode="json"), self.now)
        self.note(*told)

    def note(self, *outcomes: Outcome) -> str:
        """Keeps what was said and what happened; returns the lines."""
        lines = [line for outcome in outcomes for line in outcome.say]
        self.said += lines
        self.events += [(each.name, each.data) for outcome in outcomes for each in outcome.events]
        return "\n".join(lines)

    @property
    def queue(self) -> list[str]:
        return [entry.media_id for entry in self.room.queue]

    def happened(self, name: str) -> list[dict[str, object]]:
        return [data for event, data in self.events if event == name]
