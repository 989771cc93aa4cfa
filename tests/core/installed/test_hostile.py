"""Packages made to do harm, or just made badly."""

import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.installed import child, files
from core.installed.install import install
from core.installed.problems import NotFit
from tests.core.installed import samples


@pytest.fixture(autouse=True)
def _nothing_is_left(data: Path) -> Iterator[None]:
    yield
    folder = data / "installed"
    assert {each.name for each in folder.glob("*")} <= {".lock"}


def put(data: Path, address: Path) -> None:
    install(data, str(address), "", trust=True, agree=lambda lines: True)


def refused(data: Path, address: Path) -> str:
    with pytest.raises(NotFit) as problem:
        put(data, address)
    return str(problem.value)


def packed(place: Path, name: str, text: bytes = b"x", mode: int = 0) -> Path:
    """A wheel that holds a plugin and one more file."""
    wheel = place / "forecast-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in sorted((samples.FORECAST / "forecast").glob("*.*")):
            archive.writestr(f"forecast/{file.name}", file.read_bytes())
        archive.writestr("forecast-1.0.0.dist-info/METADATA", "Name: forecast\n\nA plugin\n")
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        archive.writestr(entry, text)
    return wheel


@pytest.mark.parametrize(
    "name",
    [
        "../evil.py",
        "forecast/../../evil.py",
        "/tmp/evil.py",
        "..\\evil.py",
        "C:evil.py",
        "forecast/a\nb.py",
        "..",
    ],
)
def test_a_wheel_that_leaves_its_folder(data: Path, tmp_path: Path, name: str) -> None:
    said = refused(data, packed(tmp_path, name))
    assert said.startswith("The wheel wants to write outside its folder:")
    assert list(tmp_path.rglob("evil*")) == []


def test_a_wheel_with_a_link(data: Path, tmp_path: Path) -> None:
    wheel = packed(tmp_path, "forecast/link.py", b"/etc/passwd", stat.S_IFLNK | 0o777)
    assert refused(data, wheel).startswith("forecast/link.py in the wheel is no plain file")


