"""What the command does with what was measured."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.bench import run, runner
from core.bench.figures import Bar, Figure
from core.bench.processes import BenchError
from core.bench.sizes import Sizes
from core.errors import UnknownName, UserError

GOOD = Figure("stateless", "p50", 4.0, "ms", floor=1.0, bar=Bar(8, of_ratio=True))
BAD = Figure("stateless", "p50", 9.0, "ms", floor=1.0, bar=Bar(8, of_ratio=True))

Captured = pytest.CaptureFixture[str]


def measured(
    monkeypatch: pytest.MonkeyPatch, figures: list[Figure], problems: dict[str, str] | None = None
) -> list[Any]:
    """Instead of measuring; returns the rows that were asked for."""
    asked: list[Any] = []

    async def measure(folder: Path, rows: Any, sizes: Sizes, say: Any) -> Any:
        asked.extend(rows)
        say("measuring")
        return figures, problems or {}

    monkeypatch.setattr(runner, "measure", measure)
    return asked


@pytest.mark.parametrize(
    ("figures", "problems", "code"), [([GOOD], {}, 0), ([BAD], {}, 1), ([GOOD], {"up": "no"}, 1)]
)
def test_a_missed_bar_or_a_failed_row_is_exit_code_1(
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
    figures: list[Figure],
    problems: dict[str, str],
    code: int,
) -> None:
    asked = measured(monkeypatch, figures, problems)
    assert run(False, None) == code
    assert tuple(asked) == runner.NAMES
    out, err = capsys.readouterr()
    assert "stateless" in out
    assert err == "· measuring\n"


def test_json_is_all_that_goes_to_stdout(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    assert measured(monkeypatch, [GOOD]) == []
    assert run(True, None, ["stateless"]) == 0
    assert json.loads(capsys.readouterr().out)["figures"][0]["ratio"] == 4.0


def test_a_document_gets_the_table_alone(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    measured(monkeypatch, [BAD])
    assert run(False, None, ["stateless"], as_markdown=True) == 1
    assert capsys.readouterr().out.splitlines()[2].endswith("| ≤ 8 x | miss |")


@pytest.mark.parametrize(
    ("before", "code", "said"), [(3.7, 0, True), (3.0, 1, True), (4, 0, False)]
)
def test_an_earlier_run_is_compared_with(
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
    tmp_path: Path,
    before: float,
    code: int,
    said: bool,
) -> None:
    measured(monkeypatch, [GOOD])
    file = tmp_path / "earlier.json"
    earlier = Figure("stateless", "p50", before, "ms", floor=1.0, bar=Bar(8, of_ratio=True))
    file.write_text(json.dumps({"figures": [earlier.as_dict()]}))
    assert run(False, file) == code
    assert ("stateless, p50: " in capsys.readouterr().err) is said


def test_nonsense_is_refused_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = measured(monkeypatch, [GOOD])
    with pytest.raises(UnknownName, match=r"no row 'statless'.*did you mean stateless"):
        run(False, None, ["statless"])
    with pytest.raises(UserError, match="no earlier run"):
        run(False, tmp_path / "none.json")
    assert asked == []


@asynccontextmanager
async def no_stand(folder: Path, say: Any) -> AsyncIterator[None]:
    yield None


async def test_one_row_that_fails_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def good(*_: Any) -> list[Figure]:
        return [GOOD]

    async def bad(*_: Any) -> list[Figure]:
        raise BenchError("no worker")

    async def endless(*_: Any) -> list[Figure]:
        await asyncio.Event().wait()
        return []

    async def wordless(*_: Any) -> list[Figure]:
        raise KeyError

    rows = {"games": bad, "history": endless, "durable": wordless, "stateless": good}
    monkeypatch.setattr(runner, "ROWS", rows)
    monkeypatch.setattr(runner, "ROW_SECONDS", 0.05)
    monkeypatch.setattr(runner, "open_stand", no_stand)
    figures, problems = await runner.measure(tmp_path, list(rows), Sizes(), lambda text: None)
    assert figures == [GOOD]
    assert problems == {
        "games": "no worker",
        "history": "was not done in 0.05 s",
        "durable": "KeyError()",
    }


async def test_without_a_rosey_no_row_can_be_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    @asynccontextmanager
    async def broken(folder: Path, say: Any) -> AsyncIterator[None]:
        raise BenchError("Rosey did not start")
        yield

    monkeypatch.setattr(runner, "open_stand", broken)
    figures, problems = await runner.measure(
        tmp_path, ["burst", "stateless"], Sizes(), lambda text: None
    )
    assert figures == []
    assert problems == dict.fromkeys(["burst", "stateless"], "Rosey did not start")
