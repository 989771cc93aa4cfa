"""The shapes of the frames that matter here, and the family of every frame there is."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from connectors.cytube.wire import plain
from rosey.platform import Family, Refusal

UNREADABLE = "unreadable"  # what the connection calls a packet that is no frame
_LATEST = 253_402_300_799_000  # the last millisecond a datetime can hold
_LONGEST_REASON = 300
_LONGEST_WAIT = 60.0

# No server lets people have names that this would change; Rosey says names in her lines.
Name = Annotated[str, AfterValidator(lambda name: plain(name, 100))]


class Shape(BaseModel):
    """A frame from the server: unknown keys are ignored, types are not guessed."""

    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)


class Chat(Shape):
    """`chatMsg`; `time` is the server's clock in milliseconds."""

    username: Name
    msg: str
    time: float = Field(ge=0, le=_LATEST)
    meta: dict[str, Any] = {}


class Private(Chat):
    """`pm`, which both ends receive."""

    to: Name


class Meta(Shape):
    afk: bool = False
    muted: bool = False


class Person(Shape):
    """An entry of `userlist`, and `addUser`."""

    name: Name
    rank: float
    meta: Meta = Meta()


class Named(Shape):
    """`userLeave`."""

    name: Name


class Ranked(Shape):
    """`setUserRank`; the name may be spelled oddly and belong to somebody absent."""

    name: Name
    rank: float


class Marked(Shape):
    """`setUserMeta`; `meta` replaces the old one."""

    name: Name
    meta: Meta


class Away(Shape):
    """`setAFK`."""

    name: Name
    afk: bool


class Login(Shape):
    """`login`."""

    success: bool
    name: Name = ""
    error: str = ""


class Film(Shape):
    """The `media` of an item; `seconds` is 0 for live media."""

    id: str
    type: str
    title: str = ""
    seconds: float = Field(default=0, ge=0)


class Playing(Film):
    """`changeMedia`."""

    position: float = Field(default=0, alias="currentTime")
    paused: bool = False


class Tick(Shape):
    """`mediaUpdate`."""

    position: float = Field(alias="currentTime")
    paused: bool = False


class Item(Shape):
    """An entry of `playlist`."""

    media: Film
    uid: int
    temp: bool = True
    queueby: Name = ""


class Queued(Shape):
    """`queue`; `after` is a uid or `prepend`."""

    item: Item
    after: int | str


class Gone(Shape):
    """`delete`."""

    uid: int


class Moved(Shape):
    """`moveVideo`; `after` is a uid, `prepend` or `append`."""

    uid: int = Field(alias="from")
    after: int | str


class Kept(Shape):
    """`setTemp`."""

    uid: int
    temp: bool


class Total(Shape):
    """`setPlaylistMeta`."""

    count: int


class Flood(Shape):
    burst: float = 4
    sustained: float = 1


class Options(Shape):
    """`channelOpts`, of which only the flood guard matters here."""

    chat_antiflood: bool = False
    chat_antiflood_params: Flood = Flood()


_STRICT = ConfigDict(strict=True, allow_inf_nan=False)
_NUMBER = TypeAdapter(float, config=_STRICT)
_TEXT = TypeAdapter(str, config=_STRICT)
_FLAG = TypeAdapter(bool, config=_STRICT)

SHAPES: dict[str, TypeAdapter[Any]] = {
    "chatMsg": TypeAdapter(Chat),
    "pm": TypeAdapter(Private),
    "userlist": TypeAdapter(list[Person]),
    "addUser": TypeAdapter(Person),
    "userLeave": TypeAdapter(Named),
    "setUserRank": TypeAdapter(Ranked),
    "setUserMeta": TypeAdapter(Marked),
    "setAFK": TypeAdapter(Away),
    "usercount": _NUMBER,
    "rank": _NUMBER,
    "setLeader": _TEXT,
    "login": TypeAdapter(Login),
    "needPassword": _FLAG,
    "setPermissions": TypeAdapter(dict[str, float], config=_STRICT),
    "setMotd": _TEXT,
    "channelOpts": TypeAdapter(Options),
    "setCurrent": TypeAdapter(int, config=_STRICT),
    "changeMedia": TypeAdapter(Playing),
    "mediaUpdate": TypeAdapter(Tick),
    "playlist": TypeAdapter(list[Item]),
    "queue": TypeAdapter(Queued),
    "delete": TypeAdapter(Gone),
    "moveVideo": TypeAdapter(Moved),
    "setTemp": TypeAdapter(Kept),
    "setPlaylistMeta": TypeAdapter(Total),
    "setPlaylistLocked": _FLAG,
}

_MEMBERS: dict[Family, str] = {
    "chat": "chatMsg clearchat",
    "pm": "pm",
    "user": "userlist addUser userLeave usercount setUserRank setUserMeta setUserProfile setAFK "
    "setLeader rank channelRanks banlist banlistRemove",
    "media": "setCurrent changeMedia mediaUpdate voteskip clearVoteskipVote drinkCount",
    "playlist": "playlist setPlaylistMeta setPlaylistLocked queue queueFail queueWarn delete "
    "moveVideo setTemp listPlaylists searchResults",
    "error": "errorMsg costanza noflood cooldown spamFiltered validationError channelRankFail kick "
    f"{UNREADABLE}",
    "state": "login announcement needPassword cancelNeedPassword channelNotRegistered "
    "partitionChange setPermissions channelOpts channelCSSJS setMotd emoteList updateEmote "
    "renameEmote removeEmote chatFilters updateChatFilter deleteChatFilter addFilterSuccess "
    "newPoll updatePoll closePoll readChanLog validationPassed warnLargeChandump",
}
FAMILIES: dict[str, Family] = {
    name: family for family, names in _MEMBERS.items() for name in names.split()
}

_NEW_ACCOUNT = {
    "NEW_USER_CHAT": "This account is too new to chat in this room.",
    "NEW_USER_CHAT_LINK": "This account is too new to post links in this room.",
}
_ABOUT_LINES = (
    "PM failed:",
    "You can't PM yourself",
    "You must be signed in to send PMs",
    "Unexpected error for message chatMsg:",
    "Unexpected error for message pm:",
)


def refusal(name: str, payload: Any) -> Refusal | None:
    """The refusal of a line that a frame expresses, if it is one; its reason is one line."""
    if name == "cooldown":
        wait = payload / 1000 if isinstance(payload, int | float) else 1.0
        return Refusal(
            reason="Lines came faster than the room takes them.",
            retry_after=min(max(wait, 0.0), _LONGEST_WAIT),
        )
    if not isinstance(payload, dict):
        return None
    if name == "spamFiltered":
        reason = plain(str(payload.get("reason", "")), _LONGEST_REASON)
        return Refusal(reason=_NEW_ACCOUNT.get(reason, f"The room's spam filter: {reason}"))
    message = plain(str(payload.get("msg", "")), _LONGEST_REASON)
    if name == "noflood" and payload.get("action") == "chat":
        return Refusal(reason=message)
    if name == "errorMsg" and message.startswith(_ABOUT_LINES):
        return Refusal(reason=message)
    return None
