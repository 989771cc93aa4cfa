"""bin/rosey plugin without a running Rosey; tests/end_to_end has it with one."""

import io
import json
from pathlib import Path

import pytest

from core.command_line.app import main
from core.plugins import folders
from tests.core.installed import samples
from tests.core.installed.conftest import data, project

__all__ = ["data", "project"]

Captured = pytest.CaptureFixture[str]


class Ran:
    """Runs `plugin` and keeps what it said."""

    def __init__(self, data: Path, capsys: Captured) -> None:
        self.data, self.capsys = data, capsys

    def __call__(self, *arguments: object, code: int = 0) -> str:
        """What it said, on whichever side its exit code wants."""
        where = [] if arguments[0] == "new" else ["--data", str(self.data)]
        ended = main(["plugin", *map(str, arguments), *where])
        captured = self.capsys.readouterr()
        assert ended == code, captured
        return captured.err if code else captured.out


@pytest.fixture
def plugin(data: Path, capsys: Captured) -> Ran:
    return Ran(data, capsys)


def test_check_says_what_it_asks_for_and_what_is_missing(plugin: Ran, project: Path) -> None:
    said = plugin("check", project)
    assert said.splitlines()[0] == "forecast 1.0.0: Forecasts the weather without looking"
    assert "  !forecast [town]: Forecast the weather of a town." in said
    assert said.endswith("forecast 1.0.0 can be installed.\n")
    assert "advice" not in said
    (project / "README.md").unlink()
    samples.change(
        project / "forecast" / "commands.py", '    """Say how often somebody asked."""\n', ""
    )
    said = plugin("check", project)
    assert "advice: There is no README.md, or it is empty." in said
    assert "advice: The command forecast asked has no docstring" in said
    assert not plugin.data.exists()


def test_check_of_what_does_not_fit(plugin: Ran, project: Path) -> None:
    samples.add(project, 'sumary = ["trivia"]')
    assert plugin("check", project, code=1).startswith("plugin.toml: sumary: is no known key")
    samples.change(project / "forecast" / "plugin.toml", 'sumary = ["trivia"]', "")
    samples.change(project / "forecast" / "plugin.toml", "weather-forecast", "dice")
    assert plugin("check", project, code=1) == (
        "plugin.toml: aliases: dice is a name of dice; take it out.\n"
    )


def test_what_its_code_may_not_import_is_named(plugin: Ran, project: Path) -> None:
    (project / "forecast" / "cloud.py").write_text("import subprocess\n")
    assert plugin("check", project, code=1).startswith("cloud.py:1: import subprocess: ")
    samples.add(project, 'trust = "trusted"')
    plugin("check", project)


