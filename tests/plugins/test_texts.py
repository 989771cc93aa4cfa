"""The words of the plugins that come with Rosey, and what their READMEs tell in which order."""

import re
from pathlib import Path

import pytest

from core.plugins import PLUGINS, load, manifests
from rosey.texts import Texts

NAMES = sorted(manifests())
HEADINGS = ["Commands", "Services", "Events", "Settings", "Tables", "Queries"]
ALWAYS = {"Commands", "Settings", "Tables", "Queries"}


def texts_of(name: str) -> Texts:
    return Texts.load(PLUGINS / name / "texts", strict=True)


@pytest.mark.parametrize("name", ["dice", "eightball", "quote"])
def test_its_words_have_keys_that_every_language_can_have(name: str) -> None:
    texts = texts_of(name)
    assert texts.languages["en"]
    assert texts.problems() == []


@pytest.mark.parametrize("name", ["dice", "eightball", "quote"])
def test_no_text_is_there_for_nothing(name: str) -> None:
    """Its key, or what it is put together of, stands somewhere in the code."""
    code = "\n".join(file.read_text() for file in (PLUGINS / name).glob("*.py"))
    keys = {*re.findall(r'"([a-z0-9_]+)"', code), "one_quote", "one_vote", "quotes", "votes"}
    assert set(texts_of(name).languages["en"]) <= keys


@pytest.mark.parametrize("name", NAMES)
def test_its_readme_is_in_order(name: str) -> None:
    readme = Path(PLUGINS / name / "README.md").read_text()
    found = re.findall(r"^## (.+)$", readme, re.MULTILINE)
    assert found == [each for each in HEADINGS if each in found]
    assert set(found) >= ALWAYS
    commands = readme.partition("## Commands")[2].partition("\n## ")[0]
    for command in load(manifests()[name].entry).commands:
        assert any(f"`!{word}" in commands for word in command.words), command.words
