"""What several command modules share: the group that knows its names, and common options."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from core.errors import UnknownName

CHECKOUT = Path(__file__).resolve().parent.parent.parent
NAME = "bin/rosey"


class Commands(TyperGroup):
    """Names the commands there are when an unknown one is typed."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.commands and not args[0].startswith("-"):
            raise UnknownName("command", args[0], self.commands)
        return super().resolve_command(ctx, args)


Data = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="The data folder.", show_default=".rosey")
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The configuration; else rosey.toml beside the data folder or in the checkout.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
DATA = CHECKOUT / ".rosey"
