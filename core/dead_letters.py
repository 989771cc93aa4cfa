"""Messages that no retry could help: what there is, one of them whole, once more, or away.

Whoever sets a message aside writes its headers and its body, so both are data here: nothing of
them is shown as it is, and a retry goes only where the stream it was taken from listens.
"""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import nats.errors
from nats.js.api import Header, RawStreamMsg, StreamConfig, StreamState
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError, ServerError
from pydantic import AwareDatetime, BaseModel, ValidationError

from core.errors import UserError
from rosey import clock, ids, streams, subjects
from rosey.bus import Bus
from rosey.events import Action, Command
from rosey.times import duration_words

PATIENCE = 5.0
REASON = "Rosey-Reason"
SUBJECT = "Rosey-Subject"
TOKEN = r"[^.\s*>]+"  # noqa: S105


@dataclass(frozen=True)
class DeadLetter:
    """`number` is its place in DEAD; `stream` and `subject` are where it was taken from."""

    number: int
    at: datetime
    stream: str
    headers: dict[str, str]
    data: bytes

    @property
    def subject(self) -> str:
        return self.headers.get(SUBJECT, "")

    @property
    def reason(self) -> str:
        return self.headers.get(REASON, "")


class _Told(BaseModel):
    sent_at: AwareDatetime


async def find_all(bus: Bus) -> list[DeadLetter]:
    """The oldest first. Raises UserError."""
    found: list[DeadLetter] = []
    left = (await _state(bus)).messages
    if not left:
        return found
    with _sentences():
        subscription = await bus.js.subscribe(
            subjects.dead(">"), stream=streams.DEAD, ordered_consumer=True
        )
        while left:
            msg = await subscription.next_msg(PATIENCE)
            place = msg.metadata
            left = place.num_pending
            number, headers = place.sequence.stream, dict(msg.headers or {})
            found.append(_letter(number, place.timestamp, msg.subject, headers, msg.data))
        await subscription.unsubscribe()
    return found


async def find(bus: Bus, number: int) -> DeadLetter:
    """One with all of it. Raises UserError when there is none of this number."""
    await _state(bus)
    with _sentences():
        try:
            raw = await bus.js.get_msg(streams.DEAD, number)
        except NotFoundError as problem:
            raise UserError(
                f"There is no dead letter {number}; `bin/rosey bus dead list` shows those there "
                "are."
            ) from problem
    assert raw.time
    return _letter(number, raw.time, raw.subject or "", _headers(raw), raw.data or b"")


async def retry(bus: Bus, number: int, as_new: bool = False) -> DeadLetter:
    """Publishes it where it came from, and deletes it when the stream has it.

    Typed twice it is once. `as_new` makes of a command, or of a line for a room, one of this
    moment. Raises UserError, and then the dead letter stays.
    """
    letter = await find(bus, number)
    config = await _origin(bus, letter)
    now = clock.now()
    if not as_new:
        _refuse_stale(letter, config.max_age or 0.0, now)
    id, data = _again(letter, as_new, now)
    await _publish(bus, letter, id, data)
    await _delete(bus, number)
    return letter


async def drop(bus: Bus, number: int) -> None:
    """Deletes it for good. Raises UserError when there is none of this number."""
    await find(bus, number)
    await _delete(bus, number)


async def drop_all(bus: Bus) -> int:
    """Deletes those there are now; how many. Raises UserError."""
    state = await _state(bus)
    with _sentences():
        await bus.js.purge_stream(streams.DEAD, seq=state.last_seq + 1)
    return state.messages


def visible(text: str) -> str:
    """The text with all that a terminal would obey, or not show, written out as `\\x1b`."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _letter(
    number: int, at: datetime, subject: str, headers: dict[str, str], data: bytes
) -> DeadLetter:
    return DeadLetter(number, at, subject.removeprefix(subjects.dead("")), headers, data)


def _headers(raw: RawStreamMsg) -> dict[str, str]:
    """They are UTF-8; the library's own reading of them here knows only ASCII."""
    text = base64.b64decode(raw.hdrs or b"").decode(errors="replace")
    parts = (line.partition(":") for line in text.split("\r\n")[1:])
    return {name.strip(): value.strip() for name, colon, value in parts if colon}


async def _state(bus: Bus) -> StreamState:
    with _sentences():
        try:
            return (await bus.js.stream_info(streams.DEAD)).state
        except NotFoundError as problem:
            raise UserError(
                "This NATS keeps no dead letters: the router makes their stream when it starts."
            ) from problem


