"""Stand-ins for Rosey's own processes, and settings with free ports."""

import sys
from pathlib import Path

from core.config import Config
from core.host.specs import ProcessSpec, Stage

CHILD = Path(__file__).with_name("child.py")


def settings(nats_port: int = 0) -> Config:
    """Everything on free ports."""
    return Config.model_validate(
        {
            "lounge": {"port": 0},
            "nats": {"port": nats_port, "monitoring_port": 0},
            "temporal": {"port": 0, "ui_port": 0},
        }
    )


def child(
    data: Path,
    name: str,
    manners: str = "",
    plugin: bool = False,
    most: int | None = None,
    calls: tuple[str, ...] = (),
) -> ProcessSpec:
    """A process of child.py; names beginning with `connector` come last."""
    stage = Stage.CONNECTORS if name.startswith("connector") else Stage.SERVICES
    words = (sys.executable, str(CHILD), str(data / f"{name}.marks"), *manners.split())
    path = {"PYTHONPATH": str(CHILD.parents[3])}
    return ProcessSpec(name, words, stage, None, path, plugin, most, calls=calls)


def marks(data: Path, name: str) -> list[int]:
    """The pids with which a stand-in was started so far."""
    file = data / f"{name}.marks"
    return [int(line) for line in file.read_text().split()] if file.exists() else []
