"""A data folder, and the stranger's project to install into it."""

from pathlib import Path

import pytest

from tests.core.installed import samples


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return samples.copy(tmp_path / "forecast")
