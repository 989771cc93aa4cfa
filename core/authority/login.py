"""How a process of ours proves to NATS who it is."""

import asyncio
import re
import ssl
import stat
from contextlib import suppress
from pathlib import Path

import nats.errors
import nkeys
from pydantic import SecretStr

from core.authority.keys import Keys
from core.authority.rights import inbox
from core.config import NatsConfig, Secret
from core.errors import Away, UserError
from rosey import subjects
from rosey.bus import Bus, BusError, Login, Metrics
from rosey.bus.tracing import Tracing
from rosey.events import Measured, Refusal

TELL_EVERY = 5.0
# What follows each of these lines the library reads without looking for the end of the file.
JWT = re.compile(rb"BEGIN NATS USER JWT.*\n[^\s.]+\.[^\s.]+\.[^\s.]+\n")
SEED = re.compile(rb"BEGIN USER NKEY SEED.*\n(\S+)\n")


async def enter(url: str, label: str, data: Path, settings: NatsConfig, name: str) -> Bus:
    """Connects as `name`, and tells the host what the server does not let us do.

    Raises UserError for files that cannot be read, Away when the server is not there or does not
    let us in.
    """
    return await enter_as(url, label, login(data, settings, name), name)


async def enter_as(url: str, label: str, us: Login, name: str) -> Bus:
    """As `enter`, with a login that has been read already."""
    try:
        tracing = Tracing()
        around = (Metrics(), tracing) if tracing.is_on else (Metrics(),)
        bus = await Bus.connect(url, label, us, around)
    except BusError as problem:
        raise Away(str(problem)) from None

    async def tell(what: str, subject: str) -> None:
        if subject != subjects.refusal(name).lower():
            await bus.publish(subjects.refusal(name), Refusal(what=what, subject=subject).wire())

    bus.on_refusal(tell)
    return bus


async def stay(*buses: Bus) -> None:
    """Waits until the server does not want one of them any more, then raises UserError.

    Meanwhile it tells the host of their traffic.
    """
    telling = [asyncio.create_task(_tell_traffic(bus)) for bus in buses]
    try:
        await asyncio.gather(*(bus.ended() for bus in buses))
    except BusError as problem:
        raise UserError(str(problem)) from None
    finally:
        for task in telling:
            task.cancel()


async def _tell_traffic(bus: Bus) -> None:
    name = bus.login.inbox.removeprefix(inbox(""))
    while True:
        await asyncio.sleep(TELL_EVERY)
        traffic = [
            one for each in bus.middlewares if isinstance(each, Metrics) for one in each.read()
        ]
        with suppress(nats.errors.Error):  # it is away, and the next time tells more
            await bus.publish(subjects.measured(name), Measured(traffic=traffic).wire())


def login(data: Path, settings: NatsConfig, name: str) -> Login:
    """With what `[nats]` names for a server of one's own, else with the key of `name`.

    Raises UserError for files that cannot be read.
    """
    given = (settings.credentials, settings.user, settings.token)
    return Login(
        inbox=inbox(name),
        seed="" if any(given) else Keys(data).seed(name),
        credentials=_credentials(settings.credentials),
        user=settings.user or "",
        password=_text(settings.password),
        token=_text(settings.token),
        tls=_tls(settings),
    )


def exposed(settings: NatsConfig) -> list[Path]:
    """The files with secrets that `[nats]` names and everybody on this machine can read."""
    secrets = [each.file for each in (settings.password, settings.token) if each]
    files = (settings.credentials, settings.tls_key, *secrets)
    return [file for file in files if file and _is_open(file)]


def _is_open(file: Path) -> bool:
    with suppress(OSError):
        return bool(file.stat().st_mode & stat.S_IROTH)
    return False


def _text(secret: Secret | None) -> str:
    text = secret.read() if secret else SecretStr("")
    return text.get_secret_value()


def _credentials(path: Path | None) -> Path | None:
    if path is None:
        return None
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"[nats] credentials: there is no file {path}.") from None
    except OSError as problem:
        raise UserError(f"[nats] credentials: {path} cannot be read: {problem}.") from None
    if not JWT.search(text) or not _has_seed(text):
        raise UserError(
            f"[nats] credentials: {path} is not what `nsc generate creds` writes: "
            "a JWT and a seed, each on a line of its own."
        )
    return path


def _has_seed(text: bytes) -> bool:
    if (seed := SEED.search(text)) is None:
        return False
    try:
        nkeys.from_seed(bytearray(seed[1]))
    except (nkeys.NkeysError, ValueError):
        return False
    return True


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
