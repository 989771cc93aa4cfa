"""The activity that finds out what somebody wants to play."""

from collections.abc import Mapping

from temporalio import activity

from activities.media.sources import Source
from rosey.contracts.media import LOOK_UP, LookedUp, Wanted
from rosey.media import is_link

NOTHING = "Name a link, or words of a title."
NO_LINKS = "Links are not taken here; name a title."
ONLY_LINKS = "That is no link, and only links are taken here."


class MediaActivities:
    """Asks the sources by their names, in the order that a request gives."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = dict(sources)

    @activity.defn(name=LOOK_UP)
    async def look_up(self, wanted: Wanted) -> LookedUp:
        """What a request means; a problem, in words for the person, when nothing is found.

        Raises ApplicationError, its message for the person, when another try may find it.
        """
        wanted = wanted.model_copy(update={"text": wanted.text.strip()})
        if not wanted.text:
            return LookedUp(problem=NOTHING)
        return await self._ask(wanted)

    async def _ask(self, wanted: Wanted) -> LookedUp:
        linked = is_link(wanted.text)
        names = [name for name in wanted.sources if (name == "link") == linked]
        if not names:
            return LookedUp(problem=NO_LINKS if linked else ONLY_LINKS)
        problem = ""
        for name in names:
            found = await self._sources[name].find(wanted)
            if found and (found.media or found.others):
                return found
            problem = problem or (found.problem if found else "")
        return LookedUp(problem=problem or f"I find nothing for '{_short(wanted.text)}'.")


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
