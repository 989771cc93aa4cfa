"""What a plugin says, by keys: `texts/en.toml`, and a file for each other language."""

import logging
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic_core import CoreSchema, core_schema

log = logging.getLogger("rosey.texts")

FIRST = "en"
FOLDER = "texts"


class Phrase(Protocol):
    """The text of a key in some language, its placeholders filled: `ctx.phrase`, for example."""

    def __call__(self, key: str, /, **values: object) -> str: ...


class TextsError(Exception):
    """A text is missing, or does not fit; the message names file, key and what is wrong."""


class Texts:
    """Sentences by language and key. With `strict` what is missing is an error, for tests."""

    def __init__(
        self, languages: Mapping[str, Mapping[str, str]] | None = None, strict: bool = True
    ) -> None:
        self.languages = {name: dict(known) for name, known in (languages or {}).items()}
        self.strict = strict

    @classmethod
    def load(cls, folder: Path, strict: bool = False) -> "Texts":
        """All `*.toml` in a folder, which need not be there. Raises TextsError."""
        return cls({file.stem: _read(file) for file in sorted(folder.glob("*.toml"))}, strict)

    def get(self, language: str, key: str, values: Mapping[str, object]) -> str:
        """The sentence with its placeholders filled; English where a language lacks it.

        What cannot be said is logged and said as its key; with `strict` it raises TextsError.
        """
        text = self.languages.get(language, {}).get(key) or self.languages.get(FIRST, {}).get(key)
        try:
            if text is None:
                raise TextsError(f"there is no text {key!r}")
            return _filled(key, text, values)
        except TextsError as problem:
            if self.strict:
                raise
            log.error("%s", problem)
            return key

    def problems(self) -> list[str]:
        """What does not fit in translations: keys and placeholders that English does not have."""
        known = self.languages.get(FIRST, {})
        found = []
        for language, texts in self.languages.items():
            for key, text in texts.items():
                if key not in known:
                    found.append(f"{language}: {key}: {FIRST} has no such key")
                elif more := _placeholders(text) - _placeholders(known[key]):
                    names = ", ".join(f"{{{name}}}" for name in sorted(more))
                    found.append(f"{language}: {key}: {FIRST} has no {names}")
        return found


@dataclass(frozen=True)
class LanguageIn:
    """For a plugin's setting `language`: one of those that have a file in a folder of texts.

    `language: Annotated[str, LanguageIn(Path(__file__).with_name("texts"))] = "en"`
    """

    folder: Path

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        known = {FIRST, *(file.stem for file in self.folder.glob("*.toml"))}
        return core_schema.literal_schema(sorted(known))


def english(code: Path) -> Phrase:
    """What is said in English, from `texts/` beside a file of code. Raises TextsError.

    For what is said in no room, which is where a language is chosen.
    """
    texts = Texts.load(code.with_name(FOLDER), strict=True)

    def phrase(key: str, /, **values: object) -> str:
        return texts.get(FIRST, key, values)

    return phrase


def _read(file: Path) -> dict[str, str]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as problem:
        raise TextsError(f"{file}: {problem}") from None
    for key, text in table.items():
        if not isinstance(text, str):
            raise TextsError(f"{file}: {key}: a text is one sentence in quotes, not {text!r:.40}")
        try:
            _placeholders(text)
        except ValueError as problem:
            raise TextsError(f"{file}: {key}: {problem}; a brace itself is written twice") from None
    return table


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _filled(key: str, text: str, values: Mapping[str, object]) -> str:
    try:
        return text.format_map(values)
    except (KeyError, IndexError, AttributeError, ValueError, TypeError) as problem:
        given = ", ".join(sorted(values)) or "nothing"
        raise TextsError(f"the text {key!r}: {text!r} does not fit {given}: {problem!r}") from None
