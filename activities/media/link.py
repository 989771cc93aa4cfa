"""A pasted link, and what can be learnt of the media behind it."""

from collections.abc import Iterable

from activities.media.hooks import filled
from activities.media.sources import Hook, allows, kinds
from rosey.contracts.media import FoundMedia, LookedUp, Wanted
from rosey.media import Link, NoLink, is_link, read_link, unplayable


class LinkSource:
    """Understands links; the hooks tell more, one after the other, as far as they can."""

    def __init__(self, hooks: Iterable[Hook] = ()) -> None:
        self._hooks = list(hooks)

    async def find(self, wanted: Wanted) -> LookedUp | None:
        """The media of a link; a problem for a link that does not play."""
        if not is_link(wanted.text):
            return None
        link = read_link(wanted.text)
        if isinstance(link, NoLink):
            return LookedUp(problem=link.text)
        if problem := _problem(wanted, link):
            return LookedUp(problem=problem)
        media = FoundMedia(type=link.type, id=link.id, source="link")
        return LookedUp(media=await filled(self._hooks, media))


def _problem(wanted: Wanted, link: Link) -> str:
    if link.type in wanted.types:
        return ""
    if reason := unplayable(link):
        return reason
    if not allows(wanted, link.type):
        return f"Only these are taken here: {kinds(wanted.types)}."
    return ""
