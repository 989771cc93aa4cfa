"""What Rosey herself says in a room."""

from collections.abc import Mapping

from rosey.events import ChatCommand
from rosey.ranks import title
from rosey.room_commands import CORE, MANAGER_KEY, answering
from rosey.routing.commands import Found, Group, Table


def own(found: Found, prefix: str, words: Table, rank: float, plugins: Mapping[str, bool]) -> str:
    """The answer to one of Rosey's own commands; `plugins` says which are alive."""
    match found.command.action:
        case "help" if found.rest:
            return help_one(prefix, found.rest, words)
        case "help":
            return help_all(prefix, words, rank)
        case "status":
            return status(plugins)
    return info(prefix)


def help_all(prefix: str, words: Table, rank: float) -> str:
    """The commands a person of this rank may use, on one line."""
    seen: dict[str, ChatCommand] = {}
    for word, (_, command) in words.items():
        if not command.hidden and rank >= command.rank and word == command.words[0]:
            seen.setdefault(word.split()[0], command)
    return f"I know {', '.join(prefix + word for word in sorted(seen))}. More: {prefix}help <one>"


def help_one(prefix: str, wanted: str, words: Table) -> str:
    """One command, group or plugin explained; a sentence when there is none."""
    wanted = wanted.removeprefix(prefix).strip().casefold()
    if wanted in words:
        return explain(prefix, words[wanted][1])
    group = [command for word, (_, command) in words.items() if word.split()[0] == wanted]
    if group:
        return group_help(prefix, Group(wanted, group))
    owned = [known for plugin, known in words.values() if plugin == wanted and not known.hidden]
    if owned:
        return plugin_help(prefix, wanted, owned)
    return f"I know no command {short(wanted)!r}. {prefix}help lists what there is."


def explain(prefix: str, command: ChatCommand) -> str:
    usage = " ".join(filter(None, [prefix + command.words[0], command.usage]))
    also = [prefix + word for word in command.words[1:]]
    parts = [f"{usage} — {command.help}" if command.help else usage]
    if also:
        parts.append(f"(also {', '.join(also)})")
    if command.rank > 0:
        parts.append(f"[{title(command.rank)} and up]")
    return " ".join(parts)


def group_help(prefix: str, group: Group) -> str:
    """The second words of a group: `!trivia: start [questions] [category] · hint · …`"""
    ways = []
    for command in group.commands:
        word = next((w for w in command.words if w.startswith(f"{group.word} ")), None)
        if word and not command.hidden:
            ways.append(" ".join(filter(None, [word.split(" ", 1)[1], command.usage])))
    return f"{prefix}{group.word} takes: {' · '.join(dict.fromkeys(ways))}"


def plugin_help(prefix: str, plugin: str, commands: list[ChatCommand]) -> str:
    """The commands of a plugin: `coin has !flip [times] · !toss`"""
    ways = [" ".join(filter(None, [prefix + one.words[0], one.usage])) for one in commands]
    return f"{plugin} has {' · '.join(dict.fromkeys(ways))}. More: {prefix}help <one>"


def info(prefix: str) -> str:
    return (
        "I am Rosey. I keep rooms company: a queue of films, trivia, dice, a magic 8-ball, quotes, "
        "and a memory of who is here. What I start survives crashes. "
        f"{prefix}help lists what I can do."
    )


def status(plugins: Mapping[str, bool]) -> str:
    """One line; `plugins` says which are alive."""
    states = [
        f"{_title(plugin)} {'✓' if alive else '✗ not answering'}"
        for plugin, alive in plugins.items()
    ]
    return f"Router ✓, {', '.join(states) if states else 'no plugins'}"


def unknown(prefix: str, word: str, near: str) -> str:
    return f"I know no {prefix}{short(word)}. Did you mean {prefix}{near}?"


def no_rank(prefix: str, command: ChatCommand) -> str:
    return f"{prefix}{command.words[0]} is for {title(command.rank)}s and up."


def cooling(prefix: str, command: ChatCommand, seconds: float) -> str:
    return f"{prefix}{command.words[0]} again in {max(1, round(seconds))} s, please."


def away(plugin: str, action: str = "") -> str:
    who = _begin(answering(plugin, action))
    return f"{who} is not running right now, so I did not take that. Please try again soon."


def slow(plugin: str, action: str = "") -> str:
    who = answering(plugin, action)
    if who == MANAGER_KEY:  # its own work may take longer, as loading a plugin anew does
        return "That takes a moment; I am at it."
    return f"{_begin(who)} is restarting; your command waits."


def full(plugin: str, action: str = "") -> str:
    who = _begin(answering(plugin, action))
    return (
        f"{who} has more to do than it can keep up with, so I do not take more for it "
        "now. Please try again in a minute."
    )


def _title(process: str) -> str:
    return {CORE: "my memory", MANAGER_KEY: "my plugin manager"}.get(process, process)


def _begin(process: str) -> str:
    """At the beginning of a sentence; plugins are written as they are."""
    return _title(process).replace("my ", "My ", 1) if process in (CORE, MANAGER_KEY) else process


def short(text: str) -> str:
    return text if len(text) <= 30 else text[:29] + "…"
