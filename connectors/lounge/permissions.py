"""Least ranks for what people do (PROTOCOL section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EVERYBODY = -1.0
LEADER = 1.5
MODERATOR = 2.0
ADMIN = 3.0
SITE = 255.0

REGISTERED: dict[str, float] = {
    "seeplaylist": -1,
    "playlistadd": 1.5,
    "playlistnext": 1.5,
    "playlistmove": 1.5,
    "playlistdelete": 2,
    "playlistjump": 1.5,
    "playlistaddlist": 1.5,
    "oplaylistadd": -1,
    "oplaylistnext": 1.5,
    "oplaylistmove": 1.5,
    "oplaylistdelete": 2,
    "oplaylistjump": 1.5,
    "oplaylistaddlist": 1.5,
    "playlistaddcustom": 3,
    "playlistaddrawfile": 2,
    "playlistaddlive": 1.5,
    "exceedmaxlength": 2,
    "addnontemp": 2,
    "settemp": 2,
    "playlistshuffle": 2,
    "playlistclear": 2,
    "pollctl": 1.5,
    "pollvote": -1,
    "viewhiddenpoll": 1.5,
    "voteskip": -1,
    "viewvoteskip": 1.5,
    "mute": 1.5,
    "kick": 1.5,
    "ban": 2,
    "motdedit": 3,
    "filteredit": 3,
    "filterimport": 3,
    "emoteedit": 3,
    "emoteimport": 3,
    "playlistlock": 2,
    "leaderctl": 2,
    "drink": 1.5,
    "chat": 0,
    "chatclear": 2,
    "exceedmaxitems": 2,
    "deletefromchannellib": 2,
    "exceedmaxdurationperuser": 2,
}

# Without an owner nearly everything is open, and what is missing nobody may do.
UNREGISTERED: dict[str, float] = {
    "seeplaylist": -1,
    "playlistadd": -1,
    "playlistnext": 0,
    "playlistmove": 0,
    "playlistdelete": 0,
    "playlistjump": 0,
    "playlistaddlist": 0,
    "oplaylistadd": -1,
    "oplaylistnext": 0,
    "oplaylistmove": 0,
    "oplaylistdelete": 0,
    "oplaylistjump": 0,
    "oplaylistaddlist": 0,
    "playlistaddcustom": 0,
    "playlistaddlive": 0,
    "exceedmaxlength": 0,
    "addnontemp": 0,
    "settemp": 0,
    "playlistshuffle": 0,
    "playlistclear": 0,
    "pollctl": 0,
    "pollvote": -1,
    "viewhiddenpoll": 1.5,
    "voteskip": -1,
    "viewvoteskip": 1.5,
    "playlistlock": 2,
    "leaderctl": 0,
    "drink": 0,
    "chat": 0,
    "chatclear": 2,
    "exceedmaxitems": 2,
    "deletefromchannellib": 2,
}


def may(permissions: Mapping[str, float], name: str, rank: float) -> bool:
    """A missing permission means nobody may."""
    least = permissions.get(name)
    return least is not None and rank >= least


def changed(permissions: Mapping[str, float], asked: Mapping[str, Any]) -> dict[str, float]:
    """The permissions with those of `asked` that exist and are numbers."""
    return dict(permissions) | {
        name: rank
        for name, rank in asked.items()
        if name in permissions and isinstance(rank, int | float) and not isinstance(rank, bool)
    }