async def _delete(bus: Bus, number: int) -> None:
    """It may be gone already, by somebody else's hand."""
    with _sentences(), suppress(NotFoundError):
        try:
            await bus.js.delete_msg(streams.DEAD, number)
        except ServerError:
            await bus.js.get_msg(streams.DEAD, number)
            raise


async def _origin(bus: Bus, letter: DeadLetter) -> StreamConfig:
    """The stream it goes back to. Raises UserError when that has no such subject.

    A plugin writes its dead letters itself; with the operator's rights one could reach anything.
    """
    with _sentences():
        try:
            config = (await bus.js.stream_info(letter.stream)).config
        except (NotFoundError, ValueError) as problem:
            raise UserError(
                f"Dead letter {letter.number} came from the stream {visible(letter.stream)}, which "
                "is not there any more; it can only be dropped."
            ) from problem
    if not any(re.fullmatch(_pattern(each), letter.subject) for each in config.subjects or []):
        raise UserError(
            f"Dead letter {letter.number} names the subject {visible(letter.subject)!r}, which "
            f"{letter.stream} does not keep; it can only be dropped."
        )
    return config


def _pattern(subject: str) -> str:
    """What plain subjects fit one with wildcards."""
    kinds = {"*": TOKEN, ">": rf"{TOKEN}(\.{TOKEN})*"}
    return r"\.".join(kinds.get(token, re.escape(token)) for token in subject.split("."))


def _refuse_stale(letter: DeadLetter, most: float, now: datetime) -> None:
    """Raises UserError for what its stream, with `most` seconds, would have forgotten by now."""
    try:
        sent_at = _Told.model_validate_json(letter.data).sent_at
    except ValidationError:
        sent_at = letter.at
    age = (now - sent_at).total_seconds()
    if not most or age <= most:
        return
    way = "it can only be dropped"
    if _model(letter):
        way = f"`bin/rosey bus dead retry {letter.number} --as-new` sends it as a new one"
    raise UserError(
        f"Dead letter {letter.number} is stale: it was sent {duration_words(age)} ago, and "
        f"{letter.stream} keeps nothing longer than {duration_words(most)}; {way}."
    )


def _again(letter: DeadLetter, as_new: bool, now: datetime) -> tuple[str, bytes]:
    """Its new id for the stream, which still knows the old one, and its body."""
    body = _parsed(letter)
    if as_new and body is None:
        raise UserError(
            f"Dead letter {letter.number} is neither a command nor a line for a room that can be "
            "read; it cannot be sent as a new one."
        )
    if isinstance(body, Action):
        # The connection remembers that it has given up the old one.
        id = ids.numbered(ids.derive("a", body.id, letter.number), 0)
        return id, body.model_copy(update={"id": id}).wire()
    if body and as_new:
        id = ids.derive("c", body.id, letter.number)
        return id, body.model_copy(update={"id": id, "sent_at": now}).wire()
    return ids.derive("t", letter.headers.get(Header.MSG_ID, ""), letter.number), letter.data


def _model(letter: DeadLetter) -> type[Command] | type[Action] | None:
    if letter.stream == streams.SENDS:
        return Action
    return Command if letter.stream.startswith(streams.commands_of("")) else None


def _parsed(letter: DeadLetter) -> Command | Action | None:
    model = _model(letter)
    if model is not None:
        with suppress(ValidationError):
            return model.read(letter.data)
    return None


async def _publish(bus: Bus, letter: DeadLetter, id: str, data: bytes) -> None:
    kept = {
        name: value
        for name, value in letter.headers.items()
        if name not in (REASON, SUBJECT) and not name.lower().startswith("nats-")
    }
    with _sentences():
        try:
            await bus.js.publish(
                letter.subject,
                data,
                timeout=PATIENCE,
                stream=letter.stream,
                headers=kept | {Header.MSG_ID: id},
            )
        except (APIError, NoStreamResponseError, nats.errors.MaxPayloadError) as problem:
            why = getattr(problem, "description", None) or problem
            raise UserError(
                f"{letter.stream} does not take dead letter {letter.number}: {why}. It stays "
                "among the dead letters; try again later."
            ) from problem


@contextmanager
def _sentences() -> Iterator[None]:
    """What goes wrong with NATS becomes a sentence."""
    try:
        yield
    except (nats.errors.Error, TimeoutError) as problem:
        raise UserError(
            f"NATS did not answer as it should ({problem}). Nothing is lost: try again; a retry "
            "that is typed twice is once."
        ) from problem
