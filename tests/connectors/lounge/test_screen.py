"""What a room watches, on a house without sockets and with a clock moved by hand."""

import pytest

from connectors.lounge.house import House
from tests.connectors.lounge.films import CHANGE, add, names, playing, since
from tests.connectors.lounge.hand_clock import HandClock
from tests.connectors.lounge.people import enter, house


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def home(clock: HandClock) -> House:
    return house(clock)


async def test_the_first_item_starts_at_once(home: House) -> None:
    owner, alice = enter(home, "owner"), enter(home, "alice")
    frames = add(owner, "one")
    assert names(frames) == ["queue", "setPlaylistMeta", *CHANGE]
    assert alice.frames[-1] == ("drinkCount", 0)
    assert frames[0][1]["after"] == "prepend"
    assert frames[0][1]["item"]["queueby"] == "owner"
    assert (frames[3][1]["currentTime"], frames[3][1]["paused"]) == (-3, True)
    assert names(add(owner, "two")) == ["queue", "setPlaylistMeta"]
    assert owner.got("queue")[-1]["after"] == 0


async def test_a_temporary_item_ends_and_then_nothing_plays(home: House, clock: HandClock) -> None:
    owner = enter(home, "owner")
    add(owner, "one", 7, temp=True)
    frames = since(owner, lambda: clock.advance(12))
    assert names(frames) == ["mediaUpdate", "mediaUpdate", "delete", "setPlaylistMeta"]
    assert [frame[1]["currentTime"] for frame in frames[:2]] == [0, 5]
    assert frames[-1][1]["count"] == 0
    assert names(since(owner, lambda: clock.advance(600))) == []
    assert owner.emit("playNext") == owner.emit("voteskip") == owner.emit("playerReady") == []
    assert names(add(owner, "two"))[-3:] == CHANGE


async def test_permanent_items_take_turns(home: House, clock: HandClock) -> None:
    owner = enter(home, "owner")
    add(owner, "one", 3)
    add(owner, "two", 3)
    shown = []
    for _ in range(3):
        clock.advance(8)
        shown.append(playing(owner))
    assert shown == ["two", "one", "two"]


async def test_who_comes_late_sees_where_it_is(home: House, clock: HandClock) -> None:
    owner = enter(home, "owner")
    add(owner, "one")
    clock.advance(13)
    late = enter(home)
    [shown] = late.got("changeMedia")
    assert (shown["currentTime"], shown["paused"]) == (10, False)
    entry = names(late.frames)
    assert entry[-4:] == ["playlist", "setCurrent", "setCurrent", "changeMedia"]
    clock.advance(1)
    assert names(late.emit("playerReady")) == ["setCurrent", "changeMedia"]
    assert late.got("changeMedia")[-1]["currentTime"] == 11
    assert names(late.emit("requestPlaylist")) == ["setPlaylistMeta", "playlist", "setCurrent"]
    refused = late.emit("requestPlaylist")
    assert refused[0][1]["code"] == "REQ_PLAYLIST_LIMIT_REACHED"
    clock.advance(60)
    assert "playlist" in names(late.emit("requestPlaylist"))


async def test_a_shuffle_goes_on_where_it_was(home: House, clock: HandClock) -> None:
    owner = enter(home, "owner")
    for name in ("one", "two", "three"):
        add(owner, name)
    clock.advance(23)
    frames = owner.emit("shufflePlaylist")
    assert names(frames) == ["playlist", *CHANGE]
    assert [item["uid"] for item in frames[0][1]] == [3, 4, 5]
    assert frames[0][1][0]["media"]["title"] == "one"
    assert (frames[2][1]["currentTime"], frames[2][1]["paused"]) == (20, False)
    assert names(since(owner, lambda: clock.advance(42))) == [*["mediaUpdate"] * 8, *CHANGE]


async def test_deleting_what_plays_starts_the_next(home: House) -> None:
    owner = enter(home, "owner")
    for name in ("one", "two"):
        add(owner, name)
    assert names(owner.emit("delete", 0)) == ["delete", "setPlaylistMeta", *CHANGE]
    assert playing(owner) == "two"
    assert names(owner.emit("delete", 1)) == ["delete", "setPlaylistMeta"]
    for wrong in (1, "1", None, True, {"uid": 1}, 0.5):
        assert owner.emit("delete", wrong) == owner.emit("jumpTo", wrong) == []


async def test_jumping_away_from_a_temporary_item_deletes_it(home: House) -> None:
    owner = enter(home, "owner")
    add(owner, "one", temp=True)
    add(owner, "two", temp=True)
    assert names(owner.emit("jumpTo", 1)) == ["delete", "setPlaylistMeta", *CHANGE]
    assert owner.got("delete") == [{"uid": 0}]
    assert names(owner.emit("jumpTo", 1)) == CHANGE
    assert names(owner.emit("playNext")) == ["delete", "setPlaylistMeta"]


