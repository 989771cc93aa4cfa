"""Whoever asks for plugins finds those that are installed, and no broken ones."""

import json
from pathlib import Path

import pytest

from core.authority.rights import everybody
from core.config import load, plugin_names
from core.config_problems import ConfigError
from core.errors import UserError
from core.host.specs import own_processes
from core.installed import child, doctor, places
from core.installed.install import install
from core.installed.problems import NotFit
from core.plugins import PLUGINS, folders, manifests
from tests.core.installed import samples


@pytest.fixture
def version(data: Path, project: Path) -> Path:
    """The folder of an installed version."""
    install(data, str(project), "", trust=False, agree=lambda lines: True)
    assert doctor.complaints(data) == {"forecast": []}
    return data / "installed" / "forecast" / "1.0.0"


def test_everybody_who_asks_finds_it(data: Path, version: Path) -> None:
    config = load(data)
    assert plugin_names(data) == sorted(["forecast", *plugin_names()])
    assert {spec.name for spec in own_processes(data, config)} >= {"forecast", "dice"}
    rights = {each.name: each for each in everybody(config, data)}
    assert "db.row.forecast.*" in rights["plugin-forecast"].publish
    assert "rosey.events.message" not in rights["plugin-forecast"].subscribe
    assert "$JS.ACK.REPLIES_forecast.router.>" in rights["core-router"].publish
    assert "plugin-forecast" not in {each.name for each in everybody(config)}


def test_a_room_may_name_it(data: Path, version: Path) -> None:
    file = data.parent / "rosey.toml"
    file.write_text('[channels."lounge/lobby"]\nplugins.forecast = false\n')
    assert load(data).plugin("lounge/lobby", "forecast") is None
    file.write_text('[channels."lounge/lobby"]\nplugins.forcast = false\n')
    with pytest.raises(ConfigError, match=r"did you mean forecast\?"):
        load(data)


def test_what_comes_with_rosey_keeps_its_name(data: Path, version: Path) -> None:
    home = data / "installed"
    (home / "forecast").rename(home / "dice")
    (home / "dice" / "1.0.0" / "forecast").rename(home / "dice" / "1.0.0" / "dice")
    assert places.current_folder(data, "dice")
    assert folders(data)["dice"] == PLUGINS / "dice"


@pytest.mark.parametrize("link", ["2.0.0", "..", "../forecast/1.0.0", "/etc", "nowhere"])
def test_a_choice_that_is_none(data: Path, version: Path, link: str) -> None:
    current = version.parent / "current"
    current.unlink()
    current.symlink_to(link)
    assert "forecast" not in folders(data)
    (said,) = doctor.complaints(data)["forecast"]
    assert "bin/rosey plugin remove forecast" in said


def test_a_manifest_that_was_broken_afterwards(
    data: Path, version: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (version / "forecast" / "plugin.toml").write_text("nonsense")
    assert set(manifests(data)) == set(manifests())
    assert "the plugin forecast is left out" in caplog.text
    (said,) = doctor.complaints(data)["forecast"]
    assert "is no valid TOML" in said


def test_files_that_were_changed_afterwards(data: Path, version: Path) -> None:
    samples.change(version / "forecast" / "sky.py", "sun", "moon")
    (said,) = doctor.complaints(data)["forecast"]
    assert said.startswith(f"the files in {version} are not what was installed; install it again")


def test_a_cache_is_no_change(data: Path, version: Path) -> None:
    (version / "forecast" / "__pycache__").mkdir()
    (version / "forecast" / "__pycache__" / "sky.pyc").write_bytes(b"x")
    assert doctor.complaints(data) == {"forecast": []}


def test_a_record_that_cannot_be_read(data: Path, version: Path) -> None:
    (version / "installed.json").write_text("{}")
    (said,) = doctor.complaints(data)["forecast"]
    assert "installed.json cannot be read" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kit": "7.0.0"}, "it was made for version 7.0.0 of the kit, and this Rosey has 0.1.0"),
        ({"dependencies": ["nimbus"]}, "it needs nimbus, which is no longer here"),
        ({"dependencies": ["pydantic<2"]}, "Rosey herself runs with pydantic"),
        ({"words": ["roll"]}, "The command roll is one of dice"),
    ],
)
def test_what_no_longer_fits(
    data: Path, version: Path, change: dict[str, object], said: str
) -> None:
    file = version / "installed.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    (complaint,) = doctor.complaints(data)["forecast"]
    assert said in complaint


def test_what_no_longer_starts(data: Path, version: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folder: Path) -> None:
        raise NotFit(f"{folder.name} ends Python.")

    monkeypatch.setattr(child, "look", broken)
    assert doctor.complaints(data)["forecast"] == ["forecast ends Python."]


def test_one_of_rosey_s_own_that_is_broken_stops_her(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "plugin.toml").write_text("nonsense")
    monkeypatch.setattr("core.plugins.PLUGINS", tmp_path)
    with pytest.raises(Exception, match="is no valid TOML") as problem:
        manifests(tmp_path / "data")
    assert not isinstance(problem.value, UserError)
