"""Which refusals of a CyTube server are final."""

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


def login_refused(user: str, room: str, error: str) -> PlatformError:
    final = error.startswith(_FINAL_LOGIN)
    return PlatformError(
        f"{room} did not let {user} log in: {error or 'no reason given'}",
        Verdict.STOP if final else Verdict.RETRY,
    )


def kicked(room: str, reason: str) -> PlatformError:
    if reason == "Duplicate login":
        return PlatformError(
            f"Somebody else logged in to {room} with this account; only one can be there. "
            "Stop the other one, then connect again.",
            Verdict.ELSEWHERE,
        )
    final = reason.startswith(_FINAL_KICK)
    return PlatformError(
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
    return PlatformError(f"{room} {told}.", Verdict.STOP)


def lost(room: str, reason: str) -> PlatformError:
    return PlatformError(f"The connection to {room} was lost ({reason or 'no reason given'}).")
