"""The time zone of a room, as a setting."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator


def known(name: str) -> str:
    """Raises ValueError for a zone that there is not."""
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise ValueError("is no time zone like Europe/Berlin or America/New_York") from None


Zone = Annotated[str, AfterValidator(known)]
