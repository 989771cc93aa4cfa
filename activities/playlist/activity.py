"""What becomes of a change of a room's playlist, and what is there of its queue."""

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.playlist.changes import operations
from activities.storage.failures import HOPELESS, for_good, for_now
from rosey.contracts.playlist import (
    LOAD_LIST,
    LOAD_QUEUE,
    RECORD_PLAYLIST,
    LoadedList,
    LoadedQueue,
    LoadList,
    LoadQueue,
    PlaylistChange,
)
from rosey.contracts.storage import Code
from rosey.storage import Database, StorageError
from rosey.storage.queue import QueueStorage
from rosey.storage.saved_lists import NoList, list_name, load_list


class PlaylistActivities:
    """Writes into the playlist's tables and reads from them.

    What they raise is an ApplicationError: one that may be tried again while the database is away,
    and one that may not for what it refuses.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @activity.defn(name=RECORD_PLAYLIST)
    async def record_playlist(self, change: PlaylistChange) -> None:
        """Writes what a change did: all of it or nothing, and once, however often it comes."""
        # The same for each try, so that all of them mean the same.
        at = activity.info().scheduled_time
        try:
            await self.database.batch(operations(change, at), key=change.id)
        except StorageError as problem:
            if problem.code is Code.CONFLICT and await self._is_there(change, problem):
                return
            # Apart from that, only another writer of the same room stands in the way.
            if problem.code in HOPELESS - {Code.CONFLICT}:
                raise _refused(change, problem) from problem
            raise _not_yet(change, problem) from problem

    @activity.defn(name=LOAD_QUEUE)
    async def load_queue(self, wanted: LoadQueue) -> LoadedQueue:
        """The copy of a room's queue."""
        try:
            items = await QueueStorage(self.database).load_queue(wanted.channel)
        except StorageError as problem:
            if problem.code in HOPELESS:
                told = f"The queue of {wanted.channel} cannot be read"
                raise for_good(told, problem, lost="kept as it is") from problem
            raise for_now(f"The queue of {wanted.channel} is not read yet", problem) from problem
        return LoadedQueue(items=items)

    @activity.defn(name=LOAD_LIST)
    async def load_list(self, wanted: LoadList) -> LoadedList:
        """What is on a saved list; nothing where there is none of that name."""
        try:
            entries = await load_list(self.database, wanted.channel, list_name(wanted.name))
        except NoList:
            return LoadedList()
        except StorageError as problem:
            told = f"The list {wanted.name} of {wanted.channel}"
            if problem.code in HOPELESS:
                raise for_good(f"{told} cannot be read", problem, lost="kept as it is") from problem
            raise for_now(f"{told} is not read yet", problem) from problem
        return LoadedList(items=[entry.media for entry in entries])

    async def _is_there(self, change: PlaylistChange, problem: StorageError) -> bool:
        """A key is known for a day only; the change's own row, for much longer."""
        try:
            return await self.database.count("changes", {"change_id": change.id}) > 0
        except StorageError:
            raise _not_yet(change, problem) from problem


def _not_yet(change: PlaylistChange, problem: StorageError) -> ApplicationError:
    return for_now(f"Change {change.id} of {change.channel} is not written yet", problem)


def _refused(change: PlaylistChange, problem: StorageError) -> ApplicationError:
    # The next change brings the queue again; what is new in this one is in no other.
    return for_good(
        f"The database refused change {change.id} of {change.channel}",
        problem,
        lost=change.model_dump_json(exclude={"queue"}),
    )
