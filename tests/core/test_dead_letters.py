"""Dead letters as the bus makes them: found, read, sent again once, and dropped."""

from datetime import UTC, datetime, timedelta

import pytest

from core import dead_letters
from core.dead_letters import DeadLetter, visible
from core.errors import UserError
from rosey import streams, subjects
from rosey.bus import Bus, Delivery, Poison
from rosey.events import Action, Command, User
from tests.consuming import consume
from tests.core.stage import stored
from tests.servers import NatsServer, until

ROLL = subjects.command("dice", "roll")
COMMANDS = streams.commands_of("dice")


def command(age: float = 0.0) -> Command:
    return Command(
        id="c-1",
        plugin="dice",
        action="roll",
        channel="lounge/lobby",
        user=User(name="alice"),
        text="d20",
        sent_at=datetime.now(UTC) - timedelta(seconds=age),
    )


async def bury(bus: Bus, stream: str, subject: str, data: bytes, reason: str = "a test") -> None:
    """As it happens: a consumer's handler finds that no retry can help."""

    async def refuse(delivery: Delivery) -> None:
        raise Poison(reason)

    await bus.store(subject, data, "c-1")
    consumer = await consume(bus, stream, "undertaker", [subject], refuse)
    await until(lambda: consumer.buried == 1)
    await consumer.stop()
    await bus.js.delete_consumer(stream, "undertaker")


