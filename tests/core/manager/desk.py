"""A manager on a bus in memory, with plugins that answer what fits their settings."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core.config import ChannelConfig, Config
from core.manager.keeper import Keeper
from core.manager.manager import Host, Manager
from core.plugin_host.settings_desk import SettingsDesk
from core.room_settings import RoomSettings
from core.runtime import ProcessState
from rosey.manifest import PluginManifest
from rosey.testing import MemoryBus
from tests.servers import until

ROOM = "lounge/lobby"
DEN = "lounge/den"


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    seconds: float = Field(default=30, ge=5, le=300, description="to answer")
    level: Literal["easy", "hard"] = "easy"
    api_key: SecretStr = SecretStr("nobody knows")


def manifest(name: str, **fields: object) -> PluginManifest:
    return PluginManifest.model_validate(
        {"name": name, "version": "1.2.0", "summary": "Something.", "entry": "a.b:c"} | fields
    )


PLUGINS = {
    "dice": manifest("dice", aliases=["dice-roller"]),
    "trivia": manifest("trivia", trust="trusted", settings="a.b:Settings"),
}


class Desk:
    """`config` may be replaced; `rooms` is how a router or a plugin sees it all."""

    def __init__(self) -> None:
        self.bus = MemoryBus()
        self.config = Config()
        self.plugins: Mapping[str, PluginManifest] = PLUGINS
        self.states = {"trivia": ProcessState(state="ready", restarts=1, memory_mb=50.6)}
        self.restarted: list[str] = []
        self.after = "ready"
        self.keeper = Keeper(self.bus, lambda: self.config, lambda: self.plugins)
        host = Host(lambda: self.plugins, lambda: self.states, self._restart)
        self.manager = Manager(self.bus, lambda: self.config, host, self.keeper)
        self.rooms = RoomSettings(Config)

    async def open(self) -> None:
        await self.bus.declare(["core"])
        await self.rooms.follow(self.bus)
        await self.keeper.refresh()

    async def answer(self) -> None:
        """From now on trivia's process is there."""
        await SettingsDesk(self.bus, "trivia", Settings).start()

    async def told(self, channel: str, plugin: str, holds: object) -> None:
        """Waits until everybody who looks sees that."""
        found: Callable[[], bool] = lambda: self.rooms.of(channel, plugin) == holds  # noqa: E731
        await until(found, 2.0, f"{plugin} in {channel} has {holds}")

    def write(self, **plugins: bool | dict[str, object]) -> None:
        """What rosey.toml says of the room."""
        self.config = Config(channels={ROOM: ChannelConfig(plugins=plugins)})

    async def _restart(self, name: str) -> dict[str, str]:
        self.restarted.append(name)
        return {name: self.after}


def folder(path: Path, text: str) -> Path:
    """A data folder with a rosey.toml beside it."""
    (path / "rosey.toml").write_text(text)
    data = path / "data"
    data.mkdir()
    return data
