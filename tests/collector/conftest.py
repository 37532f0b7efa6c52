"""What needs a trace server that is no part of the tests' environment runs only when asked for: `make otlp`."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "collector" in str(config.getoption("-m")):
        return
    here = Path(__file__).parent
    away = [item for item in items if here in item.path.parents]
    if away:
        config.hook.pytest_deselected(items=away)
        items[:] = [item for item in items if item not in away]
