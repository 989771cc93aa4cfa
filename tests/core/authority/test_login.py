"""Ways into a NATS server of one's own: password, token, TLS; and what is said when they fail."""

from pathlib import Path
from typing import Any

import pytest

from core.authority.login import login
from core.config import NatsConfig
from core.errors import UserError
from rosey.bus import Bus, BusError
from tests.core.authority.stage import guarded

TLS = Path(__file__).parents[2] / "data" / "tls"
PASSWORD = {"user": "rosey", "password": "secret"}
CERTIFICATES = {
    "tls_ca": TLS / "ca.pem",
    "tls_cert": TLS / "client.pem",
    "tls_key": TLS / "client.key",
}
SERVER_TLS = {
    "tls": {
        "cert_file": str(TLS / "server.pem"),
        "key_file": str(TLS / "server.key"),
        "ca_file": str(TLS / "ca.pem"),
        "verify": True,
    }
}
WAYS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"authorization": {"user": "rosey", "password": "secret"}}, PASSWORD),
    ({"authorization": {"token": "secret"}}, {"token": "secret"}),
    (SERVER_TLS, CERTIFICATES),
    (
        SERVER_TLS | {"authorization": {"user": "rosey", "password": "secret"}},
        CERTIFICATES | PASSWORD,
    ),
]


@pytest.mark.parametrize(("server", "settings"), WAYS, ids=["password", "token", "tls", "both"])
async def test_the_way_in_that_the_configuration_names(
    tmp_path: Path, server: dict[str, Any], settings: dict[str, Any]
) -> None:
    with guarded(tmp_path, server) as running:
        nats = NatsConfig.model_validate(settings)
        bus = await Bus.connect(running.url, "dice", login(tmp_path, nats, "plugin-dice"))
        await bus.client.flush()
        await bus.drain()
        with pytest.raises(BusError):
            await Bus.connect(running.url, "stranger")


async def test_a_server_without_any_rules_takes_us_too(tmp_path: Path) -> None:
    with guarded(tmp_path, {}) as running:
        us = login(tmp_path, NatsConfig(), "plugin-dice")
        bus = await Bus.connect(running.url, "dice", us)
        await bus.drain()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"credentials": "/nowhere.creds"}, "there is no file /nowhere.creds"),
        ({"tls_ca": "/nowhere.pem"}, "/nowhere.pem cannot be used"),
        (
            {"tls_cert": str(TLS / "README"), "tls_key": str(TLS / "README")},
            "README cannot be used",
        ),
    ],
)
def test_files_that_cannot_be_used_are_named(
    tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        login(tmp_path, NatsConfig.model_validate(settings), "plugin-dice")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (PASSWORD | {"token": "x"}, "only one of credentials, user and token"),
        ({"password": "x"}, "password needs user"),
        ({"tls_key": "/x"}, "tls_cert and tls_key go together"),
    ],
)
def test_what_makes_no_sense_together_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        NatsConfig.model_validate(settings)


def test_no_secret_can_be_printed(tmp_path: Path) -> None:
    settings = NatsConfig.model_validate({"user": "rosey", "password": "secret"})
    assert "secret" not in repr(settings)
    us = login(tmp_path, settings, "plugin-dice")
    assert us.password == "secret"
    assert "secret" not in repr(us)
    ours = login(tmp_path, NatsConfig(), "plugin-dice")
    assert ours.seed
    assert ours.seed not in repr(ours)
