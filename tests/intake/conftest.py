from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import Session

from triage.database import Database
from triage.intake import Incoming, Receipt, receive
from triage.models import Customer, Ticket
from triage.settings import Settings, load_settings


@pytest.fixture
def defaults(tmp_path: Path) -> Settings:
    """Settings as they come, for what needs no database."""
    return load_settings(home=tmp_path / "home")


@pytest.fixture
def queue() -> list[int]:
    """Ids of the tickets that agents were asked to work on."""
    return []


@pytest.fixture
def enqueue(queue: list[int]) -> Callable[[Session, Ticket], None]:
    return lambda _session, ticket: queue.append(ticket.id or 0)


@pytest.fixture
def take(database: Database, settings: Settings, enqueue: Callable[[Session, Ticket], None]) -> Callable[[Incoming], Receipt]:
    """Receive one message in its own transaction."""
    return lambda incoming: database.run_now(lambda session: receive(session, incoming, settings, enqueue=enqueue))


@pytest.fixture
def ada(database: Database) -> Customer:
    customer = Customer(external_id="C-1", name="Ada Quill", email="Ada@quill.example")
    with database.transaction() as session:
        session.add(customer)
    return customer
