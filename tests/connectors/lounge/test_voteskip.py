import pytest

from connectors.lounge.voteskip import Voters, Votes, count

FOUR = Voters(total=4, afk=0, no_permission=0)


def test_who_counts() -> None:
    people = [(True, False), (True, True), (False, False), (False, True), (True, False)]
    voters = count(people)
    assert voters == Voters(total=5, afk=1, no_permission=2)
    assert voters.eligible == 2


@pytest.mark.parametrize(
    ("eligible", "ratio", "need"),
    [(4, 0.5, 2), (3, 0.5, 2), (1, 0.5, 1), (0, 0.5, 1), (4, 0, 1), (4, 1.0, 4), (3, 2, 6)],
)
def test_how_many_are_needed(eligible: int, ratio: float, need: int) -> None:
    assert Voters(eligible, 0, 0).need(ratio) == need


def test_one_vote_an_address() -> None:
    votes = Votes()
    assert votes.tally(FOUR, 0.5) == {"count": 0, "need": 0}
    assert not votes.passed(FOUR, 0.5)
    assert votes.cast("10.0.0.1")
    assert not votes.cast("10.0.0.1")
    assert votes.tally(FOUR, 0.5) == {"count": 1, "need": 2}
    assert votes.cast("10.0.0.2")
    assert votes.passed(FOUR, 0.5)
    assert votes.result(FOUR, 0.5) == (
        "Voteskip passed: 2/4 skipped; eligible voters: 4 = total (4) - AFK (0) "
        "- no permission (0); ratio = 0.5"
    )


def test_votes_are_taken_back_and_forgotten() -> None:
    votes = Votes()
    votes.withdraw("10.0.0.1")
    votes.cast("10.0.0.1")
    votes.withdraw("10.0.0.1")
    assert votes.tally(FOUR, 0.5) == {"count": 0, "need": 2}
    votes.clear()
    assert votes.tally(FOUR, 0.5) == {"count": 0, "need": 0}
