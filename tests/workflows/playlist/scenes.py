"""How a queue and a platform's list are made and looked at in tests."""

from rosey.contracts.media import FoundMedia, LookedUp
from rosey.durable import Order
from rosey.events import User, UserEvent
from tests.workflows.playlist.platform import CHANNEL, FakeList
from workflows.playlist import moves
from workflows.playlist.models import Room, Settings


def made(**options: object) -> FakeList:
    given = Settings.model_validate(
        {"max_items_per_user": 100, "max_duration_per_user": 0} | options
    )
    return FakeList(Room(channel=CHANNEL, era="era", settings=given, loaded=True))


def add(there: FakeList, user: str, media: str, next: bool = False, rank: float = 3) -> None:
    order = Order(
        id=f"c-{user}-{media}",
        action="add",
        user=user,
        rank=rank,
        text=f"{media}{' next' if next else ''}",
        sent_at=there.now,
    )
    there.note(moves.add(there.room, order, there.now))
    [request] = there.room.requests
    found = LookedUp(media=FoundMedia(type="yt", id=media, title=media, seconds=60))
    there.note(moves.looked_up(there.room, request, found, there.now))


def agreed(there: FakeList) -> None:
    """What stands after what plays is what comes next, and everything is there once."""
    room = there.room
    assert [item.uid for item in there.items] == room.platform.uids
    on = next((n for n, item in enumerate(there.items) if item.uid == there.current), -1)
    upcoming = there.items[on + 1 :] + there.items[: max(on, 0)]
    after = [item.media.id for item in upcoming if item.temp]
    on_list = [entry.media_id for entry in room.queue if entry.uid is not None]
    assert after == on_list
    here = [entry for entry in room.queue if not entry.parked]
    assert all(entry.uid is not None for entry in here[: room.settings.ahead])
    assert not any(entry.uid is not None for entry in room.queue if entry.parked)
    assert there.current is not None or not here, "nothing idles while something may play"
    uids = [entry.uid for entry in room.queue if entry.uid is not None]
    assert len(uids) == len(set(uids))
    assert not room.pending
    if there.current is not None:
        assert room.playing
        assert room.playing.uid == there.current


def standing(**options: object) -> FakeList:
    """`a1` plays, `b1` and `c1` stand on the list, `d1` waits for its place there."""
    there = made(ahead=2, **options)
    there.join(users=("alice", "bob", "carol", "dave"))
    there.settle()
    for user in ("alice", "bob", "carol", "dave"):
        add(there, user, f"{user[0]}1")
        there.settle()
    assert [item.media.id for item in there.items] == ["a1", "b1", "c1"]
    there.said.clear()
    there.happened.clear()
    return there


def crash(there: FakeList, keep: int, first: bool = False) -> None:
    """The server loses all but the first few, and Rosey perhaps restarts with it."""
    there.restart(keep=keep)
    there.join(first=first)
    there.settle()
    agreed(there)


def waiting(there: FakeList) -> list[str]:
    return [entry.media_id for entry in there.room.queue]


def names(there: FakeList) -> list[str]:
    return [name for name, _ in there.happened]


def playing(there: FakeList) -> str:
    assert there.room.playing
    return there.room.playing.media_id


def heard_of(there: FakeList, what: str, name: str) -> None:
    event = UserEvent(id="j", channel=CHANNEL, at=there.now, user=User(name=name, rank=1))
    there.frames.append((f"on_user_{what}", event))
