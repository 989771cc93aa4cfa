"""Trivia's commands and questions."""
