"""The room's memory: reads what happens and keeps it, and answers questions about it."""
