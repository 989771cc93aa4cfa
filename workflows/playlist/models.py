"""The state of a room's playlist, carried from run to run."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from rosey.contracts.media import Source
from rosey.contracts.playlist import Edit, Ended, Item, PlaylistChange
from rosey.contracts.shows import ShowWish
from rosey.durable import Kept
from rosey.events import Outcome
from workflows.playlist.zones import Zone

# The order that brings nothing but settings.
SETTINGS = "settings"


class Settings(BaseModel):
    """What a room may change. Times in seconds."""

    model_config = ConfigDict(extra="forbid")
    ahead: int = Field(default=3, ge=1, le=20, description="items kept on the platform's own list")
    fair: bool = Field(default=True, description="people take turns")
    weight_moderator: float = Field(default=1, ge=0.1, le=10, description="turns of a moderator")
    max_queue: int = Field(default=100, ge=1, le=1000)
    max_items_per_user: int = Field(default=5, ge=1, le=1000)
    max_duration_per_user: float = Field(default=1800, ge=0, le=604_800, description="0: no limit")
    max_item_duration: float = Field(default=0, ge=0, le=604_800, description="0: no limit")
    rate_limit_count: int = Field(default=3, ge=1, le=100)
    rate_limit_seconds: float = Field(default=10, ge=1, le=3600)
    unlimited_rank: float = Field(default=3, ge=0, le=256, description="no limits from this rank")
    sources: list[Source] = Field(default=["link", "catalogue", "search"])
    types: list[str] = Field(default=[], max_length=30, description="yt, cm, fi, ...; none: all")
    duplicates: bool = Field(default=False, description="the same thing may wait twice")
    repeat_after: float = Field(
        default=0, ge=0, le=2_592_000, description="before the same title may be added again"
    )
    series_after: float = Field(
        default=0, ge=0, le=2_592_000, description="before another of the same series may be"
    )
    autoplay: str = Field(
        default="", max_length=50, description="the saved list that plays when nothing waits"
    )
    autoplay_again: float = Field(
        default=21_600, ge=0, le=2_592_000, description="before autoplay plays the same again"
    )
    skip_own: bool = Field(default=True, description="people may skip what they added themselves")
    vote_share: float = Field(default=0.5, ge=0, le=1)
    vote_least: int = Field(default=2, ge=1, le=100)
    vote_seconds: float = Field(default=300, ge=10, le=3600, description="until a vote lapses")
    vote_cooldown: float = Field(default=30, ge=0, le=3600, description="after a vote has passed")
    park: bool = Field(default=True, description="what an absent person added waits aside")
    park_after: float = Field(default=300, ge=0, le=86_400, description="of absence")
    restore: Literal["ask", "always", "never"] = Field(
        default="always", description="what is lost by a crash is put back"
    )
    announce: bool = Field(default=False, description="say what starts")
    history_days: int = Field(default=0, ge=0, le=3650, description="history is kept; 0: for ever")
    zone: Zone = Field(default="UTC", description="the room's, like Europe/Berlin")
    show_lead: float = Field(
        default=900, ge=0, le=86_400, description="warning before a show, closed for requests"
    )


class Entry(Item):
    """Something that waits. The platform calls it `uid` while it stands on its list.

    People take turns: in each `round` everybody once, in the order of `turn`. `pinned`: somebody
    put it where it is, and fairness leaves it there. `next`: it was put before all the others.
    """

    uid: int | None = None
    stood_id: str = Field(default="", description="the platform's id, where it gave another")
    round: float = 0.0
    turn: int = 0
    weight: float = 1.0
    pinned: bool = False
    adopted: bool = Field(default=False, description="put on the platform's list there, not by us")
    next: bool = False
    free: bool = Field(default=False, description="no limits hold for whoever added it")
    filler: bool = Field(default=False, description="nobody asked for it; requests come first")
    series: str = ""
    show: bool = Field(default=False, description="of a show, which waits for nobody")


class Playing(BaseModel):
    """What is on. `entry` is None for what is no request, as a permanent item of the room.

    At `as_of` it stood at `position` seconds; a position below zero is the time to load.
    """

    uid: int | None = None
    entry: Entry | None = None
    type: str
    media_id: str
    title: str = ""
    seconds: float = 0.0
    by: str = ""
    started_at: AwareDatetime
    skipped_by: str = ""


class Stood(BaseModel):
    """An item of the platform's list, as far as it matters here."""

    uid: int
    type: str
    media_id: str
    title: str = ""
    seconds: float = 0.0
    by: str = ""
    temp: bool = True


