"""What nats-server is told of all this: users with their keys and rights, and limits."""

from collections.abc import Iterable
from typing import Any

from core.authority.keys import Keys
from core.authority.rights import SYSTEM, Rights

MAX_PAYLOAD = 1024 * 1024
# Far above what a room needs, far below what would hurt the server.
LIMITS = {"max_subscriptions": 10_000, "max_connections": 512}
OURS = "ROSEY"
SYS = "SYS"


def rules(keys: Keys, everybody: Iterable[Rights]) -> dict[str, Any]:
    """The part of the server's configuration that says who may do what. Raises UserError.

    Whoever has no key gets in nowhere.
    """
    users = [_user(keys, rights) for rights in everybody]
    return {
        "accounts": {
            SYS: {"users": [{"nkey": keys.public(SYSTEM)}]},
            OURS: {"jetstream": "enabled", "users": users},
        },
        "system_account": SYS,
        "max_payload": MAX_PAYLOAD,
        **LIMITS,
    }


def _user(keys: Keys, rights: Rights) -> dict[str, Any]:
    permissions: dict[str, Any] = {
        "publish": {"allow": list(rights.publish)},
        "subscribe": {"allow": list(rights.subscribe)},
    }
    if rights.answers:
        permissions["allow_responses"] = {"max": 1, "expires": "1m"}
    return {"nkey": keys.public(rights.name), "permissions": permissions}
