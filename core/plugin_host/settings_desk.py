"""Answers in the plugin's own process whether settings fit: nobody else runs the plugin's code."""

import json
import logging
import math
from contextlib import suppress
from typing import Any

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic_core import ErrorDetails

from core.errors import choices
from core.plugin_host.allowed import Schema, allowed, is_secret, options_of, takes
from rosey import subjects
from rosey.bus import Bus, Incoming
from rosey.settings import CheckedSettings, CheckSettings, Option, SettingsProblem

log = logging.getLogger("core.plugin_host")

METHOD = "check_settings"
LONGEST_SHOWN = 40
NOTHING = ("nothing", "none", "null")


class SettingsDesk:
    """`model` is the plugin's settings model, None for a plugin without settings."""

    def __init__(self, bus: Bus, plugin: str, model: type[BaseModel] | None) -> None:
        self._bus = bus
        self._plugin = plugin
        self._model = model

    async def start(self) -> None:
        """Answers until the bus is drained."""
        subject = subjects.service(self._plugin, METHOD)
        await self._bus.subscribe(subject, self._answer, queue=self._plugin)

    async def _answer(self, incoming: Incoming) -> None:
        if not incoming.reply:
            return
        try:
            checked = check(self._model, CheckSettings.read(incoming.data))
        except Exception as problem:  # the model is the plugin's code, and may do anything wrong
            log.exception("the settings of %s could not be checked", self._plugin)
            text = f"its settings cannot be checked ({type(problem).__name__}); its log says why"
            checked = CheckedSettings(problems=[SettingsProblem(text=text)])
        await self._bus.publish(incoming.reply, checked.wire())


def check(model: type[BaseModel] | None, asked: CheckSettings) -> CheckedSettings:
    """Every option with its value, and what does not fit."""
    known = _known(model)
    given = dict(asked.options)
    given |= {name: read(text, known.get(name, {})) for name, text in asked.typed.items()}
    problems = [] if _takes_any(model) else _unknown(given, known)
    wrong, settings, defaults = [], {}, {}
    if model is not None:
        with suppress(ValidationError):  # there are options without a default
            defaults = settings = _plain(model, {})
        try:
            settings, wrong = _plain(model, given), _endless(given, known)
        except ValidationError as problem:
            wrong = [_problem(each, given, known) for each in problem.errors(include_url=False)]
    problems += [each for each in wrong if each.option in known or not each.option]
    options = [_option(name, each, settings, defaults) for name, each in known.items()]
    return CheckedSettings(options=options, problems=problems)


def read(text: str, option: Schema) -> JsonValue:
    """What a person typed, as the model may take it: a list, a number, or just the text."""
    if takes(option, "null") and text.casefold() in NOTHING:
        return None
    if takes(option, "string"):
        return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        value = None
    if value is not None:
        return value
    if takes(option, "array"):
        return [part.strip() for part in text.split(",")]
    return text


def _known(model: type[BaseModel] | None) -> dict[str, Schema]:
    """The options by the names they are given under."""
    if model is None:
        return {}
    try:
        return options_of(model.model_json_schema())
    except PydanticInvalidForJsonSchema:
        return {
            name: {"description": each.description or ""}
            for name, each in model.model_fields.items()
        }


def _takes_any(model: type[BaseModel] | None) -> bool:
    return model is not None and model.model_config.get("extra") == "allow"


def _unknown(given: dict[str, JsonValue], known: dict[str, Schema]) -> list[SettingsProblem]:
    return [
        SettingsProblem(option=name, text=f"there is no such option; {choices(name, known)}")
        for name in given
        if name not in known
    ]


def _plain(model: type[BaseModel], given: dict[str, JsonValue]) -> dict[str, Any]:
    return model.model_validate(given).model_dump(mode="json", by_alias=True, fallback=str)


def _endless(given: dict[str, JsonValue], known: dict[str, Schema]) -> list[SettingsProblem]:
    """Numbers that are none, which JSON cannot carry."""
    return [
        SettingsProblem(option=name, text=_not(known.get(name, {}), name, value))
        for name, value in given.items()
        if takes(known.get(name, {}), "number") and not _is_finite(value)
    ]


def _is_finite(value: JsonValue) -> bool:
    try:
        return math.isfinite(float(value)) if isinstance(value, str | float) else True
    except ValueError:
        return True


def _problem(
    error: ErrorDetails, given: dict[str, JsonValue], known: dict[str, Schema]
) -> SettingsProblem:
    name = str(error["loc"][0]) if error["loc"] else ""
    option = known.get(name)
    if option is None or error["type"] in ("value_error", "assertion_error"):
        text = error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        return SettingsProblem(option=name, text=text)
    if name not in given:
        return SettingsProblem(option=name, text=f"it is missing; allowed: {allowed(option)}")
    return SettingsProblem(option=name, text=_not(option, name, given[name]))


def _not(option: Schema, name: str, value: JsonValue) -> str:
    if is_secret(name, option):
        return allowed(option)
    return f"{allowed(option)}, not {repr(value)[:LONGEST_SHOWN]}"


def _option(
    name: str, option: Schema, settings: dict[str, Any], defaults: dict[str, Any]
) -> Option:
    secret = is_secret(name, option)
    return Option(
        name=name,
        value=None if secret else settings.get(name),
        default=None if secret else defaults.get(name),
        allowed=allowed(option),
        about=option.get("description", ""),
        secret=secret,
    )
