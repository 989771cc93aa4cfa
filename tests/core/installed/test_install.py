"""From a folder, a wheel and a git repository onto the shelf, and what becomes of it there."""

import json
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from core.installed import places, shelf
from core.installed.install import Declined, Done, install, pin, remove, roll_back, unpin, update
from core.installed.problems import NotFit
from core.plugins import folders, manifests
from tests.core.installed import samples

ENDS = "from logging import os; os._exit(3)"


def agreed(lines: list[str]) -> bool:
    return True


def never(lines: list[str]) -> bool:
    raise AssertionError(f"nobody should be asked: {lines}")


def put(data: Path, address: object, ref: str = "") -> Done:
    return install(data, str(address), ref, trust=False, agree=agreed)


def newer(data: Path, address: object = None) -> Done:
    where = str(address) if address else None
    return update(data, "forecast", where, "", trust=False, agree=never)


def running(data: Path) -> str:
    """The version a process started now would run."""
    return manifests(data)["forecast"].version


def test_from_a_folder(data: Path, project: Path) -> None:
    asked = samples.Asked(True)
    done = install(data, str(project), "", trust=False, agree=asked)
    assert asked.lines[0] == "forecast 1.0.0: Forecasts the weather without looking"
    assert "  keeps    a table asked" in asked.lines
    assert "  brings   pydantic>=2" in asked.lines
    assert done.before is None
    assert done.lacks == []
    assert done.record.words == ["forecast", "forecast asked"]
    folder = folders(data)["forecast"]
    assert folder == data / "installed" / "forecast" / "1.0.0" / "forecast"
    assert sorted(each.name for each in folder.iterdir()) == [
        "__init__.py",
        "commands.py",
        "plugin.toml",
        "sky.py",
    ]
    assert not (folder.parent / "site").exists()
    assert "forecast" not in sys.modules
    assert list((data / "installed").glob(f"{shelf.STAGING}*")) == []


def test_the_package_alone_is_enough(data: Path, project: Path) -> None:
    done = put(data, project / "forecast")
    assert done.record.dependencies == ["rosey>=0.1", "pydantic>=2"]
    assert done.lacks == []


def test_from_a_wheel(data: Path, project: Path, tmp_path: Path) -> None:
    done = put(data, samples.wheel(project, tmp_path / "dist"))
    assert done.record.source.kind == "wheel"
    assert sorted(done.record.dependencies) == ["pydantic>=2", "rosey>=0.1"]
    assert done.lacks == []
    assert running(data) == "1.0.0"


def test_from_git_at_a_tag_and_then_the_newest(data: Path, project: Path) -> None:
    samples.commit(project, "v1.0.0")
    samples.release(project, "1.1.0")
    samples.commit(project)
    done = put(data, project, "v1.0.0")
    assert done.record.version == "1.0.0"
    assert len(done.record.source.commit) == 40
    assert newer(data, f"git+file://{project}").record.version == "1.1.0"
    assert running(data) == "1.1.0"


def test_a_ref_that_is_not_there(data: Path, project: Path) -> None:
    samples.commit(project)
    with pytest.raises(NotFit, match="There is no branch, tag or commit 'v9' in it"):
        put(data, project, "v9")
    with pytest.raises(NotFit, match="is no branch, tag or commit"):
        put(data, project, "--upload-pack=evil")
    assert folders(data).get("forecast") is None


def test_somebody_says_no(data: Path, project: Path) -> None:
    with pytest.raises(Declined, match="forecast was not installed"):
        install(data, str(project), "", trust=False, agree=lambda lines: False)
    assert places.names(data) == []


def test_a_trusted_one_needs_a_word(data: Path, project: Path) -> None:
    samples.add(project, 'trust = "trusted"')
    with pytest.raises(NotFit, match="wants to be trusted: Rosey would run it with your own"):
        put(data, project)
    asked = samples.Asked(True)
    install(data, str(project), "", trust=True, agree=asked)
    assert "TRUSTED" in asked.lines[1]


def test_an_update_remembers_where_it_came_from(data: Path, project: Path) -> None:
    put(data, project)
    samples.release(project, "1.1.0")
    done = newer(data)
    assert (done.before, done.record.version) == ("1.0.0", "1.1.0")
    assert running(data) == "1.1.0"
    assert newer(data).record.version == "1.1.0"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('hears = ["rosey.events.message"]', "hears every line people say"),
        ('services = ["weather.now"]', "calls weather.now"),
        ("limits = { memory = 512 }", "may use 512 MB of memory instead of 256"),
        ('trust = "trusted"', "is trusted: it runs with your own rights on this machine"),
    ],
)
def test_an_update_asks_for_what_is_more(data: Path, project: Path, text: str, said: str) -> None:
    put(data, project)
    samples.release(project, "1.1.0")
    samples.add(project, text)
    asked = samples.Asked(False)
    with pytest.raises(Declined, match=r"forecast stays at 1\.0\.0"):
        update(data, "forecast", None, "", trust=True, agree=asked)
    assert asked.lines == ["forecast 1.1.0 wants more:", f"  {said}"]
    assert running(data) == "1.0.0"
    update(data, "forecast", None, "", trust=True, agree=agreed)
    assert running(data) == "1.1.0"


