"""What a child and the host tell each other: `ready`, `go` and whether to rehearse.

Nothing in a process by hand.
"""

import os
from contextlib import suppress

READY = "ROSEY_READY_FD"
GO = "ROSEY_GO_FD"
RELAY = "ROSEY_RELAY_FD"
REHEARSE = "ROSEY_REHEARSE"
BOX = b"box "


def ready() -> None:
    """Says `ready` to the host once."""
    descriptor = os.environ.pop(READY, None)
    if descriptor is None:
        return
    try:
        os.write(int(descriptor), b"ready\n")
        os.close(int(descriptor))
    except OSError:
        return  # the host is gone, and this process is about to follow it


def is_watched() -> bool:
    """Whether a host has started this process and sees to it."""
    return READY in os.environ


def descriptors() -> list[int]:
    """Those that are still needed to speak to the host."""
    return [int(os.environ[READY])] if READY in os.environ else []


def relay() -> int | None:
    """The descriptor of the channel to who carries to NATS; asked for once."""
    descriptor = os.environ.pop(RELAY, None)
    return None if descriptor is None else int(descriptor)


def boxed(words: str) -> None:
    """Says, before `ready`, what the box enforces; a line."""
    if READY in os.environ:
        with suppress(OSError):  # as in `ready`
            os.write(int(os.environ[READY]), BOX + words.encode() + b"\n")


def wait_for_go() -> None:
    """Returns when what this process needs is there; until then it may load its modules."""
    descriptor = os.environ.pop(GO, None)
    if descriptor is None:
        return
    with os.fdopen(int(descriptor), "rb") as pipe:
        pipe.read()


def must_rehearse() -> bool:
    """Whether open workflows are to be tried with this process's code before it is ready."""
    return REHEARSE in os.environ
