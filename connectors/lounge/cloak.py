"""Cloaked addresses as CyTube shows them to moderators: equal addresses look equal, no more."""

from base64 import b64encode
from hashlib import md5

PARTS = 4


def cloak(ip: str, from_octet: int = 0) -> str:
    """`ip` with every part from `from_octet` (0-3) on replaced by a piece of a hash.

    A part is hashed together with the cloaked parts before it, so equal networks show equal
    beginnings. Of an IPv6 address the first four groups remain; missing parts are `*`.
    """
    separator, length = (":", 4) if ":" in ip else (".", 3)
    shown: list[str] = []
    before = ""
    for index, part in enumerate(ip.split(separator)):
        if index < from_octet:
            shown.append(part)
            continue
        shown.append(_hash(f"{before}{part}{index}")[:length])
        before += part
    return separator.join((shown + ["*"] * PARTS)[:PARTS])


def _hash(text: str) -> str:
    # A fixed public mapping, not protection: whoever wants to can try all addresses.
    return b64encode(md5(text.encode(), usedforsecurity=False).digest()).decode()
