"""What becomes of a finished game."""

import logging

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.storage.games import operations
from rosey.contracts.storage import Code
from rosey.contracts.trivia import RECORD_GAME, GameResult
from rosey.storage import Database, StorageError

log = logging.getLogger("activities.storage")

# What is refused for these reasons would be refused again.
HOPELESS = {
    Code.INVALID_JSON,
    Code.MISSING_FIELD,
    Code.VALIDATION_ERROR,
    Code.VALUE_TOO_LARGE,
    Code.NOT_FOUND,
    Code.CONFLICT,
    Code.PERMISSION_DENIED,
}


class StorageActivities:
    """Writes into the tables of one plugin."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @activity.defn(name=RECORD_GAME)
    async def record_game(self, result: GameResult) -> None:
        """Writes a finished game and what it adds to its players: all of it or nothing, and once.

        Raises ApplicationError: one that may be tried again while the database is away, and one
        that may not for what it refuses.
        """
        ended = result.finished_at or activity.info().scheduled_time
        try:
            await self.database.batch(operations(result, ended), key=result.game)
        except StorageError as problem:
            if problem.code not in HOPELESS:
                raise _for_now(result, problem) from problem
            if problem.code is Code.CONFLICT and await self._is_there(result.game):
                return
            raise _for_good(result, problem) from problem

    async def _is_there(self, game: str) -> bool:
        """A key is known for a day only; the game's own row, for ever."""
        return await self.database.count("games", {"game": game}) > 0


def _for_now(result: GameResult, problem: StorageError) -> ApplicationError:
    told = f"Game {result.game} is not written yet: {problem}"
    log.warning("%s", told)
    # Benign: Temporal's library would log each try with its whole stack.
    return ApplicationError(told, type=problem.code, category=ApplicationErrorCategory.BENIGN)


def _for_good(result: GameResult, problem: StorageError) -> ApplicationError:
    told = f"The database refused game {result.game}: {problem} ({problem.code})"
    log.error("%s; it was %s", told, result.model_dump_json())
    return ApplicationError(told, type=problem.code, non_retryable=True)
