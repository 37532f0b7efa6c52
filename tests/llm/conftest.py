"""A database with one run, and settings that know no real service."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from triage.database import Database, open_database
from triage.llm.protocol import Request, Response
from triage.models import Run, Ticket
from triage.recording import Recorder
from triage.settings import Settings, load_settings


class OpenGate:
    """A gate that lets everything through and remembers it."""

    def __init__(self, refuse: Exception | None = None) -> None:
        self.refuse, self.asked, self.told, self.down, self.spared = refuse, [], [], [], []

    async def before(self, model: str, request: Request) -> None:
        self.asked.append(model)
        if self.refuse:
            raise self.refuse

    async def after(self, model: str, response: Response | None, error: Exception | None) -> None:
        self.told.append((model, response is not None, type(error).__name__ if error else None))

    def stepped_down(self, model: str) -> None:
        self.down.append(model)

    def instead(self, model: str, cost_usd: float, *, first: bool) -> None:
        self.spared.append((model, first))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path, _env_file=None, openai_api_key="", openai_base_url="", model_timeout=0.5, model_retries=1)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = open_database(settings)
    SQLModel.metadata.create_all(database.engine)
    with database.transaction() as session:
        session.add(Ticket(id=1))
        session.flush()
        session.add(Run(id="run", ticket_id=1))
    yield database
    database.close()


@pytest.fixture
def recorder(database: Database) -> Recorder:
    return Recorder(database, "run")


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
async def connections() -> AsyncIterator[None]:
    """Closes what the service client opened on this test's loop."""
    yield
    from triage.llm import openai

    await openai.close()
