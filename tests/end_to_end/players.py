"""People who know every answer, sitting in the lounge with real sockets."""

import asyncio
import re
from collections import Counter
from pathlib import Path

from activities.questions.packs import load_folder
from connectors.lounge.guest import Guest, Line
from rosey.contracts.trivia import Question
from tests.rosey_process import CHECKOUT

ASKED = re.compile(r"❓ (\d+)/(\d+) \([^)]*\) (.*)", re.DOTALL)
RIGHT = re.compile(r"✅ (\S+) \+(\d+)")
QUESTIONS = CHECKOUT / "plugins" / "trivia" / "questions"


def plain(text: str) -> str:
    """Without what the way through the platform adds or changes."""
    return "".join(char for char in text if char.isalnum()).casefold()


class AnswerBook:
    """Finds the answer to a question as it was asked in the room."""

    def __init__(self, folder: Path = QUESTIONS) -> None:
        packs, problems = load_folder(folder)
        assert not problems
        self._questions = {
            plain(question.text): question for pack in packs for question in pack.questions
        }

    def find(self, line: str) -> Question:
        asked = ASKED.match(line)
        assert asked, line
        text = plain(asked[3].removeprefix("True or false? "))
        found = [known for start, known in self._questions.items() if text.startswith(start)]
        assert found, line
        return max(found, key=lambda question: len(question.text))


def said_by_rosey(lines: list[Line]) -> list[str]:
    return [line.text for line in lines if line.user == "Rosey" and not line.pm]


def question_lines(lines: list[str]) -> list[str]:
    return [line for line in lines if ASKED.match(line)]


def points(lines: list[str]) -> Counter[str]:
    """What each was told to have won, added up."""
    total: Counter[str] = Counter()
    for line in lines:
        if right := RIGHT.match(line):
            total[right[1]] += int(right[2])
    return total


async def until_line(guest: Guest, part: str, count: int = 1, patience: float = 60.0) -> str:
    """Waits until Rosey has said `count` lines with `part`; returns the last of them."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        found = [line for line in said_by_rosey(guest.lines) if part in line]
        if len(found) >= count:
            return found[-1]
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(
                f"{part!r} was said {len(found)} times, not {count}:\n"
                + "\n".join(f"{line.user}: {line.text}" for line in guest.lines)
            )
        await asyncio.sleep(0.02)
