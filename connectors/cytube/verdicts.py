"""Which refusals of a CyTube server are final."""

from connectors.cytube.wire import plain
from rosey.platform import PlatformError, Verdict

_FINAL_LOGIN = (
    "Invalid username/password combination",
    "User does not exist",
    "That username is registered",
    "That username is reserved",
    "Invalid username.",
)
_FINAL_KICK = (
    "You are banned",
    "You're banned",
    "Channel was banned",
    "Invalid channel name",
)

_LONGEST = 500


def failure(text: str, verdict: Verdict = Verdict.RETRY) -> PlatformError:
    """What ended a session, on one line: the server's words go into logs and histories."""
    return PlatformError(plain(text.replace("\n", " "), _LONGEST), verdict)


def login_refused(user: str, room: str, error: str) -> PlatformError:
    final = error.startswith(_FINAL_LOGIN)
    return failure(
        f"{room} did not let {user} log in: {error or 'no reason given'}",
        Verdict.STOP if final else Verdict.RETRY,
    )


def kicked(room: str, reason: str) -> PlatformError:
    if reason == "Duplicate login":
        return failure(
            f"Somebody else logged in to {room} with this account; only one can be there. "
            "Stop the other one, then connect again.",
            Verdict.ELSEWHERE,
        )
    final = reason.startswith(_FINAL_KICK)
    return failure(
        f"Kicked from {room}: {reason or 'no reason given'}",
        Verdict.STOP if final else Verdict.RETRY,
    )


def password_needed(room: str, wrong: bool) -> PlatformError:
    """`wrong`: a password was given and refused."""
    told = (
        "asks for a password, and `room_password` is not the right one"
        if wrong
        else "asks for a password; set `room_password`"
    )
    return failure(f"{room} {told}.", Verdict.STOP)


def lost(room: str, reason: str) -> PlatformError:
    return failure(f"The connection to {room} was lost ({reason or 'no reason given'}).")
