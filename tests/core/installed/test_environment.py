"""What a plugin needs besides itself, fetched by a stand-in for uv from a folder."""

import os
import sys
import zipfile
from pathlib import Path

import pytest

from core.installed import environment
from core.installed.environment import needed
from core.installed.install import install
from core.installed.problems import NotFit
from core.plugins import folders, reachable
from tests.core.installed import samples

UV = """#!{python}
import pathlib, sys, zipfile
words = sys.argv[1:]
target = pathlib.Path(words[words.index("--target") + 1])
constraints = pathlib.Path(words[words.index("--constraint") + 1]).read_text()
assert words[:3] == ["pip", "install", "--python"], words
assert words[words.index("--only-binary") + 1] == ":all:"
assert "pydantic==" in constraints and "typing-extensions==" in constraints, constraints
wanted = words[words.index("--constraint") + 2:]
pathlib.Path({calls!r}).write_text(" ".join(wanted))
for each in wanted:
    wheel = pathlib.Path({index!r}) / (each.partition(">")[0] + ".whl")
    if not wheel.exists():
        sys.exit("no route to " + each)
    zipfile.ZipFile(wheel).extractall(target)
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A uv that knows the package almanac; what it was asked for is in this file."""
    index = tmp_path / "index"
    index.mkdir()
    with zipfile.ZipFile(index / "almanac.whl", "w") as archive:
        archive.writestr("almanac.py", "SKIES = ('hail',)\n")
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    asked = tmp_path / "asked"
    uv.write_text(UV.format(python=sys.executable, index=str(index), calls=str(asked)))
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{uv.parent}{os.pathsep}{os.environ['PATH']}")
    return asked


def with_need(project: Path, name: str = "almanac>=1") -> Path:
    samples.change(project / "pyproject.toml", '"pydantic>=2"', f'"pydantic>=2", "{name}"')
    samples.change(
        project / "forecast" / "sky.py",
        'SKIES = ("sun"',
        'from almanac import SKIES\n\nOLD = ("sun"',
    )
    return project


def put(data: Path, project: Path) -> list[str]:
    asked = samples.Asked(True)
    install(data, str(project), "", trust=False, agree=asked)
    return asked.lines


def test_only_what_is_not_there_is_fetched(data: Path, project: Path, calls: Path) -> None:
    shown = put(data, with_need(project))
    assert "  brings   pydantic>=2, almanac>=1" in shown
    assert calls.read_text() == "almanac>=1"
    folder = folders(data)["forecast"].parent
    assert sorted(each.name for each in folder.iterdir()) == [
        "forecast",
        "installed.json",
        "site",
    ]
    assert (folder / "site" / "almanac.py").is_file()


def test_its_process_finds_them(
    data: Path, project: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(data, with_need(project))
    monkeypatch.setattr(sys, "path", [*sys.path])
    folder = folders(data)["forecast"]
    reachable(folder)
    reachable(folder)
    assert sys.path[-1] == str(folder.parent)
    site = sys.path.index(str(folder.parent / "site"))
    assert "site-packages" in sys.path[site + 1]
    assert sys.path.count(str(folder.parent)) == 1
    before = list(sys.path)
    reachable(folders(data)["dice"])
    assert sys.path == before


def test_without_a_network_nothing_changes(data: Path, project: Path, calls: Path) -> None:
    with pytest.raises(NotFit) as problem:
        put(data, with_need(project, "nimbus>=2"))
    assert str(problem.value) == (
        "What forecast needs (nimbus>=2) could not be fetched; nothing is changed. Is this machine "
        "on the network? The installer says:\nno route to nimbus>=2"
    )
    assert "forecast" not in folders(data)


def test_without_an_installer(
    data: Path, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(environment, "CHECKOUT", tmp_path)
    with pytest.raises(NotFit, match="Rosey needs uv or pip to fetch packages; on Debian"):
        put(data, with_need(project))


def test_what_takes_too_long(
    data: Path, project: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "PATIENCE", 0.001)
    with pytest.raises(NotFit, match="could not be fetched within 0 seconds"):
        put(data, with_need(project))


def test_what_is_needed() -> None:
    assert [str(each) for each in needed("a", ["pydantic>=2", "rosey>=0.1", "Nimbus~=2.0"])] == [
        "Nimbus~=2.0"
    ]
    assert needed("a", ['nimbus; sys_platform == "win32"', "nimbus; extra == 'x'"]) == []
    assert [str(each) for each in needed("a", ["pytest>=9999"])] == ["pytest>=9999"]
    with pytest.raises(NotFit, match="Rosey herself runs with typing_extensions"):
        needed("a", ["typing_extensions<1"])
    with pytest.raises(NotFit, match=r"a needs version >=99 of the kit, and this Rosey has 0\.1"):
        needed("a", ["rosey>=99"])
