"""The long tests of chaos run only when asked for: `make chaos`, or `pytest -m chaos`."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "chaos" in str(config.getoption("-m")):
        return
    here = Path(__file__).parent
    long = [item for item in items if here in item.path.parents and item.get_closest_marker("chaos")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