class Platform(BaseModel):
    """What the platform's list is known to be. `known` is false until it has told of all of it."""

    connected: bool = False
    known: bool = False
    session: str = Field(default="", description="the id of the join")
    name: str = Field(default="", description="Rosey's own in the room")
    items: list[Stood] = []
    current: int | None = None
    locked: bool = False
    reloaded: bool = Field(default=False, description="the server had lost the list meanwhile")
    cannot: dict[str, str] = Field(default={}, description="kinds of edits refused, and why")
    tried: str = Field(default="", description="the last edits, and the list that they were for")

    @property
    def uids(self) -> list[int]:
        return [item.uid for item in self.items]


class Pending(BaseModel):
    """An edit that was asked of the platform and not yet answered."""

    edit: Edit
    entry: str = Field(default="", description="the id of the entry that it is about")
    at: AwareDatetime


class Request(BaseModel):
    """An `!add` whose media is being looked up, or waits to be."""

    id: str
    user: str
    rank: float
    text: str
    next: bool = False
    at: AwareDatetime


class Person(BaseModel):
    """Somebody in the room. `away_since`: when he left, if his items wait."""

    name: str
    rank: float = 0.0
    afk: bool = False
    away_since: AwareDatetime | None = None


class Had(BaseModel):
    """Somebody has had a turn: the round of his next, and his place in the rounds."""

    next: float
    turn: int


class Turns(BaseModel):
    """The fair rotation: whose turn is where. `now` and `turn` are those of what plays.

    `had`: who may not come again yet; the key is the name in small letters.
    """

    now: float = 0.0
    turn: int = 0
    next_turn: int = 1
    had: dict[str, Had] = {}


class Votes(BaseModel):
    """Who wants to skip what plays; the key is the name in small letters."""

    cast: dict[str, AwareDatetime] = {}
    passed_at: AwareDatetime | None = None


class Lock(BaseModel):
    """Before a show only moderators add; it ends by itself, should the show never come."""

    name: str
    begins: AwareDatetime
    until: AwareDatetime


class News(BaseModel):
    """What the database has not been told yet."""

    added: list[Item] = []
    ended: list[Ended] = []


class Room(BaseModel):
    """Everything a run hands to the next."""

    channel: str = ""
    era: str = Field(default="", description="marks the ids of this queue; another after a loss")
    settings: Settings = Settings()
    loaded: bool = Field(default=False, description="the database's copy has been looked at")
    queue: list[Entry] = []
    held: list[Entry] = Field(default=[], description="lost by the platform; waits for a word")
    leaving: list[Entry] = Field(default=[], description="to be taken off the platform's list")
    playing: Playing | None = None
    platform: Platform = Platform()
    pending: dict[str, Pending] = {}
    edits: int = Field(default=0, description="batches of edits so far")
    requests: list[Request] = []
    wishes: list[ShowWish] = Field(default=[], description="about shows; seen to in order")
    lock: Lock | None = None
    people: dict[str, Person] = {}
    turns: Turns = Turns()
    votes: Votes = Votes()
    looked: bool = Field(default=False, description="the platform was asked for its list")
    unanswered: int = Field(default=0, description="edits in a row that nobody answered")
    recovering: bool = Field(default=False, description="the room has still to hear what came back")
    added: dict[str, list[AwareDatetime]] = Field(default={}, description="adds of late")
    played: dict[str, AwareDatetime] = Field(
        default={}, description="when media, titles and series ended that were on of late"
    )
    chosen: dict[str, AwareDatetime] = Field(
        default={}, description="what autoplay put in, and when"
    )
    lull: AwareDatetime | None = Field(default=None, description="autoplay rests until then")
    told_of: str = Field(default="", description="the list that is known to be missing")
    numbers: int = Field(default=0, description="items so far")
    kept: Kept = Kept()
    unsaid: list[Outcome] = []
    news: News = News()
    copied: str = Field(default="", description="the queue as the database has it, in short")
    changes: int = Field(default=0, description="changes written so far")
    writing: PlaylistChange | None = Field(default=None, description="what is being written")


class QueueState(BaseModel):
    """The answer to the `queue` query: what waits, in order."""

    channel: str
    items: list[Item]
    seconds: float


class NowState(BaseModel):
    """The answer to the `now` query."""

    channel: str
    playing: Playing | None = None


class PlaylistState(BaseModel):
    """The answer to the `state` query."""

    channel: str
    connected: bool
    playing: str = ""
    waiting: int = 0
    on_platform: int = 0
    held: int = 0
    parked: int = 0
    pending: int = 0
    cannot: dict[str, str] = {}
    unrecorded: int = Field(default=0, description="what the database has not been told yet")
