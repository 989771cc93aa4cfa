"""How what plugins heard is counted."""

import pytest

from core.bench.attached import Heard
from core.bench.processes import BenchError
from core.bench.rows.bus import Taken


@pytest.mark.parametrize(
    ("heard", "wrong"),
    [
        ([[0, 1, 2], [0, 1, 2]], 0),
        ([[0, 1, 2], [0, 1]], 1),  # one is missing
        ([[0, 1, 2, 2], [0, 1, 2]], 2),  # too many, and not in its place
        ([[0, 2, 1], [0, 1, 2]], 2),
        ([[], [0, 1, 2]], 3),
    ],
)
def test_each_line_is_to_come_once_to_each_in_its_turn(heard: list[list[int]], wrong: int) -> None:
    taken = Taken()
    plugins = [[(number, 1_500) for number in numbers] for numbers in heard]
    taken.add(Heard(plugins=plugins, seconds=0.5), 3)
    assert taken.wrong == wrong
    assert taken.rates == [6.0]
    assert set(taken.delays) == {1.5}
    assert len(taken.delays) == sum(map(len, heard))


def test_nothing_heard_is_no_figure() -> None:
    with pytest.raises(BenchError, match="heard nothing"):
        Taken().add(Heard(plugins=[[]], seconds=0), 3)
