import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlmodel import Session
from starlette.testclient import TestClient

from triage.accounts import apikeys
from triage.api import create
from triage.database import Database
from triage.models import Ticket
from triage.settings import Settings


@dataclass
class Api:
    """The API with one key, over a database of its own; what it enqueues is noted."""

    settings: Settings
    database: Database
    client: TestClient
    key: str
    enqueued: list[int | None] = field(default_factory=list)
    running: bool = True

    def post(self, path: str, body: Any, *, key: str | None = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(path, content=content, headers=sent)

    def get(self, path: str) -> Any:
        return self.client.get(path.removeprefix("/api/v1"), headers={"Authorization": f"Bearer {self.key}"})

    def _enqueue(self, session: Session, ticket: Ticket) -> None:
        self.enqueued.append(ticket.id)


@pytest.fixture
def api(settings: Settings, database: Database) -> Api:
    settings = settings.model_copy(update={"message_limit": 20_000})
    with database.transaction() as session:
        _key, plain = apikeys.create(session, "tests", actor="test")
    made: list[Api] = []
    app = create(settings, database, lambda: made[0]._enqueue if made[0].running else None)
    made.append(Api(settings, database, TestClient(app, raise_server_exceptions=False), plain))
    return made[0]
