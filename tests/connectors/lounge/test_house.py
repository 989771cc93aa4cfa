"""Rules that the captures do not reach, on a house without sockets."""

import asyncio
from typing import Any

import pytest

from connectors.lounge import house as module
from connectors.lounge.house import House
from tests.connectors.lounge.people import Person, enter, house


@pytest.fixture
async def home() -> House:
    return house()


async def test_names_in_a_whisper_cannot_carry_markup(home: House) -> None:
    moderator, owner = enter(home, "moderator"), enter(home, "owner")
    assert moderator.say("/ban <img> x")[-1][0] == "errorMsg"
    moderator.say("/mute <b>")
    moderator.say("/unmute <b>")
    owner.emit("setChannelRank", {"name": "<i>", "rank": 2})
    assert not any("<" in text for text in owner.whispers() + moderator.whispers())


@pytest.mark.parametrize(
    ("who", "payload", "told"),
    [
        ("owner", {"name": "x" * 25, "rank": 2}, None),
        ("owner", {"name": "two words", "rank": 2}, "Invalid target name"),
        ("owner", {"name": "alice", "rank": 2.5}, "You can't promote someone"),
        ("owner", {"name": "alice", "rank": 0}, "You can't promote someone"),
        ("admin3", {"name": "moderator", "rank": 3}, "You can't promote someone"),
        ("admin3", {"name": "second", "rank": 2}, "equal or higher rank"),
        ("second", {"name": "alice", "rank": 4}, None),
        ("second", {"name": "owner", "rank": 4}, "equal or higher rank"),
    ],
)
async def test_rank_changes(home: House, who: str, payload: Any, told: str | None) -> None:
    answers = dict(enter(home, who).emit("setChannelRank", payload))
    if told is None:
        assert "setUserRank" in answers
    else:
        assert told in answers["channelRankFail"]["msg"]


async def test_a_rank_lasts_and_can_be_taken_away(home: House) -> None:
    owner = enter(home, "owner")
    owner.say("/rank alice 2")
    assert enter(home, "alice").got("rank")[-1] == 2
    owner.emit("setChannelRank", {"name": "alice", "rank": 1})
    owner.emit("requestChannelRanks")
    assert [entry["name"] for entry in owner.got("channelRanks")[-1]] == [
        "admin3",
        "moderator",
        "owner",
        "second",
    ]
    for wrong in ("/rank", "/rank alice", "/rank alice x", "/rank alice ²"):
        assert owner.say(wrong)[-1][0] == "noflood"


async def test_ranks_in_a_room_nobody_registered(home: House) -> None:
    root = enter(home, "root", room="nowhere")
    assert "channelNotRegistered" in dict(root.frames)
    alice = enter(home, "alice", room="nowhere")
    root.emit("setChannelRank", {"name": "alice", "rank": 2})
    assert alice.got("rank")[-1] == 2
    failed = root.emit("setChannelRank", {"name": "bob", "rank": 2})
    assert "unregistered" in failed[0][1]["msg"]
    assert root.emit("requestChannelRanks") == root.emit("requestBanlist") == []
    alice.emit("unban", {"id": 1, "name": "x"})


async def test_an_unregistered_room_is_gone_when_all_have_left(home: House) -> None:
    alice = enter(home, "alice", room="nowhere")
    alice.say("hello")
    assert enter(home, "bob", room="NoWhere").lines() == ["hello"]
    for person in (alice, home.rooms["nowhere"].find("bob")):
        assert person
        home.leave(person.session if isinstance(person, Person) else person)
    assert list(home.rooms) == ["lobby"]
    assert enter(home, "bob", room="nowhere").lines() == []


async def test_bans_by_address(home: House) -> None:
    moderator = enter(home, "moderator", address="10.0.0.9")
    guest = enter(home, "Pest", address="10.0.0.7")
    friend = enter(home, "friend", address="10.0.0.7")
    assert moderator.say("/ipban")[-1][1]["msg"] == "No ban target specified."
    assert moderator.say("/ban")[-1][1]["msg"] == "No ban target specified."
    moderator.say("/banip pest range being rude")
    assert guest.closed
    assert friend.closed
    assert guest.got("kick") == [{"reason": "You're banned!"}]
    for name in ("", "other"):
        again = enter(home, name, address="10.0.0.7")
        assert again.got("kick") == [{"reason": "You are banned from this channel."}]
    moderator.emit("requestBanlist")
    by_address, by_name = moderator.got("banlist")[-1]
    assert by_address["ip"] not in ("10.0.0.7", "*")
    assert by_name["ip"] == "*"
    assert by_name["reason"] == "being rude"
    root = enter(home, "root", address="10.0.0.8")
    root.emit("requestBanlist")
    assert root.got("banlist")[-1][0]["ip"] == "10.0.0.7"
    assert "already banned" in moderator.say("/ipban pest")[-1][1]["msg"]
    moderator.emit("unban", {"id": 99, "name": "pest"})
    moderator.emit("unban", {"id": by_address["id"], "name": "pest"})
    assert enter(home, "fresh", address="10.0.0.7").got("userlist")