async def test_a_cleared_list_plays_nothing(home: House, clock: HandClock) -> None:
    owner = enter(home, "owner")
    add(owner, "one")
    assert names(owner.emit("clearPlaylist")) == ["playlist", "setPlaylistMeta"]
    assert names(since(owner, lambda: clock.advance(200))) == []


async def test_live_items_have_no_clock(home: House, clock: HandClock) -> None:
    owner = enter(home, "owner")
    add(owner, "live", 0)
    shown = owner.got("changeMedia")[-1]
    assert (shown["currentTime"], shown["paused"]) == (0, False)
    assert names(since(owner, lambda: clock.advance(9999))) == []


async def test_only_viewers_see_the_list(home: House) -> None:
    owner, alice = enter(home, "owner"), enter(home, "alice")
    owner.emit("setPermissions", {"seeplaylist": 2})
    frames = since(alice, lambda: add(owner, "one"))
    assert names(frames) == ["setPlaylistMeta", "setCurrent", "changeMedia"]
    frames = since(alice, lambda: owner.emit("setTemp", {"uid": 0, "temp": True}))
    assert names(frames) == ["setTemp"]
    frames = since(alice, lambda: owner.emit("clearPlaylist"))
    assert names(frames) == ["setPlaylistMeta"]


async def test_an_unlocked_list_opens_what_begins_with_o(home: House) -> None:
    moderator, alice = enter(home, "moderator"), enter(home, "alice")
    video = {"id": "dQw4w9WgXcQ", "type": "yt", "pos": "end", "temp": False}
    assert alice.emit("queue", video) == alice.emit("togglePlaylistLock") == []
    moderator.emit("togglePlaylistLock")
    assert alice.got("setPlaylistLocked") == [True, False]
    assert names(alice.emit("queue", video))[0] == "queue"
    assert alice.got("queue")[0]["item"]["temp"] is True
    assert alice.emit("queue", video | {"pos": "next"}) == []
    assert alice.emit("queue", video | {"pos": "first"}) == []
    assert alice.emit("queue", video | {"id": False}) == alice.emit("queue", video | {"id": ""})
    assert alice.emit("clearPlaylist") == alice.emit("playNext") == alice.emit("delete", 0) == []
    assert "raw video files" in add(alice, "one")[0][1]["msg"]


async def test_refusals_are_escaped_and_bring_the_link(home: House) -> None:
    owner = enter(home, "owner")
    [(event, told)] = owner.emit("queue", {"id": "<b>", "type": "cm", "pos": "end"})
    assert event == "queueFail"
    assert told == {"msg": "Invalid URL &quot;&lt;b&gt;&quot;", "link": "<b>", "id": "<b>"}
    add(owner, "one")
    assert add(owner, "one")[0][1]["msg"] == "This item is already on the playlist"
    assert add(owner, "one", pos="next")[0][1]["msg"] == "This item is already on the playlist"


async def test_adding_a_double_next_moves_it(home: House) -> None:
    owner = enter(home, "owner")
    for name in ("one", "two", "three"):
        add(owner, name, temp=name == "three")
    frames = add(owner, "three", pos="next")
    assert names(frames) == ["delete", "setPlaylistMeta", "queue", "setPlaylistMeta"]
    assert (frames[2][1]["after"], frames[2][1]["item"]["temp"]) == (0, True)
    owner.emit("setOptions", {"allow_dupes": True})
    assert names(add(owner, "one")) == ["queue", "setPlaylistMeta"]


async def test_limits_of_the_room(home: House, clock: HandClock) -> None:
    owner, alice = enter(home, "owner"), enter(home, "alice")
    owner.emit("togglePlaylistLock")
    owner.emit("setPermissions", {"playlistaddrawfile": 0})
    limits = {"maxlength": 60, "playlist_max_per_user": 2, "playlist_max_duration_per_user": 90}
    owner.emit("setOptions", limits)
    assert "maximum length" in add(alice, "long", 61)[0][1]["msg"]
    assert names(add(alice, "one", 60))[0] == "queue"
    assert "total playlist time" in add(alice, "two", 31)[0][1]["msg"]
    clock.advance(9)
    assert names(add(alice, "two", 30))[0] == "queue"
    assert "number of videos" in add(alice, "three", 1)[0][1]["msg"]
    assert [names(add(alice, f"x{number}"))[0] for number in range(3)] == ["queueFail"] * 3
    assert "too quickly" in alice.got("queueFail")[-1]["msg"]
    assert names(add(owner, "long", 999))[0] == "queue"


