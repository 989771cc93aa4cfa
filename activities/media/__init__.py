"""Media: what a request for something to play means, and what can be learnt about it."""

import logging
import os
from collections.abc import Mapping

from activities.media.activity import MediaActivities
from activities.media.catalogue import Catalogue
from activities.media.hooks import FileName, Manifest, OEmbed
from activities.media.link import LinkSource
from activities.media.search import Invidious, NoSearch
from activities.media.sources import Hook, Source
from activities.media.web import Web, place_of
from rosey.durable.surroundings import Activities, Surroundings

__all__ = ["activities"]

log = logging.getLogger(__name__)

# The address of an Invidious instance.
SEARCH = "ROSEY_MEDIA_SEARCH"


def activities(surroundings: Surroundings) -> Activities:
    """Links, the lists in `catalogue` in the plugin's data folder, and the operator's search."""
    web = Web()
    hooks: list[Hook] = [OEmbed(web), Manifest(web), FileName()]
    sources: dict[str, Source] = {
        "link": LinkSource(hooks),
        "catalogue": Catalogue(surroundings.data / "catalogue", hooks),
        "search": _search(os.environ),
    }
    return [MediaActivities(sources).look_up]


def _search(environment: Mapping[str, str]) -> Source:
    instance = environment.get(SEARCH, "").strip()
    if not instance:
        return NoSearch()
    try:
        # The operator's own choice, and so wherever he likes; links of the room get no such leave.
        return Invidious(Web([place_of(instance)]), instance)
    except ValueError as problem:
        log.error("%s: %s; searching is off", SEARCH, problem)
        return NoSearch()