async def test_an_address_shared_with_a_higher_rank_is_not_banned(home: House) -> None:
    moderator = enter(home, "moderator", address="10.0.0.9")
    enter(home, "owner", address="10.0.0.7")
    enter(home, "pest", address="10.0.0.7")
    assert "don't have permission" in moderator.say("/ipban pest")[-1][1]["msg"]
    alice = enter(home, "alice", address="10.0.0.6")
    assert "do not have ban" in alice.say("/ipban pest")[-1][1]["msg"]


async def test_a_mute_lasts_over_a_new_connection(home: House) -> None:
    moderator, pest = enter(home, "moderator"), enter(home, "pest")
    moderator.say("/smute pest")
    home.leave(pest.session)
    back, alice = enter(home, "pest"), enter(home, "alice")
    assert moderator.got("addUser")[-2]["meta"]["smuted"] is True
    anonymous, other = enter(home), enter(home, "other")
    moderator.say("/smute other")
    back.say("can you hear me")
    assert back.lines() == anonymous.lines() == other.lines() == ["can you hear me"]
    assert alice.lines() == []
    assert moderator.got("chatMsg")[-1]["meta"] == {"shadow": True}
    assert enter(home, "late").lines() == []
    for wrong in ("/mute", "/smute", "/unmute"):
        assert "requires a target name" in moderator.say(wrong)[-1][1]["msg"]
    home.leave(back.session)
    moderator.say("/unmute pest")
    assert moderator.whispers()[-1] == "moderator unmuted pest"
    assert alice.say("/mute moderator") == alice.say("/unmute other") == []


async def test_drink_calls(home: House) -> None:
    moderator = enter(home, "moderator")
    shown = {
        "/d": " drink!".strip(),
        "/dance": "ance drink!",
        "/d3": "drink! (x3)",
        "/d-1 oh": "oh drink! (x-1)",
    }
    for typed, seen in shown.items():
        moderator.say(typed)
        assert moderator.lines()[-1].strip() == seen
    before = len(moderator.lines())
    moderator.say("/d-2")
    moderator.say("/d99999")
    assert len(moderator.lines()) == before
    assert moderator.got("drinkCount")[-1] == 1 + 1 + 3 - 1 - 2
    alice = enter(home, "alice")
    alice.say("/d cheers")
    assert alice.lines()[-1] == "/d cheers"


async def test_styles_of_speaking(home: House) -> None:
    alice, root = enter(home, "alice"), enter(home, "root")
    alice.say("/me")
    assert alice.lines() == [""]
    assert alice.say("/shout loud") == alice.say("/a x") == []
    root.say("/rcv loud")
    assert root.got("chatMsg")[-1]["meta"]["addClass"] == "shout"
    root.say("/sp secret")
    assert root.got("chatMsg")[-1]["meta"] == {"addClass": "spoiler"}
    root.say("/me /me > nested")
    assert root.got("chatMsg")[-1]["meta"] == {"addClass": "greentext", "action": True}


async def test_flair_must_be_ones_own_rank(home: House) -> None:
    moderator = enter(home, "moderator")
    for flair, kept in ((2, {"modflair": 2}), (True, {}), ("2", {}), ([2], {})):
        moderator.say("x", modflair=flair)
        assert moderator.got("chatMsg")[-1]["meta"] == kept
    moderator.emit("pm", {"to": "moderator", "msg": "x"})
    alice = enter(home, "alice")
    moderator.emit("pm", {"to": "alice", "msg": "> x", "meta": {"modflair": 2}})
    assert alice.got("pm")[-1]["meta"] == {"modflair": 2, "addClass": "greentext"}


async def test_without_the_right_commands_are_swallowed(home: House) -> None:
    alice, bob = enter(home, "alice"), enter(home, "bob")
    for typed in ("/kick bob", "/kickanons", "/clear", "/rank bob 2", "/smute bob"):
        assert alice.say(typed) == []
    assert not bob.closed
    moderator = enter(home, "moderator")
    assert moderator.emit("setOptions", None) == moderator.emit("setPermissions", []) == []


async def test_forbidden_frames_put_their_sender_out(home: House) -> None:
    for event, payload in (
        ("setChannelCSS", {"css": "x"}),
        ("setChannelJS", {"js": "x"}),
        ("readChanLog", None),
    ):
        alice, owner = enter(home, "alice"), enter(home, "owner")
        assert owner.emit(event, payload) == []
        alice.emit(event, payload)
        assert alice.closed


