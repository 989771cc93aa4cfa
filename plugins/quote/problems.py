"""What cannot be done with quotes, as keys of texts, so that each room reads its language."""

from pathlib import Path

from rosey.texts import Phrase, english

ENGLISH = english(Path(__file__))


class Problem(ValueError):
    """`key` and `values` are those of the text that says why; as a string it is English."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(ENGLISH(key, **values))
        self.key = key
        self.values = values

    def told(self, phrase: Phrase) -> str:
        """Why, in the language of a room."""
        return phrase(self.key, **self.values)
