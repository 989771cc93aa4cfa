"""What becomes of a finished game."""

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.storage.failures import HOPELESS, for_good, for_now
from activities.storage.games import operations
from rosey.contracts.storage import Code
from rosey.contracts.trivia import RECORD_GAME, GameResult
from rosey.storage import Database, StorageError


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
                raise for_now(f"Game {result.game} is not written yet", problem) from problem
            if problem.code is Code.CONFLICT and await self._is_there(result.game):
                return
            raise _refused(result, problem) from problem

    async def _is_there(self, game: str) -> bool:
        """A key is known for a day only; the game's own row, for ever."""
        return await self.database.count("games", {"game": game}) > 0


def _refused(result: GameResult, problem: StorageError) -> ApplicationError:
    return for_good(
        f"The database refused game {result.game}", problem, lost=result.model_dump_json()
    )
