"""The activity by which a game gets its questions."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from random import Random

from temporalio import activity

from activities.files import KeptFiles
from activities.questions.packs import Pack, PackError, load_file, pack_files
from activities.questions.picking import pick
from rosey.contracts.trivia import PICK_QUESTIONS, PickedQuestions, PickQuestions

log = logging.getLogger(__name__)


class QuestionActivities:
    """Question packs of some folders."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = list(folders)
        self._files = KeptFiles(_usable)

    @activity.defn(name=PICK_QUESTIONS)
    async def pick_questions(self, request: PickQuestions) -> PickedQuestions:
        """Questions for a game; a retried attempt picks the same ones."""
        info = activity.info()
        packs = await asyncio.to_thread(self._packs)
        seed = f"{info.workflow_id}/{info.workflow_run_id}/{info.activity_id}"
        return pick(packs, request, Random(seed))

    def _packs(self) -> list[Pack]:
        return self._files.read(file for folder in self._folders for file in pack_files(folder))


def _usable(file: Path) -> Pack | None:
    try:
        return load_file(file)
    except PackError as error:
        log.warning("trivia questions left out: %s", error)
        return None
