"""Trivia questions: reading packs, picking from them, and the activity that does both."""
