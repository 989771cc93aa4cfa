"""One person, however the name is written."""

from rosey.names import LONGEST_NAME, name_key


def test_spellings_of_a_name_are_one_person() -> None:
    assert name_key("Bob") == name_key("bOB") == "bob"
    assert name_key("bob_") != name_key("bob")


def test_long_names_are_cut() -> None:
    assert name_key("X" * LONGEST_NAME + "Y") == "x" * LONGEST_NAME
