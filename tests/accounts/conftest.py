from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from sqlmodel import Session

from triage.accounts import passwords
from triage.database import Database
from triage.settings import Settings


@pytest.fixture(scope="session")
def quick_hash() -> str:
    """One real hash for every test that only needs some password to exist."""
    return passwords.hashed("correct horse battery")


@pytest.fixture
def machine(settings: Settings) -> Settings:
    return settings.model_copy(update={"secret": SecretStr("a secret of the tests")})


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.transaction() as opened:
        yield opened
