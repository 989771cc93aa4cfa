"""People take turns, and what waits keeps its place."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from rosey.names import name_key
from tests.workflows.playlist.room import Desk

PEOPLE = st.sampled_from(["alice", "bob", "carol", "dave"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), PEOPLE),
        st.tuples(st.just("add"), PEOPLE),
        st.tuples(st.just("remove"), st.integers(0, 9)),
        st.tuples(st.sampled_from(["start", "start", "end"]), st.just(0)),
    ),
    max_size=60,
)
COMING_AND_GOING = st.lists(
    st.one_of(
        st.tuples(st.just("add"), PEOPLE),
        st.tuples(st.sampled_from(["leave", "join"]), PEOPLE),
        st.tuples(st.just("start"), st.just(0)),
    ),
    max_size=60,
)
NO_LIMITS = {
    "max_items_per_user": 1000,
    "max_duration_per_user": 0,
    "rate_limit_count": 100,
    "max_queue": 1000,
}


@dataclass
class Played:
    """What was on; `waiting`: what stood in the queue when it was over."""

    id: str
    by: str
    waiting: set[str] = field(default_factory=set)


class Evening:
    """Carries out steps as far as they make sense, and keeps what was on."""

    def __init__(self, heavy: str = "", **options: object) -> None:
        self.desk = Desk(**NO_LIMITS | options)  # type: ignore[arg-type]
        self.heavy = heavy
        self.count = 0
        self.played: list[Played] = []
        self.aside: set[str] = set()

    def step(self, what: str, about: object) -> None:
        desk = self.desk
        match what:
            case "add":
                self.count += 1
                desk.later(60)
                rank = 2 if about == self.heavy else 1
                desk.add(str(about), f"m{self.count}", rank=rank)
            case "remove":
                number = int(str(about)) + 1
                desk.ask("remove", rank=2, text=str(number))
            case "start" if any(not entry.parked for entry in desk.room.queue):
                self._over()
                desk.start()
                on = desk.room.playing
                assert on
                assert on.entry
                self.played.append(Played(on.entry.id, name_key(on.by)))
            case "end":
                self._over()
                desk.end()
            case "leave" | "join":
                desk.user(what, str(about))
                desk.later(600)
                self.aside |= {entry.id for entry in desk.room.queue if entry.parked}

    def run(self, steps: list[tuple[str, object]]) -> None:
        for what, about in steps:
            self.step(what, about)
        for person in ("alice", "bob", "carol", "dave"):
            self.step("join", person)
        while self.desk.room.queue:
            self.step("start", 0)

    def _over(self) -> None:
        if self.played and self.desk.room.playing:
            waiting = {entry.id for entry in self.desk.room.queue}
            self.played[-1].waiting = waiting

    def between(self) -> list[tuple[str, Counter[str]]]:
        """Of each person's item and his next, if that waited by then: who was on in between."""
        found = []
        for index, one in enumerate(self.played):
            rest = self.played[index + 1 :]
            after = next((n for n, each in enumerate(rest) if each.by == one.by), None)
            if after is not None and rest[after].id in one.waiting - self.aside:
                found.append((one.by, Counter(each.by for each in rest[:after])))
        return found


@settings(max_examples=400, deadline=None)
@given(STEPS)
def test_between_two_of_one_person_each_other_comes_once(steps: list[tuple[str, object]]) -> None:
    evening = Evening()
    evening.run(steps)
    for _, others in evening.between():
        assert max(others.values(), default=0) <= 1


@settings(max_examples=300, deadline=None)
@given(COMING_AND_GOING)
def test_who_comes_back_overtakes_nobody_twice(steps: list[tuple[str, object]]) -> None:
    check_coming_and_going(steps)


def test_who_has_had_his_turn_and_comes_back_has_the_next_in_the_next_round() -> None:
    """Carol adds once more while she is taken for away, and that is on before what waits aside."""
    check_coming_and_going(
        [
            ("add", "alice"),
            ("add", "alice"),
            ("start", 0),
            ("add", "alice"),
            ("add", "carol"),
            ("leave", "carol"),
            ("start", 0),
            ("add", "carol"),
            ("start", 0),
        ]
    )


def check_coming_and_going(steps: list[tuple[str, object]]) -> None:
    evening = Evening()
    evening.run(steps)
    for _, others in evening.between():
        assert max(others.values(), default=0) <= 1


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_who_weighs_two_has_two_turns(steps: list[tuple[str, object]]) -> None:
    evening = Evening(heavy="alice", weight_moderator=2)
    evening.run(steps)
    for person, others in evening.between():
        heavy = others.pop("alice", 0)
        assert heavy <= 2
        assert max(others.values(), default=0) <= 1, person