def test_less_is_not_asked_for(data: Path, project: Path) -> None:
    put(data, project)
    samples.release(project, "1.1.0")
    samples.change(project / "forecast" / "plugin.toml", 'actions = ["say"]', "actions = []")
    assert newer(data).record.version == "1.1.0"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("plugin.toml", "summary", "sumary", "sumary: is no known key"),
        ("commands.py", "from rosey import", "from rosey import Nothing,", "cannot be imported"),
        (
            "plugin.toml",
            "forecast.commands",
            "forecast.nothing",
            "imported: No module named",
        ),
        (
            "commands.py",
            'command("forecast")',
            'command("roll")',
            "The command roll is one of dice",
        ),
        (
            "sky.py",
            "SKIES",
            "from logging import os; os._exit(3); SKIES",
            "ends Python when it is imported",
        ),
    ],
)
def test_a_broken_update_changes_nothing(
    data: Path, project: Path, file: str, old: str, new: str, said: str
) -> None:
    put(data, project)
    samples.release(project, "1.1.0")
    samples.change(project / "forecast" / file, old, new)
    with pytest.raises(NotFit, match=said):
        newer(data)
    assert running(data) == "1.0.0"
    assert [each.version for each in shelf.versions(data, "forecast")] == ["1.0.0"]


def test_two_of_one_number(data: Path, project: Path) -> None:
    put(data, project)
    samples.change(project / "forecast" / "commands.py", "says 1.0.0", "says something else")
    with pytest.raises(NotFit, match="is installed already, and this is another one"):
        put(data, project)
    with pytest.raises(NotFit, match="is installed already, and this is another one"):
        newer(data)


def test_the_same_again_is_no_harm(data: Path, project: Path) -> None:
    put(data, project)
    assert put(data, project).before == "1.0.0"
    assert len(shelf.versions(data, "forecast")) == 1


def test_an_older_one_is_no_update(data: Path, project: Path) -> None:
    samples.release(project, "1.10.0")
    put(data, project)
    samples.release(project, "1.9.0", "1.10.0")
    with pytest.raises(NotFit, match=r"1\.9\.0 is older than 1\.10\.0, which runs"):
        newer(data)
    put(data, project)
    assert running(data) == "1.9.0"


def test_another_plugin_is_no_update(data: Path, project: Path, tmp_path: Path) -> None:
    put(data, project)
    other = samples.copy(tmp_path / "other")
    (other / "forecast").rename(other / "oracle")
    for file in (other / "oracle").glob("*.*"):
        file.write_text(file.read_text().replace("forecast", "oracle"))
    with pytest.raises(NotFit, match="That is the plugin oracle, not forecast"):
        newer(data, other)


def test_back_and_forth(data: Path, project: Path) -> None:
    put(data, project)
    with pytest.raises(NotFit, match="There is no version of forecast before"):
        roll_back(data, "forecast")
    samples.release(project, "1.1.0")
    newer(data)
    assert roll_back(data, "forecast").version == "1.0.0"
    assert running(data) == "1.0.0"
    assert newer(data).record.version == "1.1.0"
    assert running(data) == "1.1.0"


def test_the_last_three_stay(data: Path, project: Path) -> None:
    versions = [f"1.{number}.0" for number in range(7)]
    put(data, project)
    for old, new in pairwise(versions):
        samples.release(project, new, old)
        newer(data)
    assert [each.version for each in shelf.versions(data, "forecast")] == versions[-4:]


def test_a_pinned_one_stays(data: Path, project: Path) -> None:
    put(data, project)
    samples.release(project, "1.1.0")
    newer(data)
    with pytest.raises(NotFit, match=r"1\.2\.0 is not here; there are 1\.0\.0, 1\.1\.0"):
        pin(data, "forecast", "1.2.0")
    pin(data, "forecast", "1.0.0")
    assert running(data) == "1.0.0"
    samples.release(project, "1.2.0", "1.1.0")
    with pytest.raises(NotFit, match=r"is pinned to 1\.0\.0; .* --off"):
        newer(data)
    with pytest.raises(NotFit, match=r"is pinned to 1\.0\.0; .* --off"):
        put(data, project)
    with pytest.raises(NotFit, match="is pinned"):
        roll_back(data, "forecast")
    unpin(data, "forecast")
    assert newer(data).record.version == "1.2.0"


def test_what_is_removed_is_gone(data: Path, project: Path) -> None:
    put(data, project)
    remove(data, "forecast")
    assert "forecast" not in folders(data)
    assert places.names(data) == []
    for action in (remove, roll_back, unpin):
        with pytest.raises(NotFit, match="forecast is not installed; nothing is"):
            action(data, "forecast")
    with pytest.raises(NotFit, match="forecast is not installed; bin/rosey plugin install"):
        newer(data)


def test_one_at_a_time(data: Path, project: Path) -> None:
    with shelf.staging(data), pytest.raises(Exception, match="Somebody else is changing"):
        put(data, project)


def test_what_a_killed_one_left_goes(data: Path, project: Path) -> None:
    left = data / "installed" / f"{shelf.STAGING}left"
    left.mkdir(parents=True)
    (left / "file").write_text("x")
    put(data, project)
    assert not left.exists()


def test_a_version_without_its_record_is_put_there_anew(data: Path, project: Path) -> None:
    put(data, project)
    folder = data / "installed" / "forecast" / "1.0.0"
    (folder / "installed.json").write_text(json.dumps({"name": 5}))
    put(data, project)
    assert shelf.current(data, "forecast")


def test_nothing_is_left_of_a_failure_in_the_middle(
    data: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(data, project)
    samples.release(project, "1.1.0")

    def full(data: Path, staged: Path, record: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shelf, "place", full)
    with pytest.raises(OSError, match="No space"):
        newer(data)
    assert running(data) == "1.0.0"
