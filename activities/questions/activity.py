"""The activity by which a game gets its questions."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from random import Random
from threading import Lock

from temporalio import activity

from activities.questions.packs import Pack, PackError, load_file, pack_files
from activities.questions.picking import pick
from rosey.contracts.trivia import PICK_QUESTIONS, PickedQuestions, PickQuestions

log = logging.getLogger(__name__)

Stamp = tuple[int, int]


class QuestionActivities:
    """Question packs of some folders; files are read when first needed and when they change."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = list(folders)
        self._lock = Lock()
        self._loaded: dict[Path, tuple[Stamp, Pack | None]] = {}

    @activity.defn(name=PICK_QUESTIONS)
    async def pick_questions(self, request: PickQuestions) -> PickedQuestions:
        """Questions for a game; a retried attempt picks the same ones."""
        info = activity.info()
        packs = await asyncio.to_thread(self._packs)
        seed = f"{info.workflow_id}/{info.workflow_run_id}/{info.activity_id}"
        return pick(packs, request, Random(seed))

    def _packs(self) -> list[Pack]:
        with self._lock:
            files = [file for folder in self._folders for file in pack_files(folder)]
            self._loaded = {file: self._current(file) for file in files}
            return [pack for _, pack in self._loaded.values() if pack is not None]

    def _current(self, file: Path) -> tuple[Stamp, Pack | None]:
        stamp = _stamp(file)
        known = self._loaded.get(file)
        if known and known[0] == stamp:
            return known
        try:
            return stamp, load_file(file)
        except PackError as error:
            log.warning("trivia questions left out: %s", error)
            return stamp, None


def _stamp(file: Path) -> Stamp:
    """Time of the last change (ns) and size in bytes; zeros for a file that has just gone."""
    try:
        status = file.stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)
