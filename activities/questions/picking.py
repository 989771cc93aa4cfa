"""Picking questions for a game: category, what was asked lately, difficulty, order."""

from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest
from random import Random

from activities.questions.packs import Pack, fold
from rosey.contracts.trivia import PickedQuestions, PickQuestions, Question

MOST_AT_ONCE = 50

_EVERYTHING = {"all", "any", "everything", "mixed", "random", "general"}
_ALIASES: dict[str, tuple[str, ...]] = {
    "film": ("films", "movie", "movies", "cinema", "kino"),
    "music": ("musik", "song", "songs", "bands"),
    "science": ("physics", "chemistry", "biology", "maths", "space", "technology", "computers"),
    "nature": ("animal", "animals", "plants", "wildlife"),
    "geography": ("geo", "countries", "capitals", "places", "world"),
    "history": ("past", "historical"),
    "arts": ("art", "literature", "books", "book", "painting", "paintings", "poetry", "novels"),
    "games": ("game", "sport", "sports", "gaming", "video games", "videogames", "chess", "leisure"),
}


def pick(packs: Sequence[Pack], request: PickQuestions, random: Random) -> PickedQuestions:
    """At most `request.count` questions, or a `problem` that says why there are none."""
    names = sorted({pack.name for pack in packs if pack.questions})
    if not names:
        return PickedQuestions(questions=[], problem="I have no trivia questions here yet.")
    if request.count < 1:
        return PickedQuestions(questions=[], problem=f"Ask for 1 to {MOST_AT_ONCE} questions.")
    matching = match_category(request.category, names)
    if len(matching) != len(names) and len(matching) != 1:
        return PickedQuestions(questions=[], problem=_problem(request.category, matching, names))
    candidates = _distinct(pack for pack in packs if pack.name in matching)
    chosen = _choose(candidates, request, random)
    return PickedQuestions(questions=[_with_shuffled_choices(one, random) for one in chosen])


def match_category(wanted: str, names: Sequence[str]) -> list[str]:
    """The names `wanted` may mean: one, all of them for no wish, several if unclear, or none.

    A full name comes before an alias, that before the beginning of a name, that before the
    beginning of an alias.
    """
    wish = fold(wanted)
    if wish in names:
        return [wish]
    if not wish or wish in _EVERYTHING:
        return list(names)
    known = {name: (name.casefold(), *_ALIASES.get(name, ())) for name in names}
    tries = (
        [name for name, words in known.items() if wish in words],
        [name for name in names if name.casefold().startswith(wish)],
        [name for name, words in known.items() if any(word.startswith(wish) for word in words)],
    )
    return next((found for found in tries if found), [])


def _problem(wanted: str, matching: list[str], names: list[str]) -> str:
    shown = " ".join(wanted.split())[:40]
    if matching:
        return f"'{shown}' could be {' or '.join(matching)}; which one?"
    return f"I know no category '{shown}'. There are: {', '.join(names)}."


def _distinct(packs: Iterable[Pack]) -> list[Question]:
    """Every question once, even if several packs have it."""
    found: dict[str, Question] = {}
    for question in chain.from_iterable(pack.questions for pack in packs):
        found.setdefault(fold(question.text), question)
    return list(found.values())


def _choose(candidates: list[Question], request: PickQuestions, random: Random) -> list[Question]:
    count = min(request.count, MOST_AT_ONCE)
    lately = set(request.exclude)
    fresh = [question for question in candidates if question.id not in lately]
    chosen = _spread(fresh, count, random)
    if len(chosen) < count:
        asked = [question for question in candidates if question.id in lately]
        chosen += _spread(asked, count - len(chosen), random)
    random.shuffle(chosen)
    return chosen


def _spread(questions: list[Question], count: int, random: Random) -> list[Question]:
    """`count` of the questions, as evenly over the difficulties as there are enough of each."""
    groups: dict[str, list[Question]] = {"easy": [], "medium": [], "hard": []}
    for question in random.sample(questions, len(questions)):
        groups[question.difficulty].append(question)
    order = random.sample(list(groups.values()), len(groups))
    in_turn = chain.from_iterable(zip_longest(*order))
    return [question for question in in_turn if question is not None][:count]


def _with_shuffled_choices(question: Question, random: Random) -> Question:
    if question.kind != "multiple":
        return question
    choices = random.sample(question.choices, len(question.choices))
    return question.model_copy(update={"choices": choices})
