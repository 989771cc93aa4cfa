"""The twenty classic answers, and a question fit to be shown. Pure."""

from random import Random
from typing import Literal

Kind = Literal["positive", "neutral", "negative"]

LONGEST_SHOWN = 100
ANSWERS: dict[Kind, tuple[str, ...]] = {
    "positive": (
        "It is certain",
        "It is decidedly so",
        "Without a doubt",
        "Yes definitely",
        "You may rely on it",
        "As I see it, yes",
        "Most likely",
        "Outlook good",
        "Yes",
        "Signs point to yes",
    ),
    "neutral": (
        "Reply hazy, try again",
        "Ask again later",
        "Better not tell you now",
        "Cannot predict now",
        "Concentrate and ask again",
    ),
    "negative": (
        "Don't count on it",
        "My reply is no",
        "My sources say no",
        "Outlook not so good",
        "Very doubtful",
    ),
}
KINDS: dict[str, Kind] = {answer: kind for kind, answers in ANSWERS.items() for answer in answers}


def answer(random: Random) -> str:
    """One of the twenty, each as likely as the others."""
    return random.choice(list(KINDS))


def shown(question: str, longest: int = LONGEST_SHOWN) -> str:
    """The question on one line; a longer one is cut, which three dots say."""
    line = " ".join(question.split())
    return line if len(line) <= longest else f"{line[:longest]}..."


def show(question: str, answer: str) -> str:
    """One line for the room: `🎱 “Will it rain?” As I see it, yes.`"""
    return f"🎱 “{shown(question)}” {answer}."
