"""Trivia questions: reading packs, picking from them, and the activity that does both."""

from activities.questions.activity import QuestionActivities
from rosey.durable.surroundings import Activities, Surroundings

__all__ = ["activities"]


def activities(surroundings: Surroundings) -> Activities:
    """Questions from the plugin's folder and from `questions` in its data folder."""
    folders = [surroundings.folder / "questions", surroundings.data / "questions"]
    return [QuestionActivities(folders).pick_questions]
