"""A plugin's settings in rooms: what people have set, what holds, and whether it fits."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from rosey.events import Wire

# In `now.<plugin>`: every room that has nothing of its own.
ELSEWHERE = "*"


class Chosen(BaseModel):
    """A value that somebody has set in a room."""

    model_config = ConfigDict(extra="ignore")
    value: JsonValue = None
    by: str
    at: AwareDatetime


class SetHere(BaseModel):
    """All that people have set for a plugin in one room; `on` switches it on or off."""

    model_config = ConfigDict(extra="ignore")
    on: Chosen | None = None
    options: dict[str, Chosen] = Field(default={})


class SetInRooms(Wire):
    """`set.<plugin>` in the bucket `rosey_settings`: by channel."""

    rooms: dict[str, SetHere] = Field(default={})


class InForce(Wire):
    """`now.<plugin>` there: the options by channel, False where it is off, `*` elsewhere."""

    rooms: dict[str, Literal[False] | dict[str, JsonValue]] = Field(default={})

    def of(self, channel: str) -> dict[str, JsonValue] | None:
        """The options in a channel; None when the plugin is off there."""
        here = self.rooms.get(channel, self.rooms.get(ELSEWHERE, {}))
        return None if here is False else here


class CheckSettings(Wire):
    """Asks `rosey.service.<plugin>.check_settings`; `typed` is as a person wrote it, and wins."""

    options: dict[str, JsonValue] = Field(default={})
    typed: dict[str, str] = Field(default={})


class Option(BaseModel):
    """One option. `allowed` in words; of a secret neither value nor default is told."""

    model_config = ConfigDict(extra="ignore")
    name: str
    value: JsonValue = None
    default: JsonValue = None
    allowed: str = ""
    about: str = ""
    secret: bool = False


class SettingsProblem(BaseModel):
    """What does not fit; without an option it is about all of them together."""

    model_config = ConfigDict(extra="ignore")
    option: str = ""
    text: str


class CheckedSettings(Wire):
    """The answer: every option with its value, the defaults where something does not fit."""

    options: list[Option] = Field(default=[])
    problems: list[SettingsProblem] = Field(default=[])
