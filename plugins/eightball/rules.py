"""The twenty classic answers, and a question fit to be shown. Their words are in `texts/`."""

from pathlib import Path
from random import Random
from typing import Literal

from rosey.texts import Phrase, english

Kind = Literal["positive", "neutral", "negative"]

ENGLISH = english(Path(__file__))
LONGEST_SHOWN = 100
_KEYS: dict[Kind, tuple[str, ...]] = {
    "positive": (
        "certain",
        "decidedly",
        "no_doubt",
        "definitely",
        "rely",
        "as_i_see_it",
        "likely",
        "outlook_good",
        "yes",
        "signs",
    ),
    "neutral": ("hazy", "later", "better_not", "cannot_predict", "concentrate"),
    "negative": ("do_not_count", "no", "sources", "outlook_bad", "doubtful"),
}
# Rules know an answer by its English words; KEYS leads to those of other languages.
KEYS = {ENGLISH(key): key for keys in _KEYS.values() for key in keys}
ANSWERS: dict[Kind, tuple[str, ...]] = {
    kind: tuple(ENGLISH(key) for key in keys) for kind, keys in _KEYS.items()
}
KINDS: dict[str, Kind] = {answer: kind for kind, answers in ANSWERS.items() for answer in answers}


def answer(random: Random) -> str:
    """One of the twenty, each as likely as the others."""
    return random.choice(list(KINDS))


def shown(question: str, longest: int = LONGEST_SHOWN) -> str:
    """The question on one line; a longer one is cut, which three dots say."""
    line = " ".join(question.split())
    return line if len(line) <= longest else f"{line[:longest]}..."


def show(question: str, answer: str, phrase: Phrase = ENGLISH) -> str:
    """One line for the room: `🎱 “Will it rain?” As I see it, yes.`"""
    return phrase("answered", question=shown(question), answer=answer)
