"""One connection and who is behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from connectors.lounge.clock import Due
from connectors.lounge.frames import MISSING
from connectors.lounge.limits import ChatLimit
from connectors.lounge.names import key_of
from connectors.lounge.permissions import LEADER, MODERATOR, SITE
from connectors.lounge.wire import encode

if TYPE_CHECKING:
    from connectors.lounge.room import Room
    from connectors.lounge.settings import Account

ANONYMOUS: float = -1


class Out(Protocol):
    """Where a session's frames go."""

    def post(self, packet: Any) -> None: ...
    def close(self) -> None: ...


class Session:
    """Anonymous at first; a name, a room and ranks come by and by.

    `room` is set by joinChannel; `inside` once the entry frames were sent; `locked`
    says what is still wanted at the door: "password", "name" or nothing.
    """

    def __init__(self, out: Out, address: str) -> None:
        self.out = out
        self.address = address
        self.name = ""
        self.key = ""
        self.account: Account | None = None
        self.aliases: list[str] = []
        self.global_rank: float = ANONYMOUS
        self.channel_rank: float = ANONYMOUS
        self.room: Room | None = None
        self.inside = False
        self.locked = ""
        self.gone = False
        self.afk = False
        self.muted = False
        self.shadow = False
        self.leads = False
        self.chat_limit = ChatLimit()
        self.queue_limit = ChatLimit()
        self.list_asked_at: float | None = None
        self.active_at = 0.0
        self.afk_timer: Due | None = None

    @property
    def rank(self) -> float:
        rank = max(self.global_rank, self.channel_rank)
        return max(rank, LEADER) if self.leads else rank

    def is_moderator(self) -> bool:
        return self.rank >= MODERATOR

    def is_site_admin(self) -> bool:
        return self.global_rank >= SITE

    def become(self, name: str, rank: float, account: Account | None) -> None:
        self.name = name
        self.key = key_of(name)
        self.global_rank = rank
        self.account = account

    def send(self, event: str, payload: Any = MISSING) -> None:
        self.out.post(encode(event, payload))

    def error(self, text: str, **more: Any) -> None:
        self.send("errorMsg", {"msg": text} | more)

    def cooldown(self, wait_ms: float) -> None:
        self.send("cooldown", wait_ms)