async def test_a_full_list(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.lounge.queueing.MOST", 1)
    owner = enter(home, "owner")
    add(owner, "one")
    assert add(owner, "two")[0][1]["msg"] == "Playlist limit reached (1)"


async def test_moves_that_lead_nowhere_are_silent(home: House) -> None:
    owner = enter(home, "owner")
    add(owner, "one")
    add(owner, "two")
    for wrong in ({"from": 0, "after": 0}, {"from": 9, "after": 0}, {"from": 0, "after": "x"}):
        assert owner.emit("moveMedia", wrong) == []
    [(event, told)] = owner.emit("moveMedia", {"from": 0.0, "after": 1.0})
    assert (event, told) == ("moveVideo", {"from": 0, "after": 1})
    assert isinstance(told["after"], int)


# votes


async def test_a_vote_passes_when_enough_have_gone_away(home: House) -> None:
    owner = enter(home, "owner", address="10.0.0.1")
    alice = enter(home, "alice", address="10.0.0.2")
    bob = enter(home, "bob", address="10.0.0.3")
    add(owner, "one")
    add(owner, "two")
    bob.emit("voteskip")
    assert owner.got("voteskip")[-1] == {"count": 1, "need": 2}
    assert not bob.got("voteskip")
    alice.say("/afk")
    assert playing(owner) == "two"
    line = owner.got("chatMsg")[-1]
    assert (line["username"], line["msg"][:26]) == ("[voteskip]", "Voteskip passed: 1/2 skipp")
    assert owner.got("voteskip")[-1] == {"count": 0, "need": 0}
    assert enter(home, "late").lines() == []


async def test_votes_behind_one_address_are_one(home: House) -> None:
    owner = enter(home, "owner", address="10.0.0.1")
    people = [enter(home, name, address="10.0.0.2") for name in ("alice", "bob", "carol")]
    add(owner, "one")
    for person in people:
        person.emit("voteskip")
    assert owner.got("voteskip")[-1] == {"count": 1, "need": 2}
    home.leave(people[0].session)
    assert owner.got("voteskip")[-1] == {"count": 0, "need": 2}
    owner.emit("setOptions", {"allow_voteskip": False})
    assert names(since(owner, lambda: people[1].emit("voteskip"))) == []


async def test_voting_is_a_sign_of_life(home: House) -> None:
    owner, alice = enter(home, "owner"), enter(home, "alice", address="10.0.0.2")
    add(owner, "one")
    alice.say("/afk")
    assert alice.frames[-1] == ("setAFK", {"name": "alice", "afk": True})
    alice.emit("voteskip")
    assert {"name": "alice", "afk": False} in alice.got("setAFK")
    owner.emit("setPermissions", {"voteskip": 3})
    assert alice.emit("voteskip") == []


# the leader


async def test_a_leader_has_the_clock(home: House, clock: HandClock) -> None:
    owner, alice = enter(home, "owner"), enter(home, "alice")
    add(owner, "one", 60)
    add(owner, "two", 60)
    clock.advance(5)
    frames = since(alice, lambda: owner.emit("assignLeader", {"name": "alice"}))
    assert [event for event, _ in frames] == ["rank", "setLeader", "setUserRank"]
    assert names(since(owner, lambda: clock.advance(500))) == []
    update = {"id": "https://x.org/one", "currentTime": 40.5, "paused": True}
    assert alice.emit("mediaUpdate", update) == [
        ("mediaUpdate", {"currentTime": 40.5, "paused": True})
    ]
    assert alice.emit("mediaUpdate", update | {"id": "other"}) == []
    assert owner.emit("mediaUpdate", update) == []
    assert names(alice.emit("playNext")) == CHANGE
    shown = alice.got("changeMedia")[-1]
    assert (shown["currentTime"], shown["paused"]) == (0, False)
    frames = since(alice, lambda: owner.emit("assignLeader", {"name": ""}))
    assert [event for event, _ in frames] == ["rank", "setUserRank", "setLeader", "mediaUpdate"]
    assert alice.session.rank == 1
    assert owner.emit("assignLeader", {"name": ""}) == []
    assert names(since(owner, lambda: clock.advance(5))) == ["mediaUpdate"]


async def test_a_leader_of_rank_is_not_lifted_and_can_be_replaced(home: House) -> None:
    owner, alice = enter(home, "owner"), enter(home, "alice")
    assert [event for event, _ in owner.emit("assignLeader", {"name": "owner"})] == ["setLeader"]
    owner.emit("assignLeader", {"name": "alice"})
    assert alice.got("setLeader") == ["owner", "", "alice"]
    assert "could not find" in owner.emit("assignLeader", {"name": "ALICE"})[0][1]["msg"]
    bob = enter(home, "bob")
    bob.emit("assignLeader", {"name": "bob"})
    assert bob.closed
    home.leave(alice.session)
    assert owner.got("setLeader")[-1] == ""


async def test_live_items_are_not_led(home: House) -> None:
    owner = enter(home, "owner")
    add(owner, "live", 0)
    owner.emit("assignLeader", {"name": "owner"})
    update = {"id": "https://x.org/live", "currentTime": 5}
    assert owner.emit("mediaUpdate", update) == []
    assert names(owner.emit("assignLeader", {"name": ""})) == ["setLeader"]
