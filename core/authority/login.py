"""How a process of ours proves to NATS who it is."""

import asyncio
import ssl
from pathlib import Path

from pydantic import SecretStr

from core.authority.keys import Keys
from core.authority.rights import inbox
from core.config import NatsConfig, Secret
from core.errors import UserError
from rosey import subjects
from rosey.bus import Bus, BusError, Login
from rosey.bus.tracing import Tracing
from rosey.events import Refusal


async def enter(url: str, label: str, data: Path, settings: NatsConfig, name: str) -> Bus:
    """Connects as `name`, and tells the host what the server does not let us do.

    Raises UserError for files that cannot be read, and when the server is not there or does not
    let us in.
    """
    try:
        tracing = Tracing()
        around = (tracing,) if tracing.is_on else ()
        bus = await Bus.connect(url, label, login(data, settings, name), around)
    except BusError as problem:
        raise UserError(str(problem)) from None

    async def tell(what: str, subject: str) -> None:
        if subject != subjects.refusal(name).lower():
            await bus.publish(subjects.refusal(name), Refusal(what=what, subject=subject).wire())

    bus.on_refusal(tell)
    return bus


async def stay(*buses: Bus) -> None:
    """Waits until the server does not want one of them any more, then raises UserError."""
    try:
        await asyncio.gather(*(bus.ended() for bus in buses))
    except BusError as problem:
        raise UserError(str(problem)) from None


def login(data: Path, settings: NatsConfig, name: str) -> Login:
    """With what `[nats]` names for a server of one's own, else with the key of `name`.

    Raises UserError for files that cannot be read.
    """
    given = (settings.credentials, settings.user, settings.token)
    return Login(
        inbox=inbox(name),
        seed="" if any(given) else Keys(data).seed(name),
        credentials=_readable(settings.credentials),
        user=settings.user or "",
        password=_text(settings.password),
        token=_text(settings.token),
        tls=_tls(settings),
    )


def _text(secret: Secret | None) -> str:
    text = secret.read() if secret else SecretStr("")
    return text.get_secret_value()


def _readable(path: Path | None) -> Path | None:
    if path is not None and not path.is_file():
        raise UserError(f"[nats] credentials: there is no file {path}.")
    return path


def _tls(settings: NatsConfig) -> ssl.SSLContext | None:
    files = [file for file in (settings.tls_ca, settings.tls_cert, settings.tls_key) if file]
    if not files:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca)
        if settings.tls_cert:
            context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as problem:
        named = ", ".join(str(file) for file in files)
        raise UserError(f"[nats] tls: one of {named} cannot be used: {problem}.") from None
    return context
