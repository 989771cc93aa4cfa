"""The magic 8-ball."""