async def forge(bus: Bus, stream: str, data: bytes, **headers: str) -> int:
    """Puts a dead letter there by hand; its number."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return (await bus.js.publish(subjects.dead(stream), data, headers=named)).seq


async def refused(bus: Bus, number: int, as_new: bool = False) -> str:
    with pytest.raises(UserError) as caught:
        await dead_letters.retry(bus, number, as_new)
    assert number in [each.number for each in await dead_letters.find_all(bus)]
    return str(caught.value)


async def test_what_was_set_aside_is_found_with_its_reason(bus: Bus) -> None:
    assert await dead_letters.find_all(bus) == []
    data = command().wire()
    await bury(bus, COMMANDS, ROLL, data, "le dé est cassé 🎲\nX-Forged: yes")
    [letter] = await dead_letters.find_all(bus)
    assert (letter.number, letter.stream, letter.subject) == (1, COMMANDS, ROLL)
    assert letter.reason.startswith("le dé est cassé 🎲")
    assert "X-Forged" not in letter.headers
    assert letter.data == data
    assert abs((datetime.now(UTC) - letter.at).total_seconds()) < 10
    whole = await dead_letters.find(bus, 1)
    assert (whole.headers, whole.data, whole.stream) == (letter.headers, data, COMMANDS)
    assert abs(whole.at - letter.at) < timedelta(milliseconds=1)


async def test_many_are_listed_in_order(bus: Bus) -> None:
    for number in range(300):
        await forge(bus, "EVENTS", str(number).encode())
    await dead_letters.drop(bus, 2)
    found = await dead_letters.find_all(bus)
    assert [each.number for each in found] == [1, *range(3, 301)]
    assert [each.data for each in found[:2]] == [b"0", b"2"]


async def test_a_number_that_is_not_there(bus: Bus) -> None:
    for act in (dead_letters.find, dead_letters.retry, dead_letters.drop):
        with pytest.raises(UserError, match="There is no dead letter 7; `bin/rosey bus dead list`"):
            await act(bus, 7)


async def test_dropping(bus: Bus) -> None:
    assert await dead_letters.drop_all(bus) == 0
    for _ in range(3):
        await forge(bus, "EVENTS", b"")
    assert (await dead_letters.find(bus, 2)).data == b""
    await dead_letters.drop(bus, 2)
    assert [each.number for each in await dead_letters.find_all(bus)] == [1, 3]
    assert await dead_letters.drop_all(bus) == 2
    assert await dead_letters.find_all(bus) == []


async def test_a_retry_reaches_its_stream_although_that_knows_the_id(bus: Bus) -> None:
    data = command().wire()
    await bury(bus, COMMANDS, ROLL, data)
    await dead_letters.retry(bus, 1)
    assert await stored(bus, COMMANDS, 2) == [(ROLL, data), (ROLL, data)]
    again = await bus.js.get_msg(COMMANDS, 2)
    assert set(again.headers or {}) == {"Nats-Msg-Id", "Nats-Expected-Stream"}
    assert await dead_letters.find_all(bus) == []


async def test_a_retry_that_stopped_half_way_is_once(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bury(bus, COMMANDS, ROLL, command().wire())

    async def nothing(bus: Bus, number: int) -> None:
        """Killed before the dead letter was deleted."""

    for as_new, messages in ((False, 2), (True, 3)):
        with monkeypatch.context() as patched:
            patched.setattr(dead_letters, "_delete", nothing)
            await dead_letters.retry(bus, 1, as_new)
            await dead_letters.retry(bus, 1, as_new)
        assert len(await stored(bus, COMMANDS, messages)) == messages
    await dead_letters.retry(bus, 1)
    assert len(await stored(bus, COMMANDS)) == 3
    assert await dead_letters.find_all(bus) == []


async def test_headers_of_the_original_travel_and_those_of_nats_do_not(bus: Bus) -> None:
    number = await forge(
        bus,
        COMMANDS,
        b"{}",
        Rosey_Subject=ROLL,
        traceparent="00-ab-cd-01",
        Nats_Expected_Last_Msg_Id="",
    )
    await dead_letters.retry(bus, number)
    again = await bus.js.get_msg(COMMANDS, 1)
    assert again.headers
    assert again.headers["traceparent"] == "00-ab-cd-01"
    assert "Nats-Expected-Last-Msg-Id" not in again.headers


async def test_a_stale_command_needs_as_new(bus: Bus) -> None:
    old = command(age=3 * 3600 + 60)
    number = await forge(bus, COMMANDS, old.wire(), Rosey_Subject=ROLL)
    said = await refused(bus, number)
    assert said == (
        f"Dead letter 1 is stale: it was sent 3h 1m ago, and {COMMANDS} keeps nothing longer than "
        "15m; `bin/rosey bus dead retry 1 --as-new` sends it as a new one."
    )
    await dead_letters.retry(bus, number, as_new=True)
    [(subject, data)] = await stored(bus, COMMANDS, 1)
    new = Command.read(data)
    assert subject == ROLL
    assert new.id not in ("", old.id)
    assert abs((datetime.now(UTC) - new.sent_at).total_seconds()) < 10
    assert new.model_copy(update={"id": old.id, "sent_at": old.sent_at}) == old


async def test_what_cannot_be_made_new_says_so(bus: Bus) -> None:
    event = await forge(bus, "EVENTS", b"{}", Rosey_Subject=subjects.MESSAGE)
    broken = await forge(bus, COMMANDS, b"{}", Rosey_Subject=ROLL)
    for number in (event, broken):
        assert "neither a command nor a line" in await refused(bus, number, as_new=True)
    then = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    stale = await forge(
        bus, "EVENTS", f'{{"sent_at": "{then}"}}'.encode(), Rosey_Subject=subjects.MESSAGE
    )
    assert (await refused(bus, stale)).endswith("longer than 1d; it can only be dropped.")


def test_without_a_time_of_its_own_a_letter_is_as_old_as_its_death() -> None:
    now = datetime.now(UTC)
    letter = DeadLetter(4, now - timedelta(hours=2), streams.SENDS, {}, b"{}")
    with pytest.raises(UserError, match="it was sent 2h ago"):
        dead_letters._refuse_stale(letter, 900.0, now)
    dead_letters._refuse_stale(letter, 0.0, now)
    dead_letters._refuse_stale(letter, 7200.0, now)


async def test_a_line_gets_a_new_id_because_its_connection_has_given_up_the_old(bus: Bus) -> None:
    action = Action(id="r-c-1-0", channel="lounge/lobby", text="hello")
    await bury(bus, streams.SENDS, subjects.send("lounge"), action.wire())
    await dead_letters.retry(bus, 1)
    [_, (subject, data)] = await stored(bus, streams.SENDS, 2)
    again = Action.read(data)
    assert subject == subjects.send("lounge")
    assert again.id != action.id
    assert again.model_copy(update={"id": action.id}) == action
    assert (await bus.js.get_msg(streams.SENDS, 2)).headers
    assert not {".", " "} & set(again.id)


@pytest.mark.parametrize(
    "subject",
    [
        "$JS.API.STREAM.DELETE.EVENTS",
        "rosey.platform.lounge.send",
        "rosey.command.trivia.stop",
        "rosey.command.dice",
        "rosey.command.dice.roll.more",
        "rosey.command.dice.*",
        "rosey.command.dice.>",
        "rosey.command.dice.",
        "rosey.command.dice.a b",
        "rosey_command_dice_roll",
        "",
    ],
)
async def test_a_forged_subject_leads_nowhere(bus: Bus, subject: str) -> None:
    """A plugin writes its dead letters itself, and an operator may publish anything."""
    number = await forge(bus, COMMANDS, command().wire(), Rosey_Subject=subject)
    assert f"{COMMANDS} does not keep; it can only be dropped" in await refused(bus, number)


async def test_forged_headers_of_nats_change_nothing(bus: Bus) -> None:
    number = await forge(
        bus,
        COMMANDS,
        b"{}",
        Rosey_Subject=subjects.send("lounge"),
        Nats_Subject=subjects.dead(streams.SENDS),
        Nats_Stream=streams.SENDS,
        Nats_Sequence="99",
        Nats_Time_Stamp="soon",
    )
    [listed] = await dead_letters.find_all(bus)
    for letter in (listed, await dead_letters.find(bus, number)):
        assert (letter.stream, letter.number) == (COMMANDS, number)


@pytest.mark.parametrize("stream", ["COMMANDS_gone", "a.b", "\x1b[31m"])
async def test_a_stream_that_is_not_there_any_more(bus: Bus, stream: str) -> None:
    number = await forge(bus, stream, b"{}", Rosey_Subject="rosey.command.gone.roll")
    said = await refused(bus, number)
    assert f"came from the stream {visible(stream)}, which is not there any more" in said
    assert said.isprintable()


async def test_a_stream_that_takes_nothing_says_why(bus: Bus) -> None:
    number = await forge(bus, COMMANDS, command().wire(), Rosey_Subject=ROLL)
    config = (await bus.js.stream_info(COMMANDS)).config
    await bus.js.update_stream(config.evolve(max_msg_size=10))
    said = await refused(bus, number)
    assert said.startswith(f"{COMMANDS} does not take dead letter {number}: message size exceeds")
    assert "It stays among the dead letters" in said


async def test_what_is_deleted_meanwhile_is_gone_as_wished(bus: Bus) -> None:
    number = await forge(bus, COMMANDS, command().wire(), Rosey_Subject=ROLL)
    await bus.js.delete_msg(streams.DEAD, number)
    await dead_letters._delete(bus, number)
    assert await dead_letters.find_all(bus) == []


async def test_what_cannot_be_deleted_is_told(bus: Bus) -> None:
    number = await forge(bus, COMMANDS, command().wire(), Rosey_Subject=ROLL)
    config = (await bus.js.stream_info(streams.DEAD)).config
    await bus.js.update_stream(config.evolve(deny_delete=True))
    with pytest.raises(UserError, match="NATS did not answer as it should"):
        await dead_letters.drop(bus, number)


async def test_a_nats_without_dead_letters(nats: NatsServer) -> None:
    bus = await Bus.connect(nats.url, "test")
    for act in (dead_letters.find_all(bus), dead_letters.find(bus, 1), dead_letters.drop_all(bus)):
        with pytest.raises(UserError, match="This NATS keeps no dead letters"):
            await act
    await bus.drain()


async def test_a_nats_that_goes_away(
    bus: Bus, nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus.js, "_timeout", 0.2)
    nats.kill()
    with pytest.raises(UserError, match="NATS did not answer as it should"):
        await dead_letters.find_all(bus)
    nats.start()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 🎲", "plain é 🎲"),
        ("\x1b[2J\r\n\t", "\\x1b[2J\\r\\n\\t"),
        ("a\u202eb\u2028\x9b", "a\\u202eb\\u2028\\x9b"),
        ("\ud800", "\\ud800"),
    ],
)
def test_nothing_reaches_the_terminal_that_it_would_obey(text: str, shown: str) -> None:
    assert visible(text) == shown
