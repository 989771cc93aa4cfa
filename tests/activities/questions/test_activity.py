"""The activity: packs from folders, read when needed, the same pick on a retry."""

import dataclasses
import logging
import os
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.questions.activity import QuestionActivities
from rosey.contracts.trivia import PickedQuestions, PickQuestions

ASK = PickQuestions(channel="lounge/lobby", count=5)


def write(file: Path, text: str, change: int = 1) -> None:
    """Write a pack; `change` is its time of change in seconds."""
    file.write_text(text)
    os.utime(file, (change, change))


async def run(
    questions: QuestionActivities,
    *,
    request: PickQuestions = ASK,
    attempt: int = 1,
    workflow_id: str = "trivia:lounge/lobby",
    workflow_run_id: str = "run-1",
    activity_id: str = "1",
) -> PickedQuestions:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(
        environment.info,
        attempt=attempt,
        workflow_id=workflow_id,
        workflow_run_id=workflow_run_id,
        activity_id=activity_id,
    )
    picked = await environment.run(questions.pick_questions, request)
    assert isinstance(picked, PickedQuestions)
    return picked


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    write(tmp_path / "numbers.yaml", "".join(f"What is {n} + 0?: [{n}]\n" for n in range(40)))
    return tmp_path


async def test_a_retry_picks_the_same_questions_and_another_game_others(numbers: Path) -> None:
    first = await run(QuestionActivities([numbers]))
    assert len(first.questions) == 5
    assert await run(QuestionActivities([numbers]), attempt=2) == first
    others = [
        await run(QuestionActivities([numbers]), workflow_id="trivia:lounge/other"),
        await run(QuestionActivities([numbers]), workflow_run_id="run-2"),
        await run(QuestionActivities([numbers]), activity_id="2"),
    ]
    assert all(other != first for other in others)


async def test_packs_of_several_folders_are_used(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    write(tmp_path / "one" / "a.yaml", "Q1?: [a]")
    write(tmp_path / "two" / "b.yaml", "Q2?: [b]")
    folders = [tmp_path / "one", tmp_path / "two", tmp_path / "missing"]
    picked = await run(QuestionActivities(folders))
    assert {question.category for question in picked.questions} == {"a", "b"}


async def test_files_are_read_again_only_when_they_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.yaml"
    questions = QuestionActivities([tmp_path])
    assert (await run(questions)).problem == "I have no trivia questions here yet."

    write(file, "Q1?: [a]", change=1)
    assert [one.text for one in (await run(questions)).questions] == ["Q1?"]
    write(file, "Q2?: [a]", change=1)
    assert [one.text for one in (await run(questions)).questions] == ["Q1?"]
    write(file, "Q3?: [a]", change=2)
    assert [one.text for one in (await run(questions)).questions] == ["Q3?"]
    file.unlink()
    assert (await run(questions)).questions == []


async def test_a_broken_pack_is_logged_once_and_hides_no_other(
    numbers: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(numbers / "bad.yaml", "Q?: []")
    (numbers / "gone.yaml").symlink_to(numbers / "nowhere.yaml")
    questions = QuestionActivities([numbers])
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert len((await run(questions)).questions) == 5
    assert len(caplog.messages) == 2
    assert caplog.messages[0] == (
        "trivia questions left out: bad.yaml, line 1: "
        "the answers to 'Q?' must have 1 to 1000 entries and has 0"
    )
    assert "gone.yaml: the file cannot be read" in caplog.messages[1]


async def test_an_unknown_category_is_a_sentence_not_a_failure(numbers: Path) -> None:
    request = PickQuestions(channel="lounge/lobby", category="cooking")
    picked = await run(QuestionActivities([numbers]), request=request)
    assert picked.problem == "I know no category 'cooking'. There are: numbers."
