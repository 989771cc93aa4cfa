"""What the manager does and says, whoever asks."""

import pytest

from core.errors import UserError
from core.manager import manager as managing
from core.plugin_host.settings_desk import SettingsDesk
from core.runtime import ProcessState
from rosey import subjects
from rosey.bus import Incoming
from rosey.manifest import ManifestError
from tests.core.manager.desk import DEN, PLUGINS, ROOM, Desk, Settings


async def test_a_switch_is_for_one_room(desk: Desk) -> None:
    said = [
        await desk.manager.switch("dice", ROOM, on, "alice") for on in (True, False, False, True)
    ]
    assert said == [
        "dice was on here already.",
        "dice is off here now.",
        "dice was off here already.",
        "dice is on here now.",
    ]
    await desk.manager.switch("Dice-Roller", ROOM, False, "alice")
    await desk.told(ROOM, "dice", None)
    await desk.told(DEN, "dice", {})


async def test_a_switch_leaves_the_options_and_wins_over_the_file(desk: Desk) -> None:
    desk.write(trivia=False)
    await desk.answer()
    await desk.manager.set("trivia", "seconds", "20", ROOM, "alice")
    await desk.told(ROOM, "trivia", None)
    await desk.manager.switch("trivia", ROOM, True, "alice")
    await desk.told(ROOM, "trivia", {"seconds": 20})


@pytest.mark.parametrize(
    ("option", "typed", "refusal"),
    [
        ("seconds", "x", "trivia.seconds: a number from 5 to 300, not 'x'."),
        ("seconds", "4", "trivia.seconds: a number from 5 to 300, not 4."),
        ("seconds", "nan", "trivia.seconds: a number from 5 to 300, not 'nan'."),
        ("level", "odd", "trivia.level: one of easy, hard, not 'odd'."),
        (
            "second",
            "20",
            "trivia has no option 'second'; allowed: api_key, level, seconds "
            "(did you mean seconds?).",
        ),
        (
            "api_key",
            "hunter2",
            "trivia.api_key is a secret, and everybody here can read this. "
            "It is set in rosey.toml only.",
        ),
        ("seconds", "default", None),
    ],
)
async def test_what_does_not_fit_is_refused_and_nothing_changes(
    desk: Desk, option: str, typed: str, refusal: str | None
) -> None:
    await desk.answer()
    before = dict(desk.bus.memory.buckets[subjects.SETTINGS_BUCKET].values)
    if refusal is None:
        said = await desk.manager.set("trivia", option, typed, ROOM, "alice")
        assert said == "trivia.seconds was not set here, so there is nothing to take back."
    else:
        with pytest.raises(UserError) as caught:
            await desk.manager.set("trivia", option, typed, ROOM, "alice")
        assert str(caught.value) == refusal
    assert dict(desk.bus.memory.buckets[subjects.SETTINGS_BUCKET].values) == before


async def test_an_option_is_set_seen_and_taken_back(desk: Desk) -> None:
    desk.write(trivia={"level": "hard"})
    await desk.keeper.refresh()
    await desk.answer()
    manager = desk.manager
    assert (
        await manager.set("trivia", "seconds", "20", ROOM, "alice")
        == "trivia.seconds is 20 here now."
    )
    await desk.told(ROOM, "trivia", {"seconds": 20, "level": "hard"})
    assert await manager.settings("trivia", ROOM, "!") == (
        "trivia here: seconds 20 (set here by alice), level hard (rosey.toml), "
        "api_key (secret) (default). !set trivia.seconds tells more of one."
    )
    assert await manager.settings("trivia", DEN, "?") == (
        "trivia here: seconds 30 (default), level easy (default), api_key (secret) (default). "
        "?set trivia.seconds tells more of one."
    )
    assert await manager.setting("trivia", "seconds", ROOM, "!") == (
        "trivia.seconds is 20 (set here by alice), to answer. Allowed: a number from 5 to 300. "
        "!set trivia.seconds default takes it back."
    )
    assert (
        await manager.setting("trivia", "level", ROOM, "!")
        == "trivia.level is hard (rosey.toml). Allowed: one of easy, hard."
    )
    assert (
        await manager.setting("trivia", "api_key", ROOM, "!")
        == "trivia.api_key is a secret and never shown."
    )
    await manager.set("trivia", "level", "easy", ROOM, "alice")
    said = [
        await manager.set("trivia", each, "Default", ROOM, "al") for each in ("seconds", "level")
    ]
    assert said == [
        "trivia.seconds is 30 here again, its default.",
        "trivia.level is hard here again, what rosey.toml says.",
    ]
    await desk.told(ROOM, "trivia", {"level": "hard"})


async def test_a_mistake_in_the_file_is_told_and_not_built_upon(desk: Desk) -> None:
    desk.write(trivia={"level": "odd"})
    await desk.answer()
    wrong = "trivia.level: one of easy, hard, not 'odd'."
    with pytest.raises(UserError) as caught:
        await desk.manager.set("trivia", "seconds", "20", ROOM, "alice")
    assert str(caught.value) == wrong
    shown = await desk.manager.settings("trivia", ROOM, "!")
    assert f"{wrong} Until that is mended it has defaults." in shown


