"""Both formats of packs, and what is said about broken ones."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.questions import packs
from activities.questions.packs import (
    Pack,
    PackError,
    fold,
    load_file,
    load_folder,
    load_pack,
    question_id,
)
from rosey.contracts.trivia import Question

DATA = Path(__file__).parents[2] / "data" / "trivia"
README = Path(__file__).parents[3] / "plugins" / "trivia" / "questions" / "README.md"

HEAD = "name: t\nquestions:\n"


def own(entry: str) -> str:
    """A pack of our format with one question; the entry begins on line 3."""
    return HEAD + "".join(f"  {line}\n" for line in entry.splitlines())


def refused(text: str, name: str = "t.yaml") -> PackError:
    with pytest.raises(PackError) as caught:
        load_pack(text, name)
    return caught.value


def by_text(name: str) -> dict[str, Question]:
    return {question.text: question for question in load_file(DATA / name).questions}


def test_our_format_is_read() -> None:
    pack = load_file(DATA / "own_cheese.yaml")
    assert (pack.name, pack.title, pack.author) == ("cheese", "Cheese", "the tests")
    assert pack.description == "A pack in our own format: written for the tests."
    assert pack.licence == "CC0-1.0"
    free, multiple, boolean, word, number = pack.questions
    assert free == Question(
        id=question_id("cheese", "From which country does Gouda come?"),
        text="From which country does Gouda come?",
        kind="free",
        answer="Netherlands",
        accepted=["the Netherlands", "Holland"],
        difficulty="easy",
        category="cheese",
        source="Encyclopaedia Britannica: Gouda",
    )
    assert (multiple.kind, multiple.answer, multiple.difficulty) == (
        "multiple",
        "Roquefort",
        "hard",
    )
    assert multiple.choices == ["Brie", "Cheddar", "Gouda", "Roquefort"]
    assert (boolean.kind, boolean.answer, boolean.choices) == ("boolean", "True", ["True", "False"])
    assert (word.kind, word.answer, word.difficulty) == ("free", "no", "medium")
    assert number.text == "How many holes has a perfect tyre of Cheddar?"
    assert (number.answer, number.accepted) == ("007", ["0", "12:30"])


def test_a_red_style_list_is_read() -> None:
    pack = load_file(DATA / "red_kitchen.yaml")
    assert (pack.name, pack.author) == ("red_kitchen", "The tests")
    assert pack.description.startswith("A list in the format of Red")
    assert pack.config == {
        "max_score": 5,
        "timeout": 30.5,
        "delay": 10,
        "bot_plays": False,
        "reveal_answer": True,
        "payout_multiplier": 0,
        "use_spoilers": False,
    }
    assert len(pack.questions) == 15
    assert {question.difficulty for question in pack.questions} == {"medium"}
    assert {question.category for question in pack.questions} == {"red_kitchen"}


@pytest.mark.parametrize(
    ("text", "kind", "answer", "accepted"),
    [
        ("Which fruit is dried to make prunes?", "free", "plum", ["plums", "damson"]),
        ("Are cashews seeds?", "free", "Yes", ["True", "On"]),
        ("Is an almond a seed?", "boolean", "True", ["Yes", "On"]),
        ("What is the symbol of nobelium?", "free", "No", ["False", "Off"]),
        ("Is a peanut a nut in botany?", "boolean", "False", ["No", "Off"]),
        ("What do you switch a lamp with, and how?", "free", "switch", ["On", "True", "Yes"]),
        ("How many items are there in a dozen?", "free", "12", ["twelve"]),
        ("How much is a half as a decimal fraction?", "free", "0.5", [".5"]),
        ("Which agent has the number?", "free", "007", []),
        ("At what time is noon?", "free", "12:00", []),
        ("On which day did people first walk on the Moon?", "free", "1969-07-20", []),
        ("How do you write one thousand?", "free", "1000", []),
        ("What is 2+2?", "free", "4", []),
        ("What is 2*2?", "free", "four", []),
    ],
)
def test_red_style_answers(text: str, kind: str, answer: str, accepted: list[str]) -> None:
    question = by_text("red_kitchen.yaml")[text]
    assert (question.kind, question.answer, question.accepted) == (kind, answer, accepted)
    assert question.choices == (["True", "False"] if kind == "boolean" else [])


def test_a_file_name_becomes_the_category_of_a_red_style_list() -> None:
    assert load_pack("Q?: [a]", "UK Geography!.yaml").name == "uk-geography"
    assert load_pack("Q?: [a]", "!.yaml").name == "general"


def test_the_examples_of_the_readme_are_true() -> None:
    first, second = (part.split("```")[0] for part in README.read_text().split("```yaml\n")[1:])
    assert [question.kind for question in load_pack(first, "cheese.yaml").questions] == [
        "free",
        "multiple",
        "boolean",
    ]
    assert [question.answer for question in load_pack(second, "x.yaml").questions] == [
        "plum",
        "Yes",
    ]


def test_ids_do_not_depend_on_case_and_spacing() -> None:
    assert question_id("film", "Who  made\nJAWS?") == question_id("film", "who made Jaws?")
    assert question_id("film", "What is 2+2?") != question_id("film", "What is 2-2?")
    assert question_id("film", "a") == "film-ca978112ca1b"


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        ("", 0, "", "the file is empty"),
        ("- a\n- b\n", 1, "", "at its top level"),
        ("just words", 1, "", "at its top level"),
        ("name: t\nquestions: [a\nb: 1", 3, "", "not valid YAML"),
        ("a: 'x", 1, "", "unexpected end"),
        ("a: 1\n---\nb: 2", 2, "", "not valid YAML"),
        ("a: *x", 1, "", "undefined alias"),
        ("a\0b", 0, "", "not valid YAML"),
        ('a: "\\UFFFFFFFF"', 0, "", "not valid YAML"),
        ("[" * 20_000, 0, "", "nested far too deep"),
        ("name: t\n", 1, "questions", "needs the key 'questions'"),
        ("questions: [{q: a, a: b}]", 1, "name", "needs the key 'name'"),
        ("name: t\nquestions: []\n", 2, "", "1 to 20000 entries and has 0"),
        ("name: t\nquestions: none\n", 2, "", "must be a list"),
        ("name: t\nquestions: [word]\n", 2, "", "must consist of 'key: value' lines"),
        ("name: Big Cheese\nquestions: [{q: a, a: b}]", 1, "name", "small letters"),
        ("name: t\nquestion: []\ntitle: x", 2, "question", "allowed are name, title"),
        ("name: t\nname: u\nquestions: []", 2, "name", "this key twice"),
        (own("- q: Why?"), 3, "a", "needs the key 'a'"),
        (own("- a: because"), 3, "q", "needs the key 'q'"),
        (own("- q: Why?\n  a: because\n  dificulty: easy"), 5, "dificulty", "difficulty, source"),
        (own("- q: Why?\n  a: b\n  difficulty: tough"), 5, "difficulty", "easy, medium, hard"),
        (own("- q: Why?\n  a: b\n  difficulty: 3"), 5, "difficulty", "'3' is not one of easy"),
        (own("- q: yes\n  a: b"), 3, "", 'put it in quotes: "yes"'),
        (own("- q: Why?\n  a: [b, c]"), 4, "", "not a list"),
        (own("- q: Why?\n  a:\n"), 4, "", "must not be empty"),
        (own("- q: Why?\n  a: '  '\n"), 4, "", "must not be empty"),
        (own("- q: Why?\n  a: b\n  also: []"), 5, "", "1 to 50 entries and has 0"),
        (own("- q: Why?\n  a: b\n  also: c"), 5, "", "'also' must be a list"),
        (own("- q: Why?\n  a: b\n  also: [no]"), 5, "", "true or false"),
        (own("- q: Why?\n  a: b\n  also: [!x c]"), 5, "", "YAML tags such as !x"),
        (own("- q: Why?\n  a: yes\n  also: [yep]"), 5, "also", "takes no 'also'"),
        (own("- q: Why?\n  a: yes\n  choices: [a, b]"), 5, "choices", "put it in quotes"),
        (own("- q: Why?\n  a: b\n  choices: [b]"), 5, "", "2 to 6 entries and has 1"),
        (own("- q: Why?\n  a: b\n  choices: [a, B, b]"), 5, "choices", "the same"),
        (own(f"- q: {'x' * 201}\n  a: b"), 3, "", "201 characters; at most 200"),
        (own(f"- q: Why?\n  a: {'x' * 101}"), 4, "", "101 characters; at most 100"),
        (own('- q: "\\ud800?"\n  a: b'), 3, "", "cannot be shown"),
        (own('- q: "\\a?"\n  a: b'), 3, "", "cannot be shown"),
        (own("- q: Why?\n  a: b\n- q: why?\n  a: c"), 5, "why?", "already on line 3"),
        ("Q?:\n- a\nWhy?: []\n", 3, "", "the answers to 'Why?' must have 1 to 1000"),
        ("Q?: a\n", 1, "", "must be a list"),
        ("Q?:\n", 1, "", "must be a list"),
        ("Q?:\n- a\n- [b]\n", 3, "", "not a list"),
        ("Q?:\n- a\n-\n", 3, "", "must not be empty"),
        ("yes:\n- a\n", 1, "", "put it in quotes"),
        ("? [a, b]\n: [c]\n", 1, "", "a key must be a piece of text"),
        ("AUTHOR: me\n", 1, "", "there are no questions here"),
        (f"AUTHOR: {'x' * 1001}\nQ?: [a]\n", 1, "", "at most 1000"),
        (f"DESCRIPTION: {'x' * 201}\nQ?: [a]\n", 1, "", "at most 200"),
        ("DESCRIPTION: ''\nQ?: [a]\n", 1, "", "must not be empty"),
        ("CONFIG: 3\nQ?: [a]\n", 1, "", "CONFIG must consist of"),
        ("CONFIG:\n  max_scores: 5\n", 2, "max_scores", "allowed are max_score, timeout"),
        ("CONFIG:\n  max_score: 0\n", 2, "max_score", "a whole number from 1"),
        ("CONFIG:\n  max_score: 1.5\n", 2, "max_score", "a whole number from 1"),
        ("CONFIG:\n  max_score: '5'\n", 2, "max_score", "a whole number from 1"),
        ("CONFIG:\n  timeout: 0\n", 2, "timeout", "more than 0"),
        ("CONFIG:\n  timeout: .nan\n", 2, "timeout", "more than 0"),
        ("CONFIG:\n  delay: 3.9\n", 2, "delay", "4 or more"),
        ("CONFIG:\n  payout_multiplier: -1\n", 2, "payout_multiplier", "0 or more"),
        ("CONFIG:\n  bot_plays: 1\n", 2, "bot_plays", "true or false"),
    ],
)
def test_what_is_said_about_a_broken_pack(text: str, line: int, key: str, words: str) -> None:
    error = refused(text)
    assert (error.file, error.line, error.key) == ("t.yaml", line, key)
    assert words in error.reason


def test_an_error_reads_as_one_sentence() -> None:
    assert str(refused((DATA / "bad_choices.yaml").read_text(), "bad_choices.yaml")) == (
        "bad_choices.yaml, line 5, 'choices': the answer 'Apple' must be one of the choices "
        "(Carrot, Potato, Leek, Onion)"
    )
    assert str(refused((DATA / "bad_yaml.yaml").read_text(), "bad_yaml.yaml")) == (
        "bad_yaml.yaml, line 3: this is not valid YAML (mapping values are not allowed here); "
        "text with ': ', ' #' or quotation marks in it needs quotes around it"
    )
    assert str(refused(own(f"- q: Why?\n  a: b\n  {'k' * 80}: c"))).startswith(
        f"t.yaml, line 5, '{'k' * 57}...': a question has no such key; allowed are q, a, also"
    )
    assert str(PackError("something")) == "something"


def test_too_many_questions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "MOST_QUESTIONS", 2)
    assert refused("A?: [a]\nB?: [b]\nC?: [c]\n").line == 3
    assert "1 to 2 entries" in refused(own("- {q: a, a: b}\n- {q: b, a: b}\n- {q: c, a: b}")).reason


def test_one_broken_pack_hides_no_other(tmp_path: Path) -> None:
    for name in ("own_cheese.yaml", "bad_yaml.yaml", "red_kitchen.yaml", "bad_red_config.yaml"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    (tmp_path / "latin.yml").write_bytes(b"Q?:\n- caf\xe9\n")
    (tmp_path / "bom.yml").write_bytes(b"\xef\xbb\xbfQ?:\n- a\n")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "notes.txt").write_text("no pack")
    found, errors = load_folder(tmp_path)
    assert [pack.name for pack in found] == ["bom", "cheese", "red_kitchen"]
    assert [(error.file, error.line) for error in errors] == [
        ("bad_red_config.yaml", 2),
        ("bad_yaml.yaml", 3),
        ("folder.yaml", 0),
        ("latin.yml", 2),
    ]
    assert "cannot be read" in errors[2].reason
    assert "UTF-8" in errors[3].reason


def test_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "LARGEST_FILE", 10)
    file = tmp_path / "big.yaml"
    file.write_text("Question?: [answer]\n")
    with pytest.raises(PackError, match="too large"):
        load_file(file)


def test_a_folder_that_is_not_there_has_no_packs(tmp_path: Path) -> None:
    assert load_folder(tmp_path / "nowhere") == ([], [])


def pack_or_refusal(text: str) -> Pack | PackError:
    try:
        return load_pack(text, "any.yaml")
    except PackError as error:
        return error


YAMLISH = st.text(alphabet="ab?:-[]{}&*!|>'\"%@#,~<= \n\t\\0.1", max_size=60)


@given(st.one_of(st.text(), YAMLISH, YAMLISH.map(own), YAMLISH.map(lambda text: "Q?: " + text)))
def test_any_text_is_a_pack_or_a_clear_refusal(text: str) -> None:
    result = pack_or_refusal(text)
    if isinstance(result, PackError):
        assert result.file == "any.yaml"
        assert result.reason
    else:
        assert result.questions
        assert all(question.answer and question.text for question in result.questions)


@given(st.lists(st.text(alphabet="abcdefghij +*", min_size=1), min_size=1).filter(any))
def test_questions_of_a_pack_have_their_own_ids(texts: list[str]) -> None:
    kept = {fold(text): text for text in texts if fold(text)}
    if kept:
        entries = "".join(f"- q: '{text}?'\n  a: 'b'\n" for text in kept.values())
        pack = load_pack(own(entries), "t.yaml")
        assert len({question.id for question in pack.questions}) == len(kept)
