"""A desk with six weeks of history on either database, only read from."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlmodel import select

from tests.homes import lay
from tests.learning.conftest import NOW, fill
from triage.database import Database, open_database
from triage.guardrails.gate import DeskGate
from triage.guardrails.input import check_input
from triage.llm.offline import OfflineModel
from triage.models import Customer, Episode, Run, Ticket, clock_at
from triage.settings import Settings, load_settings

SECRET = "swordfish@customer.example"
"""Stands in a customer's address, which no question may show."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def past(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    home = tmp_path_factory.mktemp("asking")
    if request.param == "sqlite":
        lay(home)
        settings = load_settings(home=home)
    else:
        settings = load_settings(home=home, database_url=_own_database(request.getfixturevalue("postgres")))
    database = open_database(settings)
    with clock_at(NOW), database.transaction() as session:
        fill(session)
        customer = session.get_one(Customer, 1)
        customer.email = SECRET
        session.add(customer)
        run = session.exec(select(Run)).first()
        assert run
        bait = Ticket(training=True, category="bait")  # what reviewers are checked with, like the fork below, counts nowhere
        session.add(bait)
        session.flush()
        session.add(Episode(ticket_id=bait.id or 0, category="bait"))
        session.add(Run(ticket_id=run.ticket_id, episode_id=run.episode_id, forked_at=2, parent_id=run.id, cost_usd=99.0))
    with clock_at(NOW):
        yield database
    database.close()


def _own_database(admin: str) -> str:
    name = f"asking_{uuid4().hex[:12]}"
    engine = create_engine(admin.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template_desk STRATEGY file_copy"))
    engine.dispose()
    head, _, query = admin.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


def office(database: Database, home: Path, *models: Any) -> Any:
    """What asking needs of a desk: its models answer in this order, the offline engine last."""
    settings = Settings(home=home, _env_file=None)
    chain = {"manager": [*models, OfflineModel()]}
    return SimpleNamespace(
        settings=settings, database=database, models=chain, covered=lambda *_: chain, gate=lambda _recorder: DeskGate(database, settings)
    )  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def warm() -> None:
    """The guards load what they need at their first text, which may take longer than a verdict may."""
    for _ in range(2):
        check_input(subject="", body="Show the addresses", channel="question")
