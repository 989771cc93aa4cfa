"""Whatever is cut off where, each line is in the room once, or counted as undecided."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.connection.record import (
    InFlight,
    Record,
    Verdict,
    first_join,
    has_gap,
    milliseconds,
    missed,
    verdict,
)
from rosey.events import Action, Message, User

ROOM = "lounge/lobby"
START = datetime(2026, 1, 1, tzinfo=UTC)
LIMIT = 5


def at(milliseconds: float) -> datetime:
    return START + timedelta(milliseconds=milliseconds)


def line(text: str, ms: float, *, own: bool = False, pm: bool = False) -> Message:
    return Message(
        id=f"m-{text}",
        channel=ROOM,
        user=User(name="Rosey" if own else "bob"),
        text=text,
        sent_at=at(ms),
        own=own,
        pm=pm,
    )


def known(*messages: Message) -> Record:
    """A record after a first join with this history."""
    return first_join(ROOM, messages)


def saying(record: Record, *lines: str, kind: str = "say") -> InFlight:
    return record.note(Action(id="r-1", channel=ROOM, kind=kind), list(lines))


# -- every cut point -----------------------------------------------------------------------


@dataclass
class Platform:
    """A room that replays its last lines. Time moves with every line of others."""

    ms: int = 0
    lines: list[Message] = field(default_factory=list)
    whispers: list[str] = field(default_factory=list)

    def say(self, text: str, own: bool) -> Message:
        self.ms += not own
        self.lines.append(line(text, self.ms, own=own))
        return self.lines[-1]

    def chatter(self, count: int) -> list[Message]:
        return [self.say(f"chatter {len(self.lines)} {self.ms}", own=False) for _ in range(count)]

    @property
    def backlog(self) -> list[Message]:
        return self.lines[-LIMIT:]


CUTS = ["before", "sent", "echo", "told", "saved"]
cut = st.tuples(st.sampled_from(CUTS), st.booleans(), st.integers(0, LIMIT + 2), st.booleans())
said = st.tuples(st.integers(1, 3), st.sampled_from(["say", "say", "pm"]))


class Speaker:
    """What a session does with its record: the record is saved before each line is sent."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.record = first_join(ROOM, platform.backlog)
        self.saved = self.record.model_dump_json()

    def save(self) -> None:
        self.saved = self.record.model_dump_json()

    def rejoin(self, crashed: bool) -> None:
        """After a crash only what was saved is known."""
        if crashed:
            self.record = Record.model_validate_json(self.saved)
        waiting = self.record.in_flight
        if waiting:
            became, shown = verdict(self.record, self.platform.backlog)
            if became is Verdict.UNDECIDED:
                self.record.pass_over(waiting)
            elif shown:
                self.confirm(waiting, shown)
        for message in missed(self.record, self.platform.backlog, at(self.platform.ms)):
            self.hear(message)

    def hear(self, message: Message) -> None:
        self.record.seen_at = max(self.record.seen_at, milliseconds(message.sent_at))

    def confirm(self, waiting: InFlight, shown: Message) -> None:
        self.record.confirm(shown)
        if waiting.is_last:
            self.record.finish(waiting.action.id)
        else:
            waiting.line += 1

    def step(self, action: Action, lines: list[str], stop: str) -> None:
        """Says one line, or as much of it as happens before the cut."""
        waiting = self.record.note(action, lines)
        self.save()
        if stop == "before":
            return
        text = waiting.text
        if action.kind == "pm":
            self.platform.whispers.append(text)
            shown = line(text, self.platform.ms, own=True, pm=True)
        else:
            shown = self.platform.say(text, own=True)
        if stop == "sent":
            return
        self.confirm(waiting, shown)
        self.hear(shown)
        if stop != "told":
            self.save()


