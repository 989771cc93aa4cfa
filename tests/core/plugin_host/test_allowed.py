"""What an option may be, in words."""

from datetime import date, time, timedelta
from enum import Enum
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, Field, SecretStr, create_model

from core.plugin_host.allowed import allowed, is_secret, options_of


class Level(Enum):
    EASY = "easy"
    HARD = "hard"


class Tree(BaseModel):
    branches: "list[Tree]" = []


def schema(kind: Any) -> Any:
    model: type[BaseModel] = create_model("Settings", option=(kind, ...))
    return options_of(model.model_json_schema())["option"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (int, "a whole number"),
        (Annotated[int, Field(ge=1, le=1_000_000)], "a whole number from 1 to 1000000"),
        (Annotated[float, Field(ge=0.5)], "a number of at least 0.5"),
        (Annotated[float, Field(gt=0, lt=1)], "a number of more than 0 and of less than 1"),
        (Annotated[float, Field(le=2)], "a number of at most 2"),
        (bool, "on or off"),
        (str, "text"),
        (Annotated[str, Field(max_length=9)], "text of at most 9 characters"),
        (Annotated[str, Field(pattern="^a+$")], "text like ^a+$"),
        (Literal["easy", "hard"], "one of easy, hard"),
        (Literal["easy"], "only easy"),
        (Level, "one of easy, hard"),
        (int | None, "a whole number or nothing"),
        (Level | None, "one of easy, hard or nothing"),
        (list[str], "several with commas between, each text"),
        (list[Level], "several with commas between, each one of easy, hard"),
        (dict[str, int], "a table"),
        (Tree, "a table"),
        (SecretStr, "a secret"),
        (timedelta, "a time in seconds"),
        (date, "a day such as 2026-05-03"),
        (time, "a time of day such as 18:00"),
        (ZoneInfo, "a time zone such as Europe/Berlin"),
        (Any, "what the plugin says"),
    ],
)
def test_words(kind: Any, words: str) -> None:
    assert allowed(schema(kind)) == words


@pytest.mark.parametrize(
    ("name", "kind", "secret"),
    [
        ("seconds", float, False),
        ("seconds", SecretStr, True),
        ("seconds", SecretStr | None, True),
        ("api_key", str, True),
        ("Password", str, True),
        ("keyboard", str, False),
    ],
)
def test_secrets(name: str, kind: Any, secret: bool) -> None:
    assert is_secret(name, schema(kind)) is secret