def test_a_wheel_that_swells(data: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "bomb-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("forecast/zeros", bytes(files.LARGEST_FILE + 1))
    assert wheel.stat().st_size < files.MB
    assert refused(data, wheel) == (
        "forecast/zeros has 16 MB; a plugin's files may have 16 MB each."
    )


def test_a_wheel_whose_file_is_also_a_folder(data: Path, tmp_path: Path) -> None:
    assert "cannot be written" in refused(data, packed(tmp_path, "forecast/sky.py/more.py"))


def test_a_wheel_that_is_none(data: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "a.whl"
    wheel.write_bytes(b"PK nonsense")
    assert refused(data, wheel) == "a.whl cannot be read as a wheel: File is not a zip file."
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("forecast/plugin.toml", "")
    assert refused(data, wheel) == "The file is no wheel: it has no METADATA."


def test_what_lies_beside_the_package_in_a_wheel_stays_there(data: Path, tmp_path: Path) -> None:
    put(data, packed(tmp_path, "evil.pth", b"import evil"))
    folder = data / "installed" / "forecast"
    assert not list(folder.rglob("*.pth"))
    for file in sorted(folder.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() and not file.is_symlink() else file.unlink()
    folder.rmdir()


@pytest.mark.parametrize("target", ["/etc/passwd", "sky.py", "nowhere"])
def test_a_link_in_a_folder(data: Path, project: Path, target: str) -> None:
    (project / "forecast" / "link.py").symlink_to(target)
    assert refused(data, project) == (
        "link.py in the package is a link; a plugin has plain files only."
    )


def test_a_manifest_that_is_a_link(data: Path, project: Path, tmp_path: Path) -> None:
    (project / "forecast" / "plugin.toml").rename(tmp_path / "elsewhere")
    (project / "forecast" / "plugin.toml").symlink_to(tmp_path / "elsewhere")
    assert refused(data, project) == "plugin.toml is a link; a plugin has plain files only."


def test_a_folder_that_is_a_link(data: Path, project: Path, tmp_path: Path) -> None:
    (project / "forecast").rename(tmp_path / "elsewhere")
    (project / "forecast").symlink_to(tmp_path / "elsewhere")
    assert refused(data, project) == "plugin.toml is a link; a plugin has plain files only."


def test_a_link_that_git_brings(data: Path, project: Path) -> None:
    (project / "forecast" / "link").symlink_to("/etc")
    samples.commit(project, "v1")
    with pytest.raises(NotFit, match="link in the package is a link"):
        install(data, str(project), "v1", trust=False, agree=lambda lines: True)


def test_a_pipe_in_a_folder(data: Path, project: Path) -> None:
    os.mkfifo(project / "forecast" / "pipe")
    assert refused(data, project).startswith("pipe in the package is no plain file")


def test_a_huge_file(data: Path, project: Path) -> None:
    with (project / "forecast" / "huge").open("wb") as file:
        file.truncate(files.LARGEST_FILE + 1)
    assert refused(data, project) == "huge has 16 MB; a plugin's files may have 16 MB each."


def test_many_files(data: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 3)
    assert refused(data, project) == "The package has more than 3 files; plugins are small."
    monkeypatch.setattr(files, "LARGEST", 10)
    assert "in all; plugins are small" in refused(data, project)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("core", "name: 'core' is reserved for Rosey herself"),
        ("db", "name: 'db' is reserved for Rosey herself"),
        ("router", "name: router is a part of Rosey"),
        ("nats", "name: nats is a part of Rosey"),
        ("dice", "name: a plugin dice comes with Rosey"),
        ("json", "name: Python knows another module json"),
        ("workflows", "name: Python knows another module workflows"),
    ],
)
def test_a_name_that_somebody_has(data: Path, project: Path, name: str, said: str) -> None:
    (project / "forecast").rename(project / name)
    for file in (project / name).glob("*.*"):
        file.write_text(file.read_text().replace("forecast", name))
    assert said in refused(data, project)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("plugin.toml", '"weather-forecast"', '"dice-roller"', "dice-roller is a name of dice"),
        ("plugin.toml", '"weather-forecast"', '"trivia"', "trivia is a name of trivia"),
        ("commands.py", 'command("forecast")', 'command("help")', "help is one of Rosey herself"),
        ("commands.py", 'command("forecast")', 'command("seen")', "seen is one of core"),
        ("commands.py", 'command("forecast")', 'command("set")', "set is one of core"),
        ("commands.py", 'command("forecast")', 'command("plugin x")', "plugin x is one of core"),
        ("commands.py", 'command("forecast")', 'command("mydata")', "mydata is one of core"),
        ("commands.py", 'command("forecast")', 'command("trivia x")', "trivia x is one of trivia"),
        ("commands.py", 'command("forecast")', 'command("trivia")', "trivia is one of trivia"),
    ],
)
def test_words_that_somebody_has(
    data: Path, project: Path, file: str, old: str, new: str, said: str
) -> None:
    samples.change(project / "forecast" / file, old, new)
    assert said in refused(data, project)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise SystemExit(0)", "cannot be loaded: SystemExit: 0"),
        ("1 / 0", "cannot be loaded: ZeroDivisionError"),
        ("open(__file__ + 'x', 'wb', 0).write(b'x')", "cannot be loaded: OSError: [Errno 27]"),
        (
            "from logging import os; assert not os.environ.get('ROSEY_SECRET')\nplugin = 5",
            "is no Plugin but int",
        ),
        ("from rosey import Plugin; plugin = Plugin('other')", "is called 'other'"),
        (
            "from logging import os, sys; os.write(int(sys.argv[1]), b'[]'); os._exit(0)",
            "nonsense",
        ),
        ("from logging import os; os.kill(os.getpid(), 9)", "ends Python when it is imported"),
    ],
)
def test_code_that_does_more_than_it_should(
    data: Path, project: Path, text: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROSEY_SECRET", "hidden")
    (project / "forecast" / "commands.py").write_text(text + "\n")
    assert said in refused(data, project)


def test_code_that_changes_itself(data: Path, project: Path) -> None:
    text = "from rosey import Plugin; plugin = Plugin('forecast')"
    deed = "from logging import os; os.unlink(__file__)"
    (project / "forecast" / "commands.py").write_text(f"{text}; {deed}\n")
    assert "changes its own files when it is imported" in refused(data, project)


def test_code_that_never_ends(data: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "PATIENCE", 2.0)
    text = (
        "import time\nfrom logging import os\nif os.fork() == 0: time.sleep(60)\ntime.sleep(60)\n"
    )
    (project / "forecast" / "commands.py").write_text(text)
    assert refused(data, project) == "The plugin could not be imported within 2 seconds."


def test_an_import_that_is_not_its_own(data: Path, project: Path) -> None:
    samples.change(
        project / "forecast" / "plugin.toml", "forecast.commands:plugin", "core.config:load"
    )
    said = refused(data, project)
    assert "entry: core.config:load is not in the plugin's own package" in said


@pytest.mark.parametrize(
    "needs", ["evil @ file:///tmp/evil", "a b c", "pydantic<2", "rosey>=99", "-e ."]
)
def test_dependencies_that_are_not_had(data: Path, project: Path, needs: str) -> None:
    samples.change(project / "pyproject.toml", "pydantic>=2", needs)
    assert refused(data, project).startswith("forecast needs ")


@pytest.mark.parametrize("text", ["[project", "[project]\ndependencies = 5", "project = 5"])
def test_a_project_that_cannot_be_read(data: Path, project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(text)
    assert refused(data, project).startswith("pyproject.toml")


def test_sources_that_are_none(data: Path, project: Path, tmp_path: Path) -> None:
    assert "There is no" in refused(data, tmp_path / "nowhere")
    assert "is no wheel; name a folder" in refused(data, project / "README.md")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "There is no plugin.toml in" in refused(data, empty)
    with pytest.raises(NotFit, match="git could not do it: fatal"):
        install(data, f"git+{empty}", "", trust=False, agree=lambda lines: True)
    (project / "second").mkdir()
    (project / "second" / "plugin.toml").touch()
    assert "There are several plugins in it (forecast, second)" in refused(data, project)
