"""What `up` shows."""

import io

import pytest
from rich.console import Console

from core.command_line.up import ConsoleProgress
from core.config import Config
from core.runtime import Addresses, ProcessState

ADDRESSES = Addresses(
    nats="nats://127.0.0.1:4222",
    temporal="127.0.0.1:7233",
    nats_monitoring="http://127.0.0.1:8222",
    temporal_ui="http://127.0.0.1:8233",
    lounge="http://127.0.0.1:8090",
)


def shown(progress: ConsoleProgress, terminal: bool = False) -> io.StringIO:
    """What the progress prints from now on."""
    output = io.StringIO()
    progress._console = Console(file=output, force_terminal=terminal, width=80)
    progress._spinner = progress._console.status("starting")
    return output


@pytest.mark.parametrize("terminal", [False, True])
def test_lines_a_table_and_ready(terminal: bool) -> None:
    progress = ConsoleProgress(Config())
    output = shown(progress, terminal)
    with progress:
        progress.note("port 1 is taken: [NATS] listens on 2")
        progress.changed("nats", ProcessState(1, "starting"), None)
        progress.changed("nats", ProcessState(1, "ready"), 0.26)
        progress.changed("dice", ProcessState(None, "crashed", 1, last_error="[/] oh"), None)
        progress.running(ADDRESSES, {"dice": "[/] oh"})
        progress.complete()
    text = output.getvalue()
    if terminal:
        assert text.splitlines()[-1].endswith("ready")
        return
    assert [line.rstrip() for line in text.splitlines()] == [
        "port 1 is taken: [NATS] listens on 2",
        "✓ nats 0.3 s",
        "✗ dice [/] oh",
        "room             http://127.0.0.1:8090/r/lobby",
        "Temporal Web UI  http://127.0.0.1:8233",
        "NATS             nats://127.0.0.1:4222",
        "NATS monitoring  http://127.0.0.1:8222",
        "without dice: [/] oh; see bin/rosey logs dice",
        "ready",
    ]


def test_servers_of_others_are_named_as_such() -> None:
    progress = ConsoleProgress(Config.model_validate({"lounge": {"enabled": False}}))
    output = shown(progress)
    progress.running(Addresses(nats="nats://far", temporal="far:7233"), {})
    assert [line.strip() for line in output.getvalue().splitlines()] == [
        "Temporal Web UI  (of far:7233)",
        "NATS             nats://far",
        "NATS monitoring  (of that server)",
    ]


def test_a_closed_terminal_makes_it_quiet() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    progress = ConsoleProgress(Config())
    progress._console = Console(file=Closed())
    progress.note("anybody there?")
    progress.complete()
    assert progress._console.quiet


def test_a_full_disk_makes_it_quiet_for_as_long_as_it_is_full() -> None:
    class Full(io.StringIO):
        full = True

        def write(self, text: str) -> int:
            if self.full:
                raise OSError(28, "No space left on device")
            return super().write(text)

    progress = ConsoleProgress(Config())
    output = Full()
    progress._console = Console(file=output)
    progress.note("the disk is full")
    output.full = False
    progress.note("there is room")
    assert output.getvalue().splitlines()[-1] == "there is room"
