"""Question packs: our own format and Red-style lists, told apart by what is in the file."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from yaml.nodes import MappingNode, Node

from activities.questions import red
from activities.questions.nodes import (
    PackError,
    bool_of,
    entries,
    error_at,
    fields,
    items,
    parse,
    text_of,
)
from rosey.contracts.trivia import Difficulty, Question

__all__ = ["Pack", "PackError", "fold", "load_folder", "load_pack", "question_id"]

LONGEST_QUESTION = 200
LONGEST_ANSWER = 100
LARGEST_FILE = 4_000_000
MOST_QUESTIONS = 20_000

_HEADER = ("name", "title", "description", "licence", "author", "questions")
_QUESTION = ("q", "a", "also", "choices", "difficulty", "source")
_DIFFICULTIES: tuple[Difficulty, ...] = ("easy", "medium", "hard")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_TRUE_FALSE = ["True", "False"]


@dataclass(frozen=True)
class Pack:
    """The questions of one file; `name` is their category, `config` that of a Red-style list."""

    name: str
    title: str
    questions: tuple[Question, ...]
    description: str = ""
    licence: str = ""
    author: str = ""
    config: dict[str, float | bool] = field(default_factory=dict)


def fold(text: str) -> str:
    """Text as compared: compatibility forms, case and white space do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def question_id(category: str, text: str) -> str:
    """`<category>-<12 hex digits>`, the same as long as the wording stays."""
    digest = hashlib.sha256(fold(text).encode()).hexdigest()
    return f"{category}-{digest[:12]}"


def load_pack(text: str, name: str) -> Pack:
    """The pack in `text`; `name` is its file's name. Raises `PackError`."""
    try:
        root = parse(text)
        keys = {key.value for key, _ in root.value if isinstance(key.value, str)}
        if keys & {"questions", "licence", "title", "name"}:
            return _own_pack(root)
        return _red_pack(root, Path(name).stem)
    except PackError as error:
        error.file = name
        raise


def load_folder(folder: Path) -> tuple[list[Pack], list[PackError]]:
    """Every `*.yaml` and `*.yml` of `folder` in order of name; a broken one hides no other."""
    packs: list[Pack] = []
    errors: list[PackError] = []
    for file in pack_files(folder):
        try:
            packs.append(load_file(file))
        except PackError as error:
            errors.append(error)
    return packs, errors


def pack_files(folder: Path) -> list[Path]:
    """The files of `folder` that should be packs; none if there is no such folder."""
    return sorted(file for file in folder.glob("*.y*ml") if file.suffix in {".yaml", ".yml"})


def load_file(file: Path) -> Pack:
    """The pack in `file`. Raises `PackError`, also for a file that cannot be read."""
    try:
        raw = file.read_bytes()
        if len(raw) > LARGEST_FILE:
            reason = f"the file is too large (at most {LARGEST_FILE:,} bytes are allowed)"
            raise PackError(reason, file=file.name)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        reason = f"the file cannot be read ({error.strerror or error})"
        raise PackError(reason, file=file.name) from error
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise PackError("the file must be saved as UTF-8", file=file.name, line=line) from error
    return load_pack(text, file.name)


def _own_pack(root: MappingNode) -> Pack:
    found = fields(root, "a pack", _HEADER)
    for key in ("name", "questions"):
        if key not in found:
            raise error_at(root, f"a pack needs the key '{key}'", key)
    name = text_of(found["name"], "the name")
    if not _NAME.fullmatch(name):
        reason = "a name is up to 40 small letters, digits, '-' and '_', with a letter first"
        raise error_at(found["name"], reason, "name")
    questions: dict[str, Question] = {}
    lines: dict[str, int] = {}
    for node in items(found["questions"], "'questions'", 1, MOST_QUESTIONS):
        question = _own_question(node, name)
        if question.id in questions:
            reason = f"this question is already on line {lines[question.id]}; remove one of them"
            raise error_at(node, reason, question.text)
        questions[question.id] = question
        lines[question.id] = node.start_mark.line + 1
    return Pack(
        name=name,
        title=text_of(found["title"], "the title", 60) if "title" in found else name.title(),
        questions=tuple(questions.values()),
        description=_optional(found, "description", 200),
        licence=_optional(found, "licence", 200),
        author=_optional(found, "author", 1000),
    )


