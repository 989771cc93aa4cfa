"""Media from the operator's own lists, found by the words of a title."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from activities.media.hooks import filled
from activities.media.matching import CLEARLY, fit, words_of
from activities.media.shelf import Listed, Shelf
from activities.media.sources import MOST_OTHERS, Hook, allows
from rosey.contracts.media import FoundMedia, LookedUp, Wanted


class Catalogue:
    """Looks in all lists of a folder; what a list leaves out of an entry the hooks may know."""

    def __init__(self, folder: Path, hooks: Iterable[Hook] = ()) -> None:
        self._shelf = Shelf(folder)
        self._hooks = list(hooks)

    async def find(self, wanted: Wanted) -> LookedUp | None:
        """The best match if it is clearly better than the next; else several to choose from."""
        found = await asyncio.to_thread(self._find, wanted)
        if found and found.media and not _is_whole(found.media):
            more = await filled(self._hooks, found.media)
            written = {key: value for key, value in found.media if value}
            return found.model_copy(update={"media": more.model_copy(update=written)})
        return found

    def _find(self, wanted: Wanted) -> LookedUp | None:
        listed = (each for each in self._shelf.listed() if allows(wanted, each.media.type))
        ranked = _ranked(wanted.text, listed)
        if not ranked:
            return None
        if _is_clear([score for score, _ in ranked]):
            others = [media for _, media in ranked[1 : MOST_OTHERS + 1]]
            return LookedUp(media=ranked[0][1], others=others)
        several = [media for _, media in ranked[:MOST_OTHERS]]
        titles = "; ".join(media.title for media in several)
        return LookedUp(others=several, problem=f"Several fit: {titles}. Which one is it?")


def _is_whole(media: FoundMedia) -> bool:
    return bool(media.title and media.thumbnail and (media.seconds > 0 or media.live))


def _is_clear(scores: list[float]) -> bool:
    """Whether the first of them is far ahead, or is the only one word for word."""
    best, second = scores[0], scores[1] if len(scores) > 1 else 0.0
    return best - second >= CLEARLY or best == 1.0 > second


def _ranked(text: str, listed: Iterable[Listed]) -> list[tuple[float, FoundMedia]]:
    """All that fit, best first, each media once; equal ones in the order of the lists."""
    wanted = words_of(text)
    scored: dict[tuple[str, str], tuple[float, FoundMedia]] = {}
    for each in listed:
        score = max(fit(wanted, name) for name in each.names)
        key = (each.media.type, each.media.id)
        if score > 0 and (key not in scored or scored[key][0] < score):
            scored[key] = (score, each.media)
    return sorted(scored.values(), key=lambda one: -one[0])