@given(
    history=st.integers(0, LIMIT + 1),
    actions=st.lists(said, min_size=1, max_size=4),
    cuts=st.lists(cut, max_size=6),
    chatter=st.lists(st.integers(0, 3), min_size=12, max_size=12),
)
def test_each_line_is_shown_once_or_counted(
    history: int,
    actions: list[tuple[int, str]],
    cuts: list[tuple[str, bool, int, bool]],
    chatter: list[int],
) -> None:
    """A cut is a lost connection or a crash, with talk or a cleared history behind it."""
    platform = Platform()
    platform.chatter(history)
    speaker = Speaker(platform)
    expected: list[str] = []
    gone: list[str] = []
    harmless = True
    for number, (count, kind) in enumerate(actions):
        lines = [f"line {number} {part}" for part in range(count)]
        expected += lines
        action = Action(id=f"r-{number}", channel=ROOM, kind=kind, to="bob")
        while action.id not in speaker.record.done:
            for message in platform.chatter(chatter.pop() if chatter else 0):
                speaker.hear(message)
            stop, crashed, away, cleared = cuts.pop() if cuts else ("", False, 0, False)
            speaker.step(action, lines, stop)
            if not stop:
                continue
            if cleared:
                gone += [message.text for message in platform.lines if message.own]
                platform.lines.clear()
            harmless &= kind == "say" and away < LIMIT - 1 and not cleared and history > 0
            platform.chatter(away)
            speaker.rejoin(crashed)
    ours = [message.text for message in platform.lines if message.own]
    shown = Counter([*gone, *ours, *platform.whispers])
    missing = [text for text in expected if text not in shown]
    assert all(count == 1 for count in shown.values())
    assert len(missing) <= speaker.record.undecided
    if harmless:
        assert not missing
        assert speaker.record.undecided == 0


@pytest.mark.parametrize("stop", CUTS)
@pytest.mark.parametrize("crashed", [True, False])
def test_a_cut_anywhere_costs_nothing_when_the_backlog_tells(stop: str, crashed: bool) -> None:
    platform = Platform()
    platform.chatter(1)
    speaker = Speaker(platform)
    action = Action(id="r-1", channel=ROOM)
    stops = [stop, "", "", ""]
    while action.id not in speaker.record.done:
        stop = stops.pop(0)
        speaker.step(action, ["one", "two"], stop)
        if stop:
            platform.chatter(2)
            speaker.rejoin(crashed)
    assert [m.text for m in platform.lines if m.own] == ["one", "two"]
    assert speaker.record.undecided == 0


# -- the verdict ---------------------------------------------------------------------------


def test_a_line_in_the_backlog_was_shown() -> None:
    record = known(line("hi", 1))
    saying(record, "hello")
    echo = line("hello", 2, own=True)
    assert verdict(record, [line("hi", 1), echo]) == (Verdict.SHOWN, echo)


def test_a_line_was_shown_whatever_the_room_made_of_it() -> None:
    record = known(line("hi", 1))
    saying(record, "hello :smile:")
    echo = line("https://example.org/smile.png", 2, own=True)
    assert verdict(record, [line("hi", 1), echo]) == (Verdict.SHOWN, echo)


def test_a_line_that_is_missing_goes_again() -> None:
    record = known(line("hi", 1))
    saying(record, "hello")
    assert verdict(record, [line("hi", 1), line("there", 3)]) == (Verdict.AGAIN, None)


def test_our_lines_of_earlier_days_are_no_echo() -> None:
    old = line("hello", 1, own=True)
    record = known(old)
    saying(record, "hello")
    assert verdict(record, [old]) == (Verdict.AGAIN, None)


def test_an_echo_in_the_millisecond_of_the_one_before_is_told_from_it() -> None:
    first, second = line("one", 1, own=True), line("two", 1, own=True)
    record = known()
    record.confirm(first)
    saying(record, "two")
    assert verdict(record, [first]) == (Verdict.AGAIN, None)
    assert verdict(record, [first, second]) == (Verdict.SHOWN, second)
    record.confirm(second)
    assert record.confirmed == [first.id, second.id]


def test_what_others_say_confirms_nothing() -> None:
    record = known(line("hi", 1))
    saying(record, "hello")
    backlog = [line("hi", 1), line("hello", 2)]
    assert verdict(record, backlog) == (Verdict.AGAIN, None)


@pytest.mark.parametrize(
    "backlog",
    [[], [line(str(ms), ms) for ms in range(10, 10 + LIMIT)], [line("new", 20)]],
    ids=["cleared", "too long ago", "cleared and gone on"],
)
def test_a_history_without_the_last_known_line_decides_nothing(backlog: list[Message]) -> None:
    record = known(line("hi", 1))
    saying(record, "hello")
    assert verdict(record, backlog) == (Verdict.UNDECIDED, None)


def test_where_nobody_ever_spoke_an_empty_history_may_be_a_cleared_one() -> None:
    record = known()
    saying(record, "hello")
    full = [line(str(ms), ms) for ms in range(1, 1 + LIMIT)]
    for backlog in ([], full):
        assert verdict(record, backlog) == (Verdict.UNDECIDED, None)
    shown = line("hello", 2, own=True)
    assert verdict(record, [shown]) == (Verdict.SHOWN, shown)


