"""What travels on the bus. Times are UTC, durations seconds; unknown fields are ignored."""

from datetime import UTC, datetime
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

VERSION = 1


def utc(milliseconds: float) -> datetime:
    """A platform's millisecond clock as a time."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


class Wire(BaseModel):
    """Everything on the bus says which version of its schema it follows."""

    model_config = ConfigDict(extra="ignore")
    v: int = VERSION

    def wire(self) -> bytes:
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Raises pydantic.ValidationError for what does not parse."""
        return cls.model_validate_json(data)


class User(BaseModel):
    """A person in a room as the platform knows him."""

    model_config = ConfigDict(extra="ignore")
    name: str
    rank: float = Field(default=0.0, allow_inf_nan=False)
    id: str | None = None
    afk: bool = False
    muted: bool = False


# Whom a command is from that no person has given.
NOBODY = User(name="")


class Message(Wire):
    """A line of chat or a private message. `text` is as typed, `sent_at` the platform's time."""

    id: str
    channel: str
    user: User
    text: str
    sent_at: AwareDatetime
    pm: bool = False
    own: bool = Field(default=False, description="said by Rosey herself")
    thread: str | None = None
    reply_to: str | None = None
    metadata: dict[str, JsonValue] = {}


class UserEvent(Wire):
    """Somebody came, left or changed: `rosey.events.user.join|leave|update`."""

    id: str
    channel: str
    user: User
    at: AwareDatetime


class Media(BaseModel):
    """One thing that can play. `seconds` is 0 for live media."""

    model_config = ConfigDict(extra="ignore")
    type: str
    id: str
    title: str = ""
    seconds: float = 0.0


class MediaEvent(Wire):
    """`rosey.events.media.change|end`; `position` in seconds, `uid` of the item when known."""

    id: str
    channel: str
    at: AwareDatetime
    media: Media | None = None
    uid: int | None = Field(default=None, description="its place on the list, when it is known")
    position: float = 0.0
    paused: bool = False


class PlaylistItem(BaseModel):
    """`uid` is the platform's handle, good only within one connection."""

    model_config = ConfigDict(extra="ignore")
    uid: int
    media: Media
    queued_by: str = ""
    temp: bool = True


class PlaylistChange(Wire):
    """`rosey.events.playlist.change`. `kind`: replaced, added, removed, moved, changed, locked.

    `replaced` comes after every join, with the whole list; `current` is the uid that plays then.
    """

    id: str
    channel: str
    at: AwareDatetime
    kind: str
    items: list[PlaylistItem] = []
    uid: int | None = None
    after: int | str | None = None
    locked: bool | None = None
    current: int | None = Field(default=None, description="the uid of what plays, in `replaced`")
    position: float | None = Field(default=None, description="its seconds, for who asked to look")
    session: str = Field(default="", description="the id of the join, for who asked to look")
    name: str = Field(default="", description="Rosey's own in the room, for who asked to look")


class ConnectionEvent(Wire):
    """`rosey.events.connection.up|down`. `gap` says that lines were missed, not how many.

    When a room is joined, `name` is Rosey's own there and `users` are those who are there already,
    herself among them: nobody is said to have come because she came.
    """

    id: str
    channel: str
    at: AwareDatetime
    reason: str = ""
    gap: bool = False
    first: bool = Field(default=False, description="the first join of this process")
    name: str = ""
    users: list[User] = []


class Sent(Wire):
    """`rosey.events.sent`: the platform has shown the action's last line at `sent_at`.

    Or it has changed its list: `uid` and `media` are those of the item that was added.
    """

    action_id: str
    channel: str
    sent_at: AwareDatetime
    kind: str = Field(default="say", description="the action's")
    uid: int | None = Field(default=None, description="of what a `media_add` became")
    media: Media | None = Field(default=None, description="what a `media_add` became")


class ActionRefused(Wire):
    """`rosey.events.refused`: a change of the list that was not made, or perhaps not.

    `code`: permission, refused, gone (the uid is another's now) or lost (nobody knows). `reason`
    is a sentence. Each action is tried once; should a crash lead to two words on one action, the
    first counts.
    """

    action_id: str
    channel: str
    kind: str
    code: str
    reason: str
    at: AwareDatetime


class Command(Wire):
    """An order to a plugin. `plain`: a line without a prefix that an open question waited for.

    `shown_at` is the platform time of that question; `seq` the source's place in its stream.
    """

    id: str
    plugin: str
    action: str
    channel: str
    user: User
    text: str = ""
    args: list[str] = []
    sent_at: AwareDatetime
    shown_at: AwareDatetime | None = None
    seq: int = 0
    plain: bool = False
    pm: bool = False
    prefix: str = Field(default="!", description="what commands begin with in the channel")
    event: dict[str, JsonValue] | None = Field(
        default=None, description="what happened, for an action that nobody typed"
    )


class Action(Wire):
    """Something to do on a platform: `say`, `pm` (with `to`), `media_add` and the like.

    The `args` of the latter are the fields of an Edit (`rosey/contracts/playlist.py`).
    """

    id: str
    channel: str
    kind: str = "say"
    text: str = ""
    to: str = ""
    args: dict[str, JsonValue] = {}


