"""Every Python block of docs/plugins.md runs as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
PAGE = (CHECKOUT / "docs" / "plugins.md").read_text()
BLOCK = re.compile(r"^```(python|toml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECTIONS = {
    title: blocks
    for title, _, text in (part.partition("\n") for part in PAGE.split("\n## ")[1:])
    if (blocks := BLOCK.findall(text))
}


@pytest.mark.parametrize("title", SECTIONS)
def test_a_section_runs(title: str, tmp_path: Path) -> None:
    code = "\n".join(text for kind, text in SECTIONS[title] if kind == "python")
    (tmp_path / "test_section.py").write_text(code)
    for kind, text in SECTIONS[title]:
        if kind == "toml":
            (tmp_path / "plugin.toml").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "test_section.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
    )
    has_tests = "async def test_" in code
    assert done.returncode == (0 if has_tests else 5), done.stdout + done.stderr


def test_it_opens_with_dice() -> None:
    assert next(iter(SECTIONS)).startswith("Dice")
