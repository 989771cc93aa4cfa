from hypothesis import given
from hypothesis import strategies as st

from connectors.lounge.player import LEAD_IN, TAIL, UPDATE_SECONDS, Player, Tick


def played(player: Player, until: float) -> list[tuple[float, Tick]]:
    """What happens until then, each at its time."""
    happened: list[tuple[float, Tick]] = []
    while (due := player.due()) is not None and due <= until:
        tick = player.tick(due)
        happened.append((due, tick))
        if tick is Tick.END:
            break
    return happened


def test_a_lead_in_updates_and_an_end() -> None:
    player = Player()
    player.start(12, 100.0)
    assert (player.at(100.0), player.paused) == (-3.0, True)
    assert player.at(102.0) == -1.0
    assert played(player, 999.0) == [
        (103.0, Tick.UPDATE),
        (108.0, Tick.UPDATE),
        (113.0, Tick.UPDATE),
        (117.0, Tick.END),
    ]
    assert not player.paused


def test_an_end_comes_before_an_update_of_the_same_moment() -> None:
    player = Player()
    player.start(3, 0.0)
    assert played(player, 99.0) == [(3.0, Tick.UPDATE), (8.0, Tick.END)]


@given(st.integers(1, 600), st.floats(0, 1e6))
def test_from_change_to_change_it_is_seconds_and_five(seconds: int, now: float) -> None:
    player = Player()
    player.start(seconds, now)
    happened = played(player, now + 2000)
    end, tick = happened[-1]
    assert tick is Tick.END
    assert abs(end - (now + LEAD_IN + seconds + TAIL)) < 1e-6
    assert len(happened) == 2 + (seconds + 1) // UPDATE_SECONDS


def test_live_media_has_no_clock() -> None:
    player = Player()
    player.start(0, 5.0)
    assert (player.at(99.0), player.paused, player.due()) == (0.0, False, None)
    player.go_on(7.0)
    assert player.due() is None


def test_a_clock_that_was_held_goes_on_from_there() -> None:
    player = Player()
    player.start(60, 0.0)
    player.tick(3.0)
    player.hold(13.0)
    assert (player.at(50.0), player.due(), player.tick(99.0)) == (10.0, None, Tick.NOTHING)
    player.report(20.5, paused=True)
    assert (player.at(51.0), player.paused) == (20.5, True)
    player.go_on(100.0)
    player.go_on(101.0)
    assert (player.at(102.0), player.paused, player.due()) == (22.5, False, 105.0)


def test_a_lead_in_that_was_held_is_finished() -> None:
    player = Player()
    player.start(60, 0.0)
    player.hold(1.0)
    player.go_on(10.0)
    assert (player.at(10.0), player.paused, player.due()) == (-2.0, True, 12.0)


def test_from_a_position_there_is_no_lead_in() -> None:
    player = Player()
    player.start(60, 0.0, position=57.5)
    assert (player.at(1.0), player.paused) == (58.5, False)
    assert played(player, 99.0) == [(4.5, Tick.END)]
    player.stop()
    assert (player.at(9.0), player.due()) == (0.0, None)


def test_with_a_leader_the_clock_stands_at_the_beginning() -> None:
    player = Player()
    player.start(60, 0.0, led=True)
    assert (player.at(9.0), player.paused, player.due()) == (0.0, False, None)


def test_a_tick_before_its_time_is_nothing() -> None:
    player = Player()
    player.start(60, 0.0)
    assert player.tick(2.5) is Tick.NOTHING
    assert player.tick(2.995) is Tick.UPDATE
    late = 500.0
    player.start(600, 0.0)
    player.tick(3.0)
    assert player.tick(late) is Tick.UPDATE
    assert player.due() == late
