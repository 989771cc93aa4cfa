"""What a plugin keeps: rows and keys of its own, asked of the database service."""

from rosey.storage.client import Database, StorageError, Unavailable

__all__ = ["Database", "StorageError", "Unavailable"]