async def test_an_option_the_plugin_no_longer_has_can_be_taken_back(desk: Desk) -> None:
    await desk.answer()
    await desk.keeper.change("trivia", ROOM, lambda here: managing._put("old", 1, "alice", here))
    await desk.told(ROOM, "trivia", {"old": 1})
    said = await desk.manager.set("trivia", "old", "default", ROOM, "alice")
    assert said == "trivia.old has its default here again."
    await desk.told(ROOM, "trivia", {})


async def test_without_the_plugin_s_process_nothing_is_set_but_much_is_taken_back(
    desk: Desk,
) -> None:
    with pytest.raises(UserError, match="trivia does not answer right now"):
        await desk.manager.set("trivia", "seconds", "20", ROOM, "alice")
    await desk.told(ROOM, "trivia", {})
    await desk.keeper.change("trivia", ROOM, lambda here: managing._put("seconds", 9, "a", here))
    await desk.told(ROOM, "trivia", {"seconds": 9})
    said = await desk.manager.set("trivia", "seconds", "default", ROOM, "alice")
    assert said == "trivia.seconds has its default here again."
    await desk.told(ROOM, "trivia", {})


async def test_a_plugin_that_is_slow_or_talks_nonsense(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(managing, "CHECK_PATIENCE", 0.05)
    answers: list[bytes] = []

    async def answer(incoming: Incoming) -> None:
        if answers:
            await desk.bus.publish(incoming.reply, answers.pop())

    await desk.bus.subscribe(subjects.service("trivia", "check_settings"), answer)
    with pytest.raises(UserError, match="does not answer right now"):
        await desk.manager.settings("trivia", ROOM, "!")
    answers.append(b"nonsense")
    with pytest.raises(UserError, match="no sensible answer"):
        await desk.manager.settings("trivia", ROOM, "!")
    # A plugin may say anything of itself; one line of bearable length comes of it.
    answers.append(
        b'{"options": [{"name": "a", "value": "x\\ny\\u001b[2J", "about": "'
        + b"z" * 9_000
        + b'"}]}'
    )
    said = await desk.manager.setting("trivia", "a", ROOM, "!")
    assert said.startswith("trivia.a is x y [2J (default), zzz")
    assert len(said) < 500


async def test_names(desk: Desk) -> None:
    with pytest.raises(UserError, match=r"no plugin 'trivai'.*did you mean trivia\?"):
        await desk.manager.settings("trivai", ROOM, "!")
    with pytest.raises(UserError, match=r"^dice has no settings\.$"):
        await desk.manager.settings("dice", ROOM, "!")
    with pytest.raises(UserError, match=r"^dice has no settings\.$"):
        await desk.manager.set("dice-roller", "sides", "20", ROOM, "alice")


async def test_a_manifest_that_went_bad_is_named(desk: Desk) -> None:
    def broken() -> dict[str, object]:
        raise ManifestError("plugin.toml: name: is missing")

    object.__setattr__(desk.manager._host, "plugins", broken)
    with pytest.raises(UserError, match=r"plugin\.toml: name: is missing\. Nothing was done"):
        await desk.manager.listed(ROOM)


async def test_list_show_and_status(desk: Desk) -> None:
    await desk.manager.switch("dice", ROOM, False, "alice")
    assert await desk.manager.listed(ROOM) == "Plugins: dice 1.2.0 (off here), trivia 1.2.0."
    assert await desk.manager.listed(DEN) == "Plugins: dice 1.2.0, trivia 1.2.0."
    assert await desk.manager.show("trivia", ROOM, "?") == (
        "trivia 1.2.0: Something. trusted, on here, runs. "
        "?help trivia has its commands, ?set trivia its settings."
    )
    assert await desk.manager.show("dice", ROOM, "!") == (
        "dice 1.2.0: Something. untrusted, off here, is not started. !help dice has its commands."
    )
    desk.states["dice"] = ProcessState(state="crashed", restarts=3)
    assert desk.manager.status() == (
        "dice has crashed (3 restarts), trivia runs (51 MB, 1 restart). bin/rosey status has more."
    )
    rows = await desk.manager.table([ROOM, DEN])
    assert rows[0] == {
        "name": "dice",
        "version": "1.2.0",
        "summary": "Something.",
        "trust": "untrusted",
        "state": "crashed",
        "rooms": {ROOM: False, DEN: True},
    }
    desk.plugins = {}
    assert await desk.manager.listed(ROOM) == desk.manager.status() == "There are no plugins."


async def test_reload(desk: Desk) -> None:
    assert await desk.manager.reload("trivia") == "trivia was loaded anew and answers."
    desk.after = "crashed"
    with pytest.raises(UserError, match=r"does not answer yet \(crashed\).*bin/rosey logs trivia"):
        await desk.manager.reload("trivia")
    with pytest.raises(UserError, match="dice has no process yet"):
        await desk.manager.reload("dice")
    with pytest.raises(UserError, match="There is no plugin 'nats'"):
        await desk.manager.reload("nats")
    assert desk.restarted == ["trivia", "trivia"]


async def test_the_secret_is_nowhere_on_the_bus(desk: Desk) -> None:
    heard: list[bytes] = []

    async def hear(incoming: Incoming) -> None:
        heard.append(incoming.data)

    await desk.bus.subscribe(">", hear)
    await SettingsDesk(desk.bus, "trivia", Settings).start()
    await desk.manager.settings("trivia", ROOM, "!")
    assert any(b"api_key" in data for data in heard)
    assert not any(b"nobody knows" in data for data in heard)
    assert list(PLUGINS) == ["dice", "trivia"]
