"""Lines become commands, replies become actions."""
