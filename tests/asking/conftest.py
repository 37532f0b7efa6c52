"""A desk with six weeks of history on either database, only read from."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.databases import copied
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
    home, on_sqlite = tmp_path_factory.mktemp("asking"), request.param == "sqlite"
    with nullcontext("") if on_sqlite else copied(request.getfixturevalue("postgres")) as url:
        if on_sqlite:
            lay(home)
        database = open_database(load_settings(home=home, database_url=url))
        with clock_at(NOW), database.transaction() as session:
            _remember(session)
        with clock_at(NOW):
            yield database
        database.close()


def _remember(session: Session) -> None:
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
