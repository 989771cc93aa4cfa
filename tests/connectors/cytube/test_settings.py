"""Settings say what is wrong with them."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.cytube.settings import CyTubeSettings

GOOD: dict[str, Any] = {"connection": "cytube", "site": "https://cytube.example/", "room": "lounge"}


def test_the_least_that_is_needed() -> None:
    settings = CyTubeSettings.model_validate(GOOD)
    assert (settings.site, settings.user, settings.password) == (
        "https://cytube.example",
        "Rosey",
        None,
    )


def test_secrets_do_not_show() -> None:
    settings = CyTubeSettings.model_validate({**GOOD, "password": "s3cret", "room_password": "x1"})
    assert "s3cret" not in repr(settings)
    assert "x1" not in repr(settings)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"site": "cytube.example"}, "looks like https://cytube.example"),
        ({"site": "ftp://cytube.example"}, "no web address"),
        ({"room": "two words"}, "1 to 30 of A-Z a-z 0-9 _ -"),
        ({"room": "r" * 31}, "no valid room name"),
        ({"user": "r" * 21}, "1 to 20 of A-Z a-z 0-9 _ -"),
        ({"user": ""}, "no valid user name"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CyTubeSettings.model_validate({**GOOD, **change})
    assert said in str(caught.value)
