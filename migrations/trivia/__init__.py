"""Finished trivia games and what each person has reached."""
