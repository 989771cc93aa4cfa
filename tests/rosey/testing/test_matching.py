import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nats.js.api import RePublish

from rosey.subjects import matches
from rosey.testing.matching import republished

TOKEN = st.sampled_from(["a", "b", "ab", "A", "$KV", "é", "-"])
SUBJECT = st.lists(TOKEN, min_size=1, max_size=5).map(".".join)
PATTERN = st.builds(
    lambda tokens, tail: ".".join([*tokens, *tail]),
    st.lists(st.one_of(TOKEN, st.just("*")), min_size=1, max_size=4),
    st.sampled_from([[], [">"]]),
) | st.just(">")


def reference(pattern: str, subject: str) -> bool:
    """The same in the words of regular expressions."""
    parts = [{"*": "[^.]+", ">": ".+"}.get(token, re.escape(token)) for token in pattern.split(".")]
    return re.fullmatch(r"\.".join(parts), subject) is not None


@given(PATTERN, SUBJECT)
@example("a.>", "a")
@example("a.*", "a.b.b")
@example("*.>", "a.b")
def test_patterns_are_read_as_nats_reads_them(pattern: str, subject: str) -> None:
    assert matches(pattern, subject) == reference(pattern, subject)


@pytest.mark.parametrize(
    ("src", "dest", "subject", "second"),
    [
        (
            "dice.*",
            "rosey.plugins.dice.{{wildcard(1)}}",
            "dice.rolled",
            "rosey.plugins.dice.rolled",
        ),
        ("a.*.*", "b.{{wildcard(2)}}.{{wildcard(1)}}", "a.x.y", "b.y.x"),
        ("$KV.a.>", "kept.a.>", "$KV.a.x.y", "kept.a.x.y"),
        ("dice.*", "b.{{wildcard(1)}}", "trivia.won", None),
        (None, "all.>", "a.b", "all.a.b"),
    ],
)
def test_second_subjects(src: str | None, dest: str, subject: str, second: str | None) -> None:
    assert republished(RePublish(src=src, dest=dest), subject) == second
