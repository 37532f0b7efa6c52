"""The gate and the routes in front of a stand-in for the screens, which shows what reaches it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.homes import lay
from triage.accounts import passwords, users
from triage.database import Database
from triage.models import Role, Ticket, User
from triage.settings import Settings, load_settings
from triage.web import Site, lifespan

HERE = "http://127.0.0.1:8501"
PASSWORD = "correct horse battery"
CANARY = "what only the screens know"


@dataclass
class QuietDesk:
    """A desk that is at work and notes what it is given."""

    enqueued: list[int | None] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    closed: bool = False

    def enqueue(self, session: Session, ticket: Ticket) -> None:
        self.enqueued.append(ticket.id)

    def problems(self) -> list[str]:
        return self.troubles

    async def close(self) -> None:
        self.closed = True


@dataclass
class World:
    site: Site
    client: TestClient
    desk: QuietDesk

    @property
    def database(self) -> Database:
        return self.site.database

    def person(self, email: str = "ada@example.com", role: Role = Role.STAFF) -> User:
        with self.database.transaction() as session:
            user = users.create(session, email=email, name=email.split("@")[0].title(), role=role, actor="test")
            user.password_hash = _hash()
        return user

    def token(self, path: str = "/login") -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.client.get(path).text)
        assert found, path
        return found[1]

    def post(self, path: str, *, form_at: str = "", origin: str | None = HERE, **fields: str) -> Any:
        fields.setdefault("csrf", self.token(form_at or path))
        return self.client.post(path, data=fields, headers={"Origin": origin} if origin else {})

    def sign_in(self, email: str = "ada@example.com", password: str = PASSWORD, **fields: str) -> Any:
        return self.post("/login", email=email, password=password, **fields)


_made: list[str] = []


def _hash() -> str:
    if not _made:
        _made.append(passwords.hashed(PASSWORD))
    return _made[0]


async def _screen(request: Request) -> Response:
    seen = {name: value for name, value in request.headers.items() if "triage" in name}
    return PlainTextResponse(f"{CANARY} {seen}")


async def _stream(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            await websocket.send_bytes(CANARY.encode() + await websocket.receive_bytes())
    except WebSocketDisconnect:
        return


MakeWorld = Callable[..., World]


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[MakeWorld]:
    opened: list[TestClient] = []

    def make(*, peer: str = "127.0.0.1", url: str = HERE, address: str | None = None, **changes: Any) -> World:
        lay(tmp_path)
        machine: Settings = load_settings(**{"home": tmp_path, "secret": "a secret of the tests", "_env_file": None, **changes})
        site, desk = Site(machine, address=address, farewell=b"goodbye"), QuietDesk()

        async def start(_settings: Settings, _database: Database) -> QuietDesk:
            return desk

        screens = [WebSocketRoute("/_stcore/stream", _stream), Route("/{path:path}", _screen, methods=["GET", "POST", "PUT"])]
        app = Starlette(routes=site.routes() + screens, middleware=site.middleware(), lifespan=lifespan(site, start))
        client = TestClient(app, base_url=url, client=(peer, 50000), follow_redirects=False, raise_server_exceptions=True)
        client.__enter__()
        opened.append(client)
        return World(site, client, desk)

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()
