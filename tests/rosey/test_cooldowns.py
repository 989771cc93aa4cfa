"""How often something may be used."""

from datetime import timedelta

from rosey.cooldowns import REMEMBERED, CoolDowns
from rosey.events import ChatCommand
from tests.rosey.orders import SOME_TIME as NOW

ROLL = ChatCommand(action="roll", words=["roll"], cooldown=10)
ROOM = "lounge/lobby"


def after(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_a_person_waits_and_a_refused_try_does_not_lengthen_it() -> None:
    cool = CoolDowns()
    assert cool.wait(ROOM, "bob", "dice", ROLL, NOW) == 0
    assert cool.wait(ROOM, "Bob", "dice", ROLL, NOW + after(4)) == 6
    assert cool.wait(ROOM, "bob", "dice", ROLL, NOW + after(9)) == 1
    assert cool.wait(ROOM, "bob", "dice", ROLL, NOW + after(10)) == 0
    assert cool.wait(ROOM, "bob", "dice", ROLL, NOW + after(19)) == 1


def test_a_clock_that_was_set_back_makes_nobody_wait_for_it() -> None:
    """Lines that come a little out of order still count as close to each other."""
    cool = CoolDowns()
    assert cool.wait(ROOM, "bob", "dice", ROLL, NOW) == 0
    assert cool.wait(ROOM, "bob", "dice", ROLL, NOW - after(1)) == 11
    assert cool.wait(ROOM, "bob", "dice", ROLL, NOW - after(3600)) == 0
    assert cool.wait(ROOM, "bob", "dice", ROLL, NOW - after(3598)) == 8


def test_people_rooms_plugins_and_commands_do_not_wait_for_each_other() -> None:
    cool = CoolDowns()
    flip = ROLL.model_copy(update={"action": "flip"})
    assert cool.wait(ROOM, "bob", "dice", ROLL, NOW) == 0
    assert cool.wait(ROOM, "eve", "dice", ROLL, NOW) == 0
    assert cool.wait("lounge/attic", "bob", "dice", ROLL, NOW) == 0
    assert cool.wait(ROOM, "bob", "other", ROLL, NOW) == 0
    assert cool.wait(ROOM, "bob", "dice", flip, NOW) == 0


def test_the_same_line_delivered_again_is_no_second_use() -> None:
    cool = CoolDowns()
    for _ in range(3):
        assert cool.wait(ROOM, "bob", "dice", ROLL, NOW) == 0


def test_a_room_waits_for_all_of_its_people() -> None:
    cool = CoolDowns()
    shared = ROLL.model_copy(update={"room_cooldown": 4})
    assert cool.wait(ROOM, "bob", "dice", shared, NOW) == 0
    assert cool.wait(ROOM, "eve", "dice", shared, NOW) == 4
    assert cool.wait(ROOM, "eve", "dice", shared, NOW + after(1)) == 3
    assert cool.wait(ROOM, "bob", "dice", shared, NOW + after(1)) == 9
    assert cool.wait("lounge/attic", "eve", "dice", shared, NOW + after(1)) == 0
    # What was refused to eve for the room's sake was no use of hers, nor bob's try one of his.
    assert cool.wait(ROOM, "eve", "dice", shared, NOW + after(4)) == 0
    assert cool.wait(ROOM, "bob", "dice", shared, NOW + after(7)) == 3
    assert cool.wait(ROOM, "bob", "dice", shared, NOW + after(10)) == 0


def test_a_room_s_line_delivered_again_is_no_second_use() -> None:
    cool = CoolDowns()
    shared = ROLL.model_copy(update={"cooldown": 0, "room_cooldown": 4})
    for _ in range(3):
        assert cool.wait(ROOM, "Bob", "dice", shared, NOW) == 0
    assert cool.wait(ROOM, "bob", "dice", shared, NOW + after(3)) == 1


def test_without_a_cool_down_nobody_waits_and_nothing_is_remembered() -> None:
    cool = CoolDowns()
    free = ROLL.model_copy(update={"cooldown": 0})
    assert cool.wait(ROOM, "bob", "dice", free, NOW) == 0
    assert cool.wait(ROOM, "bob", "dice", free, NOW + after(1)) == 0
    assert not cool._used


def test_only_so_many_people_are_remembered() -> None:
    cool = CoolDowns()
    for number in range(REMEMBERED + 5):
        cool.wait(ROOM, f"bob{number}", "dice", ROLL, NOW)
    assert len(cool._used) == REMEMBERED
    assert cool.wait(ROOM, "bob0", "dice", ROLL, NOW + after(1)) == 0
    assert cool.wait(ROOM, f"bob{REMEMBERED}", "dice", ROLL, NOW + after(1)) > 0
