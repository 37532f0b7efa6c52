import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

import triage.demo
from tests.homes import fresh
from triage.database import Database
from triage.demo.history import seed_history
from triage.learning.metrics import BusinessHours, Window
from triage.models import Customer, clock_at
from triage.settings import Settings

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def fill(session: Session, until: datetime = NOW) -> int:
    people = json.loads(Path(triage.demo.__file__).with_name("customers.json").read_text(encoding="utf-8"))
    fields = ("external_id", "name", "email", "language", "verified")
    session.add_all(Customer(**{field: person[field] for field in fields}) for person in people)
    session.flush()
    return seed_history(session, until=until)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    """A desk without a single ticket, on SQLite, at the time of the tests."""
    database = fresh(Settings(home=tmp_path))
    with clock_at(NOW):
        yield database
    database.close()


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A desk with the demo's history; only read from it."""
    database = fresh(Settings(home=tmp_path_factory.mktemp("past")))
    with clock_at(NOW), database.transaction() as session:
        fill(session)
    yield database
    database.close()


@pytest.fixture
def session(past: Database) -> Iterator[Session]:
    with clock_at(NOW), past.read() as session:
        yield session


@pytest.fixture
def window() -> Window:
    with clock_at(NOW):
        return Window.last(30, BusinessHours())
