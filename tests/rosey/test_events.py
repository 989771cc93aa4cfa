"""What travels on the bus: forgiving about the unknown, strict about the wrong."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rosey import events
from rosey.events import (
    Action,
    ActionRefused,
    Command,
    ConnectionEvent,
    Execute,
    Executed,
    Happening,
    Line,
    Listening,
    MediaEvent,
    Message,
    Outcome,
    PlaylistChange,
    PluginEvent,
    PluginPresence,
    Reply,
    Sent,
    User,
    UserEvent,
    Wire,
    utc,
)

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
EXAMPLES: list[Wire] = [
    Message(id="m-1", channel="lounge/lobby", user=User(name="bob"), text="hé\n👋", sent_at=AT),
    UserEvent(id="u-1", channel="lounge/lobby", user=User(name="bob", rank=1.5), at=AT),
    MediaEvent(id="x-1", channel="lounge/lobby", at=AT, position=1.5),
    PlaylistChange(id="p-1", channel="lounge/lobby", at=AT, kind="moved", uid=3, after="prepend"),
    ConnectionEvent(id="k-1", channel="lounge/lobby", at=AT, gap=True),
    Sent(action_id="r-1-0", channel="lounge/lobby", sent_at=AT),
    ActionRefused(
        action_id="r-1-1",
        channel="lounge/lobby",
        kind="media_add",
        code="refused",
        reason="Too long.",
        at=AT,
    ),
    Command(
        id="c-1",
        plugin="dice",
        action="roll",
        channel="lounge/lobby",
        user=User(name="bob"),
        sent_at=AT,
        args=["2d6"],
    ),
    Action(id="r-1-0", channel="lounge/lobby", text="hi", args={"uid": [1, None, "a"]}),
    Reply(id="r-1", channel="lounge/lobby", actions=[Action(id="r-1-0", channel="a/b")]),
    Execute(action="roll", channel="lounge/lobby"),
    Executed(say=["4"]),
    PluginEvent(id="e-1", plugin="dice", event="roll_performed", at=AT, data={"total": 4}),
    PluginPresence(plugin="dice", version="1.0.0", alive_at=AT),
    Listening(action_id="a-1-0"),
]
NAMES = [type(example).__name__ for example in EXAMPLES]


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_what_is_written_is_read_again(example: Wire) -> None:
    assert type(example).read(example.wire()) == example
    assert json.loads(example.wire())["v"] == events.VERSION


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_unknown_fields_are_ignored(example: Wire) -> None:
    more = json.loads(example.wire()) | {"invented": {"later": 1}, "v": 2}
    read = type(example).read(json.dumps(more).encode())
    assert read == example.model_copy(update={"v": 2})


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"5", b'"x"', b"\xff\xfe", b"{}{}", b'{"v": "one"}']
)
def test_what_does_not_parse_is_refused(example: Wire, data: bytes) -> None:
    with pytest.raises(ValidationError):
        type(example).read(data)


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_wrong_types_are_refused(example: Wire) -> None:
    """Each field in turn gets a value of a kind that it cannot be."""
    sound = json.loads(example.model_dump_json())
    for name in sound:
        for nonsense in ({"a": 1}, [[1]]):
            wrong = sound | {name: nonsense}
            if _fits(type(example), name, nonsense):
                continue
            with pytest.raises(ValidationError, match=name):
                type(example).read(json.dumps(wrong).encode())


def _fits(model: type[Wire], name: str, value: object) -> bool:
    """Dictionaries of anything are allowed where a plugin or another model says what is in them."""
    free = ("event",) if model is Command else ("metadata", "args", "data")
    return isinstance(value, dict) and name in free


@given(st.datetimes())
def test_a_time_without_a_zone_is_refused(naive: datetime) -> None:
    for model, field in ((Message, "sent_at"), (Sent, "sent_at"), (UserEvent, "at")):
        example = next(one for one in EXAMPLES if type(one) is model)
        wrong = json.loads(example.wire()) | {field: naive.isoformat()}
        with pytest.raises(ValidationError, match="timezone"):
            model.read(json.dumps(wrong).encode())


def test_every_zone_is_the_same_moment() -> None:
    body: dict[str, Any] = {"action_id": "a", "channel": "a/b", "sent_at": "2026-01-01T14:00+02:00"}
    assert Sent.model_validate(body).sent_at == AT


@given(st.integers(0, 4_000_000_000_000))
def test_a_platform_s_milliseconds_are_kept(milliseconds: int) -> None:
    at = utc(milliseconds)
    assert at.tzinfo is UTC
    assert round((at - utc(0)) / timedelta(milliseconds=1)) == milliseconds


@pytest.mark.parametrize("rank", ["NaN", "Infinity", "-Infinity", '"nan"', '"inf"'])
def test_a_rank_is_a_number(rank: str) -> None:
    with pytest.raises(ValidationError, match="rank"):
        Execute.read(
            f'{{"action": "a", "channel": "b/c", "user": {{"name": "x", "rank": {rank}}}}}'.encode()
        )


def test_what_is_not_known_is_not_written() -> None:
    assert "shown_at" not in json.loads(Listening(action_id="a").wire())


def test_an_outcome_of_nothing_is_empty() -> None:
    assert Outcome().empty
    assert not Outcome(say=["x"]).empty
    assert not Outcome(error="x").empty
    assert not Outcome(events=[Happening(name="x")]).empty
    assert not Outcome(lines=[Line(text="x")]).empty


def test_an_outcome_writes_lines_only_when_there_are_some() -> None:
    assert set(Outcome().model_dump()) == {"say", "events", "error"}
    spoken = Outcome(lines=[Line(text="x", to="bob")])
    assert Outcome.model_validate_json(spoken.model_dump_json()) == spoken


def test_a_program_is_an_operator_unless_it_says_otherwise() -> None:
    user = Execute.read(b'{"action": "stop", "channel": "lounge/lobby"}').user
    assert (user.name, user.rank) == ("operator", 3.0)