async def test_chat_rights_can_be_raised(home: House) -> None:
    owner, guest = enter(home, "owner"), enter(home, "guest")
    owner.emit("setPermissions", {"chat": 1, "seeplaylist": 2})
    assert guest.say("hello") == []
    assert guest.frames[-1][0] == "setPlaylistMeta"
    assert owner.frames[-1] == ("playlist", [])


async def test_no_anonymous_people(home: House) -> None:
    enter(home, "owner").emit("setOptions", {"block_anonymous_users": True})
    for name, account in (("visitor", False), ("alice", True)):
        person = enter(home)
        assert "blocked anonymous" in person.got("errorMsg")[0]["msg"]
        assert person.say("x") == person.emit("channelPassword", "x") == []
        person.emit("login", {"name": name} | ({"pw": f"{name}-pass"} if account else {}))
        assert name in [user["name"] for user in person.got("userlist")[-1]]


async def test_waiting_outside_while_the_room_closes(home: House) -> None:
    root = enter(home, "root", room="den")
    root.emit("setOptions", {"password": "pw"})
    outside = enter(home, "bob", room="den")
    assert outside.got("needPassword") == [False]
    home.leave(root.session)
    assert "den" not in home.rooms
    outside.emit("channelPassword", "pw")
    assert home.rooms["den"].find("bob")
    assert outside.got("channelOpts")


async def test_login_frames_of_the_wrong_kind(home: House) -> None:
    person = Person(home)
    assert person.emit("login") == [("errorMsg", {"msg": "Invalid login frame"})]
    assert person.emit("login", None) == person.emit("login", ["alice"]) == []
    assert person.emit("login", {"name": ["x"]}) == []
    person.emit("login", {"name": "visitor", "pw": 5})
    assert person.session.name == "visitor"
    for wrong in (None, "lobby", {"name": 5}, {}):
        assert person.emit("joinChannel", wrong) == []


async def test_guest_logins_are_limited_by_address() -> None:
    home = house(guest_login_seconds=60)
    enter(home, "one", address="10.0.0.1")
    second = enter(home, "two", address="10.0.0.1")
    assert "restricted to one" in second.got("login")[0]["error"]
    assert enter(home, "three", address="10.0.0.2").got("login")[0]["success"]


async def test_aliases_are_bounded(home: House) -> None:
    for number in range(9):
        home.leave(enter(home, f"guest{number}").session)
    home.leave(enter(home, "guest8").session)
    moderator = enter(home, "moderator")
    enter(home, "late")
    aliases = moderator.got("addUser")[-1]["meta"]["aliases"]
    assert aliases == ["moderator", "guest8", "guest7", "guest6", "guest5"]


async def test_what_is_remembered_is_bounded(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 5)
    for number in range(9):
        home.leave(enter(home, f"guest{number}", address=f"10.0.0.{number}").session)
    enter(home)
    assert list(home.addresses_of) == [f"guest{number}" for number in range(4, 9)]


async def test_only_fifteen_lines_are_replayed(home: House) -> None:
    alice = enter(home, "alice")
    for number in range(20):
        alice.say(f"line {number}")
    late = enter(home, "late")
    assert late.lines() == [f"line {number}" for number in range(5, 20)]
    names = [event for event, _ in late.frames]
    assert names.index("chatMsg") < names.index("drinkCount") < names.index("userlist")
    enter(home, "moderator").say("/clear")
    assert enter(home, "later").lines() == []


async def test_who_idles_goes_away_and_comes_back(home: House) -> None:
    owner, alice = enter(home, "owner"), enter(home, "alice")
    enter(home)  # the anonymous never go away
    gone = asyncio.Event()
    post = alice.post

    def watch(packet: Any) -> None:
        post(packet)
        if alice.got("setAFK"):
            gone.set()

    alice.post = watch  # type: ignore[method-assign]
    home.rooms["lobby"].options["afk_timeout"] = 0.2
    for member in home.rooms["lobby"].members:
        home.rooms["lobby"].restart_afk_timer(member)
    owner.say("still here")
    await asyncio.wait_for(gone.wait(), 5)
    alice.say("me too")
    assert [state["afk"] for state in owner.got("setAFK") if state["name"] == "alice"] == [
        True,
        False,
    ]
    home.close()


async def test_usercount_is_told_once_in_a_while() -> None:
    home = house(usercount_seconds=0.2)
    first = enter(home, "alice")
    told = asyncio.Event()
    post = first.post

    def watch(packet: Any) -> None:
        post(packet)
        if first.got("usercount")[-1:] == [3]:
            told.set()

    first.post = watch  # type: ignore[method-assign]
    enter(home)
    enter(home, "bob")
    assert first.got("usercount") == [1]
    await asyncio.wait_for(told.wait(), 5)
    assert first.got("usercount") == [1, 3]
    home.close()