class Reply(Wire):
    """The answer to a command, or an announcement (no `command_id`)."""

    id: str
    channel: str
    command_id: str | None = None
    to: str = Field(default="", description="whoever asked by private message")
    actions: list[Action] = []
    error: str | None = None


class Execute(Wire):
    """A command put on the bus by a program: `rosey.commands.<plugin>.execute`."""

    id: str = Field(default="", description="repeats of one id are one command")
    action: str
    channel: str
    text: str = ""
    user: User = User(name="operator", rank=3.0)


class Executed(Wire):
    """Its answer, to the asker and on `rosey.commands.<plugin>.result`."""

    command_id: str = ""
    say: list[str] = []
    error: str | None = None


class Happening(BaseModel):
    """A plugin event before it has an id: the part after the dot of `<plugin>.<event>`."""

    name: str
    data: dict[str, Any] = {}


class PluginEvent(Wire):
    """`<plugin>.<event>` as published."""

    id: str
    plugin: str
    event: str
    channel: str = ""
    at: AwareDatetime
    data: dict[str, Any] = {}


class Line(BaseModel):
    """Something a handler says: where it was asked, or in private `to` a person."""

    model_config = ConfigDict(extra="ignore")
    text: str
    to: str = ""


class Outcome(BaseModel):
    """What a handler answers: lines to say where it was asked, and events; or an error."""

    model_config = ConfigDict(extra="ignore")
    # Workflows have none, and what they remember of their outcomes has to stay small.
    lines: list[Line] = Field(
        default=[],
        description="by ctx.say and ctx.pm, before `say`",
        exclude_if=lambda lines: not lines,
    )
    say: list[str] = []
    events: list[Happening] = []
    error: str | None = Field(default=None, description="a sentence for the one who asked")

    @property
    def empty(self) -> bool:
        return not (self.lines or self.say or self.events or self.error)


class ChatCommand(BaseModel):
    """How a command looks to the room. `words`: `roll`, or two words as `trivia start`.

    `cooldown` is in seconds for each person, `room_cooldown` for all of a room together.
    """

    model_config = ConfigDict(extra="ignore")
    action: str
    words: list[str]
    usage: str = ""
    help: str = ""
    rank: float = 0.0
    cooldown: float = 0.0
    room_cooldown: float = 0.0
    hidden: bool = False


class PluginPresence(Wire):
    """A plugin's entry in the bucket `rosey_plugins`."""

    plugin: str
    version: str
    summary: str = ""
    alive_at: AwareDatetime
    commands: list[ChatCommand] = []
    actions: list[str] = Field(default=[], description="kinds of actions its manifest asks for")
    hears: list[str] = Field(default=[], description="events it has handlers for: user.join")


class PluginChange(Wire):
    """`plugin.<event>`: what became of a plugin's process, as its host sees it, or of a switch.

    `event` is started, stopped, crashed, restarted, reloaded, failed or disabled. With `channel` it
    is enabled or disabled, and that room's alone; `who` did it, nobody when the configuration did.
    """

    id: str
    event: str
    plugin: str
    version: str = ""
    pid: int | None = None
    channel: str = ""
    who: str = ""
    reason: str = ""
    at: AwareDatetime


class Listening(Wire):
    """An entry of `rosey_listening`: an open question, and when the room saw it."""

    action_id: str
    shown_at: AwareDatetime | None = None


class Refusal(Wire):
    """`rosey.refusal.<name>`: a process tells what the server did not let it do."""

    what: str
    subject: str


class Violation(Wire):
    """`rosey.security.violation`: `what` is publish, subscribe or login; `count` since the start.

    `who` is a name on the bus (`plugin-dice`), or an address that nobody knows.
    """

    id: str
    who: str
    what: str
    subject: str = ""
    at: AwareDatetime
    count: int = 1


class Restricted(Wire):
    """`rosey.security.plugin.restricted`: a plugin kept trying and was stopped."""

    id: str
    plugin: str
    count: int
    at: AwareDatetime


class Backlog(BaseModel):
    """What waits for one consumer of a stream: not yet handed out, or not yet acknowledged.

    `age` is that of the oldest in seconds; `redelivered` counts those handed out more than once.
    """

    model_config = ConfigDict(extra="ignore")
    stream: str
    consumer: str
    depth: int = 0
    age: float = 0.0
    redelivered: int = 0


Way = Literal["sent", "handled"]


class Traffic(BaseModel):
    """What a process did with the messages of one family of subjects since it began.

    `p50` and `p99` in seconds, rounded up to the next of a few bounds.
    """

    model_config = ConfigDict(extra="ignore")
    process: str = ""
    way: Way
    family: str
    count: int
    failed: int
    p50: float
    p99: float


class Measured(Wire):
    """`rosey.measured.<name>`: a process tells of its traffic every few seconds."""

    traffic: list[Traffic] = []


class Metrics(Wire):
    """`rosey.monitoring.metrics`, every few seconds."""

    id: str
    at: AwareDatetime
    backlogs: list[Backlog] = []
    traffic: list[Traffic] = []


class Health(Wire):
    """`rosey.monitoring.health`: something is wrong, or is well again; `what` says so in words."""

    id: str
    at: AwareDatetime
    ok: bool
    about: str
    what: str