def test_a_private_line_is_never_decided() -> None:
    record = known(line("hi", 1))
    saying(record, "hello", kind="pm")
    for backlog in ([line("hi", 1)], [line("hi", 1), line("hello", 2, own=True, pm=True)]):
        assert verdict(record, backlog) == (Verdict.UNDECIDED, None)


def test_what_is_undecided_is_counted_and_the_rest_is_said() -> None:
    record = known(line("hi", 1))
    waiting = saying(record, "one", "two")
    record.pass_over(waiting)
    assert saying(record, "one", "two").text == "two"
    record.pass_over(waiting)
    assert (record.undecided, record.in_flight, record.done) == (2, None, ["r-1"])


def test_a_private_echo_does_not_move_the_room_s_clock() -> None:
    record = known(line("hi", 1))
    before = record.confirmed_at
    record.confirm(line("psst", 9, own=True, pm=True))
    assert record.confirmed_at == before


def test_only_the_last_actions_are_remembered_as_done() -> None:
    record = known()
    for number in range(60):
        record.finish(f"r-{number}")
    assert record.done == [f"r-{number}" for number in range(10, 60)]


def test_the_late_end_of_one_action_does_not_end_the_next() -> None:
    """A crash after the acknowledgement has the word of it stored a second time."""
    record = known()
    saying(record, "one")
    record.note(Action(id="r-2", channel=ROOM), ["two"])
    record.finish("r-1")
    assert record.in_flight
    assert record.in_flight.action.id == "r-2"


def test_another_action_begins_at_its_first_line() -> None:
    record = known()
    saying(record, "one", "two").line = 1
    other = record.note(Action(id="r-2", channel=ROOM), ["three"])
    assert (other.text, other.is_last) == ("three", True)


# -- what was missed -----------------------------------------------------------------------


def test_before_the_first_join_nothing_is_missed() -> None:
    history = [line("old", 1), line("!roll", 2), line("mine", 2, own=True)]
    assert missed(known(*history), history, at(3)) == []
    assert not has_gap(known(*history), history, LIMIT, at(3))


def test_the_first_join_of_a_silent_room() -> None:
    record = known()
    assert (record.seen_at, record.confirmed_at) == (0, 0)
    said = [line("first", 5)]
    assert missed(record, said, at(6)) == said


def test_missed_lines_are_others_later_and_young() -> None:
    record = known(line("known", 1_000))
    backlog = [
        line("known", 1_000),
        line("mine", 2_000, own=True),
        line("too old", 3_000),
        line("young", 4_000),
        line("younger", 5_000),
    ]
    now = at(63_500)
    assert [message.text for message in missed(record, backlog, now)] == ["young", "younger"]


def test_a_line_of_the_last_stored_millisecond_may_have_been_missed() -> None:
    """It is published again; its id makes it once."""
    record = known()
    record.seen_at = milliseconds(at(5))
    backlog = [line("before", 4), line("stored", 5), line("not stored", 5)]
    assert [m.text for m in missed(record, backlog, at(9))] == ["stored", "not stored"]


@pytest.mark.parametrize(
    ("backlog", "gap"),
    [
        ([line("seen", 1)], False),
        ([line("seen", 1), line("new", 50_000)], False),
        ([line(str(ms), ms) for ms in range(50_000, 50_000 + LIMIT)], True),
        ([line(str(ms), ms) for ms in range(50_000, 50_000 + LIMIT - 1)], False),
        ([line("seen", 1), line("too old", 2_000)], True),
        ([line("seen", 1), line("mine", 2_000, own=True)], False),
        ([], False),
    ],
    ids=["nothing new", "all there", "too many", "just enough", "too old", "only ours", "empty"],
)
def test_a_gap_is_what_we_shall_not_hear(backlog: list[Message], gap: bool) -> None:
    record = known(line("seen", 1))
    assert has_gap(record, backlog, LIMIT, at(65_000)) is gap


def test_lines_that_wait_to_be_stored_are_no_gap() -> None:
    record = known(line("seen", 1))
    backlog = [line(str(ms), ms) for ms in range(2_000, 2_000 + LIMIT)]
    newest = milliseconds(backlog[-1].sent_at)
    assert has_gap(record, backlog, LIMIT, at(65_000))
    assert not has_gap(record, backlog, LIMIT, at(65_000), newest)
