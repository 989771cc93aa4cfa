"""The way in by a `.creds` file, to a server whose operator signs who may do what."""

import asyncio
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.authority.login import enter, exposed, login, stay
from core.config import NatsConfig
from core.errors import UserError
from rosey import subjects
from rosey.bus import Bus, BusError, Login
from rosey.events import Refusal
from tests.core.authority.operators import CREDENTIALS, Credentials, Operator
from tests.core.authority.stage import guarded
from tests.rosey.bus.ear import Ear
from tests.servers import until


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


@pytest.fixture
def url(operator: Operator) -> Iterator[str]:
    with guarded(operator.folder, operator.configuration()) as running:
        yield running.url


@pytest.fixture(autouse=True)
def everything_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def settings(credentials: Credentials) -> NatsConfig:
    return NatsConfig(credentials=credentials.path)


def us(credentials: Credentials) -> Login:
    return login(credentials.path.parent, settings(credentials), "plugin-dice")


async def test_who_has_credentials_says_hears_and_keeps(
    operator: Operator, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    credentials = operator.user("rosey")
    bus = await Bus.connect(url, "dice", us(credentials))
    ear = Ear()
    await bus.subscribe("rosey.test.>", ear)
    await bus.publish("rosey.test.one", b"hello")
    await ear.until(b"hello")
    await bus.declare(["dice"], ["lounge"])
    assert (await bus.store(subjects.MESSAGE, b"{}", "m-1")).stream == "EVENTS"
    await bus.bucket(subjects.PLUGINS_BUCKET).put("dice", b"here")
    assert await bus.bucket(subjects.PLUGINS_BUCKET).get("dice") == b"here"
    second = await bus.another("dice again")
    await second.drain()
    await bus.drain()
    assert not credentials.betrayed_by(f"{caplog.text} {bus.login!r} {settings(credentials)!r}")


async def refused(url: str, who: Login, said: str) -> str:
    with pytest.raises(BusError, match=said) as refusal:
        await Bus.connect(url, "dice", who)
    return f"{refusal.value} {refusal.value.__cause__!r}"


async def test_who_has_none_or_a_key_of_ours_is_not_let_in(url: str, tmp_path: Path) -> None:
    await refused(url, Login(), "does not let dice in. Each process has a key")
    ours = login(tmp_path, NatsConfig(), "plugin-dice")
    await refused(url, ours, "does not let dice in. Each process has a key")


@pytest.mark.parametrize("wrong", ["stranger", "expired", "forged"])
async def test_credentials_that_do_not_count_are_named(
    operator: Operator, url: str, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    credentials = operator.user("rosey", lasts=-5 if wrong == "expired" else None)
    if wrong == "stranger":
        other = operator.folder / "other"
        other.mkdir()
        credentials = Operator(other).user("rosey")
    if wrong == "forged":
        thief = operator.user("thief")
        credentials = Credentials(thief.path, credentials.jwt, thief.seed)
        thief.path.write_text(CREDENTIALS.format(jwt=credentials.jwt, seed=thief.seed))
    said = f"{url} does not let dice in with the credentials {credentials.path}, as .nats."
    text = await refused(url, us(credentials), said)
    with pytest.raises(UserError, match=said) as refusal:
        await enter(url, "dice", operator.folder, settings(credentials), "plugin-dice")
    assert not credentials.betrayed_by(f"{text} {refusal.value!r} {caplog.text}")


async def test_what_a_user_may_not_do_is_said_and_told(
    operator: Operator,
    url: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rosey.bus.client.ACK_PATIENCE", 0.2)
    denied = {"pub": {"deny": ["rosey.command.>"]}, "sub": {"deny": ["rosey.events.>"]}}
    credentials = operator.user("bound", denied)
    watcher = await Bus.connect(url, "watcher", us(operator.user("free")))
    told = Ear()
    await watcher.subscribe(subjects.refusal("plugin-dice"), told)
    await watcher.client.flush()
    bus = await enter(url, "dice", operator.folder, settings(credentials), "plugin-dice")
    await bus.subscribe("rosey.events.>", Ear())
    await until(lambda: len(told.all) == 1)
    with pytest.raises(BusError) as refusal:
        await bus.store("rosey.command.dice.roll", b"", "c-1")
    assert str(refusal.value) == (
        "NATS does not let us publish rosey.command.dice.roll: its own rules forbid it."
    )
    await until(lambda: len(told.all) == 2)
    assert [(each.what, each.subject) for each in map(Refusal.read, told.data)] == [
        ("subscribe", "rosey.events.>"),
        ("publish", "rosey.command.dice.roll"),
    ]
    assert "does not let us subscribe rosey.events.>: its own rules forbid it" in caplog.text
    assert "manifest" not in caplog.text
    assert not credentials.betrayed_by(f"{refusal.value!r} {caplog.text}")
    await asyncio.gather(bus.drain(), watcher.drain())


async def test_credentials_that_expire_end_the_process_with_the_reason(
    operator: Operator, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    credentials = operator.user("short", lasts=3)
    bus = await enter(url, "dice", operator.folder, settings(credentials), "plugin-dice")
    with pytest.raises(UserError, match="any more: nats: user authentication expired") as ending:
        await asyncio.wait_for(stay(bus), 10)
    await bus.drain()
    assert not credentials.betrayed_by(f"{ending.value!r} {caplog.text}")


async def test_an_account_without_jetstream(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.jetstream = {}
    monkeypatch.setattr("rosey.bus.client.STORE_PATIENCE", 0.15)
    with guarded(operator.folder, operator.configuration()) as running:
        bus = await Bus.connect(running.url, "dice", us(operator.user("rosey")))
        with pytest.raises(BusError, match=r"NATS has no working JetStream.*not enabled for acc"):
            await bus.declare()
        await bus.drain()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "-----BEGIN NATS USER JWT-----\n",
        CREDENTIALS.format(jwt="", seed="{seed}"),
        CREDENTIALS.format(jwt="{jwt}", seed=""),
        CREDENTIALS.format(jwt="{jwt}", seed="SUSECRET"),
        CREDENTIALS.format(jwt="{jwt}", seed="{seed}").partition("-----BEGIN USER")[0],
        CREDENTIALS.format(jwt="{jwt}", seed="{seed}").partition("{seed}")[0] + "{seed}",
        CREDENTIALS.replace("\n", "\r\n"),
        "\N{FIRE}",
    ],
)
def test_a_file_that_is_none_is_named(operator: Operator, content: str) -> None:
    """The library would look for ever for what is not in it, or fail without a word."""
    credentials = operator.user("rosey")
    text = content.format(jwt=credentials.jwt, seed=credentials.seed)
    credentials.path.write_bytes(text.encode())
    with pytest.raises(UserError, match=f"{credentials.path} is not what `nsc") as problem:
        us(credentials)
    assert not credentials.betrayed_by(repr(problem.value))
    assert "SUSECRET" not in str(problem.value)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"{tmp_path} cannot be read"):
        login(tmp_path, NatsConfig(credentials=tmp_path), "plugin-dice")


def test_secrets_that_everybody_can_read_are_known(operator: Operator) -> None:
    credentials, secret = operator.user("rosey"), operator.folder / "password"
    secret.touch(mode=0o600)
    files: list[dict[str, Any]] = [
        {"credentials": credentials.path},
        {"user": "rosey", "password": {"file": secret}},
    ]
    for each in files:
        assert not exposed(NatsConfig.model_validate(each))
    for file in (credentials.path, secret):
        os.chmod(file, 0o644)
    assert [exposed(NatsConfig.model_validate(each)) for each in files] == [
        [credentials.path],
        [secret],
    ]
    assert not exposed(NatsConfig(credentials=operator.folder / "none.creds"))
