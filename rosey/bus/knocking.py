"""Whether a server is there at all, and what to say when it is not."""

import asyncio
from urllib.parse import urlsplit

CONNECT_PATIENCE = 2.0


async def knock(servers: list[str]) -> None:
    """Raises the last one's problem when none of the servers takes a connection."""
    problem: Exception = ValueError("no address")
    for server in servers:
        address = urlsplit(server if "://" in server else f"nats://{server}")
        try:
            # Python 3.11's wait_for may lose a cancellation that meets a refused connection.
            async with asyncio.timeout(CONNECT_PATIENCE):
                _, writer = await asyncio.open_connection(address.hostname, address.port or 4222)
        except (OSError, TimeoutError) as why:
            problem = why
            continue
        writer.close()
        return
    raise problem


def no_connection(
    url: str, name: str, problem: Exception, turned_away: bool, given: str = ""
) -> str:
    """The sentence for an operator whose process was not let in or found nobody.

    `given` is what it showed in words, when that was no key of Rosey's own.
    """
    if turned_away and given:
        return (
            f"NATS at {url} does not let {name} in with {given}, as [nats] in rosey.toml says. "
            "Is that meant for this server, and still valid?"
        )
    if turned_away:
        return (
            f"NATS at {url} does not let {name} in. Each process has a key in the folder `keys` of "
            "the data folder: is it this Rosey's server, and this Rosey's data folder?"
        )
    return (
        f"No NATS server answers at {url} ({problem}). Start Rosey with `bin/rosey up`, "
        "or set ROSEY_NATS_URL to the server to use."
    )
