"""What the `Playlist` workflow asks of activities, and what others may ask of it."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from rosey.contracts.media import FoundMedia

RECORD_PLAYLIST = "record_playlist"
LOAD_QUEUE = "load_queue"
EDIT_PLAYLIST = "edit_playlist"
LOAD_LIST = "load_list"


class Item(BaseModel):
    """Something that was asked for. `id` is the queue's own and never used twice in a room.

    `seconds` is 0 when unknown or live. `parked`: its person is away, so it waits aside.
    """

    model_config = ConfigDict(extra="ignore")
    id: str
    type: str
    media_id: str
    title: str = ""
    seconds: float = 0.0
    live: bool = False
    thumbnail: str = ""
    added_by: str = ""
    added_at: AwareDatetime
    parked: bool = False


class Ended(BaseModel):
    """An item that has been on. `watched` in seconds is what really played."""

    item: Item
    played_at: AwareDatetime
    watched: float = 0.0
    skipped: bool = False


class PlaylistChange(BaseModel):
    """What one change did, to be written in one transaction, once by its `id`.

    `queue` is the whole queue after it, in order, or None when it did not change. `added` and
    `ended` are what is new since the change before.
    """

    id: str
    channel: str
    queue: list[Item] | None = None
    added: list[Item] = []
    ended: list[Ended] = []
    history_days: int = Field(default=0, description="older history is forgotten; 0 keeps it")


class LoadQueue(BaseModel):
    channel: str


class LoadedQueue(BaseModel):
    """The copy of the queue that the database holds, in order."""

    items: list[Item] = []


class LoadList(BaseModel):
    """Which of a room's saved lists."""

    channel: str
    name: str


class LoadedList(BaseModel):
    """What is on it, in order; nothing when there is no such list."""

    items: list[FoundMedia] = []


EditKind = Literal["add", "remove", "move", "jump", "skip", "clear", "shuffle", "lock", "look"]


class Edit(BaseModel):
    """One change of the platform's own list.

    `add`: `type`, `media_id`, `title`, `seconds`, `at` (`end` or `next`), always temporary.
    `remove`, `move`, `jump`: the platform's `uid`, and `type` and `media_id` of what is thought to
    be there, so that an old uid does no harm. `move`: behind the uid `after`, or first when None.
    `look` changes nothing: the list as it is known is told once more.
    """

    kind: EditKind
    type: str = ""
    media_id: str = ""
    title: str = ""
    seconds: float = 0.0
    at: Literal["end", "next"] = "end"
    uid: int | None = None
    after: int | None = None


class Edits(BaseModel):
    """Changes for the platform, in order; each is tried once and told of by its own action id.

    The action ids are `<id>-0`, `<id>-1` and so on; `rosey.events.sent` or
    `rosey.events.refused` say what became of each.
    """

    id: str
    channel: str
    session: str = Field(
        default="", description="the id of the join that they were made for; void in another"
    )
    edits: list[Edit]