@settings(max_examples=200, deadline=None)
@given(STEPS, PEOPLE)
def test_what_is_added_disturbs_nobody(steps: list[tuple[str, object]], who: str) -> None:
    """The others keep their order, and only a turn of one's own comes before any of them."""
    evening = Evening()
    for what, about in steps:
        evening.step(what, about)
    before = evening.desk.queue
    evening.step("add", who)
    after = evening.desk.queue
    new = f"m{evening.count}"
    assert [media for media in after if media != new] == before
    behind = evening.desk.room.queue[after.index(new) + 1 :]
    own_turns = [entry for entry in behind if entry.added_by == who]
    assert not own_turns


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_without_turns_who_comes_first_is_served_first(steps: list[tuple[str, object]]) -> None:
    evening = Evening(fair=False)
    for what, about in steps:
        evening.step(what, about)
        numbers = [int(media[1:]) for media in evening.desk.queue]
        assert numbers == sorted(numbers)


@settings(max_examples=200, deadline=None)
@given(STEPS, st.integers(0, 9))
def test_what_is_taken_out_sets_only_its_person_forward(
    steps: list[tuple[str, object]], index: int
) -> None:
    evening = Evening()
    for what, about in steps:
        evening.step(what, about)
    queue = list(evening.desk.room.queue)
    if not queue:
        return
    gone = queue[index % len(queue)]
    evening.desk.ask("remove", rank=2, text=str(queue.index(gone) + 1))
    now = evening.desk.room.queue
    for person in {entry.added_by for entry in queue}:
        own = [entry.id for entry in queue if entry.added_by == person and entry is not gone]
        assert [entry.id for entry in now if entry.added_by == person] == own
    others = [entry.id for entry in queue if entry.added_by != gone.added_by]
    assert [entry.id for entry in now if entry.added_by != gone.added_by] == others


def of(*adds: str, **options: object) -> Desk:
    """A queue of `a1`, `b1`, ...: the letter is the person."""
    desk = Desk(**NO_LIMITS | options)  # type: ignore[arg-type]
    for media in adds:
        by(desk, media)
    return desk


def by(desk: Desk, media: str, **how: object) -> None:
    desk.later(60)
    names = {"a": "alice", "b": "bob", "c": "carol", "d": "dave"}
    desk.add(names[media[0]], media, **how)  # type: ignore[arg-type]


def test_people_take_turns() -> None:
    assert of("a1", "a2", "a3", "b1", "b2", "c1").queue == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_what_plays_counts() -> None:
    desk = of("a1")
    desk.start()
    by(desk, "a2")
    by(desk, "b1")
    assert desk.queue == ["b1", "a2"]


def test_what_has_played_in_this_round_counts_too() -> None:
    desk = of("a1", "a2", "b1", "c1")
    desk.start()
    desk.start()
    desk.start()  # carol's is on, and all of bob's is over
    by(desk, "b2")
    assert desk.queue == ["a2", "b2"]


def test_between_two_items_nobody_comes_again_either() -> None:
    desk = of("a1", "b1")
    desk.start()
    desk.end()
    by(desk, "a2")
    assert desk.queue == ["b1", "a2"]


def test_who_was_not_here_comes_after_what_waits_in_this_round() -> None:
    desk = of("a1", "a2", "a3", "b1", "b2")
    desk.start()
    by(desk, "c1")
    assert desk.queue == ["b1", "c1", "a2", "b2", "a3"]


def test_who_comes_back_has_not_saved_turns() -> None:
    desk = of("a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4")
    desk.user("leave", "alice")
    desk.later(600)
    for _ in range(3):
        desk.start()
    assert desk.room.playing
    assert desk.room.playing.media_id == "b3"
    desk.user("join", "alice")
    desk.later(1)
    assert desk.queue == ["a1", "b4", "a2", "a3", "a4"]


def test_a_name_in_another_case_is_the_same_person() -> None:
    desk = of("a1", "b1", "b2")
    desk.later(60)
    desk.add("ALICE", "a2")
    assert desk.queue == ["a1", "b1", "a2", "b2"]


def test_next_comes_before_all_and_behind_what_was_next() -> None:
    desk = of("a1", "b1")
    by(desk, "c1", next=True, rank=2)
    by(desk, "d1", next=True, rank=2)
    assert desk.queue == ["c1", "d1", "a1", "b1"]


def test_next_is_next_in_a_shuffled_queue() -> None:
    desk = of("a1", "b1", "c1")
    desk.ask("move", rank=2, text="3 1")
    by(desk, "d1", next=True, rank=2)
    assert desk.queue == ["d1", "c1", "a1", "b1"]


def test_what_was_moved_stays_there() -> None:
    desk = of("a1", "a2", "b1", "c1")
    desk.ask("move", rank=2, text="4 1")
    assert desk.queue == ["a2", "a1", "b1", "c1"]
    by(desk, "d1")
    assert desk.queue == ["a2", "a1", "b1", "c1", "d1"]


def test_removing_without_turns_leaves_the_order() -> None:
    desk = of("a1", "a2", "a3", "b1", fair=False)
    desk.ask("remove", text="1")
    assert desk.queue == ["a2", "a3", "b1"]
