"""What the recorder reads from the streams."""

from dataclasses import dataclass

from rosey import subjects
from rosey.events import Action, ConnectionEvent, MediaEvent, Message, Sent, UserEvent

Event = Message | UserEvent | ConnectionEvent | MediaEvent | Sent | Action

# Private messages are not among them.
MODELS: dict[str, type[Event]] = {
    subjects.MESSAGE: Message,
    subjects.USER_JOIN: UserEvent,
    subjects.USER_LEAVE: UserEvent,
    subjects.USER_UPDATE: UserEvent,
    subjects.MEDIA_CHANGE: MediaEvent,
    subjects.CONNECTION_UP: ConnectionEvent,
    subjects.CONNECTION_DOWN: ConnectionEvent,
    subjects.SENT: Sent,
}


@dataclass(frozen=True)
class Fact:
    """An event and the subject that says what kind it is; actions go out on many."""

    subject: str
    event: Event

    @property
    def kind(self) -> str:
        """The last part of the subject: message, join, up."""
        return self.subject.rpartition(".")[2]


def read(subject: str, data: bytes) -> Fact:
    """Raises pydantic.ValidationError for what does not parse."""
    return Fact(subject, MODELS.get(subject, Action).read(data))
