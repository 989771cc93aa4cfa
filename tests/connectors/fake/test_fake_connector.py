"""The fake keeps the contract, and does to a connector what a test wants done."""

import pytest
from pydantic import ValidationError

from connectors.fake.connector import FakeConnector
from connectors.fake.room import FakeRoom
from connectors.fake.settings import FakeSettings
from rosey import subjects
from rosey.platform import Connector, PlatformError, Refusal, Verdict
from tests.connectors.contract import OWN, ConnectorContract, Reader, Stage, entered
from tests.connectors.playlist_contract import PlaylistContract


class FakeStage:
    def __init__(self, room: str) -> None:
        self.name = room
        self.connector: Connector = FakeConnector(FakeSettings(connection="fake", room=room))
        self.room = FakeRoom.named(room)

    async def join(self, name: str) -> None:
        self.room.join(name)

    async def leave(self, name: str) -> None:
        self.room.leave(name)

    async def say(self, name: str, text: str) -> None:
        self.room.say(name, text)

    async def whisper(self, name: str, to: str, text: str) -> None:
        self.room.whisper(name, to, text)

    async def heard(self, name: str, text: str, pm: bool = False) -> None:
        said = self.room.whispers if pm else self.room.lines
        assert any(line["text"] == text for line in said)

    async def drop(self) -> None:
        self.room.drop()

    async def kick(self, reason: str) -> None:
        self.room.kick(OWN, reason)

    async def displace(self) -> None:
        self.room.enter(OWN)


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> FakeStage:
    return FakeStage(request.node.name)


class TestFakeConnector(PlaylistContract, ConnectorContract):
    """The contract, in memory."""

    @pytest.fixture
    def stage(self, request: pytest.FixtureRequest) -> Stage:
        return FakeStage(request.node.name)


async def test_held_lines_are_shown_in_order_when_released(stage: FakeStage) -> None:
    _, reader = await entered(stage.connector)
    stage.room.hold()
    await stage.connector.send_message("one")
    await stage.connector.send_message("two")
    assert stage.room.lines == []
    stage.room.release()
    await reader.message("one")
    await reader.message("two")


async def test_lines_are_refused_as_told(stage: FakeStage) -> None:
    _, reader = await entered(stage.connector)
    stage.room.refuse(Refusal(reason="too fast", retry_after=0.5))
    await stage.connector.send_message("first")
    await stage.connector.send_message("second")
    await reader.message("second")
    assert reader.refusals == [Refusal(reason="too fast", retry_after=0.5)]
    assert [line["text"] for line in stage.room.lines] == ["second"]


async def test_a_closed_room_lets_nobody_in(stage: FakeStage) -> None:
    stage.room.closed = PlatformError("banned", Verdict.STOP)
    with pytest.raises(PlatformError, match="banned"):
        await stage.connector.connect()
    assert not stage.connector.is_connected


async def test_ranks_change(stage: FakeStage) -> None:
    stage.room.join("bob")
    _, reader = await entered(stage.connector)
    stage.room.promote("bob", 2.0)
    changed = await reader.person(subjects.USER_UPDATE, "bob")
    assert changed.user.rank == 2.0


async def test_connectors_of_one_room_hear_each_other(stage: FakeStage) -> None:
    other = FakeConnector(FakeSettings(connection="second", room=stage.name, user="Robo"))
    await stage.connector.connect()
    await other.connect()
    await stage.connector.send_message("hello Robo")
    line = await Reader(other).message("hello Robo")
    assert (line.own, line.user.name, line.channel) == (
        False,
        OWN,
        f"second/{stage.name}",
    )


async def test_refuses_to_send_what_lines_would_not_make(stage: FakeStage) -> None:
    await stage.connector.connect()
    for line in ("", "a\nb"):
        with pytest.raises(ValueError, match="lines"):
            await stage.connector.send_message(line)


def test_settings_say_what_is_unknown() -> None:
    with pytest.raises(ValidationError, match="colour"):
        FakeSettings.model_validate({"connection": "fake", "colour": "red"})
