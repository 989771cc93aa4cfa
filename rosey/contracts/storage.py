"""What workflows hand to whoever keeps what happened."""

RECORD_GAME = "record_game"
