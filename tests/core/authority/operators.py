"""A NATS operator with her accounts and users, as `nsc` would make them: signed JWTs and files.

The JWTs are NATS's version 2.
"""

import base64
import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import nkeys

UNLIMITED = {"subs": -1, "data": -1, "payload": -1}
ACCOUNT = UNLIMITED | {"imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}
JETSTREAM = {"mem_storage": 2**30, "disk_storage": 2**33, "streams": 1000, "consumer": 1000}
CREDENTIALS = """\
-----BEGIN NATS USER JWT-----
{jwt}
------END NATS USER JWT------

************************* IMPORTANT *************************
NKEY Seed printed below can be used to sign and prove identity.
NKEYs are sensitive and should be treated as secrets.

-----BEGIN USER NKEY SEED-----
{seed}
------END USER NKEY SEED------
"""


def key_pair(prefix: int) -> nkeys.KeyPair:
    return nkeys.from_seed(bytearray(nkeys.encode_seed(os.urandom(32), prefix)))


def public(pair: nkeys.KeyPair) -> str:
    return str(pair.public_key.decode())


def signed(
    name: str, subject: str, issuer: nkeys.KeyPair, nats: dict[str, Any], lasts: int | None = None
) -> str:
    """A JWT; `lasts` is in seconds, negative for one that is over."""
    now = int(time.time())
    claims: dict[str, Any] = {"iat": now, "iss": public(issuer), "name": name, "sub": subject}
    if lasts is not None:
        claims["exp"] = now + lasts
    digest = hashlib.sha256(json.dumps([claims, nats]).encode()).digest()
    claims |= {"jti": base64.b32encode(digest).decode().rstrip("="), "nats": nats | {"version": 2}}
    header = {"typ": "JWT", "alg": "ed25519-nkey"}
    text = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
    return f"{text}.{_encoded(issuer.sign(text.encode()))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class Credentials:
    """A user's file, and the two secrets in it."""

    path: Path
    jwt: str
    seed: str

    def betrayed_by(self, text: str) -> bool:
        """Whether a part of either occurs in it; the first parts of all JWTs are the same."""
        return self.seed in text or self.jwt.rpartition(".")[2] in text


_account_key = partial(key_pair, nkeys.PREFIX_BYTE_ACCOUNT)


@dataclass
class Operator:
    """With one account for Rosey, which may use `jetstream`, and one for the system."""

    folder: Path
    jetstream: dict[str, int] = field(default_factory=JETSTREAM.copy)
    key: nkeys.KeyPair = field(default_factory=partial(key_pair, nkeys.PREFIX_BYTE_OPERATOR))
    account: nkeys.KeyPair = field(default_factory=_account_key)
    system: nkeys.KeyPair = field(default_factory=_account_key)

    def configuration(self) -> dict[str, Any]:
        """What nats-server is told."""
        us = public(self.key)
        file = self.folder / "operator.jwt"
        file.write_text(
            signed("op", us, self.key, {"type": "operator", "system_account": public(self.system)})
        )
        accounts = {"rosey": (self.account, self.jetstream), "SYS": (self.system, {})}
        return {
            "operator": str(file),
            "system_account": public(self.system),
            "resolver": "MEMORY",
            "resolver_preload": {
                public(key): signed(
                    name, public(key), self.key, {"type": "account", "limits": ACCOUNT | limits}
                )
                for name, (key, limits) in accounts.items()
            },
        }

    def user(
        self, name: str, rights: dict[str, Any] | None = None, lasts: int | None = None
    ) -> Credentials:
        """`rights` as in {"pub": {"deny": ["a.>"]}}; `lasts` in seconds."""
        key = key_pair(nkeys.PREFIX_BYTE_USER)
        claims = {"pub": {}, "sub": {}} | UNLIMITED | {"type": "user"} | (rights or {})
        jwt = signed(name, public(key), self.account, claims, lasts)
        made = Credentials(self.folder / f"{name}.creds", jwt, key.seed.decode())
        made.path.touch(mode=0o600)
        made.path.write_text(CREDENTIALS.format(jwt=made.jwt, seed=made.seed))
        return made
