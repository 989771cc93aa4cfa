"""Who a process is to NATS, and how it makes sure of the server."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Login:
    """At most one of `seed` (an nkey), `credentials` (a file), `user` with `password`, `token`.

    `inbox` is where answers arrive; nobody else may be able to listen there.
    """

    inbox: str = "_INBOX"
    seed: str = field(default="", repr=False)
    credentials: Path | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = None

    @property
    def given(self) -> str:
        """What was given to get into a server of one's own, in words without the secret."""
        if self.credentials:
            return f"the credentials {self.credentials}"
        if self.user:
            return f"the user {self.user}"
        return "a token" if self.token else ""

    @property
    def options(self) -> dict[str, Any]:
        """What nats-py is told."""
        given = {
            "nkeys_seed_str": self.seed,
            "user_credentials": self.credentials and str(self.credentials),
            "user": self.user,
            "password": self.password,
            "token": self.token,
            "tls": self.tls,
        }
        return {"inbox_prefix": self.inbox} | {key: value for key, value in given.items() if value}


ANONYMOUS = Login()
