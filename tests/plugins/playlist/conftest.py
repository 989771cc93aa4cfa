"""What the playlist keeps is tried on both databases."""

from tests.core.database.conftest import postgres, store
from tests.playlist_tables import tables

__all__ = ["postgres", "store", "tables"]
