"""The processes the host starts, without Typer, whose import takes as long as their own.

The words are those anybody types; whatever is not plain is left to Typer.
"""

from collections.abc import Callable
from pathlib import Path

PLAIN = ("worker", "connector", "router", "lounge")
OPTIONS = ("--data", "--config")


def plain(arguments: list[str]) -> Callable[[], None] | None:
    """What to run; None when Typer should look at it."""
    words: list[str] = []
    options: dict[str, Path | None] = {"--config": None}
    rest = iter(arguments)
    for word in rest:
        if word in OPTIONS:
            options[word] = Path(next(rest, "")).absolute()
        else:
            words.append(word)
    command, *names = words or [""]
    data, config = options.get("--data"), options["--config"]
    if command not in PLAIN or data is None or any(word.startswith("-") for word in names):
        return None
    from core.command_line import by_hand

    match command, names:
        case "worker", [_, *_]:
            return lambda: by_hand.worker(names, data, config)
        case "connector", [name]:
            return lambda: by_hand.connector(name, data, config)
        case "router", []:
            return lambda: by_hand.router(data, config)
        case "lounge", []:
            return lambda: by_hand.lounge(data, config)
    return None
