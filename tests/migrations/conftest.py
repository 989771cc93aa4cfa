"""Migrations run on both databases."""

from tests.core.database.conftest import postgres, store

__all__ = ["postgres", "store"]
