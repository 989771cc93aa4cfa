"""What the plugin manager says. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

from core.errors import choices
from core.manager.overlay import DEFAULT, FILE
from core.runtime import ProcessState
from rosey.arguments import shown as short
from rosey.manifest import PluginManifest
from rosey.settings import CheckedSettings, Option, SettingsProblem

LONGEST_VALUE = 60
LONGEST_TEXT = 300
READY = "ready"

AWAY = (
    "The plugin manager is not connected to the bus right now, so nothing was done. "
    "Please try again in a moment; bin/rosey status shows whether nats runs."
)
WITH_A_DOT = "Put a dot between plugin and option: {prefix}set {plugin}.{option}"


def switched(plugin: str, on: bool) -> str:
    return f"{plugin} is {_on(on)} here now."


def switched_before(plugin: str, on: bool) -> str:
    return f"{plugin} was {_on(on)} here already."


def reloaded(plugin: str) -> str:
    return f"{plugin} was loaded anew and answers."


def not_back(plugin: str, state: str) -> str:
    return (
        f"{plugin} was started anew and does not answer yet ({state or 'no process'}). "
        f"bin/rosey logs {plugin} tells why."
    )


def no_process(plugin: str) -> str:
    return f"{plugin} has no process yet; Rosey starts it at her next start."


def listed(plugins: Iterable[tuple[str, str, bool]]) -> str:
    """`Plugins: dice 1.0.0, trivia 1.1.0 (off here).`"""
    each = [f"{name} {version}{'' if on else ' (off here)'}" for name, version, on in plugins]
    return f"Plugins: {', '.join(each)}." if each else "There are no plugins."


def shown(plugin: PluginManifest, on: bool, state: str, prefix: str) -> str:
    """One plugin in a line."""
    more = [f"{prefix}help {plugin.name} has its commands"]
    if plugin.settings:
        more.append(f"{prefix}set {plugin.name} its settings")
    return (
        f"{plugin.name} {plugin.version}: {plugin.summary.rstrip('.')}. {plugin.trust}, "
        f"{_on(on)} here, {_state(state)}. {', '.join(more)}."
    )


def status(states: Mapping[str, ProcessState]) -> str:
    """`dice runs (51 MB), trivia has crashed (3 restarts). …`"""
    if not states:
        return "There are no plugins."
    each = [f"{name} {_state(one.state)}{_details(one)}" for name, one in states.items()]
    return f"{', '.join(each)}. bin/rosey status has more."


def settings(plugin: str, checked: CheckedSettings, sources: Mapping[str, str], prefix: str) -> str:
    """Every option with its value and where that comes from."""
    each = [f"{one.name} {value(one)} ({sources[one.name]})" for one in checked.options]
    lines = [f"{plugin} here: {', '.join(each)}."]
    if checked.problems:
        lines.append(f"{problems(plugin, checked.problems)} Until that is mended it has defaults.")
    if checked.options:
        name = checked.options[0].name
        lines.append(f"{prefix}set {plugin}.{name} tells more of one.")
    return " ".join(lines)


def setting(plugin: str, option: Option, source: str, prefix: str) -> str:
    """One option, what it may be, and how to change it."""
    about = f", {_clean(option.about)}" if option.about else ""
    if option.secret:
        return f"{plugin}.{option.name}{about} is a secret and never shown."
    said = (
        f"{plugin}.{option.name} is {value(option)} ({source}){about}. "
        f"Allowed: {_clean(option.allowed)}."
    )
    back = f" {prefix}set {plugin}.{option.name} default takes it back."
    return said if source in (FILE, DEFAULT) else said + back


def now(plugin: str, option: Option) -> str:
    return f"{plugin}.{option.name} is {value(option)} here now."


def taken_back(plugin: str, option: str, found: Option | None, source: str) -> str:
    where = "what rosey.toml says" if source == FILE else "its default"
    if found is None:
        return f"{plugin}.{option} has {where} here again."
    return f"{plugin}.{option} is {value(found)} here again, {where}."


def was_not_set(plugin: str, option: str) -> str:
    return f"{plugin}.{option} was not set here, so there is nothing to take back."


def no_settings(plugin: str) -> str:
    return f"{plugin} has no settings."


def no_option(plugin: str, name: str, known: Sequence[str]) -> str:
    return f"{plugin} has no option {short(name)!r}; {choices(name, known)}."


def no_secrets(plugin: str, option: str) -> str:
    return (
        f"{plugin}.{option} is a secret, and everybody here can read this. "
        "It is set in rosey.toml only."
    )


def no_answer(plugin: str) -> str:
    return (
        f"{plugin} does not answer right now, and only it knows what fits its settings. "
        f"Nothing was changed; please try again soon."
    )


def nonsense(plugin: str) -> str:
    return f"{plugin} gave no sensible answer about its settings. Nothing was changed."


def problems(plugin: str, wrong: Sequence[SettingsProblem]) -> str:
    """`trivia.seconds: a number from 5 to 300, not 'x'.`"""
    each = [
        f"{plugin}{f'.{_clean(one.option)}' if one.option else ''}: {_clean(one.text).rstrip('.')}"
        for one in wrong[:3]
    ]
    return f"{'; '.join(each)}."


def value(option: Option) -> str:
    """As somebody would type it."""
    return "(secret)" if option.secret else _clean(_typed(option.value), LONGEST_VALUE)


def _typed(given: JsonValue) -> str:
    match given:
        case None:
            return "nothing"
        case bool():
            return _on(given)
        case float() if given.is_integer():
            return str(int(given))
        case list():
            return ", ".join(_typed(each) for each in given) or "nothing"
        case "":
            return '""'
    return str(given)


def _on(on: bool) -> str:
    return "on" if on else "off"


def _state(state: str) -> str:
    return {READY: "runs", "crashed": "has crashed", "restricted": "was stopped"}.get(
        state, f"is {state}"
    )


def _details(state: ProcessState) -> str:
    parts = [f"{state.memory_mb:.0f} MB"] if state.memory_mb else []
    if state.restarts:
        parts.append("1 restart" if state.restarts == 1 else f"{state.restarts} restarts")
    return f" ({', '.join(parts)})" if parts else ""


def _clean(text: str, longest: int = LONGEST_TEXT) -> str:
    """A plugin's own words may be anything; one line of bearable length comes of them."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
