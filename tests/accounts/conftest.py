from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session

from triage.accounts import passwords
from triage.database import Database, migrate, open_database
from triage.settings import Settings, load_settings


@pytest.fixture(scope="session")
def quick_hash() -> str:
    """One real hash for every test that only needs some password to exist."""
    return passwords.hashed("correct horse battery")


@pytest.fixture
def machine(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path, secret="a secret of the tests", demo=False, public_url="", _env_file=None)


@pytest.fixture
def database(machine: Settings) -> Iterator[Database]:
    opened = open_database(machine)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.transaction() as opened:
        yield opened
