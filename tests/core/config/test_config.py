"""rosey.toml: defaults, what it may say, and what is said about mistakes."""

import re
from pathlib import Path

import pytest

from core.config import CHECKOUT, Config, load
from core.config_checks import advice, check, lounge_settings
from core.config_problems import ConfigError
from core.errors import UnknownName

CYTUBE = """
[[connections]]
name = "cytube"
platform = "cytube"
site = "https://cytube.example"
room = "den"
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / ".rosey"


def written(data: Path, text: str) -> Path:
    file = data.parent / "rosey.toml"
    file.write_text(text)
    return file


def problems(data: Path, text: str) -> list[str]:
    written(data, text)
    with pytest.raises(ConfigError) as caught:
        check(load(data))
    return str(caught.value).splitlines()


def test_nothing_needs_configuring() -> None:
    config = Config()
    [lounge] = config.connections
    assert (lounge.name, lounge.platform, lounge.channel) == ("lounge", "lounge", "lounge/lobby")
    assert (lounge.user, lounge.site, lounge.password) == ("Rosey", None, None)
    assert lounge.address("http://127.0.0.1:9") == "http://127.0.0.1:9"
    assert (config.nats.port, config.nats.monitoring_port, config.nats.sync) == (4222, 8222, "1s")
    assert config.nats.backlog == 1000
    assert config.recorder.keep_days == 90
    assert (config.temporal.port, config.temporal.ui_port, config.lounge.port) == (7233, 8233, 8090)
    assert config.file is None
    check(config)
    assert advice(config) == []


def test_the_file_beside_the_data_folder_is_found(data: Path) -> None:
    file = written(data, CYTUBE)
    config = load(data)
    assert config.file == file
    assert [each.name for each in config.connections] == ["cytube", "lounge"]
    assert config.connection("cytube").site == "https://cytube.example"
    assert config.connection("cytube").address("http://127.0.0.1:9") == "https://cytube.example"


def test_a_named_file_wins(data: Path, tmp_path: Path) -> None:
    written(data, CYTUBE)
    other = tmp_path / "other.toml"
    other.write_text("nats.sync = 'always'")
    config = load(data, other)
    assert config.nats.sync == "always"
    assert config.file == other
    with pytest.raises(ConfigError, match=r"none\.toml: there is no such file"):
        load(data, tmp_path / "none.toml")


def test_the_lounge_can_be_switched_off_and_can_have_another_room(data: Path) -> None:
    written(data, CYTUBE + "[lounge]\nenabled = false\n")
    assert [each.name for each in load(data).connections] == ["cytube"]
    with pytest.raises(ConfigError, match="no lounge is running here"):
        Config().connections[0].address(None)
    written(data, '[lounge]\nrooms = [{ name = "salon" }]\n')
    assert [each.channel for each in load(data).connections] == ["lounge/salon"]


def test_a_connection_of_its_own_to_the_lounge(data: Path) -> None:
    written(data, '[[connections]]\nname = "lounge"\nplatform = "lounge"\nroom = "salon"')
    assert [each.channel for each in load(data).connections] == ["lounge/salon"]


def test_plugins_are_on_unless_switched_off(data: Path) -> None:
    text = '[channels."lounge/lobby"]\nprefix = "?"\nplugins.dice = false\n'
    written(data, text + "plugins.trivia = { seconds = 25 }\n")
    config = load(data)
    assert config.channel("lounge/lobby").prefix == "?"
    assert config.plugin("lounge/lobby", "dice") is None
    assert config.plugin("lounge/lobby", "trivia") == {"seconds": 25}
    assert config.plugin("lounge/lobby", "quote") == {}
    assert config.channel("cytube/den").prefix == "!"
    assert config.plugin("cytube/den", "dice") == {}


def test_an_unknown_connection_is_named_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match=r"connection 'lunge'; allowed: lounge \(did you mean"):
        Config().connection("lunge")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = = 1", r"rosey.toml: this is not TOML: .*line 1"),
        ("nats.snyc = '1s'", r"rosey.toml: nats.snyc: unknown key; allowed: .*did you mean sync\?"),
        ("nats.sync = '2s'", r"nats.sync: '2s' does not fit; allowed: \"1s\" or \"always\""),
        ("recorder.keep_days = -1", r"recorder.keep_days: -1 does not fit; allowed: how many days"),
        ("recorder.keep_days = 1.5", r"recorder.keep_days: 1.5 does not fit"),
        ("nats.backlog = 0", r"nats.backlog: 0 does not fit; allowed: how many messages may wait"),
        ("nats.port = 70000", r"nats.port: 70000 does not fit; allowed: a port number"),
        ("temporal.port = '1'", r"temporal.port: '1' does not fit; allowed: a port number"),
        ("conections = []", r"conections: unknown key; allowed: .*did you mean connections\?"),
        ("connections = 5", r"connections: 5 does not fit; allowed: \[\[connections\]\] tables"),
        ("lounge.enabled = 'yes'", r"lounge.enabled: 'yes' does not fit; allowed: true or false"),
        ("lounge.chat_lenght = 9", r"lounge.chat_lenght: unknown key; .*mean chat_length\?"),
        ("lounge.rooms = [{}]", r"lounge.rooms\[0\].name: this is missing"),
        (CYTUBE.replace('cytube"\nplat', 'My Room"\nplat'), r"connections\[0\].name: 'My Room'"),
        (CYTUBE.replace('room = "den"', ""), r"connections\[0\].room: this is missing; allowed"),
        (CYTUBE.replace("site", "sitte"), r"connections\[0\].sitte: unknown key.*mean site\?"),
        (CYTUBE.replace("site =", "# site ="), r"connections\[0\]: site is missing; allowed: the"),
        (CYTUBE.replace("https://", ""), r"connections\[0\].site: 'cytube.example' is no web addr"),
        (CYTUBE.replace("den", "a b"), r"connections\[0\].room: 'a b' does not fit; allowed"),
        (
            CYTUBE.replace('platform = "cytube"', 'platform = "cytub"'),
            r"connections\[0\].platform: there is no platform 'cytub'; .*mean cytube\?",
        ),
        (CYTUBE + CYTUBE, r"connections: each connection needs a name of its own; twice: cytube"),
        (CYTUBE + "password = 5", r"connections\[0\].password: allowed: \{ env"),
        (CYTUBE + "password = { text = 'x' }", r"connections\[0\].password: allowed: \{ env"),
        (CYTUBE + "password = { env = 5 }", r"password.env: this does not fit; allowed: the name"),
        ("[channels.lobby]", r"channels: 'lobby' is no channel; it looks like lounge/lobby"),
        ('[channels."lounge/lobby"]\nprefix = "/"', r'channels."lounge/lobby".prefix: \'/\' does'),
        ('[channels."lonuge/lobby"]', r"there is no connection 'lonuge'; .*did you mean lounge\?"),
        (
            '[channels."lounge/lobby"]\nplugins.trivai = false',
            r'channels."lounge/lobby".plugins.trivai: there is no plugin .*mean trivia\?',
        ),
        (
            '[channels."lounge/lobby"]\nplugins.dice = 5',
            r'channels."lounge/lobby".plugins.dice: allowed: true, false or a table',
        ),
        (
            '[channels."lounge/lobby"]\nplugins.trivia = { secnds = 5 }',
            r'channels."lounge/lobby".plugins.trivia.secnds: unknown key; .*mean seconds\?',
        ),
    ],
)
def test_a_mistake_is_named_with_file_key_and_what_is_allowed(
    data: Path, text: str, expected: str
) -> None:
    [line] = problems(data, text)
    assert line.startswith("rosey.toml: ")
    assert re.search(expected, line), line


def test_all_mistakes_are_named_at_once(data: Path) -> None:
    lines = problems(data, "nats.port = -1\ntemporal.ui = 5\n" + CYTUBE.replace("den", ""))
    assert [line.split(": ")[1] for line in lines] == [
        "connections[0].room",
        "nats.port",
        "temporal.ui",
    ]


def test_a_file_that_is_no_text_is_refused(data: Path) -> None:
    (data.parent / "rosey.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(data)


def test_a_password_comes_from_where_it_is_and_is_never_shown(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data.parent / "pw").write_text("from file\n")
    written(
        data,
        CYTUBE.replace('cytube"\nplat', 'one"\nplat')
        + 'password = "in clear"\n'
        + CYTUBE.replace('cytube"\nplat', 'two"\nplat')
        + 'password = { file = "pw" }\n'
        + CYTUBE.replace('cytube"\nplat', 'three"\nplat')
        + 'password = { env = "PW_OF_THREE" }\n'
        + 'room_password = { file = "nowhere" }\n',
    )
    config = load(data)
    passwords = [config.connection(name).password for name in ("one", "two", "three")]
    assert all(passwords)
    monkeypatch.setenv("PW_OF_THREE", "from environment")
    read = [each.read() for each in passwords if each]
    assert [each.get_secret_value() for each in read] == [
        "in clear",
        "from file",
        "from environment",
    ]
    assert "in clear" not in repr(config) + str(config) + repr(read)
    monkeypatch.delenv("PW_OF_THREE")
    lines = advice(config)
    assert [line.partition(":")[0] for line in lines] == ["one", "three", "three"]
    assert "stands in the file" in lines[0]
    assert "PW_OF_THREE is not set" in lines[1]
    assert "nowhere cannot be read" in lines[2]
    with pytest.raises(ConfigError, match="PW_OF_THREE is not set"):
        passwords[2].read()  # type: ignore[union-attr]


def test_a_channel_that_nobody_joins_is_mentioned(data: Path) -> None:
    written(data, '[channels."lounge/loby"]')
    [line] = advice(load(data))
    assert re.search(r"names a room that no connection joins; .*mean lounge/lobby\?", line)


def test_the_lounge_gets_its_own_settings(data: Path) -> None:
    written(data, '[lounge]\nport = 9\naccounts = [{ name = "ann", password = "pw" }]')
    config = load(data)
    settings = lounge_settings(config, port=None, history_file=data / "history")
    assert (settings.port, settings.accounts[0].name) == (9, "ann")
    assert settings.history_file == data / "history"
    assert lounge_settings(config, port=10).port == 10


def test_the_example_is_fine_as_it_is_and_uncommented(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (CHECKOUT / "rosey.example.toml").read_text()
    check(load(data, written(data, text)))
    settings = re.sub(r"^# (?=\[|\w+(\.\w+)? = )", "", text, flags=re.MULTILINE)
    assert settings != text
    config = load(data, written(data, settings))
    check(config)
    assert config.connection("cytube").channel == "cytube/lounge"
    assert config.plugin("cytube/lounge", "dice") is None
