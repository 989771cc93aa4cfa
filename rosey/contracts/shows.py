"""Shows: saved lists that begin at a time, and what workflows ask of activities about them."""

from datetime import time
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from rosey.contracts.media import FoundMedia

SCHEDULE_SHOW = "schedule_show"
CANCEL_SHOW = "cancel_show"
START_SHOW = "start_show"
LIST_SHOWS = "list_shows"

TIME_SHOW = "time_show"
WARN_OF_SHOW = "warn_of_show"
BEGIN_SHOW = "begin_show"
REMOVE_SHOW = "remove_show"


class ShowPlan(BaseModel):
    """When a list is shown: once `at` a moment, or by the `clock` of `zone` each week or day.

    `lead` in seconds: from when on the room is warned and closed for requests. `early` in seconds
    by the wall clock: how long before its time the show's workflow starts.
    """

    model_config = ConfigDict(extra="ignore")
    id: str
    channel: str
    name: str
    saved_list: str
    by: str = ""
    zone: str = "UTC"
    lead: float = 900.0
    early: float = 900.0
    at: AwareDatetime | None = None
    clock: time = time(0)
    weekday: int | None = Field(default=None, ge=0, le=6, description="0: Monday; None: each day")


class ShowWish(BaseModel):
    """What somebody asked about a room's shows. `id` is the order's."""

    id: str
    kind: Literal["schedule_show", "cancel_show", "start_show", "list_shows"]
    channel: str
    by: str = ""
    name: str = ""
    plan: ShowPlan | None = None


class Scheduled(BaseModel):
    """A show that is scheduled, and its next time, if any."""

    plan: ShowPlan
    next: AwareDatetime | None = None
    paused: bool = False


class ShowAnswer(BaseModel):
    """What came of a wish; `problem` is a sentence for who asked. `films`: of the saved list."""

    problem: str = ""
    shows: list[Scheduled] = []
    films: int = 0


class ShowTime(BaseModel):
    """When a show begins that has been started; None: at once."""

    begins: AwareDatetime | None = None


class ShowCall(BaseModel):
    """A show that is about to begin."""

    plan: ShowPlan
    begins: AwareDatetime


class ShowSoon(BaseModel):
    """What the playlist is told before. `films` is None when nobody could look."""

    name: str
    saved_list: str
    begins: AwareDatetime
    clock: str = Field(default="", description="when it begins, by the room's clock")
    films: int | None = None


class ShowBegins(BaseModel):
    """What the playlist is told when it begins. `problem`: why it has no items."""

    name: str
    saved_list: str
    by: str = ""
    items: list[FoundMedia] = []
    problem: str = ""
