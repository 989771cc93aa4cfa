"""One process that is kept running."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from core.errors import Away
from core.host import log_files, notify
from core.host.probes import NotReady
from core.host.sandbox import environment, relay
from core.host.share import Share
from core.host.specs import PRIVATE, Probe, ProcessSpec
from core.runtime import ProcessState, find
from rosey.backoff import restart_delay

SPAWN = Path(__file__).with_name("spawn.py")
# A process that answered for so long has recovered: its next crash counts as the first.
STEADY_SECONDS = 5.0
LINES_BEFORE_READY = 8
PROBE_PAUSE_SECONDS = 0.03
RESTART_GRACE_SECONDS = 1.5


class KeptProcess:
    """Starts a process, and again whenever it ends, until it is told to stop."""

    def __init__(
        self, spec: ProcessSpec, data: Path, lock: int, changed: Callable[["KeptProcess"], None]
    ) -> None:
        self.spec = spec
        self.state = ProcessState()
        self.ready_after: float | None = None
        self._data = data
        self._log = log_files.path(data, spec.name)
        self._since = 0
        self._lock = lock
        self._changed = changed
        self._child: Process | None = None
        self._share: asyncio.Task[None] | None = None
        self._says_go: int | None = None
        self._may_go = False
        self._failures = 0
        self._faults = 0
        self._stopping = False
        self._asked_to_restart = False
        self._held: str | None = None
        self._held_as = "restricted"
        self._why = ""
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()
        self._ready = asyncio.Event()
        self._settled = asyncio.Event()

    @property
    def name(self) -> str:
        return self.spec.name

    async def keep(self) -> None:
        """Runs it until `stop`."""
        try:
            while not self._stopping:
                await self._run_once()
                await self._pause()
                await self._released()
        finally:
            self._show("stopped", pid=None)
            self._ended.set()

    def go(self) -> None:
        """What it needs is there; a process that was started before may now begin its work."""
        self._may_go = True
        self._close_go()

    async def settled(self) -> None:
        """Waits until it answers, or until it is plain that it does not start."""
        await self._settled.wait()

    async def ready(self) -> None:
        """Waits until it answers."""
        await self._ready.wait()

    async def restart(self) -> None:
        """Ends it in good order and starts it at once; waits as `settled` does."""
        self._asked_to_restart = self._child is not None and self._child.returncode is None
        self._held = None
        self._failures = self._faults = 0
        self._settled.clear()
        self._ready.clear()
        self._wake.set()
        await self._end(RESTART_GRACE_SECONDS)
        await self.settled()

    @property
    def held(self) -> str | None:
        """Why it is left ended until somebody restarts it; None when it is not."""
        return self._held

    async def hold(self, why: str, state: str = "restricted") -> None:
        """Ends it and leaves it so, shown as `state`, until somebody restarts it."""
        self._held, self._held_as = why, state
        self._wake.set()
        await self._end(RESTART_GRACE_SECONDS)

    def last_words(self) -> str:
        """The end of what it wrote into its log in this run."""
        return log_files.last_words(self._log, self._since)

    def doubt(self, why: str) -> None:
        """It lives, and whoever watches it hears nothing of it."""
        if self.state.state == "ready":
            self._show("unhealthy", last_error=why)

    def trust(self) -> None:
        """It is heard of again."""
        if self.state.state == "unhealthy":
            self.ready_after = None  # it has not been started
            self._show("ready")

    def take_over(self, old: "KeptProcess") -> None:
        """Has from now on the name of `old`, which nobody sees any more and is to be stopped."""
        mine, self.state = self.state, old.state
        old.state = ProcessState(pid=self.state.pid, state="replaced")
        self.spec, self._changed = old.spec, old._changed
        old._changed = lambda _: None
        self._show("ready", pid=mine.pid, started_at=mine.started_at)

    async def stop(self, grace: float) -> None:
        """Ends it for good; what is left after `grace` seconds is killed."""
        self._stopping = True
        self._wake.set()
        self._settled.set()
        await self._end(grace)
        if self.state.state != "waiting":
            await self._ended.wait()

    async def _end(self, grace: float) -> None:
        child = self._child
        if child is None or child.returncode is not None:
            return
        self._show("stopping")
        if self._share:
            self._share.cancel()
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        try:
            async with asyncio.timeout(grace):
                await child.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()

    async def _run_once(self) -> None:
        self._asked_to_restart = False
        self._why = ""
        self._ready.clear()
        try:
            self._since = log_files.prepare(self._log)
            async with self._relayed() as channel, self._spawned(channel) as (child, said_ready):
                code = await self._until_it_ends(child, said_ready)
        except OSError as error:
            self._crashed(f"cannot be started: {error}")
            self._faults += 1
            self._give_up()
            return
        if not (self._stopping or self._asked_to_restart or self._held):
            words = self._why or self.last_words()
            self._crashed(f"{_how(code)}: {words}" if words else _how(code))
            # What it cannot do without is away, and that is none of its faults.
            self._faults = 0 if code == Away.exit_code else self._faults + 1
            self._give_up()

    async def _until_it_ends(self, child: Process, said_ready: asyncio.StreamReader) -> int:
        self._show("starting", pid=child.pid, started_at=_now(), box=None)
        if self._stopping:
            child.kill()
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch(said_ready))
            self._share = self._keep_share(group, child.pid)
            code = await child.wait()
            watching.cancel()
            if self._share:
                self._share.cancel()
        return code

    def _keep_share(self, group: asyncio.TaskGroup, pid: int) -> "asyncio.Task[None] | None":
        limits = self.spec.limits
        return group.create_task(Share(pid, limits, self._too_much).keep()) if limits else None

    def _too_much(self, why: str) -> None:
        self._why = why

    def _relayed(self) -> contextlib.AbstractAsyncContextManager[socket.socket | None]:
        """To NATS, for a plugin that is not trusted."""
        if not self.spec.is_bare:
            return contextlib.nullcontext()
        return relay.relayed(
            self.name, lambda: environment.servers(find(self._data).addresses.nats)
        )

    @contextlib.asynccontextmanager
    async def _spawned(
        self, channel: socket.socket | None
    ) -> AsyncIterator[tuple[Process, asyncio.StreamReader]]:
        """The process; `channel` becomes its own."""
        ready_end, says_ready = os.pipe()
        go_end, self._says_go = os.pipe()
        if self._may_go:
            self.go()
        handed = {notify.READY: says_ready, notify.GO: go_end}
        if channel is not None:
            handed[notify.RELAY] = channel.fileno()
        try:
            with self._log.open("ab") as log:
                self._child = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-S", "-E", str(SPAWN)),
                    *(str(int(signal.SIGKILL)), str(os.getpid()), "--", *self.spec.argv),
                    stdin=DEVNULL,
                    stdout=log,
                    stderr=STDOUT,
                    start_new_session=True,
                    pass_fds=(self._lock, *handed.values()),
                    env=self._environment(handed),
                )
        except OSError:
            os.close(ready_end)
            raise
        finally:
            os.close(says_ready)
            os.close(go_end)
            if channel is not None:
                channel.close()
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ready_end, "rb", 0)
        )
        try:
            yield self._child, reader
        finally:
            transport.close()
            self._close_go()

    def _environment(self, handed: Mapping[str, int]) -> dict[str, str]:
        told = {name: str(descriptor) for name, descriptor in handed.items()}
        if self.spec.is_bare:
            return {**self.spec.env, **told}
        ours = {
            key: value
            for key, value in os.environ.items()
            if PRIVATE.get(key, self.name) == self.name
        }
        return {**ours, **self.spec.env, **told}

    def _close_go(self) -> None:
        """The end of the pipe is what the child waits for."""
        if self._says_go is not None:
            os.close(self._says_go)
            self._says_go = None

    async def _watch(self, said_ready: asyncio.StreamReader) -> None:
        """Notes when it is ready and when it is steady; cancelled when it ends."""
        began = asyncio.get_running_loop().time()
        if self.spec.probe is None:
            if not await self._says_ready(said_ready):
                return
        else:
            await self._probe_until_ready(self.spec.probe)
        self.ready_after = asyncio.get_running_loop().time() - began
        self._show("ready")
        self._ready.set()
        self._settled.set()
        await asyncio.sleep(STEADY_SECONDS)
        self._failures = self._faults = 0

    async def _says_ready(self, said: asyncio.StreamReader) -> bool:
        """Whether it does before it ends; a line about its box may come first.

        Whatever else comes is a plugin's own doing.
        """
        with contextlib.suppress(ValueError):  # a line too long
            for _ in range(LINES_BEFORE_READY):
                line = await said.readline()
                if line == b"ready\n":
                    return True
                if line.startswith(notify.BOX) and self.state.box is None:
                    self._show(self.state.state, box=line[len(notify.BOX) :].decode().strip())
        return False

    async def _probe_until_ready(self, probe: Probe) -> None:
        before = self.state.last_error
        while True:
            try:
                await probe()
            except (NotReady, OSError) as error:
                self.state.last_error = f"not ready: {error}" if str(error) else "not ready"
                await asyncio.sleep(PROBE_PAUSE_SECONDS)
            else:
                self.state.last_error = before
                return

    def _crashed(self, error: str) -> None:
        self.state.last_error = error
        self.state.restarts += 1
        self._failures += 1
        if self._failures > 1:
            self._settled.set()  # the first new try comes at once; this was not a passing thing
        self._show("crashed", pid=None)

    def _give_up(self) -> None:
        if self.spec.most_crashes is None or self._faults < self.spec.most_crashes:
            return
        self._held_as = "failed"
        self._held = (
            f"given up after {self._faults} crashes in a row, bin/rosey restart {self.name} tries "
            f"again; the last: {self.state.last_error}"
        )

    async def _pause(self) -> None:
        if self._asked_to_restart or self._stopping or self._held or not self._failures:
            return
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_delay(self._failures)):
                await self._wake.wait()

    async def _released(self) -> None:
        shown = None
        while self._held and not self._stopping:
            if shown != (self._held_as, self._held):
                shown = (self._held_as, self._held)
                self._show(self._held_as, pid=None, last_error=self._held)
                self._settled.set()
            self._wake.clear()
            await self._wake.wait()

    def _show(self, state: str, **fields: int | str | None) -> None:
        self.state.state = state
        for name, value in fields.items():
            setattr(self.state, name, value)
        self._changed(self)


def _delay(failures: int) -> int:
    """The first new start comes at once, the next ones later and later. Seconds."""
    return 0 if failures == 1 else restart_delay(failures - 2)


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
