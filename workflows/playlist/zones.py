"""The time zone of a room, as a setting."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator


def known(name: str) -> str:
    """Raises ValueError for a zone that there is not."""
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"a time zone like Europe/Berlin or America/New_York, not {name[:40]}"
        ) from None


Zone = Annotated[str, AfterValidator(known)]
