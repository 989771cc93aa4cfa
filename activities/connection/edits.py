"""Changes of the platform's playlist: in order, each tried at most once, and a word of each."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from activities.connection.record import Record
from rosey import clock, ids, subjects
from rosey.contracts.playlist import Edit
from rosey.events import Action, ActionRefused, PlaylistChange, PlaylistItem, Sent, Wire
from rosey.platform import Connector, NotTaken

log = logging.getLogger("activities.connection")

KINDS = "media_"
MOST = 100
REMEMBERED = 1_000
LOST = "the connection was lost"
EARLIER = "it was meant for the time before the connection was lost"
FULL = f"{MOST} changes of the playlist are waiting already"
NO_LIST = "this platform has no playlist"

# Stores an event on a subject under an id.
Tell = Callable[[str, Wire, str], None]


class Edits:
    """Takes actions at once and carries them out while the room is joined.

    What is taken stands in the record until there is a word of it, so that the next process can
    say that it was lost, should this one die.
    """

    def __init__(self, channel: str, connector: Connector, tell: Tell) -> None:
        self._channel = channel
        self._connector = connector
        self._tell = tell
        self._record: Record | None = None  # while the room is joined
        self._session = self._name = ""
        self._waiting: deque[tuple[Action, Edit]] = deque()
        self._doing: Action | None = None
        self._more = asyncio.Event()
        self._taken: dict[str, None] = {}

    def arrive(self, record: Record, session: str = "", name: str = "") -> None:
        """A room was joined; what an earlier process had in hand is lost."""
        self._record = record
        self._session = session
        self._name = name
        for action_id, kind in list(record.edits.items()):
            self._note(action_id)
            self._refuse(action_id, kind, LOST, "lost")

    def depart(self) -> None:
        """The room was left: nothing that is not finished will be, as far as anybody knows."""
        unfinished = [action for action, _ in self._waiting]
        if self._doing:
            unfinished.insert(0, self._doing)
        self._waiting.clear()
        self._doing = None
        for action in unfinished:
            self._refuse(action.id, action.kind, LOST, "lost")
        self._record = None

    def take(self, action: Action, tries: int) -> None:
        """An action that has come for the `tries`-th time. One that is known is left alone.

        One that was handed out before we knew it may have been tried by a process that died.
        """
        if action.id in self._taken:
            return
        self._note(action.id)
        edit, problem = _edit_of(action)
        code = "refused"
        if tries > 1 or self._record is None:
            problem, code = LOST, "lost"
        elif action.args.get("session") not in (None, "", self._session):
            problem, code = EARLIER, "gone"
        elif not self._connector.capabilities.media:
            problem = NO_LIST
        elif len(self._waiting) >= MOST:
            problem = FULL
        if edit is None or problem:
            self._refuse(action.id, action.kind, problem, code)
            return
        assert self._record
        self._record.edits[action.id] = action.kind
        self._waiting.append((action, edit))
        self._more.set()

    async def work(self) -> None:
        """Carries out what was taken, until it is cancelled."""
        while True:
            while self._waiting:
                self._doing, edit = self._waiting.popleft()
                await self._carry_out(self._doing, edit)
                self._doing = None
            self._more.clear()
            await self._more.wait()

    async def _carry_out(self, action: Action, edit: Edit) -> None:
        if edit.kind == "look":
            self._tell_list(action)
            return
        try:
            item = await self._connector.edit_playlist(edit)
        except ConnectionError:
            self._give_up(action, LOST, "lost")
        except NotTaken as problem:
            self._give_up(action, str(problem), "refused")
        except PermissionError as problem:
            self._give_up(action, str(problem), "permission")
        except LookupError as problem:
            self._give_up(action, str(problem), "gone")
        except Exception:  # a connector's bug must not stop what comes after it
            log.exception("%s %s failed", action.kind, action.id)
            self._give_up(action, "it failed; Rosey's log says why", "refused")
        else:
            self._finish(action, item)

    def _tell_list(self, action: Action) -> None:
        """For who was not there when it was told, or has lost its account."""
        state = self._connector.state
        told = PlaylistChange(
            id=ids.derive("p", action.id),
            channel=self._channel,
            at=clock.now(),
            kind="replaced",
            items=state.playlist,
            current=state.current,
            position=state.position,
            session=self._session,
            name=self._name,
        )
        self._tell(subjects.PLAYLIST_CHANGE, told, told.id)
        self._finish(action, None)

    def _give_up(self, action: Action, reason: str, code: str) -> None:
        if self._doing is action:  # else the room was left meanwhile, and that was told
            self._refuse(action.id, action.kind, reason, code)

    def _finish(self, action: Action, item: PlaylistItem | None) -> None:
        if self._doing is not action:
            return
        self._forget(action.id)
        sent = Sent(
            action_id=action.id,
            channel=self._channel,
            sent_at=clock.now(),
            kind=action.kind,
            uid=item.uid if item else None,
            media=item.media if item else None,
        )
        self._tell(subjects.SENT, sent, action.id)

    def _refuse(self, action_id: str, kind: str, reason: str, code: str) -> None:
        log.info("%s %s: %s", kind, action_id, reason)
        self._forget(action_id)
        refused = ActionRefused(
            action_id=action_id,
            channel=self._channel,
            kind=kind,
            code=code,
            reason=reason,
            at=clock.now(),
        )
        self._tell(subjects.REFUSED, refused, ids.derive("n", action_id))

    def _note(self, action_id: str) -> None:
        self._taken[action_id] = None
        if len(self._taken) > REMEMBERED:
            del self._taken[next(iter(self._taken))]

    def _forget(self, action_id: str) -> None:
        if self._record:
            self._record.edits.pop(action_id, None)


def _edit_of(action: Action) -> tuple[Edit | None, str]:
    """What an action asks for, or why it cannot be done."""
    given: dict[str, Any] = {**action.args, "kind": action.kind.removeprefix(KINDS)}
    try:
        return Edit.model_validate(given), ""
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return None, f"{action.kind} is no change of a playlist: {where}: {first['msg']}"