def _optional(found: dict[str, Node], key: str, longest: int) -> str:
    return text_of(found[key], f"the {key}", longest) if key in found else ""


def _own_question(node: Node, category: str) -> Question:
    found = fields(node, "a question", _QUESTION)
    for key, what in (("q", "its text"), ("a", "its answer")):
        if key not in found:
            raise error_at(node, f"a question needs the key '{key}', {what}", key)
    text = text_of(found["q"], "a question", LONGEST_QUESTION)
    question = Question(
        id=question_id(category, text),
        text=text,
        answer="",
        difficulty=_difficulty(found),
        category=category,
        source=_optional(found, "source", 200),
    )
    truth = bool_of(found["a"])
    if truth is None:
        return question.model_copy(update=_text_answer(found))
    for key in ("also", "choices"):
        if key in found:
            reason = (
                f"a true/false question takes no '{key}'; "
                "if the answer is a word such as yes or no, put it in quotes"
            )
            raise error_at(found[key], reason, key)
    return question.model_copy(
        update={"kind": "boolean", "answer": str(truth), "choices": _TRUE_FALSE}
    )


def _difficulty(found: dict[str, Node]) -> Difficulty:
    if "difficulty" not in found:
        return "medium"
    written = text_of(found["difficulty"], "the difficulty")
    for known in _DIFFICULTIES:
        if written == known:
            return known
    allowed = ", ".join(_DIFFICULTIES)
    raise error_at(found["difficulty"], f"'{written}' is not one of {allowed}", "difficulty")


def _text_answer(found: dict[str, Node]) -> dict[str, object]:
    answer = text_of(found["a"], "an answer", LONGEST_ANSWER)
    accepted = _texts(found["also"], "also", 1, 50) if "also" in found else []
    if "choices" not in found:
        return {"kind": "free", "answer": answer, "accepted": accepted}
    choices = _texts(found["choices"], "choices", 2, 6)
    folded = [fold(choice) for choice in choices]
    if len(set(folded)) != len(folded):
        raise error_at(found["choices"], "two choices are the same", "choices")
    if fold(answer) not in folded:
        reason = f"the answer '{answer}' must be one of the choices ({', '.join(choices)})"
        raise error_at(found["choices"], reason, "choices")
    answer = choices[folded.index(fold(answer))]
    return {"kind": "multiple", "answer": answer, "accepted": accepted, "choices": choices}


def _texts(node: Node, key: str, least: int, most: int) -> list[str]:
    entry = f"an entry of '{key}'"
    return [text_of(item, entry, LONGEST_ANSWER) for item in items(node, f"'{key}'", least, most)]


def _red_pack(root: MappingNode, name: str) -> Pack:
    category = re.sub(r"[^\w]+", "-", fold(name)).strip("-") or "general"
    pack = Pack(name=category, title=name, questions=())
    asked: dict[str, tuple[str, list[red.Answer]]] = {}
    for key, key_node, value in entries(root, "a list"):
        if key == "$schema":
            text_of(value, key)
        elif key == "CONFIG":
            pack = replace(pack, config=red.config(value))
        elif key == "AUTHOR":
            pack = replace(pack, author=text_of(value, "AUTHOR", 1000))
        elif key == "DESCRIPTION":
            pack = replace(pack, description=text_of(value, "DESCRIPTION", 200))
        else:
            # Red-style lists may repeat a question; it counts once, with all its answers.
            answers = red.answers(value, key)
            asked.setdefault(fold(key), (key, []))[1].extend(answers)
        if len(asked) > MOST_QUESTIONS:
            raise error_at(key_node, f"a list has at most {MOST_QUESTIONS:,} questions")
    if not asked:
        raise error_at(root, "there are no questions here: add 'Question?' with a list of answers")
    questions = tuple(_red_question(category, *entry) for entry in asked.values())
    return replace(pack, questions=questions)


def _red_question(category: str, text: str, answers: list[red.Answer]) -> Question:
    spellings: dict[str, str] = {}
    for spelling in chain.from_iterable(answer.spellings for answer in answers):
        spellings.setdefault(fold(spelling), spelling)
    shown, *accepted = spellings.values()
    boolean = len(answers) == 1 and answers[0].truth
    return Question(
        id=question_id(category, text),
        text=text,
        kind="boolean" if boolean else "free",
        answer=shown,
        accepted=accepted,
        choices=_TRUE_FALSE if boolean else [],
        category=category,
    )
