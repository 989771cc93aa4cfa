"""The promises of `rosey.storage.room.RoomStorage`, as tests that every one of them runs.

A class of tests inherits RoomContract and has a fixture `storage`, connected and empty; over a
database that is `DatabaseRoomStorage(Database(ask))` with any `Ask` that has the room's tables.
"""

from datetime import UTC, datetime, timedelta

from rosey import ids
from rosey.events import Message, User
from rosey.storage.operations import UserAction
from rosey.storage.room import ChannelStats, RoomStorage, UserStats

AT = datetime(2026, 5, 3, 12, 0, 0, 500_000, UTC)
HERE, ELSEWHERE = "lounge/lobby", "lounge/den"


def line(
    text: str, user: str = "bob", seconds: float = 0, channel: str = HERE, **more: bool
) -> Message:
    sent_at = AT + timedelta(seconds=seconds)
    id = ids.message_id(channel, sent_at, user, text)
    return Message(id=id, channel=channel, user=User(name=user), text=text, sent_at=sent_at, **more)


def action(kind: str, user: str = "bob", seconds: float = 0) -> UserAction:
    at = AT + timedelta(seconds=seconds)
    id = ids.derive("u", kind, user, seconds)
    return UserAction(id=id, channel=HERE, username=user, kind=kind, at=at)


class RoomContract:
    """Inherited by a class of tests with a fixture `storage`."""

    async def test_recent_messages_come_oldest_first(self, storage: RoomStorage) -> None:
        for number in (2, 0, 1):
            await storage.save_message(line(f"line {number}", seconds=number))
        await storage.save_message(line("not here", channel=ELSEWHERE))
        recent = await storage.get_recent_messages(HERE)
        assert [each.text for each in recent] == ["line 0", "line 1", "line 2"]
        assert [each.text for each in await storage.get_recent_messages(HERE, 2)] == [
            "line 1",
            "line 2",
        ]
        assert recent[0].model_dump() == {
            "message_id": line("line 0").id,
            "channel": HERE,
            "username": "bob",
            "text": "line 0",
            "sent_at": AT,
            "own": False,
        }
        assert await storage.get_recent_messages("lounge/nowhere") == []

    async def test_a_line_that_comes_twice_is_one(self, storage: RoomStorage) -> None:
        for _ in range(2):
            await storage.save_message(line("hello"))
        person = await storage.get_user_stats(HERE, "bob")
        assert person
        assert person.lines == 1
        assert len(await storage.get_recent_messages(HERE)) == 1

    async def test_people_are_known_without_regard_to_case(self, storage: RoomStorage) -> None:
        await storage.save_message(line("first", user="Bob"))
        await storage.save_message(line("second", user="bOB", seconds=60))
        assert await storage.get_user_stats(HERE, "BOB") == UserStats(
            channel=HERE,
            username="bOB",
            first_seen=AT,
            last_seen=AT + timedelta(seconds=60),
            lines=2,
        )
        assert await storage.get_user_stats(ELSEWHERE, "bob") is None
        assert await storage.get_user_stats(HERE, "bobby") is None

    async def test_lines_that_come_late_change_only_what_they_should(
        self, storage: RoomStorage
    ) -> None:
        for seconds in (60, 0, 30):
            await storage.save_message(line("hello", seconds=seconds))
        person = await storage.get_user_stats(HERE, "bob")
        assert person
        assert person.first_seen == AT
        assert person.last_seen == AT + timedelta(seconds=60)

    async def test_private_lines_are_not_kept_and_own_ones_count_for_nobody(
        self, storage: RoomStorage
    ) -> None:
        await storage.save_message(line("a secret", pm=True))
        await storage.save_message(line("welcome", user="Rosey", own=True))
        assert [each.own for each in await storage.get_recent_messages(HERE)] == [True]
        assert await storage.get_user_stats(HERE, "bob") is None
        assert await storage.get_user_stats(HERE, "Rosey") is None
        assert await storage.get_channel_stats(HERE) is None

    async def test_who_does_something_was_there(self, storage: RoomStorage) -> None:
        for _ in range(2):
            await storage.save_user_action(action("join"))
        await storage.save_user_action(action("leave", seconds=90))
        person = await storage.get_user_stats(HERE, "bob")
        assert person
        assert (person.lines, person.first_seen) == (0, AT)
        assert person.last_seen == AT + timedelta(seconds=90)

    async def test_a_channel_keeps_its_peak(self, storage: RoomStorage) -> None:
        minute = timedelta(minutes=1)
        for number, users in enumerate((3, 7, 7, 2)):
            await storage.update_channel_stats(HERE, users, AT + number * minute)
        await storage.save_message(line("hello"))
        assert await storage.get_channel_stats(HERE) == ChannelStats(
            channel=HERE,
            users=2,
            users_at=AT + 3 * minute,
            peak_users=7,
            peak_at=AT + minute,
            lines=1,
        )
        assert await storage.get_channel_stats(ELSEWHERE) is None

    async def test_an_empty_room_has_no_peak(self, storage: RoomStorage) -> None:
        await storage.update_channel_stats(HERE, 0, AT)
        room = await storage.get_channel_stats(HERE)
        assert room
        assert (room.users, room.peak_users, room.peak_at) == (0, 0, None)

    async def test_top_talkers_are_those_with_most_lines(self, storage: RoomStorage) -> None:
        for user, lines in (("zoe", 2), ("Ann", 2), ("bob", 3)):
            for number in range(lines):
                await storage.save_message(line("hello", user=user, seconds=number))
        await storage.save_user_action(action("join", user="silent"))
        await storage.save_message(line("hello", user="stranger", channel=ELSEWHERE))
        top = await storage.get_top_talkers(HERE)
        assert [(each.username, each.lines) for each in top] == [("bob", 3), ("Ann", 2), ("zoe", 2)]
        assert len(await storage.get_top_talkers(HERE, 1)) == 1

    async def test_what_is_given_is_a_copy(self, storage: RoomStorage) -> None:
        await storage.save_message(line("hello"))
        person = await storage.get_user_stats(HERE, "bob")
        assert person
        person.lines = 99
        again = await storage.get_user_stats(HERE, "bob")
        assert again
        assert again.lines == 1
        await storage.close()
