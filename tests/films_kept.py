"""The playlist's tables of people in memory, as its migrations make them."""

from tests.memory_service import MemoryService, fields

COUNTS = [
    *fields("integer", "items_added items_played items_skipped"),
    *fields("float", "total_duration_added total_duration_played"),
    *fields("datetime", "last_add"),
]
TABLES = {
    "history": [
        *fields("string", "channel media_type title added_by", required=True),
        *fields("text", "media_id", required=True),
        *fields("datetime", "played_at", required=True),
        *fields("string", "item_id name_key"),
        *fields("float", "duration play_duration watched_seconds"),
        *fields("boolean", "skipped"),
    ],
    "user_stats": [*fields("string", "user_id", required=True), *COUNTS],
    "room_stats": [*fields("string", "channel user_id username", required=True), *COUNTS],
    "lists": [
        *fields("string", "channel name owner name_key", required=True),
        *fields("integer", "items"),
        *fields("datetime", "saved_at", required=True),
    ],
    "list_items": [
        *fields("string", "channel list media_type title added_by name_key", required=True),
        *fields("text", "media_id", required=True),
        *fields("integer", "position"),
        *fields("float", "duration"),
    ],
}
UNIQUE = {"user_stats": [["user_id"]], "room_stats": [["channel", "user_id"]]}


class FilmShelf(MemoryService):
    """What is kept of people's films."""

    def __init__(self) -> None:
        super().__init__(TABLES, UNIQUE)
