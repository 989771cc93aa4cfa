"""Whether settings fit, answered in the plugin's process with the plugin's own model."""

from enum import Enum
from typing import Any

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SecretStr,
    field_validator,
    model_validator,
)

from core.plugin_host.settings_desk import SettingsDesk, check
from rosey import subjects
from rosey.settings import CheckedSettings, CheckSettings
from rosey.testing import MemoryBus


class Level(Enum):
    EASY = "easy"
    HARD = "hard"


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    seconds: float = Field(default=30, ge=5, le=300, description="to answer")
    loudness: float = 1
    count: int = Field(default=3, strict=True)
    loud: bool = False
    level: Level = Level.EASY
    title: str = Field(default="", max_length=5)
    limit: int | None = None
    words: list[str] = []
    token: SecretStr = SecretStr("hush")

    @field_validator("words")
    @classmethod
    def _few(cls, words: list[str]) -> list[str]:
        if len(words) > 2:
            raise ValueError("two words are enough")
        return words

    @model_validator(mode="after")
    def _together(self) -> "Settings":
        if self.loud and self.level is Level.HARD:
            raise ValueError("hard and loud is too much")
        return self


def checked(options: dict[str, JsonValue] | None = None, /, **typed: str) -> CheckedSettings:
    answer = check(Settings, CheckSettings(options=options or {}, typed=typed))
    return CheckedSettings.read(answer.wire())


def value(name: str, answer: CheckedSettings) -> JsonValue:
    return next(each.value for each in answer.options if each.name == name)


@pytest.mark.parametrize(
    ("name", "typed", "taken"),
    [
        ("seconds", "20", 20.0),
        ("seconds", "7.5", 7.5),
        ("count", "7", 7),
        ("loud", "on", True),
        ("loud", "true", True),
        ("loud", "off", False),
        ("level", "hard", "hard"),
        ("title", "20", "20"),
        ("title", '"a b"', "a b"),
        ("title", '""', ""),
        ("title", '"', '"'),
        ("title", "none", "none"),
        ("limit", "4", 4),
        ("limit", "Nothing", None),
        ("words", "ham, eggs", ["ham", "eggs"]),
        ("words", '["ham, eggs"]', ["ham, eggs"]),
        ("words", "ham", ["ham"]),
    ],
)
def test_what_a_person_types_is_taken(name: str, typed: str, taken: JsonValue) -> None:
    answer = checked(**{name: typed})
    assert answer.problems == []
    assert value(name, answer) == taken
    # What is kept of it is taken as well, and is the same.
    again = checked({name: taken})
    assert again.problems == []
    assert value(name, again) == taken


@pytest.mark.parametrize(
    ("name", "typed", "text"),
    [
        ("seconds", "x", "a number from 5 to 300, not 'x'"),
        ("seconds", "301", "a number from 5 to 300, not 301"),
        ("seconds", "", "a number from 5 to 300, not ''"),
        ("loudness", "nan", "a number, not 'nan'"),
        ("loudness", "NaN", "a number, not nan"),
        ("loudness", "inf", "a number, not 'inf'"),
        ("loudness", "1e999", "a number, not inf"),
        ("count", "7.5", "a whole number, not 7.5"),
        ("count", "9" * 5_000, f"a whole number, not '{'9' * 39}"),
        ("loud", "perhaps", "on or off, not 'perhaps'"),
        ("level", "odd", "one of easy, hard, not 'odd'"),
        ("title", "abcdef", "text of at most 5 characters, not 'abcdef'"),
        ("words", "a,b,c", "two words are enough"),
        ("second", "5", "there is no such option; allowed: count, level, "),
        ("token", "[1]", ""),
    ],
)
def test_what_does_not_fit_is_told(name: str, typed: str, text: str) -> None:
    answer = checked(**{name: typed})
    if not text:  # any text may be a secret
        assert answer.problems == []
        return
    (problem,) = answer.problems
    assert problem.option == name
    assert problem.text.startswith(text)
    assert "secret" not in problem.text
    assert value("seconds", answer) == 30


def test_what_does_not_go_together_is_told() -> None:
    (problem,) = checked({"level": "hard"}, loud="on").problems
    assert (problem.option, problem.text) == ("", "hard and loud is too much")


def test_the_typed_one_wins_and_the_others_count() -> None:
    answer = checked({"seconds": 50, "count": 9}, seconds="20")
    assert (value("seconds", answer), value("count", answer)) == (20, 9)
    defaults = {each.name: each.default for each in answer.options}
    assert (defaults["seconds"], defaults["count"], defaults["level"]) == (30, 3, "easy")
    assert next(each for each in answer.options if each.name == "seconds").about == "to answer"


def test_a_secret_is_never_told() -> None:
    for answer in (checked(token="hunter2"), checked({"token": 7}), checked({"token": ["hush"]})):
        assert "hush" not in answer.wire().decode()
        assert "hunter2" not in answer.wire().decode()
        assert next(each for each in answer.options if each.name == "token").secret


def test_models_of_other_makes() -> None:
    class Needs(BaseModel):
        url: str

    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")

    class Odd(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        what: Any = Field(default_factory=lambda: SettingsDesk)
        thing: object = Field(default=3, description="odd")

    class Callback(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        rate: CheckSettings | SettingsDesk | None = None
        speed: int = 1

    empty = CheckSettings()
    (problem,) = check(Needs, empty).problems
    assert (problem.option, problem.text) == ("url", "it is missing; allowed: text")
    assert check(Open, CheckSettings(options={"x": 1})).problems == []
    assert [each.name for each in check(Callback, empty).options] == ["rate", "speed"]
    assert check(None, empty).options == []
    (problem,) = check(None, CheckSettings(options={"x": 1})).problems
    assert problem.text == "there is no such option; there is none"
    assert [each.name for each in check(Odd, empty).options] == ["what", "thing"]


class Wild(BaseModel):
    seconds: float = 30

    @field_validator("seconds")
    @classmethod
    def _wild(cls, seconds: float) -> float:
        raise ZeroDivisionError("whatever a plugin does wrong")


async def test_the_desk_answers_whatever_is_asked() -> None:
    bus = MemoryBus()
    subject = subjects.service("dice", "check_settings")
    await SettingsDesk(bus, "dice", Wild).start()
    await bus.publish(subject, b"nobody waits for an answer")
    for asked in (b"nonsense", CheckSettings(typed={"seconds": "7"}).wire()):
        answer = CheckedSettings.read(await bus.request(subject, asked))
        (problem,) = answer.problems
        assert problem.text.startswith("its settings cannot be checked (")
        assert problem.text.endswith("; its log says why")
    await bus.drain()
