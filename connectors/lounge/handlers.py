"""Which frame goes to whom. Unknown events are ignored in silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.lounge import chat, doors, management, moderation, playing, queueing
from connectors.lounge.frames import problem
from connectors.lounge.house import House
from connectors.lounge.session import Session

Handler = Callable[[House, Session, Any], None]

_AT_THE_DOOR: dict[str, Handler] = {
    "login": doors.login,
    "joinChannel": doors.join,
    "channelPassword": doors.channel_password,
}
_INSIDE: dict[str, Handler] = {
    "chatMsg": chat.chat_msg,
    "pm": chat.pm,
    "setChannelRank": moderation.set_channel_rank,
    "requestChannelRanks": moderation.request_channel_ranks,
    "requestBanlist": moderation.request_banlist,
    "unban": moderation.unban,
    "setOptions": management.set_options,
    "setPermissions": management.set_permissions,
    "setMotd": management.set_motd,
    "readChanLog": management.read_log,
    "setChannelCSS": management.set_styles,
    "setChannelJS": management.set_styles,
    "queue": queueing.queue,
    "delete": queueing.delete,
    "moveMedia": queueing.move,
    "setTemp": queueing.set_temp,
    "shufflePlaylist": queueing.shuffle,
    "clearPlaylist": queueing.clear,
    "togglePlaylistLock": queueing.toggle_lock,
    "requestPlaylist": queueing.request_list,
    "playNext": playing.play_next,
    "jumpTo": playing.jump_to,
    "playerReady": playing.player_ready,
    "voteskip": playing.vote_to_skip,
    "assignLeader": playing.assign_leader,
    "mediaUpdate": playing.leader_update,
}


def receive(house: House, session: Session, event: str, payload: Any) -> None:
    """One frame of a client; `payload` is frames.MISSING if it came without one."""
    handler = _AT_THE_DOOR.get(event)
    if handler:
        handler(house, session, payload)
        return
    if not session.inside:
        return
    wrong = problem(event, payload)
    if wrong:
        session.error(f"Unexpected error for message {event}: {wrong}")
        return
    handler = _INSIDE.get(event)
    if handler:
        handler(house, session, payload)
