"""What plugins tell of reaches the plugins that hear it, once, and nobody else."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from nats.js.errors import NotFoundError
from pydantic import ValidationError

from core.config import Config
from core.router.heard import KNOWN_FOR
from core.router.router import Router
from core.router.told import heard_of
from rosey import Context, Plugin, streams
from rosey.events import PluginEvent
from rosey.manifest import ManifestError, PluginManifest
from tests.core.stage import ROOM, Stage, settled, stored
from tests.servers import until

ROLLED = "rosey.plugins.dice.rolled"


def manifest(name: str, *hears: str, **more: Any) -> PluginManifest:
    given = {"version": "1.0.0", "summary": "Ears", "entry": "a:b", "actions": ["say"]} | more
    return PluginManifest(name=name, hears=list(hears), **given)


DICE = manifest("dice", events=["rolled", "flipped"])
EARS = manifest("trivia", ROLLED)


def ears() -> Plugin:
    """One that says what it hears."""
    plugin = Plugin("trivia")

    @plugin.on_plugin("dice.rolled")
    async def rolled(ctx: Context, event: PluginEvent) -> str:
        return f"{event.plugin} {event.event} {event.data['total']} ({event.id})"

    return plugin


async def tell(stage: Stage, id: str, as_id: str = "", event: str = "rolled", **more: Any) -> None:
    fields: dict[str, Any] = {"channel": ROOM, "at": datetime.now(UTC), "data": {"total": 4}}
    told = PluginEvent(id=id, **({"plugin": "dice", "event": event} | fields | more))
    await stage.bus.store(f"dice.{event}", told.wire(), as_id or id)


async def commands(stage: Stage) -> list[dict[str, Any]]:
    """What the plugin was given, when the router is done."""
    await settled(stage.bus, streams.events_of("dice"), "heard")
    return [json.loads(data) for _, data in await stored(stage.bus, streams.commands_of("trivia"))]


async def listen(stage: Stage) -> Router:
    router = await stage.router({"dice": DICE, "trivia": EARS})
    await stage.plugin("trivia", ears(), EARS)
    await until(lambda: "trivia" in router._presences.states())
    return router


async def test_an_event_that_comes_again_is_heard_once(stage: Stage) -> None:
    await listen(stage)
    await tell(stage, "e-1")
    await tell(stage, "e-1", as_id="again")
    await tell(stage, "e-2")
    await stage.until_line("dice rolled 4 (e-2)")
    assert [each["action"] for each in await commands(stage)] == ["on_plugins_dice_rolled"] * 2
    await settled(stage.bus, streams.commands_of("trivia"), "trivia")
    assert sorted(stage.lines) == ["dice rolled 4 (e-1)", "dice rolled 4 (e-2)"]


async def test_what_is_not_heard(stage: Stage) -> None:
    """Other events, none of a room, too old ones, and what is told where one of them is off."""
    stage.config = Config.model_validate(
        {
            "channels": {
                "lounge/mute": {"plugins": {"dice": False}},
                "lounge/deaf": {"plugins": {"trivia": False}},
            }
        }
    )
    await listen(stage)
    await tell(stage, "e-1", event="flipped")
    await tell(stage, "e-2", channel="")
    await tell(stage, "e-3", channel="lounge/mute")
    await tell(stage, "e-4", channel="lounge/deaf")
    await tell(stage, "e-5", at=datetime.now(UTC) - timedelta(seconds=KNOWN_FOR + 1))
    await tell(stage, "e-6")
    await stage.until_line("dice rolled 4 (e-6)")
    assert len(await commands(stage)) == 1


async def test_it_waits_for_a_plugin_that_is_away_but_is_no_older_than_the_ear(
    stage: Stage,
) -> None:
    await tell(stage, "e-0")
    await stage.router({"dice": DICE, "trivia": EARS})
    await tell(stage, "e-1")
    assert len(await commands(stage)) == 1
    await stage.plugin("trivia", ears(), EARS)
    await stage.until_line("dice rolled 4 (e-1)")


async def test_what_nobody_hears_any_more_is_not_read(stage: Stage) -> None:
    router = await listen(stage)
    other = manifest("trivia", "rosey.plugins.dice.flipped")
    await router.learn({"dice": DICE, "trivia": other})
    info = await stage.bus.js.consumer_info(streams.events_of("dice"), "heard")
    assert info.config.filter_subjects == ["dice.flipped"] or (
        info.config.filter_subject == "dice.flipped"
    )
    await router.learn({"dice": DICE, "trivia": manifest("trivia")})
    with pytest.raises(NotFoundError):
        await stage.bus.js.consumer_info(streams.events_of("dice"), "heard")
    await router.learn({"dice": DICE, "trivia": EARS})
    await tell(stage, "e-1")
    await stage.until_line("dice rolled 4 (e-1)")


async def test_a_plugin_hears_what_its_manifest_lists(stage: Stage) -> None:
    with pytest.raises(ManifestError, match=r'add "rosey\.plugins\.dice\.rolled" to hears'):
        await stage.plugin("trivia", ears(), manifest("trivia", "rosey.events.message"))
    everything = manifest("trivia", "rosey.events.>", trust="trusted")
    assert not everything.may_hear(ROLLED)


async def test_nobody_tells_in_the_name_of_another(stage: Stage) -> None:
    await listen(stage)
    await tell(stage, "e-1", plugin="playlist", data={"total": 6})
    await stage.until_line("dice rolled 6 (e-1)")


@pytest.mark.parametrize("end", ["succeeded", "failed"])
def test_how_commands_end_is_not_heard(end: str) -> None:
    """Each time it is heard a command ends."""
    with pytest.raises(ValidationError, match="is not one of"):
        manifest("trivia", f"rosey.plugins.dice.command_{end}")
    assert manifest("trivia", f"rosey.plugins.dice.command_{end}_twice").hears


def test_who_is_heard() -> None:
    other = manifest("quote", ROLLED, "rosey.plugins.dice.flipped", "rosey.plugins.gone.away")
    assert heard_of({"dice": DICE, "trivia": EARS, "quote": other}) == {
        "dice": {"rolled", "flipped"},
        "gone": {"away"},
    }


@pytest.mark.parametrize("event", ["dice", "dice.*", "Dice.rolled", "rosey.plugins.dice.rolled"])
def test_what_is_no_event_of_a_plugin(event: str) -> None:
    with pytest.raises(ValueError, match="is no plugin's event"):
        Plugin("trivia").on_plugin(event)
