"""The rules of a trivia game: points, streaks, order, hints, achievements, what `start` asks."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol, TypeVar

from pydantic import BaseModel

from rosey.contracts.trivia import Difficulty

BASE_POINTS: dict[Difficulty, int] = {"easy": 10, "medium": 20, "hard": 30}
DEFAULT_QUESTIONS = 10
MAX_QUESTIONS = 50
HIDDEN = "•"  # not an underscore: chat platforms turn pairs of those into italics

WHOLE_NUMBER = re.compile("[+-]?[0-9]+")
CATEGORY_GROUP = re.compile(r"^(entertainment|science)\s*:\s*")

# The categories of the Open Trivia Database and what people call them.
OPENTDB_CATEGORIES: dict[int, str] = {
    9: "general|general knowledge|generalknowledge|knowledge|gk",
    10: "books|book|literature",
    11: "film|films|movie|movies|cinema",
    12: "music|songs",
    13: "musicals|musical|theatre|theatres|theater|theaters|musicals and theatres",
    14: "television|tv",
    15: "video games|videogames|video|games|game|gaming",
    16: "board games|boardgames|board",
    17: "science|nature|science and nature",
    18: "computers|computer|computing|tech|technology|it",
    19: "mathematics|maths|math",
    20: "mythology|myths|myth",
    21: "sports|sport",
    22: "geography|geo",
    23: "history",
    24: "politics|political",
    25: "art|arts",
    26: "celebrities|celebrity|celebs|celeb",
    27: "animals|animal",
    28: "vehicles|vehicle|cars|car",
    29: "comics|comic",
    30: "gadgets|gadget",
    31: "anime|manga|anime and manga|japanese anime and manga",
    32: "cartoons|cartoon|animation|animations|cartoon and animations|cartoons and animations",
}
OPENTDB_BY_WORD = {
    word: number for number, words in OPENTDB_CATEGORIES.items() for word in words.split("|")
}


class Scored(Protocol):
    """Somebody in the table."""

    @property
    def name(self) -> str: ...
    @property
    def score(self) -> int: ...
    @property
    def correct(self) -> int: ...


Player = TypeVar("Player", bound=Scored)


class PlayerStats(BaseModel):
    """What a person has done in all games so far, the present one included."""

    total_games: int = 0
    games_won: int = 0
    best_answer_streak: int = 0
    fastest_answer_ms: int | None = None
    total_points: int = 0


class GameResult(BaseModel):
    """How a person did in the game that just ended."""

    won: bool = False
    perfect: bool = False
    score: int = 0
    comeback: bool = False


def points(difficulty: Difficulty, limit: float, elapsed: float, decay: bool = True) -> int:
    """Points for a right answer after `elapsed` of `limit` seconds: 1.5 to 0.5 times the base."""
    base = BASE_POINTS[difficulty]
    if not decay:
        return base
    # In whole milliseconds, so that no rounding of floats costs a point.
    limit_ms, elapsed_ms = max(1, round(limit * 1000)), round(elapsed * 1000)
    share = 3 * limit_ms - 2 * elapsed_ms
    return base * min(3 * limit_ms, max(limit_ms, share)) // (2 * limit_ms)


def streaks(answers: Iterable[bool]) -> tuple[int, int]:
    """The running and the longest row of right answers."""
    current = best = 0
    for right in answers:
        current = current + 1 if right else 0
        best = max(best, current)
    return current, best


def accuracy(questions: int, correct: int) -> str:
    """Per cent with one decimal: `33.3`."""
    return f"{100 * correct / questions if questions else 0:.1f}"


def standings(players: Iterable[Player]) -> list[Player]:
    """Best first: score, then right answers, then name."""
    return sorted(players, key=lambda p: (-p.score, -p.correct, p.name.casefold(), p.name))


def hint(answer: str, step: int, steps: int = 3) -> str:
    """The answer with more letters visible at each of `steps`, and never all of them.

    First letters of words come first, then every second of the rest; spaces and punctuation are
    always visible. Step 0 shows no letter.
    """
    answer = unicodedata.normalize("NFC", answer)
    letters = [i for i, c in enumerate(answer) if c.isalnum()] or [
        i for i, c in enumerate(answer) if not c.isspace()
    ]
    firsts = [i for i in letters if i == 0 or not answer[i - 1].isalnum()]
    rest = [i for i in letters if i not in firsts]
    order = firsts + rest[1::2] + rest[::2]
    steps = max(1, steps)
    wanted = -(-len(letters) * min(max(step, 0), steps) // (steps + 1))  # rounded up
    shown = set(order[: min(wanted, len(letters) - 1)]) if letters else set()
    hidden = set(letters) - shown
    return "".join(HIDDEN if i in hidden else c for i, c in enumerate(answer))


def start_arguments(text: str, default: int = DEFAULT_QUESTIONS) -> tuple[int, str]:
    """How many questions (1 to 50) and the category words of `!trivia start`."""
    questions: int | None = None
    category: list[str] = []
    for word in text.casefold().split():
        if questions is None and WHOLE_NUMBER.fullmatch(word):
            questions = min(MAX_QUESTIONS, max(1, _number(word)))
        else:
            category.append(word)
    return (default if questions is None else questions), " ".join(category)


def opentdb_category(words: str) -> int | None:
    """The Open Trivia Database's number for a category, None when it has none of that name."""
    name = " ".join(re.sub(r"[-_]", " ", words.casefold().replace("&", " and ")).split())
    return OPENTDB_BY_WORD.get(CATEGORY_GROUP.sub("", name))


def achievements(
    stats: PlayerStats, already: Collection[str], game: GameResult | None
) -> list[str]:
    """The names of achievements earned now, sorted, without those in `already`."""
    fastest = stats.fastest_answer_ms
    earned = {
        "first_game": stats.total_games >= 1,
        "first_win": stats.games_won >= 1,
        "first_perfect": game is not None and game.perfect,
        "quick_draw": fastest is not None and fastest <= 3000,
        "lightning": fastest is not None and fastest <= 1000,
        "comeback": game is not None and game.comeback,
    }
    earned |= {f"streak_{n}": stats.best_answer_streak >= n for n in (5, 10, 20)}
    earned |= {f"games_{n}": stats.total_games >= n for n in (10, 50, 100)}
    earned |= {f"points_{n}": stats.total_points >= n for n in (1000, 10000)}
    return sorted(name for name, true in earned.items() if true and name not in already)


def came_back(name: str, half_time: Sequence[str], final: Sequence[str]) -> bool:
    """Whether `name` was last at half time and is first at the end; both best first."""
    return len(half_time) > 1 and half_time[-1] == name and bool(final) and final[0] == name


def _number(word: str) -> int:
    """A number of any length; beyond nine digits only its size matters."""
    size = int(word.lstrip("+-").lstrip("0")[:10] or "0")
    return -size if word.startswith("-") else size
