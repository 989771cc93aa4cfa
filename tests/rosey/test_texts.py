"""What a plugin says, by keys."""

import logging
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from rosey import Context
from rosey.kit import Kit
from rosey.texts import LanguageIn, Texts, TextsError, english
from tests.rosey.orders import command

ENGLISH = 'hello = "Hello {name}!"\nbye = "Bye."\nbrace = "{{{name}}}"\n'


def written(folder: Path, **languages: str) -> Path:
    for name, content in languages.items():
        (folder / f"{name}.toml").write_text(content, encoding="utf-8")
    return folder


class Options(BaseModel):
    language: str = "en"


class Silent(BaseModel):
    """Settings without a language."""


def test_a_room_s_language_chooses_and_what_it_lacks_is_english(tmp_path: Path) -> None:
    texts = Texts.load(written(tmp_path, en=ENGLISH, de='hello = "Hallo {name}!"\n'))
    kit = Kit(texts=texts)
    german = Context(command(1), Options(language="de"), kit=kit)
    assert german.phrase("hello", name="Eve") == "Hallo Eve!"
    assert german.phrase("bye") == "Bye."
    assert german.phrase("brace", name=7) == "{7}"
    for settings in (None, Options(), Options(language="fr"), Silent()):
        ctx = Context(command(1), settings, kit=kit)
        assert ctx.phrase("hello", name="Eve") == "Hello Eve!"


def test_values_are_not_read_as_texts(tmp_path: Path) -> None:
    texts = Texts.load(written(tmp_path, en=ENGLISH))
    assert texts.get("en", "hello", {"name": "{bye}"}) == "Hello {bye}!"


@pytest.mark.parametrize(
    ("key", "values", "problem"),
    [
        ("hell", {}, "there is no text 'hell'"),
        ("hello", {}, "the text 'hello': 'Hello {name}!' does not fit nothing"),
        ("hello", {"nam": 1}, "does not fit nam: KeyError"),
        ("odd", {"name": 1}, "does not fit name: AttributeError"),
        ("place", {"name": 1}, "does not fit name: ValueError"),
    ],
)
def test_what_is_missing_is_an_error_in_tests_and_a_key_in_the_room(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    key: str,
    values: dict[str, object],
    problem: str,
) -> None:
    more = 'odd = "{name.surname}"\nplace = "{}"\n'
    folder = written(tmp_path, en=ENGLISH + more)
    with pytest.raises(TextsError) as told:
        Texts.load(folder, strict=True).get("en", key, values)
    assert problem in str(told.value)
    caplog.set_level(logging.ERROR, "rosey.texts")
    assert Texts.load(folder).get("en", key, values) == key
    assert problem in caplog.text


def test_without_texts_each_key_is_an_error() -> None:
    with pytest.raises(TextsError, match="there is no text 'hello'"):
        Context(command(1)).phrase("hello")


def test_a_folder_that_is_not_there_has_no_texts(tmp_path: Path) -> None:
    assert Texts.load(tmp_path / "texts").languages == {}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("hello", "en.toml: Expected"),
        ("hello = 5", "en.toml: hello: a text is one sentence in quotes, not 5"),
        ('[a]\nb = "c"', "en.toml: a: a text is one sentence in quotes, not {'b': 'c'}"),
        ('hello = "{"', "en.toml: hello: .*a brace itself is written twice"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, content: str, problem: str) -> None:
    with pytest.raises(TextsError, match=problem):
        Texts.load(written(tmp_path, en=content))


def test_a_translation_has_no_more_than_english(tmp_path: Path) -> None:
    german = 'hello = "Hallo {nahme}!"\nbye = "Tschüß."\nmore = "Mehr"\n'
    assert Texts.load(written(tmp_path, en=ENGLISH, de=german)).problems() == [
        "de: hello: en has no {nahme}",
        "de: more: en has no such key",
    ]


def test_a_setting_takes_the_languages_that_have_a_file(tmp_path: Path) -> None:
    known = TypeAdapter(Annotated[str, LanguageIn(written(tmp_path, de="", nl=""))])
    assert [known.validate_python(name) for name in ("de", "en", "nl")] == ["de", "en", "nl"]
    with pytest.raises(ValidationError, match="'de', 'en' or 'nl'"):
        known.validate_python("fr")


def test_what_is_said_in_no_room_is_english(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    written(tmp_path / "texts", en=ENGLISH, de='hello = "Hallo {name}!"\n')
    phrase = english(tmp_path / "rules.py")
    assert phrase("hello", name="Eve") == "Hello Eve!"
    with pytest.raises(TextsError, match="there is no text 'hell'"):
        phrase("hell")
