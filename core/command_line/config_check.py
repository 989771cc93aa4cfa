"""`config check`: everything that is wrong, or a short summary."""

from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from core import config as configuration
from core import config_checks
from core.config import Config


def run(data: Path, file: Path | None) -> None:
    """Raises ConfigError with every problem."""
    config = configuration.load(data, file)
    config_checks.check(config)
    typer.echo(f"{config.file}: fine" if config.file else "no rosey.toml: the defaults are fine")
    Console().print(_summary(config, data))
    for line in config_checks.advice(config):
        typer.echo(f"advice: {line}")


def _summary(config: Config, data: Path) -> Table:
    table = Table("connection", "platform", "channel", "user", "prefix", "plugins off")
    for each in config.connections:
        channel = config.channel(each.channel)
        off = [
            name
            for name in configuration.plugin_names(data)
            if config.plugin(each.channel, name) is None
        ]
        table.add_row(
            each.name, each.platform, each.channel, each.user, channel.prefix, ", ".join(off)
        )
    return table