def test_a_person_is_asked(plugin: Ran, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert plugin("install", project, code=1) == "forecast was not installed.\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    plugin("install", project, code=130)
    assert "forecast" not in folders(plugin.data)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    said = plugin("install", project)
    assert "  says     lines in rooms\n" in said
    assert "Do you agree? [y/N]: " in said
    assert said.endswith("forecast 1.0.0 is installed.\nIt is there when Rosey starts.\n")


def test_a_life(plugin: Ran, project: Path) -> None:
    plugin("install", project, "--yes")
    samples.release(project, "1.1.0")
    assert plugin("update", "forecast").startswith("forecast 1.1.0 is installed instead of 1.0.0.")
    assert plugin("update", "forecast") == "forecast 1.1.0 is the newest there.\n"
    assert plugin("rollback", "forecast").startswith("forecast is at 1.0.0 again.\n")
    assert plugin("pin", "forecast").startswith("forecast stays at 1.0.0 until bin/rosey plugin")
    assert "pinned to 1.0.0" in plugin("update", "forecast", code=1)
    shown = plugin("show", "forecast")
    assert f"  source   folder {project}\n" in shown
    assert "  state    not running\n" in shown
    assert "  commands !forecast, !forecast asked\n" in shown
    assert "  versions 1.0.0, 1.1.0; pinned to 1.0.0\n" in shown
    rows = {row["name"]: row for row in json.loads(plugin("list", "--json"))}
    assert rows["forecast"]["pinned"] == rows["forecast"]["version"] == "1.0.0"
    assert rows["dice"]["source"] == "comes with Rosey"
    assert "forecast" in plugin("list")
    assert plugin("pin", "forecast", "--off") == "forecast can be updated again.\n"
    assert plugin("pin", "forecast", "1.1.0").startswith("forecast stays at 1.1.0 until")
    assert plugin("doctor") == "forecast: fine\n"
    assert plugin("remove", "forecast") == "forecast is removed.\n"
    assert plugin("doctor") == "Nothing is installed besides what comes with Rosey.\n"
    assert "forecast" not in plugin("list")


def test_the_doctor_ends_with_1_when_something_is_not_well(plugin: Ran, project: Path) -> None:
    plugin("install", project, "--yes")
    current = plugin.data / "installed" / "forecast" / "current"
    current.unlink()
    left = plugin.data / "installed" / ".staging-x"
    left.mkdir()
    assert main(["plugin", "doctor", "--data", str(plugin.data)]) == 1
    captured = plugin.capsys.readouterr()
    assert captured.out.startswith("forecast: not well\n")
    assert f"{left} was left by an installation that was interrupted" in captured.out
    assert captured.err.startswith("forecast: no version of it is chosen, so it does not run;")
    assert "see bin/rosey plugin doctor" in plugin("list", "--json")
    assert "There is no plugin 'forecast'" in plugin("show", "forecast", code=2)


def test_what_the_configuration_names_stays(plugin: Ran, project: Path) -> None:
    plugin("install", project, "--yes")
    file = plugin.data.parent / "rosey.toml"
    file.write_text('[channels."lounge/lobby"]\nplugins.forecast = true\n')
    said = plugin("remove", "forecast", code=1)
    assert said == (
        f"{file} has settings for forecast in lounge/lobby; take them out first, or Rosey would "
        "not start any more.\n"
    )
    assert "forecast" in folders(plugin.data)
    file.write_text("nonsense")
    plugin("remove", "forecast")


def test_its_data_goes_when_told(plugin: Ran, project: Path) -> None:
    plugin("install", project, "--yes")
    assert main(["db", "upgrade", "--data", str(plugin.data)]) == 0
    assert "table forecast_asked: done" in plugin.capsys.readouterr().out
    files = plugin.data / "plugins" / "forecast"
    files.mkdir(parents=True)
    assert plugin("remove", "forecast").endswith(
        f"What it has stored stays: the table forecast_asked, the folder {files}.\n"
    )
    plugin("install", project, "--yes")
    said = plugin("remove", "forecast", "--with-data")
    assert said == "forecast is removed.\nIts data is gone: forecast_asked.\n"
    assert not files.exists()
    plugin("install", project, "--yes")
    said = plugin("remove", "forecast", "--with-data")
    assert said == "forecast is removed.\nIts data is gone.\n"


def test_new_says_how_to_go_on(plugin: Ran, tmp_path: Path) -> None:
    said = plugin("new", "tally", "--in", tmp_path, "--durable")
    assert said.splitlines() == [
        f"{tmp_path}/tally is a plugin. Go on with:",
        f"  cd {tmp_path}/tally",
        "  python -m pytest",
        "  bin/rosey plugin install . --trust",
    ]
    assert (tmp_path / "tally" / "tally" / "workflow.py").is_file()
    assert "is there already" in plugin("new", "tally", "--in", tmp_path, code=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["update", "nobody"], "nobody is not installed; bin/rosey plugin install SOURCE does"),
        (["rollback", "nobody"], "nobody is not installed; nothing is"),
        (["remove", "nobody"], "nobody is not installed; nothing is"),
        (["pin", "nobody", "1.0.0"], "nobody is not installed; nothing is"),
        (["install", "nowhere"], "There is no nowhere; name a folder, a .whl file or a git"),
    ],
)
def test_what_is_not_there(plugin: Ran, arguments: list[str], said: str) -> None:
    assert said in plugin(*arguments, code=1)
