"""How a stream republishes what it keeps."""

import re

from nats.js.api import RePublish

from rosey.subjects import matches

WILDCARD = re.compile(r"\{\{wildcard\((\d+)\)\}\}")


def republished(rule: RePublish, subject: str) -> str | None:
    """The second subject of what a stream keeps; None when the rule does not speak of it."""
    pattern = rule.src or ">"
    if not matches(pattern, subject):
        return None
    tokens = subject.split(".")
    wild = [here for part, here in zip(pattern.split("."), tokens, strict=False) if part == "*"]
    destination = WILDCARD.sub(lambda found: wild[int(found[1]) - 1], rule.dest or "")
    rest = ".".join(tokens[len(pattern.split(".")) - 1 :])
    return destination.removesuffix(">") + rest if destination.endswith(">") else destination
