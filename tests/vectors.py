"""Reading the vectors in tests/data/vectors: one JSON object a line with `id`, `in`, `out`."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "data" / "vectors"


def load(name: str, *keys: str) -> list[dict[str, Any]]:
    """The vectors of `name`.jsonl whose input has all of `keys`; at least one, or the test lies."""
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
    vectors = [json.loads(line) for line in lines if line.strip()]
    chosen = [vector for vector in vectors if all(key in vector["in"] for key in keys)]
    if not chosen:
        raise AssertionError(f"no vector in {name} has {keys}")
    return chosen


def ids(vectors: list[dict[str, Any]]) -> list[str]:
    """Their names, for pytest."""
    return [vector["id"] for vector in vectors]


def subset(expected: Any, actual: Any) -> bool:
    """Whether `actual` holds everything `expected` lists; dictionaries may hold more."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(
            key in actual and subset(value, actual[key]) for key, value in expected.items()
        )
    return bool(expected == actual)
