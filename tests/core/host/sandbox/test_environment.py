"""What surrounds a boxed process."""

import json
import os
import socket
from pathlib import Path

import pytest

from core.config import CHECKOUT, Config, NatsConfig, Secret
from core.errors import UserError
from core.host.sandbox import environment
from core.host.sandbox.box import Enforced, require
from core.host.sandbox.handover import HANDED, handed_over, taken_over


def test_of_the_variables_few_are_left() -> None:
    given = {"HOME": "/root", "LC_ALL": "C", "TZ": "UTC", "CYTUBE_PASSWORD": "x", "PATH": "/bin"}
    assert environment.scrubbed(given, ["MINE"]) == {
        "LC_ALL": "C",
        "TZ": "UTC",
        "PYTHONPATH": str(CHECKOUT),
    }
    assert environment.scrubbed({"MINE": "1"}, ["MINE"])["MINE"] == "1"


def test_ports_of_addresses() -> None:
    assert environment.ports("nats://a:1, tls://b,c:3,d") == (1, 4222, 3)


def test_nothing_of_the_checkout_but_the_kit_and_the_core(tmp_path: Path) -> None:
    folders = environment.readable(tmp_path)
    assert CHECKOUT not in folders
    assert {CHECKOUT / "rosey", CHECKOUT / "core", tmp_path} <= set(folders)
    assert not any(each.is_relative_to(CHECKOUT / "plugins") for each in folders)
    assert not any(Path.home().is_relative_to(each) for each in folders)


def test_a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/root")
    monkeypatch.setenv("TMPDIR", "/tmp")
    environment.make_home(tmp_path / "plugins" / "dice")
    assert Path.home() == tmp_path / "plugins" / "dice"
    assert Path.home().stat().st_mode & 0o777 == 0o700
    assert os.environ["TMPDIR"] == os.environ["HOME"]


def test_names_are_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def look_up(host: str, port: int, *_: object, **__: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    environment.remember_names("nats://127.0.0.1:4222")
    assert not asked
    environment.remember_names("nats://bus.example:4222,nats://127.0.0.1")
    assert asked == ["bus.example"]
    [(*_, address)] = socket.getaddrinfo("bus.example", 99)
    assert address == ("192.0.2.7", 99)
    assert asked == ["bus.example"]
    socket.getaddrinfo("other.example", 1)
    assert asked == ["bus.example", "other.example"]


def test_what_is_handed_over_of_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUS_TOKEN", "let me in")
    config = Config.model_validate(
        {
            "sandbox": "require",
            "connections": [
                {"name": "x", "platform": "cytube", "site": "https://x", "room": "y"}
                | {"password": "tell-nobody"}
            ],
            "nats": {"token": {"env": "BUS_TOKEN"}, "tls_ca": str(tmp_path / "ca.pem")},
        }
    )
    told = handed_over(config, {**os.environ, "ROSEY_DATABASE_URL": "postgresql://u:tell-nobody@h"})
    assert "tell-nobody" not in json.dumps(told)
    assert told["BUS_TOKEN"] == "let me in"
    handed = taken_over(told[HANDED])
    assert handed.must_be_whole
    assert handed.nats.token
    assert handed.nats.token.read().get_secret_value() == "let me in"
    assert handed.nats.tls_ca == tmp_path / "ca.pem"


@pytest.mark.parametrize("where", ["text", "file"])
def test_the_way_into_a_server_of_one_s_own(tmp_path: Path, where: str) -> None:
    file = tmp_path / "password"
    file.write_text("let me in\n")
    password = Secret.model_validate("let me in" if where == "text" else {"file": str(file)})
    config = Config(nats=NatsConfig(user="rosey", password=password))
    handed = taken_over(handed_over(config, {})[HANDED])
    assert not handed.must_be_whole
    assert (handed.nats.user, handed.nats.credentials) == ("rosey", None)
    assert handed.nats.password
    assert handed.nats.password.read().get_secret_value() == "let me in"


def test_words() -> None:
    whole = Enforced(["fs", "network"])
    assert str(whole) == "enforced: fs, network"
    require(whole, "dice")
    torn = Enforced([], {"fs": "no Landlock", "cpu": "no host"})
    assert str(torn) == "enforced: nothing / not enforced: fs (no Landlock); cpu (no host)"
    with pytest.raises(UserError, match=r"dice is not trusted.* missing fs: no Landlock; cpu"):
        require(torn, "dice")
