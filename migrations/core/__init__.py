"""The database service's own tables, and those of the room."""
