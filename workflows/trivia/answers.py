"""Is this answer right? Letters, choices, true/false words, spellings and typing mistakes."""

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

from rosey.contracts.trivia import Kind

SIMILAR = 0.85
TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0"})
TRUE_OR_FALSE = ("True", "False")

NUMBER_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
NUMBERS = {word: str(number) for number, word in enumerate(NUMBER_WORDS)}
# Letters that Unicode does not take apart into a plain letter and an accent.
PLAIN = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})

LETTER = re.compile(r"\(?([a-z])[).]?")
APOSTROPHE = re.compile("['’‘ʼ`]")
ARTICLE = re.compile(r"^\W*(?:the|an?)\s+(?=\S)")
ACCENT = re.compile("[\u0300-\u036f]")
THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
# A minus sign, a decimal point and the signs of C++ and C# make another answer; the rest of the
# punctuation does not.
TOKEN = re.compile(r"(?:(?<!\w)-)?[0-9]+(?:\.[0-9]+)?|[^\W_0-9]+[+#]*")
DIGITS = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
ROMAN = re.compile("[ivx]+")


def check_answer(
    kind: Kind, correct: str, accepted: Sequence[str], choices: Sequence[str], given: str
) -> bool:
    """Whether `given` is the right answer; `accepted` are other spellings that count."""
    if kind == "boolean":
        choices = choices or TRUE_OR_FALSE
        truth, said = _truth(correct), _truth(given)
        if truth is not None and said is not None:
            return truth == said
    if kind == "free":
        choices = ()
    elif is_letter(given, choices):
        return _same(choices[_letter_index(given)], correct)
    right = [correct, *accepted]
    wrong = [choice for choice in choices if not any(_same(choice, answer) for answer in right)]
    if any(_same(given, choice) for choice in wrong):
        return False
    if any(_same(given, answer) for answer in right):
        return True
    if not any(_mistyped(given, answer) for answer in right):
        return False
    return max(_likeness(given, answer) for answer in right) >= max(
        (_likeness(given, choice) for choice in wrong), default=0.0
    )


def is_letter(given: str, choices: Sequence[str]) -> bool:
    """Whether `given` is the letter of one of `choices`: `b`, `B`, `b)`."""
    return 0 <= _letter_index(given) < len(choices)


def letter_of(answer: str, choices: Sequence[str]) -> str:
    """The capital letter of `answer` among `choices`; empty when it is not one of them."""
    for index, choice in enumerate(choices):
        if _same(choice, answer):
            return chr(ord("A") + index)
    return ""


def normal(text: str) -> tuple[str, ...]:
    """The words that count: no case, accents, punctuation, leading article; numbers as digits."""
    folded = unicodedata.normalize("NFKD", text).casefold().translate(PLAIN)
    folded = unicodedata.normalize("NFC", ACCENT.sub("", folded))
    folded = THOUSANDS.sub("", APOSTROPHE.sub("", folded).replace("&", " and "))
    return tuple(NUMBERS.get(word, word) for word in TOKEN.findall(ARTICLE.sub("", folded)))


def _letter_index(given: str) -> int:
    match = LETTER.fullmatch(given.strip().lower())
    return ord(match[1]) - ord("a") if match else -1


def _truth(text: str) -> bool | None:
    word = text.strip().casefold()
    return True if word in TRUE_WORDS else False if word in FALSE_WORDS else None


def _same(one: str, other: str) -> bool:
    """Equal but for case, accents, punctuation, articles and where words are joined."""
    words, others = normal(one), normal(other)
    if not words or not others:  # nothing but punctuation: compare that
        return one.strip() == other.strip() != ""
    return "".join(words) == "".join(others) and _digits(words) == _digits(others)


def _likeness(one: str, other: str) -> float:
    """Ratcliff-Obershelp ratio of what counts, 0 to 1."""
    words, others = " ".join(normal(one)), " ".join(normal(other))
    shorter, longer = sorted((len(words), len(others)))
    if 2 * shorter < SIMILAR * (shorter + longer):
        return 0.0  # too different in length to be similar; spares the comparison
    return SequenceMatcher(None, words, others, autojunk=False).ratio()


def _mistyped(given: str, answer: str) -> bool:
    """Whether `given` is `answer` with typing mistakes, and not another word or number."""
    words, others = normal(given), normal(answer)
    if min(len("".join(words)), len("".join(others))) <= 3:
        return False
    if _digits(words) != _digits(others) or _likeness(given, answer) < SIMILAR:
        return False
    if len(words) != len(others):  # words joined, split or left out: the likeness decides
        return True
    return all(_typo(word, other) for word, other in zip(words, others, strict=True))


def _digits(words: Sequence[str]) -> list[str]:
    return [number for word in words for number in DIGITS.findall(word)]


def _typo(one: str, other: str) -> bool:
    """Whether two words are one word written differently, and not two words."""
    if one == other:
        return True
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) == 1 or ROMAN.fullmatch(one) or ROMAN.fullmatch(other):
        return False  # vitamin C is not vitamin D, and Henry V is not Henry VI
    if len(shorter) <= 5 and longer.endswith(shorter):
        return False  # a short word inside another is a word of its own: air, hair, chair
    allowed = 1 if len(shorter) <= 7 else 2 if len(shorter) <= 11 else 3
    return _edits(one, other) <= allowed


def _edits(one: str, other: str) -> int:
    """Letters added, left out, changed or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        above, row, older = row, [i], before
        for j, another in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != another))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == another:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        before = above
    return row[-1]
