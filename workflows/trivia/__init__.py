"""A room's trivia."""
