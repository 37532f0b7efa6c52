"""One desk for many attacks: what an attack may not change is compared before and after each of them."""

from collections.abc import Iterator

import pytest

from tests.knowledge import fill
from triage.office import Desk, open_desk, use
from triage.settings import load_settings


@pytest.fixture(scope="module")
def desk_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(load_settings(home=tmp_path_factory.mktemp("desk")))
    fill(opened)
    yield opened
    use(None)
    opened.close()


@pytest.fixture
def shared(desk_of_module: Desk) -> Iterator[Desk]:
    """A filled desk that the tests of a module share; models that a test puts in are taken out again."""
    models = desk_of_module.models
    yield desk_of_module
    desk_of_module.models = models
