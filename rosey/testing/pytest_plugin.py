"""What pytest has for plugins' tests: the option `--real` and the marker `in_memory`."""

import pytest

from rosey.testing import real

MARKER = "in_memory"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("rosey").addoption(
        "--real",
        action="store_true",
        help="run rooms against a whole Rosey: the checkout that ROSEY_CHECKOUT names, or this one",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{MARKER}: needs what only the room in memory has; left out with --real"
    )
    if config.getoption("--real"):
        try:
            real.use(real.find())
        except real.RealFailed as problem:
            raise pytest.UsageError(str(problem)) from None
        config.add_cleanup(lambda: real.use(None))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--real`, tests that say they need memory are deselected."""
    if not config.getoption("--real"):
        return
    left_out = [item for item in items if item.get_closest_marker(MARKER)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
